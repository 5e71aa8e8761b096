package io.github.mtasts.tlsrpt;

import static io.github.mtasts.tlsrpt.Sessions.DOMAIN;
import static io.github.mtasts.tlsrpt.Sessions.policy;
import static io.github.mtasts.tlsrpt.Sessions.policyOf;
import static io.github.mtasts.tlsrpt.Sessions.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.mtasts.delivery.SessionFailure;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.discovery.DiscoveryFailure;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.discovery.PolicyInForce.NotInForce.Reason;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.ReportType;
import io.github.mtasts.testkit.TestClock;
import io.github.mtasts.tls.TlsFault;
import io.github.mtasts.tlsrpt.report.FailureDetails;
import io.github.mtasts.tlsrpt.report.PolicyType;
import io.github.mtasts.tlsrpt.report.ResultType;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What sessions come to as counts (RFC 8460 §4). */
class RecorderTest {
    private final TestClock clock = new TestClock(Instant.parse("2026-11-27T12:00:00Z"));
    private final Recorder recorder = new Recorder(clock);

    private DayCounts only() {
        Collection<DayCounts> counts = recorder.take();
        assertThat(counts).hasSize(1);
        return counts.iterator().next();
    }

    private void fetchFails(PolicyInForce policy, FetchFailure reason) {
        recorder.policyFailure(policy, new DiscoveryFailure.Fetch(reason, "seen"));
    }

    @Nested
    class Sums {
        @Test
        void aSessionThatCompliesIsASuccess() {
            recorder.session(result(policy("enforce")));

            assertThat(only()).satisfies(counts -> {
                assertThat(counts.successes()).isEqualTo(1);
                assertThat(counts.failures()).isZero();
                assertThat(counts.details()).isEmpty();
                assertThat(counts.key().domain()).isEqualTo(DOMAIN);
            });
        }

        @Test
        @Tag("T-4-4")
        void severalFaultsOfOneSessionAreOneFailureWithSeveralDetails() {
            recorder.session(result(
                    policy("enforce"),
                    new SessionFailure(ReportType.CERTIFICATE_EXPIRED, "expired"),
                    new SessionFailure(ReportType.CERTIFICATE_HOST_MISMATCH, "other name")));

            assertThat(only()).satisfies(counts -> {
                assertThat(counts.failures()).isEqualTo(1);
                assertThat(counts.successes()).isZero();
                assertThat(counts.details())
                        .extracting(FailureDetails::failedSessions)
                        .containsExactly(1L, 1L);
            });
        }

        @Test
        @Tag("T-4-5")
        void underTestingASessionThatDoesNotComplyIsAFailureThoughItsMailWentOut() {
            recorder.session(
                    result(policy("testing"), new SessionFailure(ReportType.CERTIFICATE_HOST_MISMATCH, "other name")));

            assertThat(only()).satisfies(counts -> {
                assertThat(counts.policy().type()).isEqualTo(PolicyType.STS);
                assertThat(counts.failures()).isEqualTo(1);
                assertThat(counts.successes()).isZero();
            });
        }

        @Test
        @Tag("T-4-6")
        void aHostThatThePolicyDoesNotListIsOneFailedSessionThatNamesTheHost() {
            recorder.session(
                    result(policy("enforce"), new SessionFailure(ReportType.VALIDATION_FAILURE, "sts-mx-mismatch")));

            DayCounts counts = only();
            assertThat(counts.failures()).isEqualTo(1);
            assertThat(counts.details()).singleElement().satisfies(detail -> {
                assertThat(detail.resultType().known()).contains(ReportType.VALIDATION_FAILURE);
                assertThat(detail.reasonCode()).isEqualTo("sts-mx-mismatch");
                assertThat(detail.receivingMxHostname()).isEqualTo("mx.example.com");
            });
        }

        @Test
        @Tag("T-4-3")
        void clearTextWhereNothingWasPromisedIsAFailureUnderNoPolicy() {
            PolicyInForce none = new PolicyInForce.NotInForce(DOMAIN, Reason.NO_RECORD, null, null);

            recorder.session(result(none));
            recorder.session(result(none, new SessionFailure(ReportType.STARTTLS_NOT_SUPPORTED, "")));

            assertThat(only()).satisfies(counts -> {
                assertThat(counts.policy()).isEqualTo(AppliedPolicy.NONE);
                assertThat(counts.successes()).isEqualTo(1);
                assertThat(counts.failures()).isEqualTo(1);
            });
        }

        @Test
        void aSessionThatBreaksAfterItWasCountedBecomesAFailure() {
            SessionResult told = result(policy("enforce"));
            recorder.session(told);
            recorder.session(told);
            DayCounts before = only();

            recorder.sessionBroke(told, new SessionFailure(ReportType.VALIDATION_FAILURE, "alert"));

            assertThat(before.plus(only())).satisfies(counts -> {
                assertThat(counts.successes()).isEqualTo(1);
                assertThat(counts.failures()).isEqualTo(1);
                assertThat(counts.details())
                        .extracting(FailureDetails::failedSessions)
                        .containsExactly(1L);
            });
        }

        @Test
        void aFailedSessionThatBreaksAsWellIsStillOneFailure() {
            SessionResult told = result(policy("testing"), new SessionFailure(ReportType.CERTIFICATE_EXPIRED, ""));
            recorder.session(told);

            recorder.sessionBroke(told, new SessionFailure(ReportType.VALIDATION_FAILURE, "alert"));

            assertThat(only().failures()).isEqualTo(1);
        }

        @Test
        @Tag("T-4.1-1")
        void theLastSecondOfADayAndTheFirstOfTheNextAreOfTwoReports() {
            clock.set(Instant.parse("2026-11-27T23:59:59Z"));
            recorder.session(result(policy("enforce")));
            clock.set(Instant.parse("2026-11-28T00:00:00Z"));
            recorder.session(result(policy("enforce")));

            assertThat(recorder.take())
                    .extracting(counts -> counts.key().day())
                    .containsExactlyInAnyOrder(LocalDate.parse("2026-11-27"), LocalDate.parse("2026-11-28"));
        }

        @Test
        @Tag("T-4.4-3")
        void aPolicyThatChangesAtNoonMakesTwoEntries() {
            recorder.session(result(policy("enforce", "mx.example.com")));
            recorder.session(result(policy("enforce", "mx.example.com", "mx2.example.com")));
            recorder.session(result(policy("enforce", "mx.example.com"))); // another object, the same lines

            assertThat(recorder.take())
                    .extracting(counts -> counts.policy().mx(), DayCounts::successes)
                    .containsExactlyInAnyOrder(
                            tuple(List.of("mx.example.com"), 2L),
                            tuple(List.of("mx.example.com", "mx2.example.com"), 1L));
        }

        @Test
        void thePolicyIsTheLinesAsServed() {
            recorder.session(
                    result(policyOf("version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 86400\r\n")));

            assertThat(only().policy().lines())
                    .containsExactly("version: STSv1", "mode: enforce", "mx: mx.example.com", "max_age: 86400");
        }
    }

    @Nested
    class Mapping {
        @ParameterizedTest
        @Tag("T-4-7")
        @CsvSource({
            "EXPIRED, certificate-expired",
            "NOT_YET_VALID, certificate-expired",
            "NAME_MISMATCH, certificate-host-mismatch",
            "UNTRUSTED, certificate-not-trusted",
            "CONSTRAINTS, certificate-not-trusted",
            "WEAK_KEY, certificate-not-trusted",
            "REVOKED, certificate-not-trusted",
            "WEAK_SESSION, validation-failure",
            "HANDSHAKE, validation-failure",
            "IO, validation-failure"
        })
        void aFaultOfTlsIsToldByItsType(TlsFault fault, String type) {
            recorder.session(result(policy("enforce"), new SessionFailure(fault.reportType(), "seen")));

            assertThat(only().details())
                    .extracting(detail -> detail.resultType().text(), FailureDetails::reasonCode)
                    .containsExactly(tuple(type, "seen"));
        }

        @Test
        @Tag("T-4-7")
        void everyFaultOfTlsIsInTheTable() {
            assertThat(TlsFault.values()).hasSize(10);
        }

        @ParameterizedTest
        @Tag("T-4-9")
        @EnumSource(FetchFailure.class)
        void aFailedFetchIsToldByItsTypeWithTheCauseByName(FetchFailure reason) {
            fetchFails(new PolicyInForce.NotInForce(DOMAIN, Reason.FETCH_FAILED, null, null), reason);

            Collection<DayCounts> counted = recorder.take();
            switch (reason) {
                case OVERLOAD, CANCELLED, CLOSED -> assertThat(counted).isEmpty();
                default ->
                    assertThat(counted).singleElement().satisfies(counts -> {
                        assertThat(counts.policy()).isEqualTo(AppliedPolicy.STS_UNKNOWN);
                        assertThat(counts.failures()).isEqualTo(1);
                        FailureDetails detail = counts.details().get(0);
                        assertThat(detail.resultType().known())
                                .contains(
                                        reason == FetchFailure.CERTIFICATE
                                                ? ReportType.STS_WEBPKI_INVALID
                                                : ReportType.STS_POLICY_FETCH_ERROR);
                        assertThat(detail.reasonCode())
                                .isEqualTo(
                                        reason.name().toLowerCase(Locale.ROOT).replace('_', '-') + ": seen");
                        assertThat(detail.receivingMxHostname()).isNull();
                    });
            }
        }

        @Test
        @Tag("T-4-9")
        void anInvalidPolicyIsToldWithTheRuleAndTheLine() {
            recorder.policyFailure(
                    new PolicyInForce.NotInForce(DOMAIN, Reason.FETCH_FAILED, null, null),
                    new DiscoveryFailure.BadPolicy(List.of(Sessions.error("version: STSv1\nmode: maybe\n"))));

            assertThat(only().details()).singleElement().satisfies(detail -> {
                assertThat(detail.resultType().known()).contains(ReportType.STS_POLICY_INVALID);
                assertThat(detail.reasonCode()).endsWith("line 2");
            });
        }

        @ParameterizedTest
        @Tag("T-4-8")
        @CsvSource({
            "NO_MATCH, validation-failure, dane-no-match",
            "NAME_MISMATCH, certificate-host-mismatch, ''",
            "RECORDS_UNUSABLE, tlsa-invalid, ''",
            "BOGUS, dnssec-invalid, ''",
            "REQUIRED, dane-required, ''",
            "NO_STARTTLS, starttls-not-supported, ''"
        })
        void aFaultUnderTlsaRecordsIsToldByItsType(DaneFault fault, String type, String reason) {
            recorder.daneSession(
                    DOMAIN,
                    AppliedPolicy.tlsa("3 1 1 00FF"),
                    MxHost.of("mx.example.com"),
                    Sessions.CONNECTION,
                    List.of(fault));

            assertThat(only().details()).singleElement().satisfies(detail -> {
                assertThat(detail.resultType().text()).isEqualTo(type);
                assertThat(detail.reasonCode()).isEqualTo(reason.isEmpty() ? null : reason);
            });
        }

        @Test
        @Tag("T-4-1")
        void aDomainWithAPolicyAndTlsaRecordsHasTwoEntries() {
            recorder.session(result(policy("enforce")));
            recorder.daneSession(
                    DOMAIN,
                    AppliedPolicy.tlsa("3 1 1 00FF"),
                    MxHost.of("mx.example.com"),
                    Sessions.CONNECTION,
                    List.of());

            assertThat(recorder.take())
                    .extracting(counts -> counts.policy().type(), DayCounts::successes)
                    .containsExactlyInAnyOrder(tuple(PolicyType.STS, 1L), tuple(PolicyType.TLSA, 1L));
        }
    }

    @Nested
    class PolicyFailures {
        @Test
        @Tag("T-4-11")
        void countsEachDeliveryThatLackedThePolicyAndNotTheFetches() {
            PolicyInForce lacking = new PolicyInForce.NotInForce(DOMAIN, Reason.FETCH_FAILED, null, null);

            for (int delivery = 0; delivery < 3; delivery++) {
                fetchFails(lacking, FetchFailure.HTTP_STATUS);
            }

            assertThat(only()).satisfies(counts -> {
                assertThat(counts.failures()).isEqualTo(3);
                assertThat(counts.details())
                        .extracting(FailureDetails::failedSessions)
                        .containsExactly(3L);
                assertThat(counts.policy().type()).isEqualTo(PolicyType.STS);
                assertThat(counts.policy().lines()).isEmpty();
                assertThat(counts.policy().mx()).isEmpty();
            });
        }

        @Test
        @Tag("S-6-1")
        void aFailedRefreshOfAPolicyThatHoldsIsADetailAndNoFailedSession() {
            PolicyInForce held = policy("enforce");

            fetchFails(held, FetchFailure.TIMEOUT);
            recorder.session(result(held));

            assertThat(only()).satisfies(counts -> {
                assertThat(counts.policy().lines()).isNotEmpty();
                assertThat(counts.successes()).isEqualTo(1);
                assertThat(counts.failures()).isZero();
                assertThat(counts.details())
                        .extracting(FailureDetails::failedSessions)
                        .containsExactly(1L);
            });
        }

        @Test
        @Tag("S-6-1")
        void underModeNoneNothingIsToldOfAFailedRefresh() {
            PolicyInForce.Enforce any = (PolicyInForce.Enforce) policy("enforce");

            fetchFails(
                    new PolicyInForce.NotInForce(DOMAIN, Reason.MODE_NONE, any.cached(), null), FetchFailure.TIMEOUT);

            assertThat(recorder.take()).isEmpty();
        }
    }

    @Nested
    class Bounds {
        @Test
        @Tag("T-4-12")
        void detailsBeyondTheMostAreMergedByKindAndNoSessionIsLost() {
            for (int host = 0; host < 1000; host++) {
                recorder.session(Sessions.at(
                        "mx" + host + ".example.com",
                        policy("testing"),
                        new SessionFailure(
                                host % 2 == 0 ? ReportType.CERTIFICATE_EXPIRED : ReportType.VALIDATION_FAILURE, "x")));
            }

            DayCounts counts = only();
            assertThat(counts.failures()).isEqualTo(1000);
            assertThat(counts.details()).hasSizeLessThanOrEqualTo(200);
            assertThat(counts.details().stream()
                            .mapToLong(FailureDetails::failedSessions)
                            .sum())
                    .isEqualTo(1000);
            assertThat(counts.details())
                    .filteredOn(detail -> detail.receivingMxHostname() == null)
                    .extracting(FailureDetails::resultType)
                    .containsExactlyInAnyOrder(
                            ResultType.of(ReportType.CERTIFICATE_EXPIRED),
                            ResultType.of(ReportType.VALIDATION_FAILURE));
        }

        @Test
        @Tag("T-4-12")
        void aReasonIsPrintableShortAndNamesNoRecipient() {
            recorder.session(result(
                    policy("enforce"),
                    new SessionFailure(
                            ReportType.VALIDATION_FAILURE, "550 <someone@example.com> ünknown\r\n" + "x".repeat(300))));

            assertThat(only().details())
                    .singleElement()
                    .satisfies(detail -> assertThat(detail.reasonCode())
                            .hasSize(200)
                            .startsWith("550 <(address)> ?nknown  x")
                            .matches("[ -~]*"));
        }

        @Test
        void whatGoesBeyondMemoryIsLostAndTold() {
            Tally<Integer> tally = new Tally<>(10);
            for (int kind = 0; kind < 12; kind++) {
                tally.add(kind);
                tally.add(kind);
            }

            long[] sum = new long[1];
            tally.take((kind, count) -> sum[0] += count);

            assertThat(sum[0]).isEqualTo(20);
            assertThat(tally.takeLost()).isEqualTo(4);
            assertThat(tally.takeLost()).isZero();
        }

        @Test
        void eachAdditionIsTakenOnceWhileManyThreadsAdd() throws InterruptedException {
            Tally<Integer> tally = new Tally<>(1000);
            int threads = 8;
            int each = 50_000;
            CountDownLatch start = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(threads);
            List<Thread> adding = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                Thread thread = new Thread(() -> {
                    try {
                        start.await();
                    } catch (InterruptedException e) {
                        return;
                    }
                    for (int n = 0; n < each; n++) {
                        tally.add(n % 7);
                    }
                    done.countDown();
                });
                adding.add(thread);
                thread.start();
            }

            long[] sum = new long[1];
            start.countDown();
            while (done.getCount() > 0) {
                tally.take((kind, count) -> sum[0] += count);
            }
            for (Thread thread : adding) {
                thread.join();
            }
            tally.take((kind, count) -> sum[0] += count);

            assertThat(sum[0]).isEqualTo((long) threads * each);
        }
    }

    @Test
    void countsSurviveBeingWrittenAndRead() {
        recorder.session(result(policy("enforce"), new SessionFailure(ReportType.VALIDATION_FAILURE, "a \"b\" \\ c")));
        DayCounts counts = only();

        assertThat(DayCounts.decode(counts.encode())).isEqualTo(counts);
    }
}
