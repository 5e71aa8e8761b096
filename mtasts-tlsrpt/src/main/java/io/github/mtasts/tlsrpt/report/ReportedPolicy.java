package io.github.mtasts.tlsrpt.report;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * One policy of a domain, and what sessions under it came to (RFC 8460 §4.4, an element of {@code policies}).
 *
 * @param type the policy's type
 * @param lines the policy as published ({@code policy-string}): the lines of an MTA-STS policy as served, one text per TLSA record, else
 *     empty
 * @param domain the policy domain ({@code policy-domain}), of A-labels: the next-hop domain, for TLSA the base domain. Empty only in a received
 *     report that leaves it out
 * @param mxHosts the MX patterns of an MTA-STS policy ({@code mx-host}), else empty
 * @param successes how many sessions complied
 * @param failures how many did not; several details may count the same session
 * @param details how those failed
 */
public record ReportedPolicy(
        PolicyType type,
        List<String> lines,
        String domain,
        List<String> mxHosts,
        long successes,
        long failures,
        List<FailureDetails> details) {
    /**
     * Refuses negative counts, and keeps copies of the lists.
     *
     * @param type the policy's type
     * @param lines the policy as published
     * @param domain the policy domain
     * @param mxHosts the MX patterns
     * @param successes how many sessions complied
     * @param failures how many did not
     * @param details how those failed
     */
    public ReportedPolicy {
        if (successes < 0 || failures < 0) {
            throw new IllegalArgumentException("a negative number of sessions: " + successes + ", " + failures);
        }
        lines = List.copyOf(lines);
        mxHosts = List.copyOf(mxHosts);
        details = List.copyOf(details);
    }

    /**
     * A TLSA record as a line of a report: {@code 3 1 1 1F850A…}.
     *
     * @param usage the certificate usage, 0 to 255
     * @param selector the selector, 0 to 255
     * @param matchingType the matching type, 0 to 255
     * @param data the association data
     * @return the line, hex digits in upper case with nothing between
     */
    public static String tlsaLine(int usage, int selector, int matchingType, byte[] data) {
        return usage + " " + selector + " " + matchingType + " "
                + HexFormat.of().withUpperCase().formatHex(data);
    }

    /**
     * The records of a TLSA base domain, put in order, so that the order in which DNS gave them does not matter (RFC 8460 §4.5).
     *
     * @param tlsaLines a line per record as published, unusable ones among them
     * @return the lines of the policy
     */
    public static List<String> tlsaLines(String... tlsaLines) {
        return Arrays.stream(tlsaLines).sorted().toList();
    }
}
