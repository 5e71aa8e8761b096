package io.github.mtasts.bench;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.policy.PolicyDomain;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Stands for a store that keeps all on another machine: it takes every policy, costs no memory here, and was never asked before. */
final class StoreElsewhere implements PolicyStore {
    @Override
    public Holding load(PolicyDomain domain) {
        return Holding.nothing(domain);
    }

    @Override
    public boolean save(CachedPolicy policy, LocalDate lastUsed, Instant now) {
        return true;
    }

    @Override
    public void used(PolicyDomain domain, LocalDate day) {}

    @Override
    public void purge(PolicyDomain domain, Instant at) {}

    @Override
    public void setRule(OperatorRule rule) {}

    @Override
    public void removeRule(PolicyDomain domain) {}

    @Override
    public List<PolicyDomain> domains(@Nullable PolicyDomain after, int atMost) {
        return List.of();
    }

    @Override
    public void discard(Instant endedBefore) {}

    @Override
    public boolean inMemoryOnly() {
        return true; // it answers at once, so the engine may call it on the caller's thread
    }

    @Override
    public void close() {}
}
