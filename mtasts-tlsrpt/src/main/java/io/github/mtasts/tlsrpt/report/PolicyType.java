package io.github.mtasts.tlsrpt.report;

/**
 * The type of a policy (RFC 8460 §4.4). Open: a received report may name one that is not known here.
 *
 * @param text as it stands in the report
 */
public record PolicyType(String text) {
    /** MTA-STS. */
    public static final PolicyType STS = new PolicyType("sts");

    /** DANE TLSA records. */
    public static final PolicyType TLSA = new PolicyType("tlsa");

    /** Neither. */
    public static final PolicyType NO_POLICY_FOUND = new PolicyType("no-policy-found");

    @Override
    public String toString() {
        return text;
    }
}
