package io.github.mtasts.tlsrpt;

import io.github.mtasts.policy.ReportType;
import io.github.mtasts.tlsrpt.report.FailureDetails;
import io.github.mtasts.tlsrpt.report.ReportedPolicy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The sessions of one day with one domain under one policy. A unit: it is added to what is held as a whole. Details are not exclusive, so they may come to more
 * than the failures (RFC 8460 §4.3).
 *
 * @param key the day and the domain
 * @param policy the policy that was applied
 * @param successes the sessions that complied with it
 * @param failures the sessions that did not
 * @param details how they failed, with the number of sessions of each
 */
public record DayCounts(
        ReportKey key, AppliedPolicy policy, long successes, long failures, List<FailureDetails> details) {
    /** The most details that are told apart; the rest is merged by kind, without names and addresses. */
    static final int MOST_DETAILS = 200;

    /**
     * Takes a copy of the details, merged if there are too many.
     *
     * @param key the day and the domain
     * @param policy the policy that was applied
     * @param successes the sessions that complied with it
     * @param failures the sessions that did not
     * @param details how they failed, with the number of sessions of each
     */
    public DayCounts {
        details = bounded(details);
    }

    /**
     * {@return the sum of both}
     *
     * @param more counts of the same day, domain and policy
     * @throws IllegalArgumentException if they are of another
     */
    public DayCounts plus(DayCounts more) {
        if (!key.equals(more.key) || !policy.equals(more.policy)) {
            throw new IllegalArgumentException(key + " is not " + more.key + ", or under another policy");
        }
        List<FailureDetails> all = new ArrayList<>(details);
        all.addAll(more.details);
        return new DayCounts(
                key, policy, Math.addExact(successes, more.successes), Math.addExact(failures, more.failures), all);
    }

    /** Adds up equal ones. What came first keeps its names and addresses; beside those told apart there is one place for each kind. */
    private static List<FailureDetails> bounded(List<FailureDetails> details) {
        int apart = MOST_DETAILS - ReportType.values().length;
        Map<FailureDetails, Long> sums = new LinkedHashMap<>();
        for (FailureDetails detail : details) {
            FailureDetails kind = detail.withFailedSessions(0);
            boolean told = sums.size() < apart || sums.containsKey(kind);
            sums.merge(told ? kind : FailureDetails.of(kind.resultType(), 0), detail.failedSessions(), Math::addExact);
        }
        List<FailureDetails> bounded = new ArrayList<>(sums.size());
        sums.forEach((kind, count) -> bounded.add(kind.withFailedSessions(count)));
        return List.copyOf(bounded);
    }

    /** {@return this as an entry of a report; a session that broke after midnight never takes a sum below zero} */
    ReportedPolicy reported() {
        return new ReportedPolicy(
                policy.type(),
                policy.lines(),
                key.domain().name(),
                policy.mx(),
                Math.max(0, successes),
                failures,
                details);
    }

    /** {@return this as a text that {@link #decode} reads, for stores} */
    public String encode() {
        return StoredJson.write(this);
    }

    /**
     * {@return what was encoded}
     *
     * @param text from {@link #encode}
     * @throws IllegalArgumentException if it is not
     */
    public static DayCounts decode(String text) {
        return StoredJson.counts(text);
    }
}
