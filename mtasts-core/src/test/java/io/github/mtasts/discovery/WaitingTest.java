package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.fetched;
import static io.github.mtasts.discovery.World.found;
import static io.github.mtasts.discovery.World.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.discovery.PolicyInForce.Enforce;
import io.github.mtasts.discovery.PolicyInForce.Undetermined;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.policy.PolicyDomain;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many callers, their deadlines and cancellations, and the end of the engine. */
@Timeout(60)
class WaitingTest {
    private static final Duration WEEK = Duration.ofDays(7);

    private final World world = new World();
    private final CompletableFuture<DnsAnswer<String>> record = new CompletableFuture<>();
    private final CompletableFuture<FetchResult> policy = new CompletableFuture<>();

    @AfterEach
    void close() {
        world.close();
    }

    private void slow() {
        world.txt(() -> record).serves(() -> policy);
    }

    private void answerRecord() {
        record.complete(found(World.TTL, "v=STSv1; id=a;"));
    }

    private void answerPolicy() {
        policy.complete(fetched(text("enforce", WEEK, "mx.example.com")));
    }

    @Test
    @Tag("S-3.3-20")
    void fiftyThreadsMakeOneQueryAndOneGet() throws Exception {
        slow();
        PolicyDiscovery discovery = world.discovery();
        ExecutorService threads = Executors.newFixedThreadPool(50);
        CountDownLatch begun = new CountDownLatch(50);
        List<Future<PolicyInForce>> answers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            answers.add(threads.submit(() -> {
                begun.countDown();
                return discovery.policyFor(DOMAIN);
            }));
        }
        assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();

        answerRecord();
        answerPolicy();

        for (Future<PolicyInForce> answer : answers) {
            assertThat(answer.get(20, TimeUnit.SECONDS)).isInstanceOf(Enforce.class);
        }
        assertThat(world.asked()).isOne();
        assertThat(world.fetched()).isOne();
        threads.shutdown();
    }

    @Test
    @Tag("S-3.3-20")
    void fiftyDomainsMakeFiftyOfEach() {
        for (int i = 0; i < 50; i++) {
            world.dns.answers.put(
                    "_mta-sts.d" + i + ".example",
                    () -> CompletableFuture.completedFuture(found(World.TTL, "v=STSv1; id=a;")));
        }

        for (int i = 0; i < 50; i++) {
            PolicyInForce unused = world.discovery().policyFor(PolicyDomain.of("d" + i + ".example"));
        }

        assertThat(world.asked()).isEqualTo(50);
        assertThat(world.fetched()).isEqualTo(50);
    }

    @Test
    void cancellingIsTheCallersOwn() {
        slow();
        CompletableFuture<PolicyInForce> one = world.discovery().policyForAsync(DOMAIN);
        CompletableFuture<PolicyInForce> other = world.discovery().policyForAsync(DOMAIN);

        boolean cancelled = one.cancel(true);
        boolean cancelledAgain = one.cancel(true);
        answerRecord();
        answerPolicy();

        assertThat(cancelled).isTrue();
        assertThat(cancelledAgain).isFalse();
        assertThat(undetermined(one.join())).isEqualTo(Undetermined.Reason.CANCELLED);
        assertThat(other.join()).isInstanceOf(Enforce.class);
    }

    @Test
    void completingIsTheCallersOwnToo() {
        slow();
        CompletableFuture<PolicyInForce> one = world.discovery().policyForAsync(DOMAIN);
        CompletableFuture<PolicyInForce> other = world.discovery().policyForAsync(DOMAIN);

        one.completeExceptionally(new IllegalStateException("mine"));
        answerRecord();
        answerPolicy();

        assertThat(one).isCompletedExceptionally();
        assertThat(other.join()).isInstanceOf(Enforce.class);
    }

    @Test
    void deadlineIsTheCallersOwn() {
        slow();
        CompletableFuture<PolicyInForce> other = world.discovery().policyForAsync(DOMAIN);

        PolicyInForce late = world.discovery().policyFor(DOMAIN, Duration.ofMillis(20));
        PolicyInForce lateToo =
                world.discovery().policyForAsync(DOMAIN, Duration.ofMillis(20)).join();
        answerRecord();
        answerPolicy();

        assertThat(undetermined(late)).isEqualTo(Undetermined.Reason.DEADLINE);
        assertThat(undetermined(lateToo)).isEqualTo(Undetermined.Reason.DEADLINE);
        assertThat(other.join()).isInstanceOf(Enforce.class);
        assertThat(world.asked()).isOne();
    }

    @Test
    void boundsThatAreNoneAreRefused() {
        PolicyDiscovery.Builder builder = world.builder();

        assertThat(builder.deadline(Duration.ofNanos(1)).mostPolicies(1).mostOtherDomains(1))
                .isSameAs(builder);
        assertThatThrownBy(() -> builder.deadline(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.deadline(Duration.ofNanos(-1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.mostPolicies(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.mostOtherDomains(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void interruptDefersAndKeepsTheFlag() {
        slow();

        Thread.currentThread().interrupt();
        PolicyInForce answer = world.discovery().policyFor(DOMAIN);
        boolean flag = Thread.interrupted();

        assertThat(undetermined(answer)).isEqualTo(Undetermined.Reason.INTERRUPTED);
        assertThat(flag).isTrue();
    }

    @Test
    void rememberedAnswerHeedsNoInterrupt() {
        slow();
        answerRecord();
        answerPolicy();
        assertThat(world.policy()).isInstanceOf(Enforce.class);

        Thread.currentThread().interrupt();
        PolicyInForce answer = world.discovery().policyFor(DOMAIN);
        boolean flag = Thread.interrupted();

        assertThat(answer).isInstanceOf(Enforce.class);
        assertThat(flag).isTrue();
    }

    /** What the timer would do in a minute or two is done now. */
    private static void ringAlarms(DiscoveryEngine engine) {
        for (Runnable alarm : engine.timer.getQueue().toArray(new Runnable[0])) {
            alarm.run();
        }
    }

    @Test
    void silentDnsClientIsGivenUpAndCancelled() {
        slow();
        DiscoveryEngine engine = world.discovery().engine;
        CompletableFuture<PolicyInForce> answer = engine.lookUp(DOMAIN);

        ringAlarms(engine);

        assertThat(answer).isCompletedWithValueMatching(PolicyInForce.NotInForce.class::isInstance);
        assertThat(record).isCancelled();
    }

    @Test
    void silentFetcherIsGivenUpAndCancelled() {
        slow();
        answerRecord();
        DiscoveryEngine engine = world.discovery().engine;
        CompletableFuture<PolicyInForce> answer = engine.lookUp(DOMAIN);

        ringAlarms(engine);

        assertThat(answer).isCompletedWithValueMatching(PolicyInForce.NotInForce.class::isInstance);
        assertThat(policy).isCancelled();
    }

    @Test
    void alarmsOfWhatWasAnsweredAreNotKept() {
        slow();
        DiscoveryEngine engine = world.discovery().engine;
        CompletableFuture<PolicyInForce> answer = world.discovery().policyForAsync(DOMAIN);

        answerRecord();
        answerPolicy();

        assertThat(answer).isCompleted();
        assertThat(engine.timer.getQueue()).isEmpty();
    }

    @Test
    void engineIsIdleWhenNothingIsBeingAskedFor() {
        slow();
        DiscoveryEngine engine = world.discovery().engine;
        CompletableFuture<PolicyInForce> answer = engine.lookUp(DOMAIN);

        answerRecord();
        assertThat(engine.isIdle()).isFalse();
        answerPolicy();

        assertThat(answer).isCompleted();
        assertThat(engine.isIdle()).isTrue();
    }

    @Test
    void lookUpBehindOneThatHasJustEndedTakesItsAnswer() {
        slow();
        answerRecord();
        answerPolicy();
        assertThat(world.policy()).isInstanceOf(Enforce.class);

        // as if this one had looked into memory before the other ended
        CompletableFuture<PolicyInForce> answer = world.discovery().engine.lookUp(DOMAIN);

        assertThat(answer).isCompletedWithValueMatching(Enforce.class::isInstance);
        assertThat(world.asked()).isOne();
    }

    @Test
    void faultAfterTheRecordLeavesNobodyWaiting() {
        slow();
        AtomicBoolean broken = new AtomicBoolean();
        DiscoveryEngine engine = withClockToBreak(broken);
        CompletableFuture<PolicyInForce> answer = engine.lookUp(DOMAIN);

        broken.set(true);
        answerRecord();

        assertThat(undetermined(answer.join())).isEqualTo(Undetermined.Reason.FAULT);
        assertThat(engine.isIdle()).isTrue();
    }

    @Test
    void faultAfterTheFetchLeavesNobodyWaiting() {
        slow();
        AtomicBoolean broken = new AtomicBoolean();
        DiscoveryEngine engine = withClockToBreak(broken);
        CompletableFuture<PolicyInForce> answer = engine.lookUp(DOMAIN);
        answerRecord();

        broken.set(true);
        answerPolicy();

        assertThat(undetermined(answer.join())).isEqualTo(Undetermined.Reason.FAULT);
        assertThat(engine.isIdle()).isTrue();
    }

    private DiscoveryEngine withClockToBreak(AtomicBoolean broken) {
        return world.discovery(world.builder().clock(() -> {
                    if (broken.get()) {
                        throw new IllegalStateException("the clock is broken");
                    }
                    return world.clock.instant();
                }))
                .engine;
    }

    @Test
    void closingAnswersWhoWaits() {
        slow();
        PolicyDiscovery discovery = world.discovery();
        CompletableFuture<PolicyInForce> beforeTheRecord = discovery.policyForAsync(DOMAIN);
        PolicyDomain second = PolicyDomain.of("second.example");
        world.dns.answers.put(
                second.recordName(), () -> CompletableFuture.completedFuture(found(World.TTL, "v=STSv1; id=a;")));
        world.hosts.answers.put(second, () -> policy);
        CompletableFuture<PolicyInForce> beforeThePolicy = discovery.policyForAsync(second);
        CompletableFuture<Recheck> recheck = discovery.recheckAsync(undetermined(DOMAIN));

        discovery.close();
        discovery.close();

        assertThat(undetermined(beforeTheRecord.join())).isEqualTo(Undetermined.Reason.CLOSED);
        assertThat(undetermined(beforeThePolicy.join())).isEqualTo(Undetermined.Reason.CLOSED);
        assertThat(recheck.join()).isEqualTo(Recheck.COULD_NOT_TELL);
    }

    @Test
    void closedEngineKnowsNothing() {
        slow();
        answerRecord();
        answerPolicy();
        PolicyDiscovery discovery = world.discovery();
        assertThat(discovery.policyFor(DOMAIN)).isInstanceOf(Enforce.class);

        discovery.close();

        assertThat(undetermined(discovery.policyFor(DOMAIN))).isEqualTo(Undetermined.Reason.CLOSED);
        assertThat(undetermined(discovery.policyForAsync(DOMAIN).join())).isEqualTo(Undetermined.Reason.CLOSED);
        assertThat(world.asked()).isOne();
    }

    @Test
    void closingEndsAllThreads() {
        PolicyDiscovery discovery = PolicyDiscovery.builder(world.dns, world.hosts)
                .listener(event -> {})
                .build();
        world.record("a").serves("enforce", WEEK, "mx.example.com");
        assertThat(discovery.policyFor(DOMAIN)).isInstanceOf(Enforce.class);

        discovery.close();

        Until.holds(
                "the threads have ended",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().matches("mtasts-(discovery|events|store).*")));
    }

    private static PolicyInForce undetermined(PolicyDomain domain) {
        return new Undetermined(domain, Undetermined.Reason.DEADLINE, null);
    }

    private static Undetermined.Reason undetermined(PolicyInForce answer) {
        assertThat(answer).isInstanceOf(Undetermined.class);
        return ((Undetermined) answer).reason();
    }

    /** An answer that is known and not due. */
    @Nested
    @Tag("S-5.1-1")
    class Warm {
        private final PolicyDomain other = PolicyDomain.of("other.example");
        private final List<String> storeCalls = new CopyOnWriteArrayList<>();
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final CountDownLatch held = new CountDownLatch(1);
        private final CountDownLatch release = new CountDownLatch(1);

        @BeforeEach
        void knowBoth() {
            PolicyStore real = world.store;
            world.store = (PolicyStore) Proxy.newProxyInstance(
                    PolicyStore.class.getClassLoader(),
                    new Class<?>[] {PolicyStore.class},
                    (proxy, method, arguments) -> {
                        storeCalls.add(method.getName());
                        return method.invoke(real, arguments);
                    });
            world.record("a").serves("enforce", WEEK, "mx.example.com");
            world.dns.answers.put(
                    other.recordName(), () -> CompletableFuture.completedFuture(found(World.TTL, "v=STSv1; id=a;")));
            world.hosts.answers.put(
                    other, () -> CompletableFuture.completedFuture(fetched(text("enforce", WEEK, "mx.other.example"))));
            assertThat(world.policy()).isInstanceOf(Enforce.class);
            assertThat(world.discovery().policyFor(other)).isInstanceOf(Enforce.class);
            storeCalls.clear();
        }

        @AfterEach
        void end() {
            release.countDown();
            threads.shutdown();
        }

        /** Returns when another thread is inside. */
        private void holdElsewhere(Runnable whatHolds) throws InterruptedException {
            threads.execute(whatHolds);
            assertThat(held.await(30, TimeUnit.SECONDS)).isTrue();
        }

        private void hold() {
            held.countDown();
            try {
                assertThat(release.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private PolicyInForce answer() throws Exception {
            return threads.submit(() -> world.policy()).get(30, TimeUnit.SECONDS);
        }

        @Test
        void doesNoInputAndNoOutput() throws Exception {
            world.passes(World.TTL.minusMillis(1));

            assertThat(answer()).isInstanceOf(Enforce.class);

            assertThat(world.asked()).isEqualTo(2);
            assertThat(world.fetched()).isEqualTo(2);
            assertThat(storeCalls).isEmpty();
        }

        @Test
        void whenItIsDueDnsAndTheStoreAreAsked() throws Exception {
            world.passes(World.TTL);

            assertThat(answer()).isInstanceOf(Enforce.class);

            assertThat(world.asked()).isEqualTo(3);
            assertThat(storeCalls).containsExactly("load");
        }

        @Test
        void waitsForNoLockOfAnotherDomainInMemory() throws Exception {
            holdElsewhere(() -> world.discovery().engine.memory.change(other, known -> {
                hold();
                return known;
            }));

            assertThat(answer()).isInstanceOf(Enforce.class);
        }

        @Test
        void waitsForNoLookUpOfAnotherDomain() throws Exception {
            PolicyDomain third = PolicyDomain.of("third.example");
            world.dns.answers.put(third.recordName(), () -> {
                hold();
                return new CompletableFuture<>();
            });
            holdElsewhere(() -> {
                CompletableFuture<PolicyInForce> unused = world.discovery().policyForAsync(third);
            });

            assertThat(answer()).isInstanceOf(Enforce.class);
        }
    }
}
