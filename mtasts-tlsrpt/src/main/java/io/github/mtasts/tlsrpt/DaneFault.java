package io.github.mtasts.tlsrpt;

import io.github.mtasts.delivery.SessionFailure;
import io.github.mtasts.policy.ReportType;

/** What may be wrong under TLSA records (RFC 7672), for senders that look at them: see {@link TlsReporting#daneSession}. */
public enum DaneFault {
    /** No record matches what the host presented. */
    NO_MATCH(ReportType.VALIDATION_FAILURE, "dane-no-match"),
    /** A record of usage DANE-TA matches, and the certificate is for another host. */
    NAME_MISMATCH(ReportType.CERTIFICATE_HOST_MISMATCH, ""),
    /** All records are unusable or malformed. */
    RECORDS_UNUSABLE(ReportType.TLSA_INVALID, ""),
    /** The answer about the records is bogus, or there is none. */
    BOGUS(ReportType.DNSSEC_INVALID, ""),
    /** The sender requires records, and there are none that are valid. */
    REQUIRED(ReportType.DANE_REQUIRED, ""),
    /** The host does not offer STARTTLS. */
    NO_STARTTLS(ReportType.STARTTLS_NOT_SUPPORTED, "");

    private final ReportType type;
    private final String reason;

    DaneFault(ReportType type, String reason) {
        this.type = type;
        this.reason = reason;
    }

    /** {@return how a report tells it} */
    public SessionFailure failure() {
        return new SessionFailure(type, reason);
    }
}
