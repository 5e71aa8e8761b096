package io.github.mtasts.policy;

/** A result type of a TLS report (RFC 8460 §4.3). */
public enum ReportType {
    /** The host does not offer STARTTLS, or refuses it. */
    STARTTLS_NOT_SUPPORTED("starttls-not-supported"),
    /** The certificate is for another host. */
    CERTIFICATE_HOST_MISMATCH("certificate-host-mismatch"),
    /** The certificate has expired. */
    CERTIFICATE_EXPIRED("certificate-expired"),
    /** The certificate does not lead to a trusted root. */
    CERTIFICATE_NOT_TRUSTED("certificate-not-trusted"),
    /** Another failure, told in words beside it. */
    VALIDATION_FAILURE("validation-failure"),
    /** None of the TLSA records is valid. */
    TLSA_INVALID("tlsa-invalid"),
    /** No valid answer came from the recursive resolver. */
    DNSSEC_INVALID("dnssec-invalid"),
    /** The sender asks for DANE TLSA records, and there are none that are valid. */
    DANE_REQUIRED("dane-required"),
    /** The policy could not be fetched. */
    STS_POLICY_FETCH_ERROR("sts-policy-fetch-error"),
    /** The policy was fetched and is not valid. */
    STS_POLICY_INVALID("sts-policy-invalid"),
    /** The certificate of the policy host is not valid. */
    STS_WEBPKI_INVALID("sts-webpki-invalid");

    private final String text;

    ReportType(String text) {
        this.text = text;
    }

    /** {@return the name as it stands in a report, for example {@code sts-policy-invalid}} */
    public String text() {
        return text;
    }
}
