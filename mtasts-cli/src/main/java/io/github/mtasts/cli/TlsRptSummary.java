package io.github.mtasts.cli;

import io.github.mtasts.tlsrpt.report.FailureDetails;
import io.github.mtasts.tlsrpt.report.ReceivedReport;
import io.github.mtasts.tlsrpt.report.ReportedPolicy;
import io.github.mtasts.tlsrpt.report.TlsReport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Several reports put together by domain and reason.
 *
 * @param domains those with most failures first
 * @param reports how many there are
 * @param from the first second covered
 * @param to the last second covered
 * @param remarks per file what was tolerated, or why it is no report
 */
record TlsRptSummary(List<Domain> domains, int reports, Instant from, Instant to, Map<String, List<String>> remarks) {
    /**
     * A domain.
     *
     * @param name empty where reports leave it out
     * @param successes of all reports
     * @param failures of all reports
     * @param reasons those with most failures first
     * @param entries each policy of each report
     */
    record Domain(String name, long successes, long failures, List<Reason> reasons, List<Entry> entries) {}

    /**
     * A reason of failures.
     *
     * @param type the result type as reported
     * @param sessions how many failed so
     * @param details those with most sessions first
     */
    record Reason(String type, long sessions, List<Detail> details) {}

    /**
     * Failures of one kind in one report.
     *
     * @param failure the failures
     * @param reporter who reported them
     */
    record Detail(FailureDetails failure, String reporter) {}

    /**
     * A policy in a report.
     *
     * @param policy the policy and its sessions
     * @param report the report
     */
    record Entry(ReportedPolicy policy, TlsReport report) {}

    static TlsRptSummary of(Map<String, ReceivedReport> read) {
        Map<String, List<String>> remarks = new LinkedHashMap<>();
        List<TlsReport> reports = new ArrayList<>();
        read.forEach((file, received) -> {
            if (received instanceof ReceivedReport.Found found) {
                reports.add(found.report());
                if (!found.tolerated().isEmpty()) {
                    remarks.put(file, found.tolerated());
                }
            } else if (received instanceof ReceivedReport.Unreadable unreadable) {
                remarks.put(
                        file, List.of("no report: " + Words.lower(unreadable.reason()) + ": " + unreadable.detail()));
            }
        });
        Map<String, List<Entry>> byDomain = new LinkedHashMap<>();
        for (TlsReport report : reports) {
            for (ReportedPolicy policy : report.policies()) {
                String name = policy.domain().toLowerCase(Locale.ROOT);
                byDomain.computeIfAbsent(name, ignored -> new ArrayList<>()).add(new Entry(policy, report));
            }
        }
        List<Domain> domains = byDomain.entrySet().stream()
                .map(entry -> domain(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparingLong(Domain::failures).reversed().thenComparing(Domain::name))
                .toList();
        return new TlsRptSummary(
                domains,
                reports.size(),
                reports.stream()
                        .map(TlsReport::start)
                        .min(Comparator.naturalOrder())
                        .orElse(Instant.EPOCH),
                reports.stream()
                        .map(TlsReport::end)
                        .max(Comparator.naturalOrder())
                        .orElse(Instant.EPOCH),
                remarks);
    }

    long successes() {
        return sum(domains.stream().map(Domain::successes).toList());
    }

    long failures() {
        return sum(domains.stream().map(Domain::failures).toList());
    }

    private static Domain domain(String name, List<Entry> entries) {
        Map<String, List<Detail>> byType = new LinkedHashMap<>();
        for (Entry entry : entries) {
            for (FailureDetails failure : entry.policy().details()) {
                byType.computeIfAbsent(failure.resultType().text(), ignored -> new ArrayList<>())
                        .add(new Detail(failure, entry.report().organization()));
            }
        }
        List<Reason> reasons = byType.entrySet().stream()
                .map(entry -> reason(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparingLong(Reason::sessions).reversed().thenComparing(Reason::type))
                .toList();
        return new Domain(
                name,
                sum(entries.stream().map(entry -> entry.policy().successes()).toList()),
                sum(entries.stream().map(entry -> entry.policy().failures()).toList()),
                reasons,
                entries);
    }

    private static Reason reason(String type, List<Detail> details) {
        List<Detail> sorted = details.stream()
                .sorted(Comparator.<Detail>comparingLong(
                                detail -> detail.failure().failedSessions())
                        .reversed())
                .toList();
        return new Reason(
                type,
                sum(sorted.stream()
                        .map(detail -> detail.failure().failedSessions())
                        .toList()),
                sorted);
    }

    /** What strangers wrote may sum up to more than a long holds. */
    private static long sum(List<Long> counts) {
        long sum = 0;
        for (long count : counts) {
            sum = count > Long.MAX_VALUE - sum ? Long.MAX_VALUE : sum + count;
        }
        return sum;
    }
}
