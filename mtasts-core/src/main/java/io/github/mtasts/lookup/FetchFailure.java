package io.github.mtasts.lookup;

import io.github.mtasts.policy.ReportType;

/** Why a policy could not be fetched, with the result type of a TLS report (RFC 8460 §4.3). */
public enum FetchFailure {
    DNS_ABSENT(ReportType.STS_POLICY_FETCH_ERROR),
    DNS_UNAVAILABLE(ReportType.STS_POLICY_FETCH_ERROR),
    ADDRESS_FORBIDDEN(ReportType.STS_POLICY_FETCH_ERROR),
    CONNECT(ReportType.STS_POLICY_FETCH_ERROR),
    TIMEOUT(ReportType.STS_POLICY_FETCH_ERROR),
    TLS_HANDSHAKE(ReportType.STS_POLICY_FETCH_ERROR),
    CERTIFICATE(ReportType.STS_WEBPKI_INVALID),
    HTTP_STATUS(ReportType.STS_POLICY_FETCH_ERROR),
    REDIRECT(ReportType.STS_POLICY_FETCH_ERROR),
    MEDIA_TYPE(ReportType.STS_POLICY_FETCH_ERROR),
    CONTENT_ENCODING(ReportType.STS_POLICY_FETCH_ERROR),
    HTTP_MALFORMED(ReportType.STS_POLICY_FETCH_ERROR),
    TOO_LARGE(ReportType.STS_POLICY_FETCH_ERROR),
    TRUNCATED(ReportType.STS_POLICY_FETCH_ERROR),
    OVERLOAD(ReportType.STS_POLICY_FETCH_ERROR),
    CANCELLED(ReportType.STS_POLICY_FETCH_ERROR),
    CLOSED(ReportType.STS_POLICY_FETCH_ERROR);

    private final ReportType reportType;

    FetchFailure(ReportType reportType) {
        this.reportType = reportType;
    }

    /** How a TLS report names this failure. */
    public ReportType reportType() {
        return reportType;
    }
}
