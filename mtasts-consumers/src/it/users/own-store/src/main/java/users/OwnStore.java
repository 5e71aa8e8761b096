package users;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.policy.PolicyDomain;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** A policy store of a user's own: a map under one lock. All rules are in Holding. */
public final class OwnStore implements PolicyStore {
    private final TreeMap<PolicyDomain, Holding> held = new TreeMap<>();

    private synchronized Holding change(PolicyDomain domain, UnaryOperator<Holding> change) {
        Holding changed = change.apply(load(domain));
        if (changed.isEmpty()) {
            held.remove(domain);
        } else {
            held.put(domain, changed);
        }
        return changed;
    }

    @Override
    public synchronized Holding load(PolicyDomain domain) {
        return held.getOrDefault(domain, Holding.nothing(domain));
    }

    @Override
    public boolean save(CachedPolicy policy, LocalDate lastUsed, Instant now) {
        return change(policy.domain(), old -> old.with(policy, lastUsed, now))
                .policy()
                .filter(policy::equals)
                .isPresent();
    }

    @Override
    public void used(PolicyDomain domain, LocalDate day) {
        change(domain, old -> old.used(day));
    }

    @Override
    public void purge(PolicyDomain domain, Instant at) {
        change(domain, old -> old.purged(at));
    }

    @Override
    public void setRule(OperatorRule rule) {
        change(rule.domain(), old -> old.with(rule));
    }

    @Override
    public void removeRule(PolicyDomain domain) {
        change(domain, old -> old.with(null));
    }

    @Override
    public synchronized List<PolicyDomain> domains(PolicyDomain after, int atMost) {
        return (after == null ? held : held.tailMap(after, false))
                .keySet().stream().limit(atMost).toList();
    }

    @Override
    public synchronized void discard(Instant endedBefore) {
        for (PolicyDomain domain : List.copyOf(held.keySet())) {
            change(domain, old -> old.without(endedBefore));
        }
    }

    @Override
    public void close() {}
}
