package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.TTL;
import static io.github.mtasts.discovery.World.absent;
import static io.github.mtasts.discovery.World.fetched;
import static io.github.mtasts.discovery.World.found;
import static io.github.mtasts.discovery.World.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import io.github.mtasts.TestLog;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.Conclusion;
import io.github.mtasts.delivery.DeliveryAttempt;
import io.github.mtasts.discovery.PolicyInForce.Enforce;
import io.github.mtasts.discovery.PolicyInForce.NotInForce;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What an attacker can do to talk a sender out of a policy, each beside what differs in one thing only and is no attack, or succeeds. */
class AttackTest {
    private static final Duration WEEK = Duration.ofDays(7);
    private static final String MX = "mx.example.com";

    private final World world = new World();

    @AfterEach
    void close() {
        world.close();
    }

    private void cachePolicy() {
        world.record("true").serves("enforce", WEEK, MX);
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    /** He answers TXT questions with an id of his own, and does not let connections to the policy host pass. */
    @Nested
    class ForgedIdAndBlockedHttps {
        @Test
        @Tag("S-3.3-14")
        @Tag("S-5.1-2")
        void cachedPolicyHoldsUntilItsOwnEnd() {
            cachePolicy();
            world.breaks(FetchFailure.CONNECT);

            for (int i = 0; i < 7 * 24 - 1; i++) {
                world.record("forged" + i).passes(Duration.ofHours(1));
                world.discovery().tick();

                assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("true");
                assertThat(world.policy()).isInstanceOf(Enforce.class);
            }
        }

        @Test
        void thePolicyHostIsAskedOnceAMinuteAtTheMost() {
            cachePolicy();
            world.breaks(FetchFailure.CONNECT);

            for (int i = 0; i < 600; i++) {
                world.txt(found(Duration.ZERO, "v=STSv1; id=forged" + i + ";"));
                world.passes(Duration.ofSeconds(6));
                assertThat(world.policy()).isInstanceOf(Enforce.class);
            }

            assertThat(world.fetched() - 1).isBetween(50, 60);
        }

        @Test
        @Tag("S-5.1-2")
        void idOfTheOwnerAndOpenHttpsAreFollowed() {
            cachePolicy();
            world.record("next").serves("enforce", WEEK, "next.example.com");

            world.passes(TTL);

            assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("next");
        }
    }

    /** He takes the record out of every answer. */
    @Nested
    class StrippedRecord {
        @Test
        @Tag("S-8.3-2")
        @Tag("S-3.3-16")
        void cachedPolicyHoldsAndIsRenewedForMonths() {
            cachePolicy();
            world.txt(absent(TTL));

            for (int day = 0; day < 90; day++) {
                world.passes(Duration.ofDays(1));
                world.discovery().tick();
                Until.holds("the renewal is over", world.discovery().engine::isIdle);

                assertThat(world.policy()).isInstanceOf(Enforce.class);
            }
        }

        @Test
        void fromTheFirstLookUpOnItSucceeds() {
            world.serves("enforce", WEEK, MX).txt(absent(TTL));

            PolicyInForce answer = world.policy();

            // RFC 8461 §10.2: the first contact is not protected
            assertThat(answer)
                    .isInstanceOfSatisfying(
                            NotInForce.class, no -> assertThat(no.reason()).isEqualTo(NotInForce.Reason.NO_RECORD));
        }
    }

    /** He sends mail that makes the sender look up domains of his, as many as he likes. */
    @Nested
    @Tag("S-10-2")
    @Tag("slow")
    class JunkDomains {
        private static final int JUNK = 100_000;

        private final Set<PolicyDomain> evicted = ConcurrentHashMap.newKeySet();

        private PolicyDiscovery discovery(PolicyStore store) {
            return world.discovery(world.builder()
                    .store(store)
                    .mostPolicies(1000)
                    .mostOtherDomains(1000)
                    .listener(event -> {
                        if (event instanceof DiscoveryEvent.PolicyEvicted gone) {
                            evicted.add(gone.policy().domain());
                        }
                    }));
        }

        private void lookUp(PolicyDiscovery discovery, boolean withPolicies) {
            try (TestLog log = TestLog.begin()) {
                for (int i = 0; i < JUNK; i++) {
                    PolicyDomain junk = PolicyDomain.of("junk" + i + ".example");
                    if (withPolicies) {
                        world.dns.answers.put(
                                junk.recordName(),
                                () -> CompletableFuture.completedFuture(found(TTL, "v=STSv1; id=a;")));
                        world.hosts.answers.put(
                                junk, () -> CompletableFuture.completedFuture(fetched(text("enforce", WEEK, MX))));
                    }
                    PolicyInForce unused = discovery.policyFor(junk);
                    world.dns.answers.remove(junk.recordName());
                    world.hosts.answers.remove(junk);
                    if (i % 1000 == 0) {
                        world.dns.asked.clear();
                        world.hosts.asked.clear();
                        log.forget();
                    }
                }
            }
        }

        /** The attack is at its end; the record is out of the way too. */
        private PolicyInForce afterwards(PolicyDiscovery discovery) {
            world.txt(absent(TTL)).passes(TTL);
            return discovery.policyFor(DOMAIN);
        }

        @Test
        void withoutPoliciesThePolicyStays() {
            PolicyDiscovery discovery = discovery(PolicyStore.inMemory(1000));
            cachePolicy();

            lookUp(discovery, false);

            assertThat(afterwards(discovery)).isInstanceOf(Enforce.class);
            assertThat(world.count(DiscoveryCount.POLICIES_EVICTED)).isZero();
        }

        @Test
        void withPoliciesThePolicyThatAStoreHoldsStays() {
            PolicyDiscovery discovery = discovery(PolicyStore.inMemory(1000));
            cachePolicy();

            lookUp(discovery, true);

            assertThat(afterwards(discovery)).isInstanceOf(Enforce.class);
            assertThat(world.count(DiscoveryCount.POLICIES_EVICTED)).isGreaterThan(JUNK / 2);
        }

        @Test
        void withPoliciesThePolicyThatNoStoreHoldsIsNotLostInSilence() throws Exception {
            PolicyStore full = PolicyStore.inMemory(1);
            full.setRule(new OperatorRule.Exempt(
                    PolicyDomain.of("other.example"),
                    "takes the only place",
                    world.clock.instant(),
                    world.clock.instant().plus(WEEK)));
            PolicyDiscovery discovery = discovery(full);
            cachePolicy();

            lookUp(discovery, true);

            boolean stays = afterwards(discovery) instanceof Enforce;
            if (!stays) {
                Until.holds("the loss is told", () -> evicted.contains(DOMAIN));
            }
            assertThat(world.count(DiscoveryCount.POLICIES_EVICTED)).isGreaterThanOrEqualTo(JUNK - 1000);
        }
    }

    /** He tells the sender that the name does not exist, and that this is so for a month. */
    @Nested
    @Tag("sockets")
    class ForgedAbsence {
        private static final Duration MONTH = Duration.ofDays(30);

        private final SmallInternet net = new SmallInternet();
        private final MtaSts mtaSts = engine(net).build();

        @AfterEach
        void close() {
            mtaSts.close();
            net.close();
        }

        @Test
        @Tag("S-8.3-2")
        void hidesNoCachedPolicy() {
            net.domain("example.com").sts("enforce", MX);
            assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
            net.dns().remove(DOMAIN.recordName());
            net.dns().negativeTtl(MONTH);

            net.clock().advance(Duration.ofDays(6));

            assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
        }

        @Test
        void hidesANewPolicyForAnHourAtTheMost() {
            net.dns().exists("example.com");
            net.dns().negativeTtl(MONTH);
            assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(NotInForce.class);
            net.domain("example.com").sts("enforce", MX);

            net.clock().advance(Duration.ofHours(1));

            assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
        }

        @Test
        void trueAbsenceOfAMinuteIsBelievedForAMinute() {
            net.dns().exists("example.com");
            net.dns().negativeTtl(Duration.ofMinutes(1));
            assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(NotInForce.class);
            net.domain("example.com").sts("enforce", MX);

            net.clock().advance(Duration.ofSeconds(59));
            assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(NotInForce.class);
            net.clock().advance(Duration.ofSeconds(1));

            assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
        }
    }

    /** He controls the time that the sender is told. */
    @Nested
    @Tag("S-10-3")
    class ClockSetBackTwoDays {
        @Test
        void policyStaysAndItsLifeIsNotStretched() {
            cachePolicy();
            world.txt(absent(TTL)).breaks(FetchFailure.CONNECT);
            world.passes(Duration.ofDays(5));
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            world.passes(Duration.ofDays(-2));
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            // two of its seven days are left, whatever the clock says
            world.passes(Duration.ofDays(2));
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.passes(Duration.ofMinutes(1));
            assertThat(world.policy()).isInstanceOf(NotInForce.class);
        }

        @Test
        void policyIsFetchedAgain() {
            cachePolicy();
            world.passes(Duration.ofMinutes(6));
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            world.passes(Duration.ofDays(-2));
            PolicyInForce unused = world.policy();

            world.discovery().tick();
            Until.holds("the renewal is over", world.discovery().engine::isIdle);

            assertThat(world.fetched()).isEqualTo(2);
        }

        @Test
        void setForwardTwoDaysItIsTimePassed() {
            cachePolicy();
            world.txt(absent(TTL)).breaks(FetchFailure.CONNECT);

            world.passes(Duration.ofDays(2));
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.passes(Duration.ofDays(5).plusMinutes(1));

            assertThat(world.policy()).isInstanceOf(NotInForce.class);
        }
    }

    /** Policy hosts of his swallow the fetches: silent ones, and some that send a byte now and then. */
    @Nested
    @Tag("sockets")
    class Crowd {
        private static final int SILENT = 150;
        private static final int DRIPPING = 50;

        private final SmallInternet net = new SmallInternet();
        private final CountDownLatch over = new CountDownLatch(1);
        private final MtaSts mtaSts = engine(net).build();
        private final List<CompletableFuture<PolicyInForce>> stuck = new ArrayList<>();

        @BeforeEach
        void swallowFetches() {
            net.domain("example.com").sts("enforce", MX);
            net.domain("cached.example").sts("enforce", "mx.cached.example");
            assertThat(mtaSts.policyFor(PolicyDomain.of("cached.example"))).isInstanceOf(Enforce.class);
            for (int i = 0; i < SILENT + DRIPPING; i++) {
                String name = "hole" + i + ".example";
                net.domain(name).sts("enforce", "mx." + name);
                if (i < SILENT) {
                    net.policyHost(name).greeting(PolicyHost.Greeting.SILENT);
                } else {
                    drip(name);
                }
                stuck.add(mtaSts.policyForAsync(PolicyDomain.of(name)));
            }
        }

        /** Most of a policy, and the rest when the attack is over. */
        private void drip(String name) {
            byte[] body = text("enforce", WEEK, "mx." + name).getBytes(StandardCharsets.US_ASCII);
            net.policyHost(name).script((request, out) -> {
                out.write(("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + body.length + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
                for (int i = 0; i < body.length; i++) {
                    out.write(body[i]);
                    out.flush();
                    if (i == body.length / 2) {
                        await(over);
                    }
                }
            });
        }

        private void await(CountDownLatch latch) {
            try {
                assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @AfterEach
        void close() {
            over.countDown();
            mtaSts.close();
            net.close();
        }

        @Test
        void newcomerAndCachedPolicyAreServedMeanwhile() {
            PolicyInForce newcomer = mtaSts.policyFor(DOMAIN);
            PolicyInForce cached = mtaSts.policyFor(PolicyDomain.of("cached.example"));

            assertThat(newcomer).isInstanceOf(Enforce.class);
            assertThat(cached).isInstanceOf(Enforce.class);
            assertThat(stuck).noneMatch(CompletableFuture::isDone);
        }

        @Test
        void slowHostThatEndsInTimeIsServed() throws Exception {
            over.countDown();

            for (CompletableFuture<PolicyInForce> slow : stuck.subList(SILENT, SILENT + DRIPPING)) {
                assertThat(slow.get(60, TimeUnit.SECONDS)).isInstanceOf(Enforce.class);
            }
            assertThat(stuck.subList(0, SILENT)).noneMatch(CompletableFuture::isDone);
        }
    }

    /** The owner moves to another MX host at the wrong time; or an attacker makes it look so. */
    @Nested
    @Tag("sockets")
    class MovedMx {
        private final SmallInternet net = new SmallInternet();
        private final MtaSts mtaSts = engine(net).build();

        @BeforeEach
        void cachePolicy() {
            net.domain("example.com").sts("enforce", "mx1.example.com").mx(10, "mx1.example.com");
            net.mx("mx2.example.com");
            assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
            net.clock().advance(Duration.ofMinutes(6));
        }

        @AfterEach
        void close() {
            mtaSts.close();
            net.close();
        }

        private void moveMx() {
            net.dns().remove("example.com");
            net.dns().mx("example.com", 10, "mx2.example.com");
        }

        private void changePolicyUnderTheSameId() {
            net.policyHost("example.com").policy(text("enforce", WEEK, "mx2.example.com"));
        }

        @Test
        @Tag("S-5-4")
        void policyRotatedUnderTheSameIdIsSeenBeforeTheRefusalIsTold() {
            moveMx();
            changePolicyUnderTheSameId();

            DeliveryAttempt first = mtaSts.attempt(DOMAIN);
            assertThat(first.iterator().hasNext()).isFalse();
            Conclusion conclusion = first.conclude();
            DeliveryAttempt second = mtaSts.attempt(DOMAIN);

            assertThat(conclusion).isInstanceOf(Conclusion.PolicyChanged.class);
            assertThat(second.iterator().next().host().name()).isEqualTo("mx2.example.com");
        }

        @Test
        @Tag("S-5-1")
        void forgedMxWithTheOldPolicyIsRefused() {
            moveMx();

            DeliveryAttempt attempt = mtaSts.attempt(DOMAIN);

            assertThat(attempt.iterator().hasNext()).isFalse();
            assertThat(attempt.conclude()).isInstanceOf(Conclusion.TryAgain.class);
        }

        @Test
        @Tag("S-5-4")
        void mxRotatedDuringADeliveryIsFoundByTheNextAttempt() {
            DeliveryAttempt attempt = mtaSts.attempt(DOMAIN);
            Candidate old = attempt.iterator().next();
            moveMx();
            changePolicyUnderTheSameId();
            net.domain("example.com").record("20260202");
            var clearance = old.tls().notOffered();
            Conclusion conclusion = attempt.conclude();

            DeliveryAttempt second = mtaSts.attempt(DOMAIN);

            assertThat(clearance).isEqualTo(Clearance.NEXT_HOST);
            assertThat(conclusion).isInstanceOf(Conclusion.PolicyChanged.class);
            assertThat(second.iterator().next().host().name()).isEqualTo("mx2.example.com");
        }

        @Test
        @Tag("S-5-1")
        void mxRotatedByAnAttackerDuringADeliveryIsNot() {
            DeliveryAttempt attempt = mtaSts.attempt(DOMAIN);
            Candidate old = attempt.iterator().next();
            moveMx();
            var clearance = old.tls().notOffered();
            Conclusion conclusion = attempt.conclude();

            DeliveryAttempt second = mtaSts.attempt(DOMAIN);

            assertThat(clearance).isEqualTo(Clearance.NEXT_HOST);
            assertThat(conclusion).isInstanceOf(Conclusion.TryAgain.class);
            assertThat(second.iterator().hasNext()).isFalse();
        }
    }

    private static MtaStsBuilder engine(SmallInternet net) {
        return MtaSts.builder()
                .dnsServer(net.dns().address())
                .httpsPort(net.httpsPort())
                .trustAnchors(net.ca().trustStore())
                .clock(net.clock())
                .allowPrivateAddresses(true);
    }
}
