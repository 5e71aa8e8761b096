package io.github.mtasts.tls;

import io.github.mtasts.policy.ReportType;

/** What is wrong with a TLS session or its certificates (RFC 8461 §4.2, RFC 9525). In order of priority for a single text (expired first). */
public enum TlsFault {
    EXPIRED(ReportType.CERTIFICATE_EXPIRED),
    NOT_YET_VALID(ReportType.CERTIFICATE_EXPIRED),
    NAME_MISMATCH(ReportType.CERTIFICATE_HOST_MISMATCH),
    UNTRUSTED(ReportType.CERTIFICATE_NOT_TRUSTED),
    CONSTRAINTS(ReportType.CERTIFICATE_NOT_TRUSTED),
    WEAK_KEY(ReportType.CERTIFICATE_NOT_TRUSTED),
    REVOKED(ReportType.CERTIFICATE_NOT_TRUSTED),
    WEAK_SESSION(ReportType.VALIDATION_FAILURE),
    HANDSHAKE(ReportType.VALIDATION_FAILURE),
    IO(ReportType.VALIDATION_FAILURE);

    private final ReportType reportType;

    TlsFault(ReportType reportType) {
        this.reportType = reportType;
    }

    /** How a TLS report names this fault (RFC 8460 §4.3). */
    public ReportType reportType() {
        return reportType;
    }
}
