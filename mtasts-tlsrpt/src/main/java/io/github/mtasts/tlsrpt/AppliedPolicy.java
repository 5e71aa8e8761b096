package io.github.mtasts.tlsrpt;

import io.github.mtasts.policy.MxPattern;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.tlsrpt.report.PolicyType;
import io.github.mtasts.tlsrpt.report.ReportedPolicy;
import java.util.List;

/**
 * The policy that sessions are counted under (RFC 8460 §4.4). Two that differ in a line are two: a policy that changes at noon makes two entries of one report.
 *
 * @param type what kind of policy
 * @param lines the policy as it was served, line by line; for TLSA one line for each record; empty when there is none
 * @param mx the mx patterns of an STS policy; otherwise empty
 */
public record AppliedPolicy(PolicyType type, List<String> lines, List<String> mx) {
    /** No policy was found, or one of mode none. */
    public static final AppliedPolicy NONE = new AppliedPolicy(PolicyType.NO_POLICY_FOUND, List.of(), List.of());

    /** The domain says that it has an STS policy, which could not be had. */
    public static final AppliedPolicy STS_UNKNOWN = new AppliedPolicy(PolicyType.STS, List.of(), List.of());

    /**
     * Keeps copies of the lists.
     *
     * @param type what kind of policy
     * @param lines the policy as it was served, line by line; for TLSA one line for each record; empty when there is none
     * @param mx the mx patterns of an STS policy; otherwise empty
     */
    public AppliedPolicy {
        lines = List.copyOf(lines);
        mx = List.copyOf(mx);
    }

    /**
     * {@return an STS policy}
     *
     * @param policy the policy as it was fetched
     */
    public static AppliedPolicy sts(StsPolicy policy) {
        return new AppliedPolicy(
                PolicyType.STS,
                policy.lines(),
                policy.mx().stream().map(MxPattern::toString).toList());
    }

    /**
     * {@return the TLSA records of a host}
     *
     * @param lines a line for each, as {@link ReportedPolicy#tlsaLine} makes them; unusable ones as well; in any order
     */
    public static AppliedPolicy tlsa(String... lines) {
        return new AppliedPolicy(PolicyType.TLSA, ReportedPolicy.tlsaLines(lines), List.of());
    }
}
