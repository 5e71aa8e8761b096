package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.TTL;
import static io.github.mtasts.discovery.World.absent;
import static io.github.mtasts.discovery.World.fetched;
import static io.github.mtasts.discovery.World.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.discovery.PolicyInForce.Enforce;
import io.github.mtasts.discovery.PolicyInForce.NotInForce;
import io.github.mtasts.discovery.PolicyInForce.Undetermined;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A clock that jumps. */
@Timeout(60)
@Tag("S-10-3")
class ClockTest {
    private static final Duration WEEK = Duration.ofDays(7);
    private static final Duration TWO_DAYS = Duration.ofDays(2);

    private final World world = new World();

    @BeforeEach
    void cachePolicy() {
        world.record("a").serves("enforce", WEEK, "mx.example.com");
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.passes(Duration.ofDays(3));
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void setBackThePolicyStays() {
        world.passes(TWO_DAYS.negated());

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void setBackARefreshIsAskedFor() {
        int fetched = world.fetched();

        world.passes(TWO_DAYS.negated());
        world.discovery().tick();

        assertThat(world.fetched()).isEqualTo(fetched + 1);
        assertThat(world.policy().known().orElseThrow().fetchedAt()).isEqualTo(world.clock.instant());
    }

    @Test
    void notSetBackNoRefreshIsAskedForTwice() {
        world.discovery().tick();
        int fetched = world.fetched();

        world.discovery().tick();

        assertThat(world.fetched()).isEqualTo(fetched);
    }

    @Test
    void setBackTheLifeIsNotStretched() {
        world.breaks(FetchFailure.CONNECT);

        world.passes(TWO_DAYS.negated());
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.passes(Duration.ofDays(4));
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.passes(Duration.ofSeconds(1));

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void setBackAgainAndAgainTheLifeIsNotStretched() {
        world.breaks(FetchFailure.CONNECT);

        for (int i = 0; i < 4; i++) {
            world.passes(TWO_DAYS.negated());
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.passes(Duration.ofDays(1));
            assertThat(world.policy()).isInstanceOf(Enforce.class);
        }
        world.passes(Duration.ofSeconds(1));

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void setBackIsTold() {
        world.passes(TWO_DAYS.negated());
        assertThat(world.policy()).isInstanceOf(Enforce.class);

        assertThat(world.events(DiscoveryEvent.ClockSetBack.class, 1))
                .singleElement()
                .satisfies(event -> assertThat(event.by()).isEqualTo(TWO_DAYS));
    }

    @Test
    void setBackTheRecordIsAskedForAnew() {
        int asked = world.asked();

        world.passes(TWO_DAYS.negated());
        assertThat(world.policy()).isInstanceOf(Enforce.class);

        assertThat(world.asked()).isEqualTo(asked + 1);
    }

    @Test
    void setBackABackOffStillHoldsForAsLongAsItWould() {
        world.record("b").breaks(FetchFailure.CONNECT);
        world.passes(TTL);
        assertThat(world.policy().failure()).isPresent();
        int fetched = world.fetched();

        world.passes(TWO_DAYS.negated());
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.passes(Duration.ofMinutes(5).minusSeconds(1));
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        assertThat(world.fetched()).isEqualTo(fetched);
        world.passes(Duration.ofSeconds(1));
        assertThat(world.policy()).isInstanceOf(Enforce.class);

        assertThat(world.fetched()).isEqualTo(fetched + 1);
    }

    @Test
    void setBackDuringAFetchTheKeptPolicyIsNotStretched() {
        CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
        world.record("b").serves(() -> fetch);
        world.passes(TTL);
        CompletableFuture<PolicyInForce> answer = world.discovery().policyForAsync(DOMAIN);
        Instant before = world.clock.instant();

        world.passes(TWO_DAYS.negated());
        fetch.complete(World.failed(FetchFailure.TIMEOUT));

        Instant expiresAt = answer.join().known().orElseThrow().expiresAt();
        assertThat(Duration.between(world.clock.instant(), expiresAt))
                .isEqualTo(Duration.between(
                        before, before.plus(WEEK).minus(Duration.ofDays(3)).minus(TTL)));
    }

    @Test
    void setBackDuringAFetchTheNewPolicyIsFetchedByTheNewClock() {
        CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
        world.record("b").serves(() -> fetch);
        world.passes(TTL);
        CompletableFuture<PolicyInForce> answer = world.discovery().policyForAsync(DOMAIN);

        world.passes(TWO_DAYS.negated());
        fetch.complete(fetched(text("enforce", WEEK, "new.example.com")));

        assertThat(answer.join().known().orElseThrow().fetchedAt()).isEqualTo(world.clock.instant());
        world.record("c");
        world.passes(TTL);
        assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("c");
    }

    @Test
    void setBackDuringAQuestionThePolicyAgesOnceByIt() {
        CompletableFuture<DnsAnswer<String>> record = new CompletableFuture<>();
        world.txt(() -> record).breaks(FetchFailure.TIMEOUT);
        world.passes(TTL);
        CompletableFuture<PolicyInForce> answer = world.discovery().policyForAsync(DOMAIN);

        world.passes(TWO_DAYS.negated());
        record.complete(World.found(TTL, "v=STSv1; id=b;"));

        Instant expiresAt = answer.join().known().orElseThrow().expiresAt();
        assertThat(Duration.between(world.clock.instant(), expiresAt))
                .isEqualTo(WEEK.minus(Duration.ofDays(3)).minus(TTL));
    }

    @Test
    void expiredPolicyDoesNotComeToLifeAgainWithTheNextProcess() {
        world.txt(absent(TTL));
        world.passes(Duration.ofDays(4).plusSeconds(1));
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        world.passes(TWO_DAYS.negated());

        world.restart();

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void policyThatExpiredByItsTrueAgeDoesNotComeToLifeAgainWithTheNextProcess() {
        world.txt(absent(TTL));
        world.passes(TWO_DAYS.negated());
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.passes(Duration.ofDays(4).plusSeconds(1));
        assertThat(world.policy()).isInstanceOf(NotInForce.class);

        world.restart();

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void policyInTheStoreFromTheFutureIsLeftThereAsItIs() throws IOException {
        CachedPolicy stored = world.store.load(DOMAIN).policy().orElseThrow();
        world.breaks(FetchFailure.CONNECT);
        world.passes(Duration.ofDays(-30));
        PolicyDiscovery next = world.restart();
        assertThat(next.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
        world.passes(TTL);
        assertThat(next.policyFor(DOMAIN)).isInstanceOf(Enforce.class);

        next.tick();

        assertThat(world.store.load(DOMAIN).policy()).contains(stored);
    }

    @Test
    void smallStepBackIsPassedOver() {
        world.passes(Duration.ofSeconds(-1));
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.close();

        assertThat(world.events).noneMatch(DiscoveryEvent.ClockSetBack.class::isInstance);
    }

    @Test
    void setForwardWithinTheLifeThePolicyStays() {
        world.breaks(FetchFailure.CONNECT);

        world.passes(TWO_DAYS);

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void setForwardBeyondTheLifeAFetchIsTriedFirst() {
        int fetched = world.fetched();

        world.passes(WEEK);

        assertThat(world.policy()).isInstanceOf(Enforce.class);
        assertThat(world.fetched()).isEqualTo(fetched + 1);
    }

    @Test
    void setForwardBeyondTheLifeTheTimerTriesAFetchFirst() {
        int fetched = world.fetched();

        world.passes(WEEK);
        world.discovery().tick();

        assertThat(world.fetched()).isEqualTo(fetched + 1);
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void setForwardBeyondTheLifeWithoutAPolicyToBeHadItIsExpired() {
        world.breaks(FetchFailure.CONNECT);

        world.passes(WEEK);

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void policyInTheStoreFromTheFutureCountsAsFetchedNow() {
        world.breaks(FetchFailure.CONNECT);
        world.passes(Duration.ofDays(-30));

        PolicyDiscovery next = world.restart();

        PolicyInForce answer = next.policyFor(DOMAIN);
        assertThat(answer.known().orElseThrow().expiresAt())
                .isEqualTo(world.clock.instant().plus(WEEK));
        world.passes(WEEK);
        assertThat(next.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
        world.passes(Duration.ofSeconds(1));
        assertThat(next.policyFor(DOMAIN)).isInstanceOf(NotInForce.class);
    }

    @Test
    void policyInTheStoreFromTheFutureGivesWayToOneThatAnotherProcessFetches() throws IOException {
        world.breaks(FetchFailure.CONNECT);
        world.passes(Duration.ofDays(-30));
        PolicyDiscovery next = world.restart();
        assertThat(next.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
        world.passes(TTL);
        Instant now = world.clock.instant();
        CachedPolicy newer =
                CachedPolicy.fetched(DOMAIN, World.policy(text("enforce", WEEK, "new.example.com")), "a", now);
        assertThat(world.store.save(newer, LocalDate.ofInstant(now, ZoneOffset.UTC), now))
                .isTrue();

        assertThat(next.policyFor(DOMAIN).known()).contains(newer);

        world.passes(BackOff.SPAN);
        next.tick();
        assertThat(world.store.load(DOMAIN).policy()).contains(newer);
    }

    @Test
    void policyInTheStoreFromTheFutureIsReplacedByAFetch() {
        world.passes(Duration.ofDays(-30));
        PolicyDiscovery next = world.restart();
        assertThat(next.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
        world.passes(BackOff.SPAN); // it counts as fetched just now
        next.tick();
        Instant fetchedAt = world.clock.instant();
        world.breaks(FetchFailure.CONNECT);
        world.passes(TTL);

        PolicyDiscovery third = world.restart();

        assertThat(third.policyFor(DOMAIN).known().orElseThrow().fetchedAt()).isEqualTo(fetchedAt);
    }

    @Test
    void oneThatFailsOnceLeavesNobodyWaiting() {
        boolean failed = true;
        for (int reading = 0; failed; reading++) {
            try (World other = new World()) {
                AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
                other.record("a").serves("enforce", WEEK, "mx.example.com");
                PolicyDiscovery discovery = other.discovery(other.builder().clock(() -> {
                    if (left.getAndDecrement() == 0) {
                        throw new IllegalStateException("no time");
                    }
                    return other.clock.instant();
                }));
                left.set(reading);
                failed = fails(discovery);
                assertThat(discovery.engine.isIdle()).isTrue();
                left.set(Integer.MAX_VALUE);

                assertThat(discovery.policyFor(DOMAIN, Duration.ofSeconds(10)))
                        .as("where reading %s of the clock fails", reading)
                        .isInstanceOf(Enforce.class);
            }
        }
    }

    private static boolean fails(PolicyDiscovery discovery) {
        try {
            PolicyInForce answer = discovery.policyFor(DOMAIN, Duration.ofSeconds(10));
            boolean failed = answer instanceof Undetermined unknown && unknown.reason() == Undetermined.Reason.FAULT;
            assertThat(failed || answer instanceof Enforce).isTrue();
            return failed;
        } catch (IllegalStateException e) {
            assertThat(e).hasMessage("no time"); // by the caller's own reading of the clock
            return true;
        }
    }
}
