package io.github.mtasts.cli;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Another store, of which nothing is ever changed: looking at what a sender would do must not alter what it does. */
final class ReadOnlyStore implements PolicyStore {
    private final PolicyStore store;

    /** @param store stays open */
    ReadOnlyStore(PolicyStore store) {
        this.store = store;
    }

    @Override
    public Holding load(PolicyDomain domain) throws IOException {
        return store.load(domain);
    }

    @Override
    public List<PolicyDomain> domains(@Nullable PolicyDomain after, int atMost) throws IOException {
        return store.domains(after, atMost);
    }

    @Override
    public boolean save(CachedPolicy policy, LocalDate lastUsed, Instant now) {
        return true;
    }

    @Override
    public void used(PolicyDomain domain, LocalDate day) {
        // nothing is changed
    }

    @Override
    public void purge(PolicyDomain domain, Instant at) {
        // nothing is changed
    }

    @Override
    public void setRule(OperatorRule rule) {
        // nothing is changed
    }

    @Override
    public void removeRule(PolicyDomain domain) {
        // nothing is changed
    }

    @Override
    public void discard(Instant endedBefore) {
        // nothing is changed
    }

    @Override
    public void close() {
        // its owner's
    }
}
