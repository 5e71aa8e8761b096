package io.github.mtasts.tlsrpt;

import io.github.mtasts.delivery.ConnectionInfo;
import io.github.mtasts.delivery.DeliveryObserver;
import io.github.mtasts.delivery.SessionFailure;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.discovery.DiscoveryFailure;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.tlsrpt.report.FailureDetails;
import io.github.mtasts.tlsrpt.report.PolicyType;
import io.github.mtasts.tlsrpt.report.ResultType;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Counts what deliveries meet, in memory. Does no I/O and waits for nothing. */
final class Recorder implements DeliveryObserver {
    /** Kinds between two flushes; a busy sender has some thousands. */
    private static final int MOST_KINDS = 50_000;

    private static final long DAY_SECONDS = 86_400;

    /** The sender's own doing, of which the domain need not hear. */
    private static final Set<FetchFailure> OWN_DOING =
            EnumSet.of(FetchFailure.OVERLOAD, FetchFailure.CANCELLED, FetchFailure.CLOSED);

    private final InstantSource clock;
    private final Tally<Kind> tally = new Tally<>(MOST_KINDS);

    Recorder(InstantSource clock) {
        this.clock = clock;
    }

    /** How one session changes the sums. */
    private enum Change {
        SUCCESS(1, 0),
        FAILURE(0, 1),
        /** Told as a success before. */
        BROKE(-1, 1),
        /** The session itself is told apart, and may well comply. */
        DETAIL_ONLY(0, 0);

        private final int successes;
        private final int failures;

        Change(int successes, int failures) {
            this.successes = successes;
            this.failures = failures;
        }
    }

    /** What is counted as one: equal ones are added up. */
    private record Kind(
            long day,
            PolicyDomain domain,
            Under under,
            Change change,
            @Nullable MxHost mx,
            ConnectionInfo connection,
            List<SessionFailure> failures) {}

    /** A policy by identity: to compare its lines for each session would cost too much, and the counts of equal ones are added up later. */
    private record Under(PolicyType type, @Nullable Object policy) {
        static final Under NONE = new Under(PolicyType.NO_POLICY_FOUND, null);
        static final Under UNKNOWN = new Under(PolicyType.STS, null);

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Under that && type.equals(that.type) && policy == that.policy;
        }

        @Override
        public int hashCode() {
            return 31 * type.hashCode() + System.identityHashCode(policy);
        }

        AppliedPolicy applied() {
            if (policy instanceof StsPolicy sts) {
                return AppliedPolicy.sts(sts);
            }
            if (policy instanceof AppliedPolicy applied) {
                return applied;
            }
            return type.equals(PolicyType.STS) ? AppliedPolicy.STS_UNKNOWN : AppliedPolicy.NONE;
        }
    }

    @Override
    public void session(SessionResult result) {
        count(result, result.complied() ? Change.SUCCESS : Change.FAILURE, result.failures());
    }

    @Override
    public void sessionBroke(SessionResult told, SessionFailure failure) {
        if (told.complied()) {
            count(told, Change.BROKE, List.of(failure));
        }
    }

    private void count(SessionResult result, Change change, List<SessionFailure> failures) {
        PolicyInForce policy = result.policy();
        if (policy instanceof PolicyInForce.Undetermined
                || policy instanceof PolicyInForce.NotInForce none
                        && none.reason() == PolicyInForce.NotInForce.Reason.ADDRESS_LITERAL) {
            return; // nothing was tried, or there is no domain to tell
        }
        count(policy.domain(), under(policy), change, result.mx(), result.connection(), failures);
    }

    private void count(
            PolicyDomain domain,
            Under under,
            Change change,
            MxHost mx,
            ConnectionInfo connection,
            List<SessionFailure> failures) {
        boolean success = change == Change.SUCCESS;
        tally.add(new Kind(
                day(),
                domain,
                under,
                change,
                success ? null : mx,
                success ? ConnectionInfo.UNKNOWN : connection,
                failures));
    }

    /** RFC 8460 §4.4: under which policy a session is counted. Mode none promises nothing, so it counts as none. */
    private static Under under(PolicyInForce policy) {
        if (policy instanceof PolicyInForce.Enforce enforce) {
            return new Under(PolicyType.STS, enforce.cached().policy());
        }
        if (policy instanceof PolicyInForce.Testing testing) {
            return new Under(PolicyType.STS, testing.cached().policy());
        }
        return Under.NONE;
    }

    @Override
    public void policyFailure(PolicyInForce policy, DiscoveryFailure failure) {
        if (failure instanceof DiscoveryFailure.Fetch fetch && OWN_DOING.contains(fetch.reason())) {
            return;
        }
        if (policy instanceof PolicyInForce.NotInForce none
                && (none.reason() == PolicyInForce.NotInForce.Reason.MODE_NONE
                        || none.reason() == PolicyInForce.NotInForce.Reason.EXEMPT)) {
            return; // RFC 8461 §6: who takes his policy back is not told that it cannot be fetched
        }
        failure.reportType().ifPresent(type -> {
            Under under = under(policy);
            // a session that a cached policy protected is counted by itself: this one only says what went wrong beside
            // it
            boolean protectedAllTheSame = !under.equals(Under.NONE);
            tally.add(new Kind(
                    day(),
                    policy.domain(),
                    protectedAllTheSame ? under : Under.UNKNOWN,
                    protectedAllTheSame ? Change.DETAIL_ONLY : Change.FAILURE,
                    null,
                    ConnectionInfo.UNKNOWN,
                    List.of(new SessionFailure(type, FailureReason.of(failure)))));
        });
    }

    /** A session under TLSA records, which this library does not look at itself. */
    void daneSession(
            PolicyDomain domain,
            AppliedPolicy tlsa,
            MxHost mx,
            ConnectionInfo connection,
            Collection<DaneFault> faults) {
        count(
                domain,
                new Under(PolicyType.TLSA, tlsa),
                faults.isEmpty() ? Change.SUCCESS : Change.FAILURE,
                mx,
                connection,
                faults.stream().map(DaneFault::failure).toList());
    }

    private long day() {
        return Math.floorDiv(clock.instant().getEpochSecond(), DAY_SECONDS);
    }

    /** Takes what was counted since the last call, each addition once. For one thread at a time. */
    Collection<DayCounts> take() {
        Map<List<Object>, DayCounts> taken = new LinkedHashMap<>();
        tally.take((kind, count) -> {
            DayCounts counts = counts(kind, count);
            taken.merge(List.of(counts.key(), counts.policy()), counts, DayCounts::plus);
        });
        return taken.values();
    }

    /** How many sessions could not be counted since the last call. */
    long takeLost() {
        return tally.takeLost();
    }

    private static DayCounts counts(Kind kind, long count) {
        List<FailureDetails> details = new ArrayList<>();
        MxHost mx = kind.mx();
        ConnectionInfo connection = kind.connection();
        for (SessionFailure failure : new LinkedHashSet<>(kind.failures())) { // two equal faults of one session are one
            details.add(FailureDetails.of(ResultType.of(failure.type()), count)
                    .withSendingMta(connection.local())
                    .withReceivingMx(mx == null ? null : mx.name(), connection.ehlo(), connection.remote())
                    .withReason(failure.reason().isEmpty() ? null : failure.reason()));
        }
        return new DayCounts(
                new ReportKey(LocalDate.ofEpochDay(kind.day()), kind.domain()),
                kind.under().applied(),
                kind.change().successes * count,
                kind.change().failures * count,
                details);
    }
}
