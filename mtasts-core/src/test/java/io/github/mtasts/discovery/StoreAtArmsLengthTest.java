package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.TTL;
import static io.github.mtasts.discovery.World.absent;
import static io.github.mtasts.discovery.World.fetched;
import static io.github.mtasts.discovery.World.found;
import static io.github.mtasts.discovery.World.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.TestLog;
import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.discovery.DiscoveryEvent.StoreCall;
import io.github.mtasts.discovery.PolicyInForce.Enforce;
import io.github.mtasts.discovery.PolicyInForce.NotInForce;
import io.github.mtasts.discovery.PolicyInForce.Source;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store that works, fails, hangs, or is shared. */
@Timeout(60)
class StoreAtArmsLengthTest {
    private static final Duration WEEK = Duration.ofDays(7);

    private final World world = new World();

    @TempDir
    private Path directory;

    @AfterEach
    void close() {
        world.close();
    }

    @Nested
    class InADirectory {
        @BeforeEach
        void keepInDirectory() {
            world.store = PolicyStore.inDirectory(directory);
        }

        private void saved() {
            Until.holds("the store has the policy", () -> {
                try {
                    // the file is there before its folder is forced to disk
                    return world.store.load(DOMAIN).policy().isPresent()
                            && world.discovery().engine.store.isQuiet();
                } catch (IOException e) {
                    return false;
                }
            });
        }

        @Test
        @Tag("S-10-1")
        void policyOutlivesARestartWithDnsDead() {
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            saved();
            world.txt(CompletableFuture::new);

            world.txt(World.unavailable(DnsFailure.TIMEOUT)).breaks(FetchFailure.CONNECT);
            world.restart();

            assertThat(world.policy())
                    .isInstanceOfSatisfying(
                            Enforce.class,
                            enforce -> assertThat(enforce.source()).isEqualTo(Source.STORE));
            assertThat(world.policy())
                    .isInstanceOfSatisfying(
                            Enforce.class,
                            enforce -> assertThat(enforce.source()).isEqualTo(Source.CACHE));
        }

        @Test
        @Tag("S-10-1")
        void forgottenPolicyDoesNot() {
            world.store = PolicyStore.inMemory();
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.txt(World.unavailable(DnsFailure.TIMEOUT)).breaks(FetchFailure.CONNECT);
            world.store = PolicyStore.inMemory();

            world.restart();

            assertThat(world.policy()).isInstanceOf(NotInForce.class);
        }

        @Test
        void closingWritesWhatWasBegun() throws IOException {
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            world.close();

            assertThat(world.store.load(DOMAIN).policy()).isPresent();
        }

        @Test
        void policyThatAnotherProcessFetchedIsSeenWhenTheRecordIsNextDue() throws IOException {
            world.record("a").serves("enforce", WEEK, "old.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            saved();
            world.passes(TTL);
            CachedPolicy other = CachedPolicy.fetched(
                    DOMAIN, World.policy(text("enforce", WEEK, "new.example.com")), "b", world.clock.instant());
            assertThat(PolicyStore.inDirectory(directory).save(other, LocalDate.of(2026, 3, 1), world.clock.instant()))
                    .isTrue();
            world.record("b").breaks(FetchFailure.CONNECT);

            PolicyInForce answer = world.policy();

            assertThat(answer.known()).contains(other);
            assertThat(world.fetched()).isOne();
        }

        @Test
        void dayOfTheLastMailIsWrittenWithARenewal() {
            world.record("a").serves("enforce", WEEK, "old.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            saved();
            world.passes(Duration.ofDays(2));
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            world.discovery().tick();

            Until.holds("the day is written", () -> lastUsed().equals(LocalDate.of(2026, 3, 3)));
        }

        @Test
        void dayOfTheLastMailIsWrittenWithAFailedRenewalToo() {
            world.record("a").serves("enforce", WEEK, "old.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            saved();
            world.passes(Duration.ofDays(2));
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.breaks(FetchFailure.CONNECT);

            world.discovery().tick();

            Until.holds("the day is written", () -> lastUsed().equals(LocalDate.of(2026, 3, 3)));
        }

        private LocalDate lastUsed() {
            try {
                return world.store.load(DOMAIN).lastUsed().orElseThrow();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Test
        void setAsideFileDoesNotStopMail() throws IOException {
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.close();
            try (var files = Files.walk(directory)) {
                for (Path file : files.filter(path -> path.toString().endsWith(".policy"))
                        .toList()) {
                    Files.writeString(file, "half a pol");
                }
            }

            world.restart();

            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(directory.resolve("set-aside")).isNotEmptyDirectory();
        }

        @Test
        void directoryThatVanishesIsReportedAndMailGoesOn() throws IOException {
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            saved();
            Path elsewhere = directory.resolveSibling(directory.getFileName() + "-elsewhere");
            Files.move(directory, elsewhere);
            world.txt(absent(TTL));
            world.passes(TTL);

            PolicyInForce answer = world.policy();

            assertThat(answer).isInstanceOf(Enforce.class);
            assertThat(world.events(DiscoveryEvent.StoreFailed.class, 1))
                    .allSatisfy(event -> assertThat(event.call()).isEqualTo(StoreCall.LOAD));
            Files.move(elsewhere, directory);
        }
    }

    @Nested
    class WithFaults {
        private final FaultyStore store = new FaultyStore();

        @BeforeEach
        void keepInFaultyStore() {
            world.store = store;
        }

        @AfterEach
        void release() {
            store.released.countDown();
        }

        @Test
        void failingStoreIsReportedAndMemoryAnswers() {
            store.fails = true;
            world.record("a").serves("enforce", WEEK, "mx.example.com");

            PolicyInForce first = world.policy();
            world.passes(TTL);
            PolicyInForce second = world.policy();

            assertThat(first).isInstanceOf(Enforce.class);
            assertThat(second).isInstanceOf(Enforce.class);
            assertThat(world.events(DiscoveryEvent.StoreFailed.class, 3))
                    .extracting(DiscoveryEvent.StoreFailed::call)
                    .contains(StoreCall.LOAD, StoreCall.SAVE);
            assertThat(world.count(DiscoveryCount.STORE_FAILURES)).isGreaterThanOrEqualTo(3);
        }

        @Test
        void throwingStoreIsAFailingStore() {
            store.throwsUnchecked = true;
            world.record("a").serves("enforce", WEEK, "mx.example.com");

            PolicyInForce answer = world.policy();

            assertThat(answer).isInstanceOf(Enforce.class);
            assertThat(world.events(DiscoveryEvent.StoreFailed.class, 1)).isNotEmpty();
        }

        @Test
        void refusedPolicyIsHandedInAgain() {
            store.fails = true;
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.events(DiscoveryEvent.StoreFailed.class, 2)).isNotEmpty();
            store.fails = false;

            // the event is told before the failure is noted: only a tick after both hands the policy in
            Until.holds("the store has the policy", () -> {
                world.discovery().tick();
                return holds(store.store);
            });
        }

        private static boolean holds(PolicyStore store) {
            try {
                return store.load(DOMAIN).policy().isPresent();
            } catch (IOException e) {
                return false;
            }
        }

        @Test
        void hangingStoreDoesNotHoldUpMail() {
            store.hangs = true;
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            long begin = System.nanoTime();

            PolicyInForce first = world.policy();
            for (int i = 0; i < 20; i++) {
                PolicyDomain domain = PolicyDomain.of("d" + i + ".example");
                PolicyInForce unused = world.discovery().policyFor(domain);
            }

            assertThat(first).isInstanceOf(Enforce.class);
            // the first one waits patiently, the others twice as long as they should at most
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .isLessThan(StoreAccess.PATIENCE.plus(StoreAccess.LITTLE_PATIENCE.multipliedBy(40)));
            assertThat(world.events(DiscoveryEvent.StoreFailed.class, 1)).isNotEmpty();
        }

        @Test
        void policyThatTheStoreTellsTooLateCountsFromThenOn() throws IOException {
            CachedPolicy policy = CachedPolicy.fetched(
                    DOMAIN, World.policy(text("enforce", WEEK, "mx.example.com")), "a", world.clock.instant());
            assertThat(store.store.save(policy, LocalDate.of(2026, 3, 1), world.clock.instant()))
                    .isTrue();
            store.hangs = true;
            world.txt(absent(TTL));
            assertThat(world.policy()).isInstanceOf(NotInForce.class);

            store.hangs = false;
            store.released.countDown();

            Until.holds("the policy is in force", () -> world.policy() instanceof Enforce);
        }

        @Test
        void storeThatAnswersInTimeIsWaitedFor() throws IOException {
            CachedPolicy policy = CachedPolicy.fetched(
                    DOMAIN, World.policy(text("enforce", WEEK, "mx.example.com")), "a", world.clock.instant());
            assertThat(store.store.save(policy, LocalDate.of(2026, 3, 1), world.clock.instant()))
                    .isTrue();
            world.txt(absent(TTL));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
        }

        @Test
        void hangingStoreIsWaitedForALittleOnlyWhenAPolicyIsInMemory() {
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            store.hangs = true;
            world.passes(TTL);

            assertThat(world.policy()).isInstanceOf(Enforce.class);

            assertThat(world.events(DiscoveryEvent.StoreFailed.class, 1).get(0).detail())
                    .isEqualTo("no answer within 250 ms");
        }

        @Test
        void storeThatFailedIsAskedAgainSoonWhenNoPolicyIsInMemory() throws IOException {
            store.fails = true;
            world.txt(absent(Duration.ofMinutes(10)));
            assertThat(world.policy()).isInstanceOf(NotInForce.class);
            store.fails = false;
            assertThat(store.store.save(policy(), LocalDate.of(2026, 3, 1), world.clock.instant()))
                    .isTrue();

            world.passes(Duration.ofMinutes(1));

            assertThat(world.policy()).isInstanceOf(Enforce.class);
        }

        @Test
        void storeThatFailedIsAskedAgainWithTheRecordWhenAPolicyIsInMemory() {
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            store.fails = true;
            world.passes(TTL);
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            world.passes(TTL.minusMillis(1));
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            assertThat(world.asked()).isEqualTo(2);
        }

        @Test
        void acknowledgementOfAFormerPolicyDoesNotTouchTheNewOne() {
            CountDownLatch saves = new CountDownLatch(1);
            world.store = new FaultyStore() {
                @Override
                public boolean save(CachedPolicy policy, LocalDate lastUsed, Instant now) throws IOException {
                    try {
                        saves.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    return super.save(policy, lastUsed, now);
                }
            };
            world.record("a").serves("enforce", WEEK, "old.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            world.passes(TTL);
            world.record("b").serves("enforce", WEEK, "new.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);

            saves.countDown();
            Until.holds("both are saved", world.discovery().engine.store::isQuiet);

            assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("b");
            assertThat(world.asked()).isEqualTo(2);
        }

        @Test
        void purgedPolicyIsForgottenBeneathARuleThoughTheStoreFails() {
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.discovery()
                            .exempt(DOMAIN, "reason", world.clock.instant().plus(Duration.ofDays(1))))
                    .isTrue();
            store.fails = true;
            world.txt(absent(TTL));

            assertThat(world.discovery().purge(DOMAIN)).isFalse();
            assertThat(world.discovery().lift(DOMAIN)).isFalse();

            assertThat(world.policy()).isInstanceOf(NotInForce.class);
        }

        @Test
        void hangingStoreDoesNotHoldUpClosing() {
            store.hangs = true;
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            long begin = System.nanoTime();

            world.close();

            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5)); // as promised
            Until.holds(
                    "the threads have ended",
                    () -> Thread.getAllStackTraces().keySet().stream()
                            .noneMatch(thread -> thread.getName().startsWith("mtasts-store")));
        }

        @Test
        void ruleThatTheStoreCannotKeepHoldsInThisProcess() {
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            store.fails = true;
            Instant until = world.clock.instant().plus(Duration.ofDays(1));

            boolean kept = world.discovery().exempt(DOMAIN, "reason", until);

            assertThat(kept).isFalse();
            store.fails = false;
            assertThat(world.policy()).isInstanceOf(NotInForce.class);
            world.passes(Duration.ofHours(2));
            assertThat(world.policy()).isInstanceOf(NotInForce.class);
            world.passes(Duration.ofHours(22));
            assertThat(world.policy()).isInstanceOf(Enforce.class);
        }

        @Test
        void pinThatTheStoreCannotKeepIsTold() {
            store.fails = true;

            assertThat(world.discovery()
                            .pin(
                                    DOMAIN,
                                    World.policy(text("enforce", WEEK, "mx.example.com")),
                                    "reason",
                                    world.clock.instant().plus(WEEK)))
                    .isFalse();
        }

        @Test
        void keptRuleHoldsWhileTheStoreCannotBeRead() {
            assertThat(world.discovery()
                            .exempt(DOMAIN, "reason", world.clock.instant().plus(WEEK)))
                    .isTrue();
            store.fails = true;
            world.passes(Duration.ofHours(2));

            assertThat(world.policy())
                    .isInstanceOfSatisfying(
                            NotInForce.class, no -> assertThat(no.reason()).isEqualTo(NotInForce.Reason.EXEMPT));
        }

        @Test
        void purgeThatTheStoreCannotMakeIsTold() {
            store.fails = true;

            assertThat(world.discovery().purge(DOMAIN)).isFalse();
            assertThat(world.discovery().lift(DOMAIN)).isFalse();
        }
    }

    private CachedPolicy policy() {
        return CachedPolicy.fetched(
                DOMAIN, World.policy(text("enforce", WEEK, "mx.example.com")), "a", world.clock.instant());
    }

    @Test
    void lateAnswerWaitsForTheLookUpUnderWayAndThenCounts() {
        CompletableFuture<DnsAnswer<String>> record = new CompletableFuture<>();
        world.txt(() -> record);
        CompletableFuture<PolicyInForce> first = world.discovery().policyForAsync(DOMAIN);

        world.discovery().engine.lateLoad(new Holding(DOMAIN, policy(), LocalDate.of(2026, 3, 1), null, null));
        record.complete(absent(TTL));

        assertThat(first.join()).isInstanceOf(NotInForce.class);
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void lateAnswerThatThereIsNothingHoldsUpNobody() {
        world.record("a").serves("enforce", WEEK, "mx.example.com");

        world.discovery().engine.lateLoad(Holding.nothing(DOMAIN));

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    /** The store's calls alone, without an engine; the store hangs. */
    @Nested
    class Hanging {
        private final FaultyStore store = new FaultyStore();
        private final List<String> told = new CopyOnWriteArrayList<>();
        private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
        private final StoreAccess access =
                new StoreAccess(store, timer, (call, domain, detail) -> told.add(call + " " + domain + ": " + detail));

        @BeforeEach
        void hang() {
            store.hangs = true;
        }

        @AfterEach
        void release() {
            store.released.countDown();
            timer.shutdownNow();
            access.close(Duration.ZERO);
        }

        private CompletableFuture<Boolean> purge() {
            return access.purge(DOMAIN, world.clock.instant());
        }

        @Test
        void whileChangesWaitItIsNotQuiet() {
            for (int i = 0; i < 3; i++) { // two are under way, the third waits
                CompletableFuture<Boolean> unused = purge();
            }

            assertThat(access.isQuiet()).isFalse();
        }

        @Test
        void slowChangeIsToldAndNotGivenUp() {
            CompletableFuture<Boolean> purged = purge();
            Runnable alarm = timer.getQueue().element();

            alarm.run();

            assertThat(told).containsExactly("PURGE example.com: not done within 10 s");
            assertThat(purged).isNotDone();
        }

        @Test
        void withoutATimerItIsNotWaitedFor() {
            timer.shutdownNow();

            assertThat(access.load(DOMAIN, WEEK, late -> {}))
                    .isCompletedWithValueMatching(loaded -> !loaded.complete());
        }

        @Test
        void closingTellsHowManyChangesAreUnwritten() {
            for (int i = 0; i < 5; i++) { // two are under way, the others wait
                CompletableFuture<Boolean> unused = purge();
            }

            access.close(Duration.ofMillis(1));

            assertThat(told).contains("SAVE null: closed with 3 changes unwritten");
        }

        @Test
        void interruptedClosingKeepsTheFlag() {
            CompletableFuture<Boolean> unused = purge();
            Thread.currentThread().interrupt();

            access.close(Duration.ofSeconds(50));

            assertThat(Thread.interrupted()).isTrue();
        }

        @Test
        void changeAfterClosingIsNotKept() {
            access.close(Duration.ZERO);

            assertThat(purge()).isCompletedWithValue(false);
        }

        @Test
        void changeAfterClosingIsToldAsFailed() {
            access.close(Duration.ZERO);

            CompletableFuture<Boolean> unused = purge();

            assertThat(told).containsExactly("PURGE example.com: too many calls are waiting, or the engine is closed");
        }
    }

    @Nested
    @Tag("S-10-2")
    class MemoryBounds {
        private PolicyDomain junk(int number) {
            PolicyDomain domain = PolicyDomain.of("junk" + number + ".example");
            world.dns.answers.put(
                    domain.recordName(), () -> CompletableFuture.completedFuture(found(TTL, "v=STSv1; id=a;")));
            world.hosts.answers.put(
                    domain, () -> CompletableFuture.completedFuture(fetched(text("enforce", WEEK, "mx.example.com"))));
            return domain;
        }

        @Test
        void junkDomainsWithoutPoliciesPushOutNoPolicy() {
            PolicyDiscovery discovery = world.discovery(world.builder()
                    .store(PolicyStore.inMemory(1))
                    .mostPolicies(10)
                    .mostOtherDomains(10));
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(discovery.policyFor(DOMAIN)).isInstanceOf(Enforce.class);

            for (int i = 0; i < 1000; i++) {
                PolicyInForce unused = discovery.policyFor(PolicyDomain.of("junk" + i + ".example"));
            }
            world.txt(absent(TTL));
            world.passes(TTL);

            assertThat(discovery.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
            assertThat(world.count(DiscoveryCount.POLICIES_EVICTED)).isZero();
        }

        @Test
        void policyPushedOutOfMemoryIsReadFromTheStore() {
            PolicyDiscovery discovery = world.discovery(world.builder().mostPolicies(10));
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            assertThat(discovery.policyFor(DOMAIN)).isInstanceOf(Enforce.class);

            for (int i = 0; i < 1000; i++) {
                PolicyInForce unused = discovery.policyFor(junk(i));
            }
            world.txt(absent(TTL));
            world.passes(TTL);

            assertThat(discovery.policyFor(DOMAIN)).isInstanceOf(Enforce.class);
            assertThat(world.count(DiscoveryCount.POLICIES_EVICTED)).isZero();
        }

        @Test
        void policyPushedOutThatNoStoreHoldsIsCountedAndTold() {
            PolicyDiscovery discovery = world.discovery(
                    world.builder().store(PolicyStore.inMemory(1)).mostPolicies(10));

            String log;
            try (TestLog lines = TestLog.begin()) {
                for (int i = 0; i < 100; i++) {
                    assertThat(discovery.policyFor(junk(i))).isInstanceOf(Enforce.class);
                }
                log = lines.text();
            }

            long evicted = world.count(DiscoveryCount.POLICIES_EVICTED);
            assertThat(evicted).isBetween(80L, 90L);
            assertThat(world.events(DiscoveryEvent.PolicyEvicted.class, (int) evicted))
                    .hasSize((int) evicted);
            assertThat(log)
                    .contains("WARN")
                    .contains("memory is full: an unexpired enforce policy that no store holds is forgotten");
        }

        @Test
        void expiredPolicyPushedOutIsNot() {
            PolicyDiscovery discovery = world.discovery(
                    world.builder().store(PolicyStore.inMemory(1)).mostPolicies(10));
            for (int i = 0; i < 10; i++) {
                assertThat(discovery.policyFor(junk(i))).isInstanceOf(Enforce.class);
            }
            world.passes(WEEK.plusSeconds(2));

            for (int i = 10; i < 20; i++) {
                assertThat(discovery.policyFor(junk(i))).isInstanceOf(Enforce.class);
                assertThat(discovery.policyFor(junk(i))).isInstanceOf(Enforce.class);
            }

            assertThat(world.count(DiscoveryCount.POLICIES_EVICTED)).isLessThanOrEqualTo(10);
        }
    }
}
