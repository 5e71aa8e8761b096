package io.github.mtasts.tls;

import io.github.mtasts.policy.ReportType;

/** What is wrong with a TLS session or its certificates (RFC 8461 §4.2, RFC 9525). In order of priority for a single text (expired first). */
public enum TlsFault {
    /** A certificate has expired. */
    EXPIRED(ReportType.CERTIFICATE_EXPIRED),
    /** A certificate is not valid yet. */
    NOT_YET_VALID(ReportType.CERTIFICATE_EXPIRED),
    /** The certificate has no DNS-ID for the name (RFC 9525 §6.3); a common name does not count. */
    NAME_MISMATCH(ReportType.CERTIFICATE_HOST_MISMATCH),
    /** No valid chain to a trust anchor, or no certificate at all. */
    UNTRUSTED(ReportType.CERTIFICATE_NOT_TRUSTED),
    /** A certificate is used for what it is not for: not for TLS servers, not as an authority, or against a constraint of its chain. */
    CONSTRAINTS(ReportType.CERTIFICATE_NOT_TRUSTED),
    /** A key or a signature algorithm of the chain is too weak. */
    WEAK_KEY(ReportType.CERTIFICATE_NOT_TRUSTED),
    /** A stapled OCSP response says that the certificate is revoked. */
    REVOKED(ReportType.CERTIFICATE_NOT_TRUSTED),
    /** The protocol version or the cipher suite is too weak. */
    WEAK_SESSION(ReportType.VALIDATION_FAILURE),
    /** The two sides did not agree, or what came was not TLS. */
    HANDSHAKE(ReportType.VALIDATION_FAILURE),
    /** The connection broke during the handshake. */
    IO(ReportType.VALIDATION_FAILURE);

    private final ReportType reportType;

    TlsFault(ReportType reportType) {
        this.reportType = reportType;
    }

    /** {@return how a TLS report names this fault (RFC 8460 §4.3)} */
    public ReportType reportType() {
        return reportType;
    }
}
