package io.github.mtasts.lookup;

/** What DNSSEC says of an answer (RFC 4035 §4.3); only SECURE from a trusted validating resolver may ever raise trust. */
public enum Security {
    /** Validated by a resolver that the caller declared trusted. */
    SECURE,
    /** Proven unsigned, or no validation was asked for by a trusted resolver. */
    INSECURE,
    /** Signed and failing validation: SERVFAIL with an extended error of RFC 8914, code 6 to 12. */
    BOGUS,
    /** Nothing is known: no answer came, or it did not say. */
    UNKNOWN
}
