package io.github.mtasts.cache;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyMode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Policies in the memory of this process. */
final class MemoryStore implements PolicyStore {
    private static final Duration BETWEEN_CLEARINGS = Duration.ofMinutes(1);

    private final int mostDomains;
    private final ConcurrentSkipListMap<PolicyDomain, Holding> held = new ConcurrentSkipListMap<>();
    private final AtomicReference<Instant> nextClearing = new AtomicReference<>(Instant.MIN);

    MemoryStore(int mostDomains) {
        if (mostDomains < 1) {
            throw new IllegalArgumentException("a store holds at least one domain: " + mostDomains);
        }
        this.mostDomains = mostDomains;
    }

    @Override
    public Holding load(PolicyDomain domain) {
        Holding holding = held.get(domain);
        return holding == null ? Holding.nothing(domain) : holding;
    }

    @Override
    public boolean save(CachedPolicy policy, LocalDate lastUsed, Instant now) throws IOException {
        makeRoomFor(policy.domain(), now);
        return change(policy.domain(), old -> old.with(policy, lastUsed, now))
                .policy()
                .filter(policy::equals)
                .isPresent();
    }

    @Override
    public void used(PolicyDomain domain, LocalDate day) {
        held.computeIfPresent(domain, (key, old) -> old.used(day));
    }

    @Override
    public void purge(PolicyDomain domain, Instant at) {
        change(domain, old -> old.purged(at));
    }

    @Override
    public void setRule(OperatorRule rule) throws IOException {
        makeRoomFor(rule.domain(), rule.since());
        change(rule.domain(), old -> old.with(rule));
    }

    @Override
    public void removeRule(PolicyDomain domain) {
        held.computeIfPresent(domain, (key, old) -> old.with(null).orNull());
    }

    @Override
    public List<PolicyDomain> domains(@Nullable PolicyDomain after, int atMost) {
        NavigableMap<PolicyDomain, Holding> rest = after == null ? held : held.tailMap(after, false);
        List<PolicyDomain> page = new ArrayList<>();
        for (PolicyDomain domain : rest.keySet()) {
            if (page.size() == atMost) {
                break;
            }
            page.add(domain);
        }
        return page;
    }

    @Override
    public void discard(Instant endedBefore) {
        for (PolicyDomain domain : held.keySet()) {
            held.computeIfPresent(domain, (key, old) -> old.without(endedBefore).orNull());
        }
    }

    @Override
    public boolean inMemoryOnly() {
        return true;
    }

    /** Nothing to close: another engine may go on with what is held. */
    @Override
    public void close() {}

    private Holding change(PolicyDomain domain, UnaryOperator<Holding> change) {
        return held.compute(domain, (key, old) -> change.apply(old == null ? Holding.nothing(domain) : old));
    }

    private void makeRoomFor(PolicyDomain domain, Instant now) throws IOException {
        if (held.size() < mostDomains || held.containsKey(domain)) {
            return;
        }
        Instant next = nextClearing.get();
        if (!now.isBefore(next) && nextClearing.compareAndSet(next, now.plus(BETWEEN_CLEARINGS))) {
            discard(now);
            for (PolicyDomain other : held.keySet()) {
                held.computeIfPresent(other, (key, old) -> isNone(old) ? null : old);
            }
        }
        if (held.size() >= mostDomains) {
            throw new IOException("the memory store is full: it holds " + mostDomains + " domains");
        }
    }

    private static boolean isNone(Holding holding) {
        return holding.rule().isEmpty()
                && holding.policy()
                        .filter(policy -> policy.policy().mode() != PolicyMode.NONE)
                        .isEmpty();
    }
}
