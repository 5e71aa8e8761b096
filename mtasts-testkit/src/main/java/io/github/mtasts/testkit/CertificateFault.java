package io.github.mtasts.testkit;

/** What is wrong with a host's certificate. Each differs from {@link #NONE} in one thing only. */
public enum CertificateFault {
    /** Nothing: SAN for the host, issued through an intermediate by the trusted root. */
    NONE,
    /** Nothing: the SAN is a wildcard for the host's first label. */
    WILDCARD,
    /** It expired yesterday. */
    EXPIRED,
    /** It is valid from tomorrow. */
    NOT_YET_VALID,
    /** Its SAN names another host of the same domain. */
    WRONG_NAME,
    /** It has the host as common name, and no SAN. */
    COMMON_NAME_ONLY,
    /** Its SAN has a wildcard as a part of the first label. */
    PARTIAL_WILDCARD,
    /** Issued by a root that nobody trusts. */
    UNTRUSTED,
    /** Issued by itself. */
    SELF_SIGNED,
    /** The server leaves out the intermediate. */
    MISSING_INTERMEDIATE,
    /** Its extended key usage is for TLS clients only. */
    CLIENT_AUTH_ONLY,
    /** An RSA key of 1024 bits. */
    WEAK_KEY,
    /** Signed over SHA-1. */
    SHA1_SIGNATURE,
    /** The intermediate has an RSA key of 1024 bits. */
    WEAK_INTERMEDIATE,
    /** The intermediate is no CA. */
    INTERMEDIATE_NOT_CA,
    /** The intermediate may only issue for another domain. */
    NAME_CONSTRAINTS,
    /** Expired, for another host and issued by an unknown root, all at once. */
    EVERYTHING
}
