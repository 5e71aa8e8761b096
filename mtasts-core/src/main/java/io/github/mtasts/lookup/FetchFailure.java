package io.github.mtasts.lookup;

import io.github.mtasts.policy.ReportType;

/** Why a policy could not be fetched, with the result type of a TLS report (RFC 8460 §4.3). */
public enum FetchFailure {
    /** DNS says that the policy host has no address. */
    DNS_ABSENT(ReportType.STS_POLICY_FETCH_ERROR),
    /** DNS gave no answer about the policy host. */
    DNS_UNAVAILABLE(ReportType.STS_POLICY_FETCH_ERROR),
    /** No address of the policy host may be connected to ({@link AddressGuard}). */
    ADDRESS_FORBIDDEN(ReportType.STS_POLICY_FETCH_ERROR),
    /** No address of the policy host took the connection. */
    CONNECT(ReportType.STS_POLICY_FETCH_ERROR),
    /** The fetch was not complete by its deadline. */
    TIMEOUT(ReportType.STS_POLICY_FETCH_ERROR),
    /** TLS could not be established, for another reason than the certificate. */
    TLS_HANDSHAKE(ReportType.STS_POLICY_FETCH_ERROR),
    /** The policy host's certificate does not prove its name (RFC 8461 §3.3). */
    CERTIFICATE(ReportType.STS_WEBPKI_INVALID),
    /** A status other than 200 (RFC 8461 §3.3). */
    HTTP_STATUS(ReportType.STS_POLICY_FETCH_ERROR),
    /** A redirect, which is not followed (RFC 8461 §3.3). */
    REDIRECT(ReportType.STS_POLICY_FETCH_ERROR),
    /** Not {@code text/plain}, or no one media type (RFC 8461 §3.2). */
    MEDIA_TYPE(ReportType.STS_POLICY_FETCH_ERROR),
    /** A compressed body, which was not asked for. */
    CONTENT_ENCODING(ReportType.STS_POLICY_FETCH_ERROR),
    /** No proper HTTP response, or a body of unknown length. */
    HTTP_MALFORMED(ReportType.STS_POLICY_FETCH_ERROR),
    /** More bytes than are taken, in the head, the body or the connection. */
    TOO_LARGE(ReportType.STS_POLICY_FETCH_ERROR),
    /** The connection ended before the response did. */
    TRUNCATED(ReportType.STS_POLICY_FETCH_ERROR),
    /** Too many fetches were under way for this one's turn to come. */
    OVERLOAD(ReportType.STS_POLICY_FETCH_ERROR),
    /** The caller cancelled it. */
    CANCELLED(ReportType.STS_POLICY_FETCH_ERROR),
    /** The fetcher was closed. */
    CLOSED(ReportType.STS_POLICY_FETCH_ERROR);

    private final ReportType reportType;

    FetchFailure(ReportType reportType) {
        this.reportType = reportType;
    }

    /** {@return how a TLS report names this failure} */
    public ReportType reportType() {
        return reportType;
    }
}
