package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.discovery.DiscoveryEvent.StoreCall;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store, kept at arm's length: its calls run on threads of their own, a bounded number of them, and nobody waits long for a store that is slow. No stage
 * completes exceptionally.
 */
final class StoreAccess {
    /** So long is a store in good health waited for. */
    static final Duration PATIENCE = Duration.ofSeconds(2);

    /** So long when its last answer was late. */
    static final Duration LITTLE_PATIENCE = Duration.ofMillis(50);

    /** So long may a change take before it is told as failing; it is not given up. */
    private static final Duration SLOW_WRITE = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(StoreAccess.class);
    private static final int THREADS_EACH = 2;
    private static final int MOST_WAITING = 10_000;

    private final PolicyStore store;
    private final ScheduledExecutorService timer;
    private final Failures failures;
    private final @Nullable ThreadPoolExecutor readers;
    private final @Nullable ThreadPoolExecutor writers;
    private volatile boolean late;

    /** Is told of each failed call. */
    interface Failures {
        void on(StoreCall call, @Nullable PolicyDomain domain, String detail);
    }

    /**
     * What was read.
     *
     * @param complete whether the store answered; if not, the holding is empty and says nothing
     */
    record Loaded(Holding holding, boolean complete) {}

    /** A call of the store. */
    private interface Call<T> {
        T make() throws IOException;
    }

    StoreAccess(PolicyStore store, ScheduledExecutorService timer, Failures failures) {
        this.store = store;
        this.timer = timer;
        this.failures = failures;
        this.readers = store.inMemoryOnly() ? null : pool("store-read");
        this.writers = store.inMemoryOnly() ? null : pool("store-write");
    }

    private static ThreadPoolExecutor pool(String name) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                THREADS_EACH,
                THREADS_EACH,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MOST_WAITING),
                new DiscoveryThreads(name));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /**
     * Reads what is held for a domain.
     *
     * @param patience wait no longer than this, even in good health
     * @param whenLate told what was read when it came too late
     */
    CompletableFuture<Loaded> load(PolicyDomain domain, Duration patience, Consumer<Holding> whenLate) {
        CompletableFuture<Loaded> loaded = new CompletableFuture<>();
        Loaded nothing = new Loaded(Holding.nothing(domain), false);
        run(readers, StoreCall.LOAD, domain, () -> store.load(domain), () -> loaded.complete(nothing), holding -> {
            late = false;
            if (!loaded.complete(new Loaded(holding, true))) {
                whenLate.accept(holding);
            }
        });
        Duration wait = late && patience.compareTo(LITTLE_PATIENCE) > 0 ? LITTLE_PATIENCE : patience;
        after(wait, loaded, () -> {
            if (loaded.complete(nothing)) {
                late = true;
                failures.on(StoreCall.LOAD, domain, "no answer within " + wait.toMillis() + " ms");
            }
        });
        return loaded;
    }

    /** Keeps a policy; true once the store has acknowledged it, or something later. */
    CompletableFuture<Boolean> save(CachedPolicy policy, LocalDate lastUsed, Instant now) {
        return write(StoreCall.SAVE, policy.domain(), () -> {
            boolean kept = store.save(policy, lastUsed, now);
            LOG.debug("{}: the store {}", policy.domain(), kept ? "keeps the policy" : "holds a later one");
            return true;
        });
    }

    void used(PolicyDomain domain, LocalDate day) {
        write(StoreCall.USED, domain, () -> {
            store.used(domain, day);
            return true;
        });
    }

    CompletableFuture<Boolean> purge(PolicyDomain domain, Instant at) {
        return write(StoreCall.PURGE, domain, () -> {
            store.purge(domain, at);
            return true;
        });
    }

    CompletableFuture<Boolean> setRule(OperatorRule rule) {
        return write(StoreCall.RULE, rule.domain(), () -> {
            store.setRule(rule);
            return true;
        });
    }

    CompletableFuture<Boolean> removeRule(PolicyDomain domain) {
        return write(StoreCall.RULE, domain, () -> {
            store.removeRule(domain);
            return true;
        });
    }

    void discard(Instant endedBefore) {
        write(StoreCall.DISCARD, null, () -> {
            store.discard(endedBefore);
            return true;
        });
    }

    /** Reads a page of domains with what is held for each; empty when the store failed. */
    CompletableFuture<List<Holding>> page(@Nullable PolicyDomain after, int atMost) {
        CompletableFuture<List<Holding>> page = new CompletableFuture<>();
        Call<List<Holding>> call = () -> {
            List<Holding> holdings = new ArrayList<>();
            for (PolicyDomain domain : store.domains(after, atMost)) {
                holdings.add(store.load(domain));
            }
            return holdings;
        };
        run(readers, StoreCall.LIST, null, call, () -> page.complete(List.of()), page::complete);
        return page;
    }

    private CompletableFuture<Boolean> write(StoreCall what, @Nullable PolicyDomain domain, Call<Boolean> call) {
        CompletableFuture<Boolean> kept = new CompletableFuture<>();
        run(writers, what, domain, call, () -> kept.complete(false), kept::complete);
        after(SLOW_WRITE, kept, () -> failures.on(what, domain, "not done within " + SLOW_WRITE.toSeconds() + " s"));
        return kept;
    }

    /** Whether no change is under way. */
    boolean isQuiet() {
        return writers == null || (writers.getQueue().isEmpty() && writers.getActiveCount() == 0);
    }

    private void after(Duration delay, CompletableFuture<?> unless, Runnable action) {
        if (unless.isDone()) {
            return;
        }
        try {
            ScheduledFuture<?> alarm = timer.schedule(action, delay.toMillis(), TimeUnit.MILLISECONDS);
            unless.whenComplete((result, error) -> alarm.cancel(false));
        } catch (RejectedExecutionException e) {
            action.run(); // closed: nothing will come
        }
    }

    private <T> void run(
            @Nullable ExecutorService pool,
            StoreCall what,
            @Nullable PolicyDomain domain,
            Call<T> call,
            Runnable onFailure,
            Consumer<T> onResult) {
        Runnable task = () -> {
            T result;
            try {
                result = call.make();
            } catch (IOException | RuntimeException e) {
                // a store may be anybody's code: whatever it throws, mail goes on
                failures.on(what, domain, e.toString());
                onFailure.run();
                return;
            }
            onResult.accept(result);
        };
        Executor executor = pool == null ? Runnable::run : pool;
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            failures.on(what, domain, "too many calls are waiting, or the engine is closed");
            onFailure.run();
        }
    }

    /** Lets what was begun end for a while, then interrupts it. */
    void close(Duration grace) {
        if (readers == null || writers == null) {
            return;
        }
        readers.shutdownNow();
        writers.shutdown();
        boolean interrupted = false;
        try {
            if (!writers.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
                int lost = writers.shutdownNow().size();
                failures.on(StoreCall.SAVE, null, "closed with " + lost + " changes unwritten");
            }
        } catch (InterruptedException e) {
            writers.shutdownNow();
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
