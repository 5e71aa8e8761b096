package io.github.mtasts.tlsrpt;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.ReportType;
import io.github.mtasts.tlsrpt.report.FailureDetails;
import io.github.mtasts.tlsrpt.report.Reporter;
import io.github.mtasts.tlsrpt.report.ResultType;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What every {@link ReportStore} keeps to. */
abstract class ReportStoreContract {
    static final LocalDate DAY = LocalDate.parse("2026-11-27");
    static final ReportKey KEY = new ReportKey(DAY, PolicyDomain.of("example.com"));
    static final Instant DUE = Instant.parse("2026-11-28T01:00:00Z");
    static final Duration LEASE = Duration.ofMinutes(15);

    ReportStore store;

    abstract ReportStore open() throws IOException;

    @BeforeEach
    void begin() throws IOException {
        store = open();
    }

    @AfterEach
    void end() {
        store.close();
    }

    static DayCounts counts(ReportKey key, AppliedPolicy policy, long successes, long failures) {
        List<FailureDetails> details = failures == 0
                ? List.of()
                : List.of(FailureDetails.of(ResultType.of(ReportType.CERTIFICATE_EXPIRED), failures)
                        .withReason("x"));
        return new DayCounts(key, policy, successes, failures, details);
    }

    static DayCounts counts(long successes, long failures) {
        return counts(KEY, AppliedPolicy.NONE, successes, failures);
    }

    static ReportKey key(String day, String domain) {
        return new ReportKey(LocalDate.parse(day), PolicyDomain.of(domain));
    }

    @Test
    void addsUpCountsOfOneDayDomainAndPolicy() throws IOException {
        store.add(List.of(counts(3, 1)));
        store.add(List.of(counts(4, 2), counts(5, 0)));

        assertThat(store.counts(KEY)).containsExactly(counts(12, 3));
    }

    @Test
    void keepsPoliciesDomainsAndDaysApart() throws IOException {
        store.add(List.of(
                counts(1, 0),
                counts(KEY, AppliedPolicy.STS_UNKNOWN, 0, 2),
                counts(key("2026-11-28", "example.com"), AppliedPolicy.NONE, 4, 0),
                counts(key("2026-11-27", "example.com.example.net"), AppliedPolicy.NONE, 8, 0),
                counts(key("2026-11-27", "a.example.com"), AppliedPolicy.NONE, 16, 0)));

        assertThat(store.counts(KEY))
                .containsExactlyInAnyOrder(counts(1, 0), counts(KEY, AppliedPolicy.STS_UNKNOWN, 0, 2));
        assertThat(store.counted(DAY))
                .containsExactlyInAnyOrder(
                        key("2026-11-27", "a.example.com"), KEY, key("2026-11-27", "example.com.example.net"));
    }

    @Test
    void forgetsTheCountsOfOneReport() throws IOException {
        store.add(List.of(counts(1, 0), counts(key("2026-11-27", "example.net"), AppliedPolicy.NONE, 1, 0)));

        store.forget(KEY);

        assertThat(store.counted(DAY)).containsExactly(key("2026-11-27", "example.net"));
    }

    @Test
    void countsWithoutASubmissionAreUnplannedOnceTheirDayIsOver() throws IOException {
        store.add(List.of(counts(1, 0), counts(key("2026-11-28", "example.com"), AppliedPolicy.NONE, 1, 0)));

        assertThat(store.unplanned(DAY, 10)).isEmpty();
        assertThat(store.unplanned(DAY.plusDays(1), 10)).containsExactly(KEY);
        store.plan(Submission.planned(KEY, "id", DUE));
        assertThat(store.unplanned(DAY.plusDays(1), 10)).isEmpty();
    }

    @Test
    @Tag("T-5-9")
    void aReportThatWasPlannedKeepsItsId() throws IOException {
        store.plan(Submission.planned(KEY, "first", DUE));
        store.plan(Submission.planned(KEY, "second", DUE));

        assertThat(store.submission(KEY)).map(Submission::unique).contains("first");
    }

    @Test
    void oneClaimantHasASubmissionUntilItsClaimIsOver() throws IOException {
        store.plan(Submission.planned(KEY, "id", DUE));

        assertThat(store.claim(KEY, "one", DUE.minusSeconds(1), DUE.plus(LEASE)))
                .isEmpty();
        assertThat(store.claim(KEY, "one", DUE, DUE.plus(LEASE))).isPresent();
        assertThat(store.claim(KEY, "two", DUE, DUE.plus(LEASE))).isEmpty();
        assertThat(store.due(DUE, 10)).isEmpty();
        assertThat(store.claim(KEY, "two", DUE.plus(LEASE), DUE.plus(LEASE.multipliedBy(2))))
                .isPresent();
    }

    @Test
    void whoLostAClaimSavesNothing() throws IOException {
        store.plan(Submission.planned(KEY, "id", DUE));
        Submission mine = store.claim(KEY, "one", DUE, DUE.plus(LEASE)).orElseThrow();
        assertThat(store.claim(KEY, "two", DUE.plus(LEASE), DUE.plus(LEASE.multipliedBy(2))))
                .isPresent();

        assertThat(store.save("one", mine.ended())).isFalse();

        assertThat(store.submission(KEY)).map(Submission::over).contains(false);
    }

    @Test
    void oneOfManyThreadsClaims() throws Exception {
        store.plan(Submission.planned(KEY, "id", DUE));
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            CyclicBarrier together = new CyclicBarrier(8);
            List<Future<Boolean>> claims = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String name = "claimant-" + i;
                Callable<Boolean> claim = () -> {
                    together.await(30, TimeUnit.SECONDS);
                    return store.claim(KEY, name, DUE, DUE.plus(LEASE)).isPresent();
                };
                claims.add(threads.submit(claim));
            }

            int won = 0;
            for (Future<Boolean> claim : claims) {
                won += claim.get(30, TimeUnit.SECONDS) ? 1 : 0;
            }
            assertThat(won).isEqualTo(1);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aSavedSubmissionIsDueAtItsNextTry() throws IOException {
        store.plan(Submission.planned(KEY, "id", DUE));
        Submission mine = store.claim(KEY, "one", DUE, DUE.plus(LEASE)).orElseThrow();

        Submission saved = mine.begun(DUE, new Reporter("Sender", "a@sender.example"), List.of(counts(1, 2)))
                .acceptedBy("a")
                .givenUpOn("b");
        assertThat(store.save("one", saved)).isTrue();
        assertThat(store.save("one", saved.again(DUE.plusSeconds(60)))).isTrue();

        assertThat(store.due(DUE.plusSeconds(59), 10)).isEmpty();
        assertThat(store.due(DUE.plusSeconds(60), 10)).containsExactly(KEY);
        assertThat(store.submission(KEY)).hasValueSatisfying(held -> {
            assertThat(held.begun()).contains(DUE);
            assertThat(held.counts()).containsExactly(counts(1, 2));
            assertThat(held.accepted()).containsExactly("a");
            assertThat(held.givenUp()).containsExactly("b");
        });
    }

    @Test
    @Tag("T-5-9")
    void aSubmissionThatIsOverTakesItsCountsAlongAndIsNeverBegunAgain() throws IOException {
        store.add(List.of(counts(1, 0)));
        store.plan(Submission.planned(KEY, "id", DUE));
        Submission mine = store.claim(KEY, "one", DUE, DUE.plus(LEASE)).orElseThrow();

        assertThat(store.save("one", mine.ended())).isTrue();
        store.add(List.of(counts(1, 0))); // too late

        assertThat(store.unplanned(DAY.plusDays(1), 10)).isEmpty();
        assertThat(store.due(DUE.plus(Duration.ofDays(1)), 10)).isEmpty();
    }

    @Test
    void tellsWhatIsNotOver() throws IOException {
        ReportKey over = key("2026-11-27", "over.example");
        ReportKey later = key("2026-11-28", "example.com");
        for (ReportKey key : List.of(KEY, over, later)) {
            store.plan(Submission.planned(key, "id", DUE));
        }
        Submission mine = store.claim(over, "one", DUE, DUE.plus(LEASE)).orElseThrow();
        assertThat(store.save("one", mine.ended())).isTrue();

        assertThat(store.unfinished(later.day())).containsExactly(KEY);
        assertThat(store.unfinished(later.day().plusDays(1))).containsExactlyInAnyOrder(KEY, later);
    }

    @Test
    void bringsANextTryForwardAndNeverBack() throws IOException {
        store.plan(Submission.planned(KEY, "id", DUE));

        store.hasten(KEY, DUE.plusSeconds(1));
        assertThat(store.due(DUE, 10)).containsExactly(KEY);
        store.hasten(KEY, DUE.minusSeconds(1));

        assertThat(store.due(DUE.minusSeconds(1), 10)).containsExactly(KEY);
        assertThat(store.due(DUE.minusSeconds(2), 10)).isEmpty();
    }

    @Test
    @Tag("T-5-9")
    void whatIsClaimedOrOverIsNotBroughtForward() throws IOException {
        store.plan(Submission.planned(KEY, "id", DUE));
        Submission mine = store.claim(KEY, "one", DUE, DUE.plus(LEASE)).orElseThrow();
        Instant next = DUE.plus(Duration.ofHours(1));
        assertThat(store.save("one", mine.again(next).claimed("one", next))).isTrue();

        store.hasten(KEY, DUE);
        assertThat(store.submission(KEY)).map(Submission::nextTry).contains(next);
        assertThat(store.save("one", mine.again(next).ended())).isTrue();
        store.hasten(KEY, DUE);

        assertThat(store.submission(KEY)).map(Submission::nextTry).contains(next);
        assertThat(store.due(next, 10)).isEmpty();
    }

    @Test
    void discardsWhatIsOfLongAgo() throws IOException {
        ReportKey later = key("2026-11-28", "example.com");
        store.add(List.of(counts(1, 0), counts(later, AppliedPolicy.NONE, 1, 0)));
        store.plan(Submission.planned(KEY, "id", DUE));
        store.plan(Submission.planned(later, "id2", DUE));

        store.discard(later.day());

        assertThat(store.counts(KEY)).isEmpty();
        assertThat(store.submission(KEY)).isEmpty();
        assertThat(store.counts(later)).isNotEmpty();
        assertThat(store.submission(later)).isPresent();
    }

    @Test
    void remembersRefusalsOfAnAddress() throws IOException {
        assertThat(store.refusals("a@example.com")).isEqualTo(Refusals.NONE);

        store.refusals("a@example.com", Refusals.NONE.oneMore(DUE));

        assertThat(store.refusals("a@example.com")).isEqualTo(new Refusals(1, DUE));
        store.refusals("a@example.com", Refusals.NONE);
        assertThat(store.refusals("a@example.com")).isEqualTo(Refusals.NONE);
    }
}
