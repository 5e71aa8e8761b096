package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.TTL;
import static io.github.mtasts.discovery.World.absent;
import static io.github.mtasts.discovery.World.fetched;
import static io.github.mtasts.discovery.World.found;
import static io.github.mtasts.discovery.World.text;
import static io.github.mtasts.discovery.World.unavailable;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.TestLog;
import io.github.mtasts.discovery.PolicyInForce.Enforce;
import io.github.mtasts.discovery.PolicyInForce.NotInForce;
import io.github.mtasts.discovery.PolicyInForce.Source;
import io.github.mtasts.discovery.PolicyInForce.Testing;
import io.github.mtasts.discovery.PolicyInForce.Undetermined;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.ReportType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The ladder, over a network without sockets and a clock that is moved. */
class PolicyDiscoveryTest {
    private static final Duration WEEK = Duration.ofDays(7);
    private static final String MX = "mx.example.com";

    private final World world = new World();

    @AfterEach
    void close() {
        world.close();
    }

    @Nested
    @DisplayName("RFC 8461 §3.1: the record")
    class TheRecord {
        @Test
        @Tag("S-3.1-10")
        void brokenRecordMeansNoPolicyAndNoFetch() {
            world.txt(found(TTL, "v=STSv1; id=a-b;")).serves("enforce", WEEK, MX);

            PolicyInForce answer = world.policy();

            assertThat(answer).isInstanceOfSatisfying(NotInForce.class, no -> {
                assertThat(no.reason()).isEqualTo(NotInForce.Reason.BAD_RECORD);
                assertThat(no.failure()).get().isInstanceOf(DiscoveryFailure.BadRecord.class);
            });
            assertThat(world.fetched()).isZero();
        }

        @Test
        @Tag("S-3.1-10")
        void validRecordIsFollowedToThePolicy() {
            world.txt(found(TTL, "v=STSv1; id=ab;")).serves("enforce", WEEK, MX);

            PolicyInForce answer = world.policy();

            assertThat(answer).isInstanceOf(Enforce.class);
            assertThat(world.fetched()).isOne();
        }

        @Test
        void noRecordMeansNoPolicyAndNoFetch() {
            world.serves("enforce", WEEK, MX);

            PolicyInForce answer = world.policy();

            assertThat(reason(answer)).isEqualTo(NotInForce.Reason.NO_RECORD);
            assertThat(world.fetched()).isZero();
        }

        @Test
        void othersTxtRecordsAreNoRecord() {
            world.txt(found(TTL, "v=spf1 -all")).serves("enforce", WEEK, MX);

            PolicyInForce answer = world.policy();

            assertThat(reason(answer)).isEqualTo(NotInForce.Reason.NO_RECORD);
        }

        @Test
        @Tag("S-3.4-1")
        @Tag("S-3.4-6")
        void onlyTheRecordOfTheNextHopDomainItselfIsAskedFor() {
            // a CNAME at the domain is for the MX look-up alone: discovery asks for nothing but this one name
            world.record("a").serves("enforce", WEEK, MX);

            PolicyInForce answer = world.policy();

            assertThat(answer.domain()).isEqualTo(DOMAIN);
            assertThat(world.dns.asked).containsExactly("_mta-sts.example.com");
        }

        @Test
        @Tag("S-3.4-5")
        void subdomainHasNoPartInItsParentsPolicy() {
            world.record("a").serves("enforce", WEEK, MX);

            PolicyInForce answer = world.discovery().policyFor(PolicyDomain.of("mail.example.com"));

            assertThat(reason(answer)).isEqualTo(NotInForce.Reason.NO_RECORD);
            assertThat(world.dns.asked).containsExactly("_mta-sts.mail.example.com");
        }

        @Test
        @Tag("S-3.4-7")
        void oneEntryServesAllSpellingsOfADomain() {
            world.record("a").serves("enforce", WEEK, MX);

            PolicyInForce one = world.discovery().policyFor(PolicyDomain.of("Example.COM."));
            PolicyInForce other = world.discovery().policyFor(PolicyDomain.of("example.com"));

            assertThat(one).isInstanceOf(Enforce.class);
            assertThat(other).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isOne();
        }

        @Test
        @Tag("S-3.4-4")
        void addressLiteralIsNoPolicyDomainSoNothingIsAsked() {
            assertThatThrownBy(() -> PolicyDomain.of("[192.0.2.1]")).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> PolicyDomain.of("[IPv6:2001:db8::1]"))
                    .isInstanceOf(IllegalArgumentException.class);

            assertThat(world.asked()).isZero();
        }
    }

    @Nested
    @DisplayName("RFC 8461 §3.2: the lifetime")
    class Lifetime {
        @Test
        @Tag("S-3.2-11")
        void policyAppliesUpToItsLastSecond() {
            world.record("a").serves("enforce", Duration.ofSeconds(60), MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.txt(unavailable(DnsFailure.TIMEOUT)).breaks(FetchFailure.CONNECT);

            world.passes(Duration.ofSeconds(60));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
        }

        @Test
        @Tag("S-3.2-11")
        void policyAppliesNoSecondLonger() {
            world.record("a").serves("enforce", Duration.ofSeconds(60), MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.txt(unavailable(DnsFailure.TIMEOUT)).breaks(FetchFailure.CONNECT);

            world.passes(Duration.ofSeconds(61));

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.DNS_UNAVAILABLE);
        }

        @Test
        void sameIdInDnsDoesNotLengthenALife() {
            world.record("a").serves("enforce", Duration.ofHours(1), MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.breaks(FetchFailure.CONNECT);
            for (int i = 0; i < 7; i++) {
                world.passes(Duration.ofMinutes(8));
                assertThat(world.policy()).isInstanceOf(Enforce.class);
            }

            world.passes(Duration.ofMinutes(8));

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
        }

        @Test
        void fetchedPolicyIsAnsweredFromMemoryUpToItsLastMillisecond() {
            world.txt(found(Duration.ofHours(1), "v=STSv1; id=a;")).serves("enforce", Duration.ofSeconds(60), MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            world.passes(Duration.ofSeconds(60));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isOne();
        }

        @Test
        void policyThatIsKeptIsAnsweredFromMemoryUpToItsLastMillisecond() {
            world.txt(found(Duration.ofHours(1), "v=STSv1; id=a;")).serves("enforce", Duration.ofMinutes(90), MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.passes(Duration.ofMinutes(60));
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isEqualTo(2);

            world.passes(Duration.ofMinutes(30));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isEqualTo(2);
        }

        @Test
        void policyKeptAfterAFailedFetchIsAnsweredFromMemoryUpToItsLastMillisecond() {
            world.txt(found(Duration.ofHours(1), "v=STSv1; id=a;")).serves("enforce", Duration.ofMinutes(90), MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.passes(Duration.ofMinutes(60));
            world.breaks(FetchFailure.CONNECT);
            assertThat(world.discovery().refresh(DOMAIN)).isInstanceOf(Enforce.class);
            assertThat(world.fetched()).isEqualTo(2);
            int asked = world.asked();

            world.passes(Duration.ofMinutes(30));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isEqualTo(asked);
        }

        @Test
        void endOfAPolicyWhoseRecordIsGoneIsToldAndCounted() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.txt(absent(TTL));

            world.passes(WEEK.plusSeconds(1));
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.NO_RECORD);

            assertThat(world.events(DiscoveryEvent.PolicyExpired.class, 1))
                    .singleElement()
                    .satisfies(event -> {
                        assertThat(event.policy().recordId()).isEqualTo("a");
                        assertThat(event.met()).isInstanceOf(DiscoveryFailure.RecordAbsent.class);
                    });
            assertThat(world.count(DiscoveryCount.POLICIES_EXPIRED)).isOne();
        }

        @Test
        void endOfAPolicyIsNotConcludedWhileDnsIsDead() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.txt(unavailable(DnsFailure.TIMEOUT));

            world.passes(WEEK.plusSeconds(1));
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.DNS_UNAVAILABLE);

            assertThat(world.count(DiscoveryCount.POLICIES_EXPIRED)).isZero();
        }

        @Test
        void absenceMetByAVainRefreshOfAnExpiredPolicyIsRemembered() {
            world.record("a").serves("enforce", Duration.ofSeconds(60), MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.passes(TTL);
            world.txt(absent(TTL)).breaks(FetchFailure.CONNECT);
            assertThat(reason(world.discovery().refresh(DOMAIN))).isEqualTo(NotInForce.Reason.NO_RECORD);
            assertThat(world.fetched()).isEqualTo(2);
            int asked = world.asked();

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.NO_RECORD);

            assertThat(world.asked()).isEqualTo(asked);
        }

        @Test
        void deadDnsMetByAVainRefreshOfAnExpiredPolicyIsNotRemembered() {
            world.record("a").serves("enforce", Duration.ofSeconds(60), MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.passes(TTL);
            world.txt(unavailable(DnsFailure.TIMEOUT)).breaks(FetchFailure.CONNECT);
            assertThat(reason(world.discovery().refresh(DOMAIN))).isEqualTo(NotInForce.Reason.DNS_UNAVAILABLE);
            assertThat(world.fetched()).isEqualTo(2);

            world.record("b").serves("enforce", WEEK, MX);

            assertThat(world.policy()).isInstanceOf(Enforce.class);
        }

        @Test
        @Tag("S-3.2-10")
        void maxAgeZeroServesOneAttemptAndIsNotKept() {
            world.record("a").serves("enforce", Duration.ZERO, MX);

            PolicyInForce first = world.policy();
            PolicyInForce second = world.policy();

            assertThat(first).isInstanceOf(Enforce.class);
            assertThat(second).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isEqualTo(2);
            assertThat(world.fetched()).isEqualTo(2);
        }

        @Test
        @Tag("S-3.2-10")
        void maxAgeZeroDoesNotHoldWhenThePolicyHostFallsSilent() {
            world.record("a").serves("enforce", Duration.ZERO, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            world.breaks(FetchFailure.CONNECT);

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
        }

        @Test
        @Tag("S-3.2-10")
        void maxAgeOneIsKept() {
            world.record("a").serves("enforce", Duration.ofSeconds(1), MX);

            PolicyInForce first = world.policy();
            PolicyInForce second = world.policy();

            assertThat(first).isInstanceOf(Enforce.class);
            assertThat(second).isInstanceOf(Enforce.class);
            assertThat(world.fetched()).isOne();
        }

        @Test
        @Tag("S-3.2-10")
        void maxAgeZeroReplacesTheFormerPolicyInTheStoreToo() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.record("b").serves("enforce", Duration.ZERO, MX);
            world.passes(TTL);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.txt(absent(TTL));

            PolicyDiscovery next = world.restart();

            assertThat(reason(next.policyFor(DOMAIN))).isEqualTo(NotInForce.Reason.NO_RECORD);
        }
    }

    @Nested
    @DisplayName("RFC 8461 §3.3: the fetch")
    class Fetch {
        @Test
        void policyIsFetchedOnceAndThenRemembered() {
            world.record("a").serves("enforce", WEEK, MX);

            PolicyInForce first = world.policy();
            PolicyInForce second = world.policy();

            assertThat(source(first)).isEqualTo(Source.FETCHED_NOW);
            assertThat(source(second)).isEqualTo(Source.CACHE);
            assertThat(first.known()).isEqualTo(second.known());
            assertThat(world.asked()).isOne();
            assertThat(world.fetched()).isOne();
        }

        @ParameterizedTest
        @EnumSource(
                value = FetchFailure.class,
                mode = EnumSource.Mode.EXCLUDE,
                names = {"OVERLOAD", "CANCELLED", "CLOSED"})
        @Tag("S-3.3-13")
        void withoutAPolicyToBeHadMailGoesAsIfThereWereNone(FetchFailure failure) {
            world.record("a").breaks(failure);

            PolicyInForce answer = world.policy();

            assertThat(reason(answer)).isEqualTo(NotInForce.Reason.FETCH_FAILED);
            assertThat(answer.failure().orElseThrow().reportType()).contains(failure.reportType());
            assertThat(world.events(DiscoveryEvent.FetchFailed.class, 1))
                    .singleElement()
                    .satisfies(event -> {
                        assertThat(event.domain()).isEqualTo(DOMAIN);
                        assertThat(event.recordId()).isEqualTo("a");
                        assertThat(event.failure().reportType()).contains(failure.reportType());
                    });
            assertThat(world.discovery().counters().fetchesFailed(failure)).isOne();
        }

        @Test
        @Tag("S-3.3-13")
        void invalidPolicyIsReportedAsInvalid() {
            world.record("a").serves("version: STSv1\nmode: enforce\nmax_age: 600\n");

            PolicyInForce answer = world.policy();

            assertThat(reason(answer)).isEqualTo(NotInForce.Reason.FETCH_FAILED);
            assertThat(answer.failure().orElseThrow().reportType()).contains(ReportType.STS_POLICY_INVALID);
            assertThat(world.count(DiscoveryCount.FETCHES_INVALID)).isOne();
        }

        @Test
        @Tag("S-3.3-9")
        void failedFetchIsNotTriedAgainForFiveMinutes() {
            world.record("a").breaks(FetchFailure.HTTP_STATUS);

            for (int i = 0; i < 100; i++) {
                assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
                world.passes(Duration.ofMillis(2400));
            }

            assertThat(world.fetched()).isOne();
        }

        @Test
        @Tag("S-3.3-9")
        void failedFetchIsTriedAgainAfterFiveMinutes() {
            world.record("a").breaks(FetchFailure.HTTP_STATUS);
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
            world.serves("enforce", WEEK, MX);

            world.passes(Duration.ofMinutes(5));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.fetched()).isEqualTo(2);
        }

        @Test
        @Tag("S-3.3-9")
        void failedFetchIsTriedAfterFiveMinutesEvenWhileTheRecordHolds() {
            world.txt(found(Duration.ofHours(1), "v=STSv1; id=a;")).breaks(FetchFailure.HTTP_STATUS);
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
            world.serves("enforce", WEEK, MX);

            world.passes(Duration.ofMinutes(5));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isOne();
        }

        @Test
        @Tag("S-3.3-9")
        void recordSeenAgainDuringABackOffNeedNotBeAskedForWhenTheBackOffEnds() {
            world.txt(found(Duration.ofMinutes(1), "v=STSv1; id=a;")).breaks(FetchFailure.HTTP_STATUS);
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
            world.txt(found(Duration.ofHours(1), "v=STSv1; id=a;")).serves("enforce", WEEK, MX);
            world.passes(Duration.ofMinutes(1));
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);

            world.passes(Duration.ofMinutes(4));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isEqualTo(2);
        }

        @Test
        void fetchThatIsBackedOffIsCounted() {
            world.txt(found(Duration.ofMinutes(1), "v=STSv1; id=a;")).breaks(FetchFailure.HTTP_STATUS);
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
            assertThat(world.count(DiscoveryCount.FETCHES_BACKED_OFF)).isZero();

            world.passes(Duration.ofMinutes(1));
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);

            assertThat(world.count(DiscoveryCount.FETCHES_BACKED_OFF)).isOne();
        }

        @Test
        void fetchThatTheRecordDoesNotCallForIsNotCountedAsBackedOff() {
            world.txt(found(Duration.ofMinutes(1), "v=STSv1; id=a;")).serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.passes(Duration.ofMinutes(5));
            world.breaks(FetchFailure.HTTP_STATUS);
            assertThat(world.discovery().refresh(DOMAIN)).isInstanceOf(Enforce.class);
            assertThat(world.fetched()).isEqualTo(2);

            world.passes(Duration.ofMinutes(1));
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            assertThat(world.count(DiscoveryCount.FETCHES_BACKED_OFF)).isZero();
        }

        @Test
        @Tag("S-3.3-9")
        void anotherIdIsTriedAtOnce() {
            world.record("a").breaks(FetchFailure.HTTP_STATUS);
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
            world.txt(found(Duration.ofMinutes(1), "v=STSv1; id=a;"));
            world.passes(Duration.ofMinutes(5).minusSeconds(1));
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
            assertThat(world.fetched()).isOne();

            world.record("b");
            world.discovery().askAhead(DOMAIN);
            world.passes(Duration.ofSeconds(1));

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
            assertThat(world.fetched()).isEqualTo(2);
        }

        @Test
        @Tag("S-3.3-9")
        void backOffHoldsWhileAPolicyIsCached() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.txt(found(Duration.ofMinutes(1), "v=STSv1; id=b;")).breaks(FetchFailure.TIMEOUT);
            world.passes(TTL);

            for (int i = 0; i < 5; i++) {
                PolicyInForce answer = world.policy();
                assertThat(answer).isInstanceOf(Enforce.class);
                assertThat(answer.failure()).get().isInstanceOf(DiscoveryFailure.Fetch.class);
                world.passes(Duration.ofSeconds(59));
            }

            assertThat(world.fetched()).isEqualTo(2);
        }

        @Test
        @Tag("S-3.3-9")
        void manyForgedIdsDoNotMultiplyFetches() {
            world.txt(found(Duration.ofMinutes(1), "v=STSv1; id=x;")).breaks(FetchFailure.TIMEOUT);

            for (int i = 0; i < 60; i++) {
                world.txt(found(Duration.ofMinutes(1), "v=STSv1; id=x" + i + ";"));
                Recheck unused = world.discovery().recheck(world.policy());
                world.passes(Duration.ofSeconds(10));
            }

            // ten minutes: twice the span, eight ids in each, and one more at the seam
            assertThat(world.fetched()).isLessThanOrEqualTo(3 * BackOff.MOST_IDS);
        }

        @Test
        void overloadIsNotBackedOffAndNotRemembered() {
            world.record("a").breaks(FetchFailure.OVERLOAD);
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_OVERLOAD);
            world.serves("enforce", WEEK, MX);

            PolicyInForce answer = world.policy();

            assertThat(answer).isInstanceOf(Enforce.class);
            assertThat(world.count(DiscoveryCount.OVERLOADS)).isOne();
        }

        @Test
        void overloadIsLogged() {
            world.record("a").breaks(FetchFailure.OVERLOAD);

            String log;
            try (TestLog lines = TestLog.begin()) {
                assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_OVERLOAD);
                log = lines.text();
            }

            assertThat(log).contains("WARN").contains("too many policy fetches are under way");
        }

        @Test
        void goodFetchIsCounted() {
            world.record("a").serves("enforce", WEEK, MX);

            assertThat(world.policy()).isInstanceOf(Enforce.class);

            assertThat(world.count(DiscoveryCount.FETCHES_GOOD)).isOne();
        }

        @Test
        void answerFromMemoryIsCounted() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            assertThat(world.policy()).isInstanceOf(Enforce.class);

            assertThat(world.count(DiscoveryCount.LOOKUPS)).isEqualTo(2);
            assertThat(world.count(DiscoveryCount.LOOKUPS_FROM_MEMORY)).isOne();
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("io.github.mtasts.discovery.PolicyDiscoveryTest#failures")
        @Tag("S-3.3-14")
        @Tag("S-8.3-2")
        void cachedPolicyHoldsWhenThereIsNoLiveOne(String what, Consumer<World> breaks) {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            breaks.accept(world);

            world.passes(Duration.ofDays(6));

            PolicyInForce answer = world.policy();
            assertThat(answer).isInstanceOfSatisfying(Enforce.class, enforce -> {
                assertThat(enforce.cached().recordId()).isEqualTo("a");
                assertThat(enforce.source()).isEqualTo(Source.CACHE);
            });
            assertThat(answer.failure()).isPresent();
            assertThat(world.count(DiscoveryCount.KEPT_AFTER_FAILURE)).isOne();
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("io.github.mtasts.discovery.PolicyDiscoveryTest#failures")
        @Tag("S-3.3-14")
        void expiredPolicyDoesNotHold(String what, Consumer<World> breaks) {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            breaks.accept(world);

            world.passes(WEEK.plusSeconds(1));

            assertThat(world.policy()).isNotInstanceOf(Enforce.class).isNotInstanceOf(Testing.class);
        }
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                failure("record gone", world -> world.txt(absent(TTL))),
                failure("record broken", world -> world.txt(found(TTL, "v=STSv1; id=;"))),
                failure("two records", world -> world.txt(found(TTL, "v=STSv1; id=a;", "v=STSv1; id=b;"))),
                failure("DNS dead", world -> world.txt(unavailable(DnsFailure.TIMEOUT))),
                failure("DNS bogus", world -> world.txt(unavailable(DnsFailure.BOGUS))),
                failure("HTTPS dead", world -> world.record("b").breaks(FetchFailure.CONNECT)),
                failure("body invalid", world -> world.record("b").serves("mode: none\n")));
    }

    private static Arguments failure(String what, Consumer<World> breaks) {
        return Arguments.of(what, breaks);
    }

    @Nested
    @DisplayName("RFC 8461 §5.1: the cached policy and its id")
    class Cached {
        @Test
        @Tag("S-5.1-1")
        void newIdIsFollowedWithinTheRecordsTtl() {
            world.record("a").serves("enforce", WEEK, "old.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.record("b").serves("enforce", WEEK, "new.example.com");

            world.passes(TTL);

            PolicyInForce answer = world.policy();
            assertThat(answer.known().orElseThrow().policy().mx()).hasToString("[new.example.com]");
            assertThat(answer.known().orElseThrow().recordId()).isEqualTo("b");
            assertThat(world.events(DiscoveryEvent.PolicyChanged.class, 1))
                    .singleElement()
                    .satisfies(event -> {
                        assertThat(event.before().recordId()).isEqualTo("a");
                        assertThat(event.after().recordId()).isEqualTo("b");
                    });
        }

        @Test
        void policyFetchedForTheFirstTimeIsToldAsNew() {
            world.record("a").serves("enforce", WEEK, MX);

            PolicyInForce answer = world.policy();
            world.close();

            assertThat(world.events)
                    .singleElement()
                    .isInstanceOfSatisfying(
                            DiscoveryEvent.PolicyAppeared.class,
                            event -> assertThat(answer.known()).contains(event.policy()));
        }

        @Test
        void samePolicyFetchedAgainIsToldAsRenewed() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.passes(Duration.ofMinutes(5));

            PolicyInForce answer = world.discovery().refresh(DOMAIN);
            world.close();

            assertThat(world.events)
                    .hasExactlyElementsOfTypes(DiscoveryEvent.PolicyAppeared.class, DiscoveryEvent.PolicyRenewed.class);
            assertThat(answer.known()).contains(((DiscoveryEvent.PolicyRenewed) world.events.get(1)).policy());
        }

        @Test
        void samePolicyUnderAnotherIdIsToldAsChanged() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.record("b");
            world.passes(TTL);

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.close();

            assertThat(world.events)
                    .hasExactlyElementsOfTypes(DiscoveryEvent.PolicyAppeared.class, DiscoveryEvent.PolicyChanged.class);
        }

        @Test
        void anotherPolicyUnderTheSameIdIsToldAsChanged() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.serves("enforce", WEEK, "new.example.com");
            world.passes(Duration.ofMinutes(5));

            assertThat(world.discovery().refresh(DOMAIN)).isInstanceOf(Enforce.class);
            world.close();

            assertThat(world.events)
                    .hasExactlyElementsOfTypes(DiscoveryEvent.PolicyAppeared.class, DiscoveryEvent.PolicyChanged.class);
        }

        @Test
        @Tag("S-5.1-1")
        void withinTheTtlNothingIsAsked() {
            world.record("a").serves("enforce", WEEK, "old.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.record("b").serves("enforce", WEEK, "new.example.com");

            world.passes(TTL.minusMillis(1));

            assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("a");
            assertThat(world.asked()).isOne();
        }

        @Test
        void lookUpsAreCountedAndAmongThemThoseFromMemory() {
            world.record("a").serves("enforce", WEEK, MX);

            for (int i = 0; i < 3; i++) {
                assertThat(world.policy()).isInstanceOf(Enforce.class);
            }

            assertThat(world.count(DiscoveryCount.LOOKUPS)).isEqualTo(3);
            assertThat(world.count(DiscoveryCount.LOOKUPS_FROM_MEMORY)).isEqualTo(2);
        }

        @Test
        @Tag("S-5.1-1")
        void sameIdIsNotFetchedAgain() {
            world.record("a").serves("enforce", WEEK, "old.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.serves("enforce", WEEK, "new.example.com");

            world.passes(TTL);

            assertThat(world.policy().known().orElseThrow().policy().mx()).hasToString("[old.example.com]");
            assertThat(world.asked()).isEqualTo(2);
            assertThat(world.fetched()).isOne();
        }

        @Test
        @Tag("S-5.1-2")
        void failedFetchKeepsTheOldIdSoThatTheNewOneIsTriedAgain() {
            world.record("a").serves("enforce", WEEK, "old.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.record("b").breaks(FetchFailure.HTTP_STATUS);
            world.passes(TTL);
            assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("a");
            world.serves("enforce", WEEK, "new.example.com");

            world.passes(Duration.ofMinutes(5));

            PolicyInForce answer = world.policy();
            assertThat(answer.known().orElseThrow().recordId()).isEqualTo("b");
            assertThat(answer.known().orElseThrow().policy().mx()).hasToString("[new.example.com]");
        }

        @Test
        @Tag("S-5.1-2")
        void keptIdIsTheOneReadBeforeTheFetchBegan() {
            CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
            world.record("a").serves(() -> fetch);
            CompletableFuture<PolicyInForce> answer = world.discovery().policyForAsync(DOMAIN);
            world.record("b");

            fetch.complete(fetched(text("enforce", WEEK, MX)));

            assertThat(answer.join().known().orElseThrow().recordId()).isEqualTo("a");
        }

        @Test
        void lifeIsCountedFromTheEndOfTheFetch() {
            CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
            world.record("a").serves(() -> fetch);
            CompletableFuture<PolicyInForce> answer = world.discovery().policyForAsync(DOMAIN);
            world.passes(Duration.ofSeconds(30));
            Instant end = world.clock.instant();

            fetch.complete(fetched(text("enforce", WEEK, MX)));

            assertThat(answer.join().known().orElseThrow().fetchedAt()).isEqualTo(end);
            assertThat(answer.join().known().orElseThrow().expiresAt()).isEqualTo(end.plus(WEEK));
        }

        @Test
        @Tag("S-8.3-1")
        void modeNoneReplacesEnforceAtOnce() {
            world.record("a").serves("enforce", Duration.ofDays(365), MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.record("b").serves("version: STSv1\nmode: none\nmax_age: 86400\n");

            world.passes(TTL);

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.MODE_NONE);
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.MODE_NONE);
            assertThat(world.fetched()).isEqualTo(2);
        }

        @Test
        @Tag("S-8.3-1")
        void enforceReplacesModeNoneAtOnce() {
            world.record("a").serves("version: STSv1\nmode: none\nmax_age: 86400\n");
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.MODE_NONE);
            world.record("b").serves("enforce", WEEK, MX);

            world.passes(TTL);

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(source(world.policy())).isEqualTo(Source.CACHE);
        }

        @Test
        void modeTestingIsTold() {
            world.record("a").serves("testing", WEEK, MX);

            assertThat(world.policy()).isInstanceOf(Testing.class);
        }
    }

    @Nested
    @DisplayName("DNS")
    class DnsAnswers {
        @Test
        void bogusAnswerDefers() {
            world.txt(unavailable(DnsFailure.BOGUS)).serves("enforce", WEEK, MX);

            PolicyInForce answer = world.policy();

            assertThat(undetermined(answer)).isEqualTo(Undetermined.Reason.DNS_BOGUS);
        }

        @ParameterizedTest
        @EnumSource(Security.class)
        void whatAClientMarksAsBogusIsNotRead(Security security) {
            world.txt(new DnsAnswer.Found<>(List.of("v=STSv1; id=a;"), TTL, security, DOMAIN.recordName()))
                    .serves("enforce", WEEK, MX);

            PolicyInForce answer = world.policy();

            if (security == Security.BOGUS) {
                assertThat(undetermined(answer)).isEqualTo(Undetermined.Reason.DNS_BOGUS);
                assertThat(world.fetched()).isZero();
            } else {
                assertThat(answer).isInstanceOf(Enforce.class);
            }
        }

        @Test
        void fetchesAreCounted() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.count(DiscoveryCount.FETCHES)).isZero();

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            assertThat(world.count(DiscoveryCount.FETCHES)).isOne();
        }

        @Test
        void unavailableAnswerDoesNot() {
            world.txt(unavailable(DnsFailure.SERVER_FAILURE)).serves("enforce", WEEK, MX);

            PolicyInForce answer = world.policy();

            assertThat(reason(answer)).isEqualTo(NotInForce.Reason.DNS_UNAVAILABLE);
            assertThat(answer.failure()).get().isInstanceOf(DiscoveryFailure.Dns.class);
        }

        @Test
        void unavailableAnswerDefersWhenDiscoveryIsStrict() {
            world.txt(unavailable(DnsFailure.SERVER_FAILURE)).serves("enforce", WEEK, MX);

            PolicyInForce answer =
                    world.discovery(world.builder().strictDiscovery(true)).policyFor(DOMAIN);

            assertThat(undetermined(answer)).isEqualTo(Undetermined.Reason.DNS_UNAVAILABLE);
        }

        @Test
        void unavailableAnswerIsNotRemembered() {
            world.txt(unavailable(DnsFailure.SERVER_FAILURE)).serves("enforce", WEEK, MX);
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.DNS_UNAVAILABLE);

            world.record("a");

            assertThat(world.policy()).isInstanceOf(Enforce.class);
        }

        @Test
        void unknownDomainTakesNoMemoryWhenDnsIsDead() {
            world.txt(unavailable(DnsFailure.SERVER_FAILURE));

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.DNS_UNAVAILABLE);

            assertThat(world.discovery().engine.memory.get(DOMAIN)).isNull();
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("io.github.mtasts.discovery.PolicyDiscoveryTest#countedAnswers")
        void answerIsCountedByWhatItIs(String what, DnsAnswer<String> answer, List<DiscoveryCount> counted) {
            world.txt(answer);

            PolicyInForce unused = world.policy();

            assertThat(Stream.of(
                                    DiscoveryCount.RECORDS_FOUND,
                                    DiscoveryCount.RECORDS_ABSENT,
                                    DiscoveryCount.RECORDS_UNUSABLE,
                                    DiscoveryCount.RECORDS_UNAVAILABLE,
                                    DiscoveryCount.RECORDS_BOGUS)
                            .filter(count -> world.count(count) == 1))
                    .isEqualTo(counted);
        }

        @Test
        void absenceIsRememberedForItsTtl() {
            world.txt(absent(Duration.ofMinutes(10))).serves("enforce", WEEK, MX);
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.NO_RECORD);
            world.record("a");

            world.passes(Duration.ofMinutes(10).minusMillis(1));
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.NO_RECORD);
            world.passes(Duration.ofMillis(1));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
        }

        @Test
        @DisplayName("a forged, long-lived NXDOMAIN hides a policy for an hour at the most")
        void absenceIsRememberedForAnHourAtTheMost() {
            world.txt(absent(Duration.ofDays(7))).serves("enforce", WEEK, MX);
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.NO_RECORD);
            world.record("a");

            world.passes(Duration.ofHours(1).minusMillis(1));
            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.NO_RECORD);
            world.passes(Duration.ofMillis(1));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
        }

        @Test
        void shortTtlIsTakenAsAMinute() {
            world.txt(found(Duration.ZERO, "v=STSv1; id=a;")).serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            world.passes(Duration.ofSeconds(60).minusMillis(1));
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isOne();
            world.passes(Duration.ofMillis(1));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isEqualTo(2);
        }

        @Test
        void longTtlIsTakenAsAnHour() {
            world.txt(found(Duration.ofDays(7), "v=STSv1; id=a;")).serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            world.passes(Duration.ofHours(1).minusMillis(1));
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isOne();
            world.passes(Duration.ofMillis(1));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isEqualTo(2);
        }

        @Test
        void deadDnsIsAskedAgainAfterAMinuteWhileAPolicyIsCached() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.txt(unavailable(DnsFailure.TIMEOUT));
            world.passes(TTL);
            assertThat(world.policy().failure()).isPresent();
            assertThat(world.policy().failure()).isPresent();
            assertThat(world.asked()).isEqualTo(2);
            world.record("a");

            world.passes(Duration.ofSeconds(60));

            assertThat(world.policy().failure()).isEmpty();
            assertThat(world.asked()).isEqualTo(3);
        }
    }

    static Stream<Arguments> countedAnswers() {
        return Stream.of(
                Arguments.of("a record", found(TTL, "v=STSv1; id=a;"), List.of(DiscoveryCount.RECORDS_FOUND)),
                Arguments.of("none", absent(TTL), List.of(DiscoveryCount.RECORDS_ABSENT)),
                Arguments.of("a broken one", found(TTL, "v=STSv1; id=;"), List.of(DiscoveryCount.RECORDS_UNUSABLE)),
                Arguments.of("no answer", unavailable(DnsFailure.TIMEOUT), List.of(DiscoveryCount.RECORDS_UNAVAILABLE)),
                Arguments.of(
                        "a bogus one",
                        unavailable(DnsFailure.BOGUS),
                        List.of(DiscoveryCount.RECORDS_UNAVAILABLE, DiscoveryCount.RECORDS_BOGUS)));
    }

    @Nested
    @DisplayName("a foreign DNS client or fetcher that misbehaves")
    class Misbehaving {
        @Test
        void throwingDnsClientIsDnsUnavailable() {
            world.txt(() -> {
                throw new IllegalStateException("broken");
            });

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.DNS_UNAVAILABLE);
        }

        @Test
        void exceptionalStageIsDnsUnavailable() {
            world.txt(() -> CompletableFuture.failedFuture(new IllegalStateException("broken")));

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.DNS_UNAVAILABLE);
        }

        @Test
        void whatBrokeTheDnsClientIsTold() {
            world.txt(() -> CompletableFuture.failedFuture(new IllegalStateException("out of sockets")));

            assertThat(world.policy().failure().orElseThrow().describe()).contains("out of sockets");
        }

        @Test
        void dnsClientThatAnswersNothingIsDnsUnavailable() {
            world.txt(() -> CompletableFuture.failedFuture(new IllegalStateException("broken"))
                    .handle((value, error) -> null));

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.DNS_UNAVAILABLE);
        }

        @Test
        void throwingFetcherIsAFailedFetch() {
            world.record("a").serves(() -> {
                throw new IllegalStateException("broken");
            });

            assertThat(reason(world.policy())).isEqualTo(NotInForce.Reason.FETCH_FAILED);
        }
    }

    @Nested
    @DisplayName("RFC 8461 §3.3: asynchronous fetches")
    class Asynchronous {
        @Test
        @Tag("S-3.3-23")
        void firstAnswerIsPendingAndTheSecondEnforced() {
            CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
            world.record("a").serves(() -> fetch);
            PolicyDiscovery discovery = world.discovery(world.builder().asynchronous(true));

            PolicyInForce first = discovery.policyFor(DOMAIN);
            PolicyInForce meanwhile = discovery.policyFor(DOMAIN);
            fetch.complete(fetched(text("enforce", WEEK, MX)));
            PolicyInForce second = discovery.policyFor(DOMAIN);

            assertThat(reason(first)).isEqualTo(NotInForce.Reason.PENDING);
            assertThat(reason(meanwhile)).isEqualTo(NotInForce.Reason.PENDING);
            assertThat(second).isInstanceOf(Enforce.class);
            assertThat(world.fetched()).isOne();
        }

        @Test
        @Tag("S-3.3-23")
        void firstAnswerWaitsForThePolicyByDefault() {
            CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
            world.record("a").serves(() -> fetch);

            CompletableFuture<PolicyInForce> first = world.discovery().policyForAsync(DOMAIN);
            assertThat(first).isNotDone();
            fetch.complete(fetched(text("enforce", WEEK, MX)));

            assertThat(first.join()).isInstanceOf(Enforce.class);
        }

        @Test
        @Tag("S-3.3-23")
        void cachedPolicyHoldsWhileTheNewOneIsFetched() {
            CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
            PolicyDiscovery discovery = world.discovery(world.builder().asynchronous(true));
            world.record("a").serves("enforce", WEEK, "old.example.com");
            assertThat(reason(discovery.policyFor(DOMAIN))).isEqualTo(NotInForce.Reason.PENDING);
            world.record("b").serves(() -> fetch);

            world.passes(TTL);

            assertThat(discovery.policyFor(DOMAIN).known().orElseThrow().recordId())
                    .isEqualTo("a");
            fetch.complete(fetched(text("enforce", WEEK, "new.example.com")));
            assertThat(discovery.policyFor(DOMAIN).known().orElseThrow().recordId())
                    .isEqualTo("b");
        }
    }

    @Nested
    @DisplayName("asking ahead")
    class Ahead {
        @Test
        void recordIsAskedForAndNothingFetched() {
            world.record("a").serves("enforce", WEEK, MX);

            world.discovery().askAhead(DOMAIN);

            assertThat(world.asked()).isOne();
            assertThat(world.fetched()).isZero();
        }

        @Test
        void laterLookUpUsesTheRecord() {
            world.record("a").serves("enforce", WEEK, MX);
            world.discovery().askAhead(DOMAIN);

            PolicyInForce answer = world.policy();

            assertThat(answer).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isOne();
            assertThat(world.fetched()).isOne();
        }

        @Test
        void laterLookUpIsRememberedWhileTheRecordHolds() {
            world.record("a").serves("enforce", WEEK, MX);
            world.discovery().askAhead(DOMAIN);
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            assertThat(world.policy()).isInstanceOf(Enforce.class);

            assertThat(world.asked()).isOne();
        }

        @Test
        void laterLookUpAsksAgainOnceTheTtlIsOver() {
            world.record("a").serves("enforce", WEEK, MX);
            world.discovery().askAhead(DOMAIN);
            world.passes(TTL);

            assertThat(world.policy()).isInstanceOf(Enforce.class);

            assertThat(world.asked()).isEqualTo(2);
        }

        @Test
        void lookUpMeanwhileSharesTheQuestion() {
            CompletableFuture<DnsAnswer<String>> answer = new CompletableFuture<>();
            world.txt(() -> answer).serves("enforce", WEEK, MX);
            world.discovery().askAhead(DOMAIN);

            CompletableFuture<PolicyInForce> policy = world.discovery().policyForAsync(DOMAIN);
            answer.complete(found(TTL, "v=STSv1; id=a;"));

            assertThat(policy.join()).isInstanceOf(Enforce.class);
            assertThat(world.asked()).isOne();
        }

        @Test
        void nothingIsAskedWhileTheRecordHolds() {
            world.record("a").serves("enforce", WEEK, MX);
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            world.discovery().askAhead(DOMAIN);

            assertThat(world.asked()).isOne();
        }
    }

    private static NotInForce.Reason reason(PolicyInForce answer) {
        assertThat(answer).isInstanceOf(NotInForce.class);
        return ((NotInForce) answer).reason();
    }

    private static Undetermined.Reason undetermined(PolicyInForce answer) {
        assertThat(answer).isInstanceOf(Undetermined.class);
        return ((Undetermined) answer).reason();
    }

    private static Source source(PolicyInForce answer) {
        assertThat(answer).isInstanceOf(Enforce.class);
        return ((Enforce) answer).source();
    }
}
