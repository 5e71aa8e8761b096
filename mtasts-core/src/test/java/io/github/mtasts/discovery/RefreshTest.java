package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.TTL;
import static io.github.mtasts.discovery.World.absent;
import static io.github.mtasts.discovery.World.fetched;
import static io.github.mtasts.discovery.World.found;
import static io.github.mtasts.discovery.World.text;
import static io.github.mtasts.discovery.World.unavailable;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.discovery.DiscoveryEvent.Urgency;
import io.github.mtasts.discovery.PolicyInForce.Enforce;
import io.github.mtasts.discovery.PolicyInForce.NotInForce;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Renewing policies before they expire (RFC 8461 §3.3, §10.2). */
@Timeout(60)
class RefreshTest {
    private static final Duration WEEK = Duration.ofDays(7);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final PolicyDomain OLD = PolicyDomain.of("old.example");

    private final World world = new World();

    @AfterEach
    void close() {
        world.close();
    }

    private void cachePolicy(Duration maxAge) {
        world.record("a").serves("enforce", maxAge, "mx.example.com");
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    /** Time passes, and the timer ticks each half hour. */
    private void ticks(Duration time) {
        Instant end = world.clock.instant().plus(time);
        while (world.clock.instant().isBefore(end)) {
            world.passes(Duration.ofMinutes(30));
            world.discovery().tick();
        }
    }

    @Test
    @Tag("S-3.3-15")
    void usedPolicyIsRenewedDailyAndNeverExpires() {
        cachePolicy(WEEK);

        for (int day = 0; day < 30; day++) {
            ticks(Duration.ofDays(1));
            assertThat(world.policy()).isInstanceOf(Enforce.class);
        }

        assertThat(world.fetched()).isBetween(29, 36);
        assertThat(world.count(DiscoveryCount.REFRESHES_GOOD)).isEqualTo(world.fetched() - 1);
    }

    @Test
    @Tag("S-3.3-15")
    void unusedPolicyIsRenewedForAWeekAndThenNoMore() {
        cachePolicy(WEEK);

        ticks(Duration.ofDays(60));

        assertThat(world.fetched()).isBetween(7, 10);
    }

    @Test
    void unusedPolicyWithALongLifeIsRenewedForThatLong() {
        cachePolicy(Duration.ofDays(20));

        ticks(Duration.ofDays(60));

        assertThat(world.fetched()).isBetween(20, 25);
    }

    @Test
    void mailAnsweredFromMemoryCountsAsUse() throws IOException {
        cachePolicy(WEEK);
        world.passes(Duration.ofHours(12).minusMinutes(2));
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        int asked = world.asked();
        world.passes(Duration.ofMinutes(4));
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        assertThat(world.asked()).isEqualTo(asked);

        ticks(Duration.ofDays(1)); // a renewal writes the day of the last mail

        assertThat(world.store.load(DOMAIN).lastUsed()).contains(LocalDate.of(2026, 3, 2));
    }

    @Test
    void shortLifeIsRenewedAtItsHalf() {
        cachePolicy(Duration.ofHours(10));

        ticks(Duration.ofHours(5));

        assertThat(world.fetched()).isEqualTo(2);
    }

    @Test
    void lifeOfLessThanTwoHoursIsLeftToMail() {
        cachePolicy(Duration.ofHours(2).minusSeconds(1));

        ticks(Duration.ofHours(10));

        assertThat(world.fetched()).isOne();
    }

    @Test
    void lifeOfTwoHoursIsRenewed() {
        cachePolicy(Duration.ofHours(2));

        ticks(HOUR);

        assertThat(world.fetched()).isEqualTo(2);
    }

    @Test
    @Tag("S-3.3-16")
    void goneRecordDoesNotStopTheRenewal() {
        cachePolicy(WEEK);
        Instant first = expiry();
        world.txt(absent(TTL));

        ticks(Duration.ofDays(1));

        assertThat(expiry()).isAfter(first);
        assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("a");
        assertThat(world.policy().failure()).get().isInstanceOf(DiscoveryFailure.RecordAbsent.class);
    }

    @Test
    @Tag("S-3.3-16")
    void deadDnsDoesNotStopTheRenewal() {
        cachePolicy(WEEK);
        Instant first = expiry();
        world.txt(unavailable(DnsFailure.BOGUS));

        ticks(Duration.ofDays(1));

        assertThat(expiry()).isAfter(first);
    }

    @Test
    @Tag("S-3.3-16")
    void failedRenewalDoesNotLengthenTheLife() {
        cachePolicy(WEEK);
        Instant first = expiry();
        world.txt(absent(TTL)).breaks(FetchFailure.CONNECT);

        ticks(Duration.ofDays(2));

        assertThat(expiry()).isEqualTo(first);
    }

    @Test
    @Tag("S-8.1-1")
    void bodyThatChangedAfterItsIdIsFoundWithinADay() {
        cachePolicy(WEEK);
        world.serves("enforce", WEEK, "new.example.com");

        ticks(Duration.ofDays(1));

        assertThat(world.policy().known().orElseThrow().policy().mx()).hasToString("[new.example.com]");
        assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("a");
    }

    @Test
    void renewalTakesTheNewId() {
        cachePolicy(WEEK);
        world.record("b");

        ticks(Duration.ofDays(1));

        assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("b");
    }

    @Test
    @Tag("S-3.3-17")
    void failingRenewalIsToldLouderAndLouder() {
        cachePolicy(WEEK);
        world.breaks(FetchFailure.TIMEOUT);

        ticks(WEEK);

        int failures = (int) world.count(DiscoveryCount.REFRESHES_FAILED);
        assertThat(failures).isGreaterThanOrEqualTo(10);
        List<DiscoveryEvent.RefreshFailed> told = world.events(DiscoveryEvent.RefreshFailed.class, failures);
        assertThat(told.get(0).urgency()).isEqualTo(Urgency.NOTICE);
        assertThat(told.get(0).timeLeft()).isGreaterThan(Duration.ofDays(6).minusHours(1));
        assertThat(told).extracting(DiscoveryEvent.RefreshFailed::urgency).isSorted();
        assertThat(told.get(told.size() - 1).urgency()).isEqualTo(Urgency.URGENT);
        assertThat(told)
                .extracting(DiscoveryEvent.RefreshFailed::timeLeft)
                .isSortedAccordingTo((a, b) -> b.compareTo(a));
        assertThat(told).allSatisfy(event -> {
            assertThat(event.policy().domain()).isEqualTo(DOMAIN);
            assertThat(event.failure()).isInstanceOf(DiscoveryFailure.Fetch.class);
        });
        assertThat(told).hasSize(failures).hasSizeLessThan(150);
    }

    @ParameterizedTest(name = "of {0} days, {1} ms left of which: {2}")
    @CsvSource({
        "100, 4320000001, NOTICE",
        "100, 4320000000, WARNING",
        "100,  864000001, WARNING",
        "100,  864000000, URGENT",
        "  7,   86400001, WARNING",
        "  7,   86400000, URGENT",
        "  7,   60480000, URGENT"
    })
    void theNearerTheEndTheMoreUrgent(int days, long left, Urgency urgency) {
        cachePolicy(Duration.ofDays(days));
        CachedPolicy policy = world.policy().known().orElseThrow();

        assertThat(Refresher.urgency(policy, policy.expiresAt().minusMillis(left)))
                .isEqualTo(urgency);
    }

    @Test
    @Tag("S-3.3-17")
    void failingRenewalOfModeNoneIsSilent() {
        world.record("a").serves("version: STSv1\nmode: none\nmax_age: 604800\n");
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        world.breaks(FetchFailure.TIMEOUT);

        ticks(WEEK);
        assertThat(world.count(DiscoveryCount.REFRESHES_FAILED)).isPositive();
        world.close();

        assertThat(world.events).hasOnlyElementsOfType(DiscoveryEvent.PolicyAppeared.class);
    }

    @Test
    @Tag("S-3.3-17")
    void failingRenewalOfModeTestingIsTold() {
        world.record("a").serves("testing", WEEK, "mx.example.com");
        assertThat(world.policy()).isInstanceOf(PolicyInForce.Testing.class);
        world.breaks(FetchFailure.TIMEOUT);

        ticks(Duration.ofDays(1));

        assertThat(world.events(DiscoveryEvent.RefreshFailed.class, 1)).isNotEmpty();
    }

    @Test
    void expiryAfterFailedRenewalsIsTold() {
        cachePolicy(WEEK);
        world.breaks(FetchFailure.TIMEOUT);

        ticks(WEEK.plus(HOUR));

        assertThat(world.events(DiscoveryEvent.PolicyExpired.class, 1))
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.policy().domain()).isEqualTo(DOMAIN);
                    assertThat(event.met()).isInstanceOf(DiscoveryFailure.Fetch.class);
                });
        assertThat(world.count(DiscoveryCount.POLICIES_EXPIRED)).isOne();
    }

    @Test
    void failedRenewalIsTriedAgainUntilItSucceeds() {
        cachePolicy(WEEK);
        Instant first = expiry();
        world.breaks(FetchFailure.TIMEOUT);
        ticks(Duration.ofDays(5));
        world.serves("enforce", WEEK, "mx.example.com");

        ticks(Duration.ofHours(12));

        assertThat(expiry()).isAfter(first);
    }

    @Test
    void renewalsBackOffFiveMinutesAtTheLeast() {
        cachePolicy(WEEK);
        world.breaks(FetchFailure.TIMEOUT);
        ticks(WEEK.minus(HOUR));
        int before = world.fetched();

        for (int i = 0; i < 60; i++) {
            world.passes(Duration.ofMinutes(1));
            world.discovery().tick();
        }

        assertThat(world.fetched() - before).isBetween(10, 12);
    }

    /** A domain with a policy in the cache, whose policy host hangs from now on. */
    private PolicyDomain cachedThatHangs(int number, Duration maxAge) {
        PolicyDomain domain = served(number, maxAge);
        assertThat(world.discovery().policyFor(domain)).isInstanceOf(Enforce.class);
        world.hosts.answers.put(domain, CompletableFuture<FetchResult>::new);
        return domain;
    }

    private PolicyDomain served(int number, Duration maxAge) {
        PolicyDomain domain = PolicyDomain.of("d" + number + ".example");
        world.dns.answers.put(
                domain.recordName(), () -> CompletableFuture.completedFuture(found(TTL, "v=STSv1; id=a;")));
        world.hosts.answers.put(
                domain, () -> CompletableFuture.completedFuture(fetched(text("enforce", maxAge, "mx.example.com"))));
        return domain;
    }

    /** Policies that another process fetched two days ago, with mail today. */
    private List<PolicyDomain> stored(int count) throws IOException {
        List<PolicyDomain> domains = new ArrayList<>();
        Instant now = world.clock.instant();
        for (int i = 0; i < count; i++) {
            PolicyDomain domain = served(i, WEEK);
            CachedPolicy policy = cached(domain.toString(), now.minus(Duration.ofDays(2)));
            assertThat(world.store.save(policy, LocalDate.ofInstant(now, ZoneOffset.UTC), now))
                    .isTrue();
            domains.add(domain);
        }
        return domains;
    }

    @Test
    void renewalHeldBackByAFailedFetchIsNotAskedForAtEachTick() {
        cachePolicy(WEEK);
        Instant due = due();
        world.passes(Duration.between(world.clock.instant(), due).minusMinutes(1));
        world.breaks(FetchFailure.CONNECT);
        assertThat(world.discovery().refresh(DOMAIN)).isInstanceOf(Enforce.class);
        world.passes(Duration.ofMinutes(1));
        world.discovery().tick();
        int asked = world.asked();

        world.discovery().tick();

        assertThat(world.asked()).isEqualTo(asked);
        assertThat(world.fetched()).isEqualTo(2);
    }

    @Test
    void failedFetchForMailDoesNotBringTheRenewalForward() {
        cachePolicy(WEEK);
        world.passes(TTL);
        world.record("b").breaks(FetchFailure.CONNECT);
        assertThat(world.policy().failure()).isPresent();
        world.passes(Duration.ofMinutes(5));

        world.discovery().tick();

        assertThat(world.fetched()).isEqualTo(2);
    }

    @Test
    void policyThatAnotherProcessRenewedIsNotFetched() throws IOException {
        cachePolicy(WEEK);
        world.passes(Duration.ofHours(20));
        CachedPolicy other = CachedPolicy.fetched(
                DOMAIN, World.policy(text("enforce", WEEK, "new.example.com")), "b", world.clock.instant());
        assertThat(world.store.save(other, LocalDate.of(2026, 3, 1), world.clock.instant()))
                .isTrue();
        world.record("b");
        world.passes(Duration.ofHours(4));

        world.discovery().tick();

        assertThat(world.fetched()).isOne();
        assertThat(world.discovery().engine.memory.get(DOMAIN))
                .satisfies(known -> assertThat(known.policy()).isEqualTo(other));
    }

    @Test
    void policyInTheStoreIsRenewedAtTheVeryTimeItIsDue() throws IOException {
        world.record("a").serves("enforce", WEEK, "mx.example.com");
        CachedPolicy stored = cached(DOMAIN.name(), world.clock.instant());
        assertThat(world.store.save(stored, LocalDate.of(2026, 3, 1), world.clock.instant()))
                .isTrue();
        world.passes(Duration.between(world.clock.instant(), Instant.ofEpochMilli(Refresher.refreshAt(stored, 0))));

        world.discovery().tick(); // reads the store
        world.discovery().tick();

        assertThat(world.fetched()).isOne();
    }

    @Test
    void policyReadFromTheStoreIsNotRenewedBeforeItsTime() {
        cachePolicy(WEEK);
        world.passes(TTL);
        world.restart();
        assertThat(world.policy()).isInstanceOf(Enforce.class);

        world.discovery().tick();

        assertThat(world.fetched()).isOne();
    }

    @Test
    void mailWhileDnsIsDeadCountsAsUseOfAnExpiredPolicy() {
        cachePolicy(Duration.ofDays(1));
        world.txt(unavailable(DnsFailure.TIMEOUT));
        world.passes(Duration.ofDays(6));
        assertThat(world.policy()).isInstanceOf(PolicyInForce.NotInForce.class);
        world.record("a");
        world.passes(Duration.ofDays(4));

        world.discovery().tick();

        assertThat(world.fetched()).isEqualTo(2);
    }

    private Instant due() {
        return Instant.ofEpochMilli(Refresher.refreshAt(world.policy().known().orElseThrow(), 0));
    }

    @Test
    void notMoreThanAHundredRenewalsAreUnderWay() {
        for (int i = 0; i < 150; i++) {
            cachedThatHangs(i, WEEK);
        }
        world.hosts.asked.clear();
        world.passes(Duration.ofDays(1));

        world.discovery().tick();
        world.discovery().tick();

        assertThat(world.fetched()).isEqualTo(Refresher.MOST_AT_ONCE);
    }

    @Test
    void notMoreThanAHundredRenewalsOfWhatTheStoreHoldsAreUnderWay() throws IOException {
        for (PolicyDomain domain : stored(150)) {
            world.hosts.answers.put(domain, CompletableFuture<FetchResult>::new);
        }

        for (int i = 0; i < 5; i++) {
            world.discovery().tick();
        }

        assertThat(world.fetched()).isEqualTo(Refresher.MOST_AT_ONCE);
    }

    @Test
    void nearestToTheirEndAreRenewedFirst() {
        List<PolicyDomain> near = new ArrayList<>();
        for (int i = 0; i < 150; i++) {
            boolean isNear = i % 3 == 0;
            PolicyDomain domain = cachedThatHangs(i, isNear ? Duration.ofDays(2) : WEEK);
            if (isNear) {
                near.add(domain);
            }
        }
        world.hosts.asked.clear();
        world.passes(Duration.ofDays(1));

        world.discovery().tick();

        assertThat(world.hosts.asked).hasSize(Refresher.MOST_AT_ONCE).containsAll(near);
    }

    @Test
    void renewalIsMadeFromItsTimeOn() {
        cachePolicy(WEEK);
        untilRenewal();

        world.discovery().tick();

        assertThat(world.fetched()).isEqualTo(2);
    }

    @Test
    void renewalIsNotMadeBeforeItsTime() {
        cachePolicy(WEEK);
        untilRenewal();
        world.passes(Duration.ofMillis(-1));

        world.discovery().tick();

        assertThat(world.fetched()).isOne();
    }

    /** Time passes up to the first millisecond at which the cached policy is to be renewed. */
    private void untilRenewal() {
        long at = Refresher.refreshAt(world.policy().known().orElseThrow(), 0);
        world.passes(Duration.between(world.clock.instant(), Instant.ofEpochMilli(at)));
    }

    @Test
    void longLivedPolicyCountsAsUsedForItsLifeAfterTheLastMail() {
        assertThat(isUsedAfter(20, Duration.ofDays(20))).isTrue();
        assertThat(isUsedAfter(21, Duration.ofDays(20))).isFalse();
    }

    @Test
    void begunDayOfTheLifeCountsWhole() {
        assertThat(isUsedAfter(21, Duration.ofDays(20).plusSeconds(1))).isTrue();
        assertThat(isUsedAfter(22, Duration.ofDays(20).plusSeconds(1))).isFalse();
    }

    private boolean isUsedAfter(int days, Duration maxAge) {
        Instant now = world.clock.instant();
        CachedPolicy policy =
                CachedPolicy.fetched(DOMAIN, World.policy(text("enforce", maxAge, "mx.example.com")), "a", now);
        int today = (int) LocalDate.ofInstant(now, ZoneOffset.UTC).toEpochDay();
        return Refresher.isUsed(policy, today - days, now.toEpochMilli());
    }

    @Test
    void unusedPolicyIsForgottenOnceItIsOver() {
        cachePolicy(WEEK);

        ticks(Duration.ofDays(30));

        assertThat(world.discovery().engine.memory.get(DOMAIN)).isNull();
    }

    @Test
    void unusedPolicyStaysAsLongAsItApplies() {
        FaultyStore store = new StoreInMemory();
        store.fails = true; // so that only memory can tell
        world.store = store;
        cachePolicy(WEEK);
        ticks(Duration.ofDays(10));

        world.txt(unavailable(DnsFailure.TIMEOUT)).breaks(FetchFailure.CONNECT);

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    /** A store whose calls are made at once, on the caller's thread, and counted. */
    private static final class StoreInMemory extends FaultyStore {
        int saves;
        int pages;

        @Override
        public boolean save(CachedPolicy policy, LocalDate lastUsed, Instant now) throws IOException {
            saves++;
            return super.save(policy, lastUsed, now);
        }

        @Override
        public List<PolicyDomain> domains(@Nullable PolicyDomain after, int atMost) throws IOException {
            pages++;
            return super.domains(after, atMost);
        }

        @Override
        public boolean inMemoryOnly() {
            return true;
        }
    }

    @Test
    void refusedPolicyIsHandedInAgainEveryFiveMinutes() {
        StoreInMemory store = new StoreInMemory();
        store.fails = true;
        world.store = store;
        cachePolicy(WEEK);
        world.discovery().tick();
        store.saves = 0;

        for (int i = 0; i < 30; i++) {
            world.passes(Duration.ofMinutes(1));
            world.discovery().tick();
        }

        assertThat(store.saves).isEqualTo(6);
    }

    @Test
    void policyHandedInAgainAfterTheClockWasSetBackHasItsTimesUnmoved() throws IOException {
        StoreInMemory store = new StoreInMemory();
        store.fails = true;
        world.store = store;
        cachePolicy(WEEK);
        Instant fetchedAt = world.clock.instant();
        world.passes(Duration.ofDays(-2));
        world.txt(unavailable(DnsFailure.TIMEOUT)).breaks(FetchFailure.CONNECT); // no renewal hands in another
        store.fails = false;

        world.discovery().tick();

        assertThat(store.load(DOMAIN).policy().orElseThrow().fetchedAt()).isEqualTo(fetchedAt);
    }

    @Test
    void policyThatTheStoreHoldsIsNotHandedInAgain() {
        StoreInMemory store = new StoreInMemory();
        world.store = store;
        cachePolicy(WEEK);

        ticks(HOUR);

        assertThat(store.saves).isOne();
    }

    @Test
    void storeIsReadOnceAnHour() {
        StoreInMemory store = new StoreInMemory();
        world.store = store;
        world.discovery().tick();
        assertThat(store.pages).isOne();
        store.pages = 0;

        for (int i = 0; i < 180; i++) {
            world.passes(Duration.ofMinutes(1));
            world.discovery().tick();
        }

        assertThat(store.pages).isEqualTo(3);
    }

    @Test
    void storeIsReadToItsEnd() throws IOException {
        stored(Refresher.PAGE + 50);

        for (int i = 0; i < 5; i++) {
            world.discovery().tick();
        }

        assertThat(world.fetched()).isEqualTo(Refresher.PAGE + 50);
    }

    @Test
    void readingTheStoreAsksNothingForWhatIsKnown() {
        cachePolicy(WEEK);

        world.discovery().tick();

        assertThat(world.policy()).isInstanceOf(Enforce.class);
        assertThat(world.asked()).isOne();
    }

    @Test
    void policyThatTheStoreCouldNotTellCountsOnceTheStoreIsRead() throws IOException {
        FaultyStore store = new StoreInMemory();
        world.store = store;
        Instant now = world.clock.instant();
        assertThat(store.save(cached(DOMAIN.toString(), now), LocalDate.ofInstant(now, ZoneOffset.UTC), now))
                .isTrue();
        store.fails = true;
        world.txt(absent(TTL));
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        store.fails = false;

        world.discovery().tick();

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void policyThatEndedAMonthAgoIsDiscardedWithinADay() throws IOException {
        storesOldPolicy(Duration.ofDays(31));
        world.discovery().tick();

        ticks(Duration.ofDays(1));

        assertThat(holdsOldPolicy()).isFalse();
    }

    @Test
    void policyThatEndedWithinTheLastMonthIsNotDiscarded() throws IOException {
        storesOldPolicy(Duration.ofDays(28));
        world.discovery().tick();

        ticks(Duration.ofDays(1));

        assertThat(holdsOldPolicy()).isTrue();
    }

    @Test
    void nothingIsDiscardedOnTheFirstDay() throws IOException {
        storesOldPolicy(Duration.ofDays(31));
        world.discovery().tick();

        ticks(Duration.ofDays(1).minus(HOUR));

        assertThat(holdsOldPolicy()).isTrue();
    }

    @Test
    void nothingIsDiscardedRightAfterAJumpForward() throws IOException {
        storesOldPolicy(Duration.ofDays(31));
        world.discovery().tick();
        world.passes(Duration.ofDays(3));
        world.discovery().tick();

        ticks(Duration.ofDays(1).minus(HOUR));

        assertThat(holdsOldPolicy()).isTrue();
    }

    @Test
    void nothingIsDiscardedRightAfterAJumpBack() throws IOException {
        storesOldPolicy(Duration.ofDays(40));
        world.discovery().tick();
        world.passes(Duration.ofDays(-3));
        world.discovery().tick();

        ticks(Duration.ofDays(1).minus(HOUR));

        assertThat(holdsOldPolicy()).isTrue();
    }

    @Test
    void hourBetweenTicksIsNoJump() throws IOException {
        storesOldPolicy(Duration.ofDays(31));
        world.discovery().tick();

        for (int i = 0; i < 24; i++) {
            world.passes(HOUR);
            world.discovery().tick();
        }

        assertThat(holdsOldPolicy()).isFalse();
    }

    @Test
    void ticksAtOneTimeAreNoJump() throws IOException {
        storesOldPolicy(Duration.ofDays(31));
        world.discovery().tick();

        for (int i = 0; i < 24; i++) {
            world.passes(HOUR);
            world.discovery().tick();
            world.discovery().tick();
        }

        assertThat(holdsOldPolicy()).isFalse();
    }

    private void storesOldPolicy(Duration endedBefore) throws IOException {
        Instant now = world.clock.instant();
        CachedPolicy policy = cached(OLD.toString(), now.minus(endedBefore).minus(WEEK));
        assertThat(world.store.save(policy, LocalDate.ofInstant(now, ZoneOffset.UTC), now))
                .isTrue();
    }

    private boolean holdsOldPolicy() throws IOException {
        return world.store.load(OLD).policy().isPresent();
    }

    @Test
    void renewalsOfDomainsFetchedTogetherAreSpread() {
        Instant fetchedAt = world.clock.instant();

        List<Long> after = IntStream.range(0, 1000)
                .mapToObj(
                        i -> Refresher.refreshAt(cached("d" + i + ".example", fetchedAt), 0) - fetchedAt.toEpochMilli())
                .toList();

        assertThat(after)
                .allSatisfy(millis ->
                        assertThat(Duration.ofMillis(millis)).isBetween(Duration.ofMinutes(1296), Duration.ofDays(1)));
        assertThat(after.stream().distinct().count()).isGreaterThan(300);
    }

    private static CachedPolicy cached(String domain, Instant at) {
        return CachedPolicy.fetched(
                PolicyDomain.of(domain), World.policy(text("enforce", WEEK, "mx.example.com")), "a", at);
    }

    @Test
    void afterARestartRenewalGoesOnWithoutMail() {
        cachePolicy(WEEK);
        world.serves("enforce", WEEK, "new.example.com");
        world.passes(Duration.ofDays(2));

        PolicyDiscovery next = world.restart();
        next.tick();
        next.tick();

        assertThat(world.fetched()).isEqualTo(2);
        assertThat(next.policyFor(DOMAIN).known().orElseThrow().policy().mx()).hasToString("[new.example.com]");
    }

    @Test
    @Tag("slow") // the timer's first turn comes after ten seconds
    void afterARestartRenewalGoesOnByItself() throws IOException {
        PolicyDomain domain = stored(1).get(0);

        PolicyDiscovery unused = world.discovery(PolicyDiscovery.builder(world.dns, world.hosts)
                .clock(world.clock)
                .store(world.store));

        Until.holds("the timer has the policy fetched", () -> world.hosts.asked.contains(domain));
    }

    @Test
    void afterARestartRenewalIsMadeFromItsTimeOn() {
        cachePolicy(WEEK);
        untilRenewal();

        PolicyDiscovery next = world.restart();
        next.tick();
        next.tick();

        assertThat(world.fetched()).isEqualTo(2);
    }

    @Test
    void afterARestartNothingIsAskedForAPolicyThatIsNotDue() {
        cachePolicy(WEEK);

        PolicyDiscovery next = world.restart();
        next.tick();
        next.tick();

        assertThat(world.asked()).isOne();
    }

    @Test
    void afterARestartPolicyFromTheFutureIsRenewed() {
        cachePolicy(WEEK);
        world.passes(Duration.ofDays(-30));

        PolicyDiscovery next = world.restart();
        next.tick();
        next.tick();
        world.passes(BackOff.SPAN); // it counts as fetched just now
        next.tick();

        assertThat(world.fetched()).isEqualTo(2);
    }

    @Test
    void afterARestartWhatHadNoMailForLongIsNotRenewed() {
        world.record("a").serves("enforce", Duration.ofDays(30), "mx.example.com");
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        PolicyDiscovery old = world.discovery();
        ticks(Duration.ofDays(29));
        int before = world.fetched();
        assertThat(old).isNotNull();

        world.passes(Duration.ofDays(4));
        PolicyDiscovery next = world.restart();
        next.tick();
        next.tick();

        assertThat(world.fetched()).isEqualTo(before);
    }

    @Test
    void operatorsRefreshFetchesAtOnce() {
        cachePolicy(WEEK);
        world.passes(Duration.ofMinutes(5));
        world.serves("enforce", WEEK, "new.example.com");

        PolicyInForce answer = world.discovery().refresh(DOMAIN);

        assertThat(answer.known().orElseThrow().policy().mx()).hasToString("[new.example.com]");
    }

    @Test
    void deliveriesDoNotWaitForARenewal() {
        cachePolicy(WEEK);
        CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
        world.serves(() -> fetch);
        world.passes(Duration.ofDays(1));
        world.discovery().tick();
        assertThat(world.fetched()).isEqualTo(2);

        PolicyInForce meanwhile = world.policy();

        assertThat(meanwhile).isInstanceOf(Enforce.class);
        fetch.complete(fetched(text("enforce", WEEK, "new.example.com")));
        assertThat(world.policy().known().orElseThrow().policy().mx()).hasToString("[new.example.com]");
    }

    private Instant expiry() {
        return world.policy().known().orElseThrow().expiresAt();
    }
}
