package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A store with faults to switch on. */
class FaultyStore implements PolicyStore {
    final PolicyStore store;
    final CountDownLatch released = new CountDownLatch(1);
    volatile boolean fails;
    volatile boolean throwsUnchecked;
    volatile boolean hangs;

    FaultyStore() {
        this(PolicyStore.inMemory());
    }

    FaultyStore(PolicyStore store) {
        this.store = store;
    }

    private void fault() throws IOException {
        if (fails) {
            throw new IOException("No space left on device");
        }
        if (throwsUnchecked) {
            throw new IllegalStateException("a bug of the store's");
        }
        if (hangs) {
            try {
                released.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }
    }

    @Override
    public Holding load(PolicyDomain domain) throws IOException {
        fault();
        return store.load(domain);
    }

    @Override
    public boolean save(CachedPolicy policy, LocalDate lastUsed, Instant now) throws IOException {
        fault();
        return store.save(policy, lastUsed, now);
    }

    @Override
    public void used(PolicyDomain domain, LocalDate day) throws IOException {
        fault();
        store.used(domain, day);
    }

    @Override
    public void purge(PolicyDomain domain, Instant at) throws IOException {
        fault();
        store.purge(domain, at);
    }

    @Override
    public void setRule(OperatorRule rule) throws IOException {
        fault();
        store.setRule(rule);
    }

    @Override
    public void removeRule(PolicyDomain domain) throws IOException {
        fault();
        store.removeRule(domain);
    }

    @Override
    public List<PolicyDomain> domains(@Nullable PolicyDomain after, int atMost) throws IOException {
        fault();
        return store.domains(after, atMost);
    }

    @Override
    public void discard(Instant endedBefore) throws IOException {
        fault();
        store.discard(endedBefore);
    }

    @Override
    public void close() {
        store.close();
    }
}
