package io.github.mtasts.lookup;

/** Why DNS gave no usable answer. */
public enum DnsFailure {
    /** No answer within the deadline. */
    TIMEOUT,
    /** SERVFAIL, without word of DNSSEC. */
    SERVER_FAILURE,
    /** SERVFAIL because validation failed (RFC 8914 codes 6 to 12). */
    BOGUS,
    /** REFUSED, NOTIMP, FORMERR or another error code. */
    REFUSED,
    /** A CNAME loop, or a chain of more than 16 links. */
    CNAME_CHAIN,
    /** An answer that cannot be understood. */
    MALFORMED,
    /** The network could not be used. */
    NETWORK,
    /** The client was closed. */
    CLOSED
}
