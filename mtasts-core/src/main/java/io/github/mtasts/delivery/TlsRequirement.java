package io.github.mtasts.delivery;

/** What TLS a host has to offer before it may be given the message. */
public enum TlsRequirement {
    /** TLS with a certificate valid for the MX host, or no delivery (RFC 8461 §5, enforce). */
    VERIFIED,
    /** TLS where it is offered, with any certificate; clear text otherwise, unless local configuration forbids it (RFC 7435). */
    OPPORTUNISTIC
}
