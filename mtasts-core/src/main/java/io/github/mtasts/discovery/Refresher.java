package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.policy.PolicyDomain;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Renews policies before they expire (RFC 8461 §3.3, §10.2). All is driven by {@link #tick}, which compares times by the engine's clock: a clock that jumps, a machine
 * that slept and a test that moves the clock are one and the same to it. One thread at a time calls it.
 */
final class Refresher {
    private static final long MINUTE = 60_000;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = DiscoveryEngine.DAY;

    /** The most refreshes under way at a time: deliveries come first. */
    static final int MOST_AT_ONCE = 100;

    /** The most domains read from the store in one go. */
    static final int PAGE = 200;

    /** What is over stays in the store for a while: a clock that ran ahead must not empty it. */
    private static final Duration KEPT_AFTER_END = Duration.ofDays(30);

    private final DiscoveryEngine engine;
    private final int salt;
    private final AtomicInteger underWay = new AtomicInteger();
    private final Queue<PolicyDomain> foundInStore = new ConcurrentLinkedQueue<>();
    private final Every pass = new Every(HOUR);
    private final Every saving = new Every(5 * MINUTE);
    private final Every discarding = new Every(DAY);
    private long lastTick = Long.MIN_VALUE / 2;
    private volatile @Nullable PolicyDomain readUpTo;
    private volatile boolean reading;

    /** Something done at intervals by a clock that may jump. */
    private static final class Every {
        private final long interval;
        private long next = Long.MIN_VALUE;

        Every(long interval) {
            this.interval = interval;
        }

        void begin(long now) {
            next = now + interval;
        }

        boolean isDue(long now) {
            if (now < next && next - now <= interval) {
                return false;
            }
            next = now + interval;
            return true;
        }
    }

    /**
     * A refresher.
     *
     * @param salt spreads the refreshes of several processes that share a store
     */
    Refresher(DiscoveryEngine engine, int salt) {
        this.engine = engine;
        this.salt = salt;
    }

    /**
     * When a policy is to be renewed: after a day, or half its life if that is less; up to a tenth earlier, so that what was fetched together is not renewed
     * together. Never for a life of less than two hours: mail itself renews it.
     */
    static long refreshAt(CachedPolicy policy, int salt) {
        long fetchedAt = policy.fetchedAt().toEpochMilli();
        long life = policy.policy().maxAge().toMillis();
        if (life < 2 * HOUR) {
            return Long.MAX_VALUE;
        }
        long after = Math.min(DAY, life / 2);
        long spread = Math.floorMod(31 * (31 * policy.domain().hashCode() + Long.hashCode(fetchedAt)) + salt, 1000);
        return fetchedAt + after - after * spread / 10_000;
    }

    long refreshAt(CachedPolicy policy) {
        return refreshAt(policy, salt);
    }

    /** When a failed refresh is tried again: the sooner, the nearer the end. */
    static long retryAt(@Nullable CachedPolicy policy, Instant now) {
        long left =
                policy == null ? 0 : Duration.between(now, policy.expiresAt()).toMillis();
        return now.toEpochMilli() + Math.max(BackOff.SPAN.toMillis(), Math.min(DAY, left / 20));
    }

    /** How near the end is. */
    static DiscoveryEvent.Urgency urgency(CachedPolicy policy, Instant now) {
        long left = Duration.between(now, policy.expiresAt()).toMillis();
        long life = policy.policy().maxAge().toMillis();
        if (left > life / 2) {
            return DiscoveryEvent.Urgency.NOTICE;
        }
        return left > life / 10 && left > DAY ? DiscoveryEvent.Urgency.WARNING : DiscoveryEvent.Urgency.URGENT;
    }

    /** Whether there was mail for the domain lately enough: in the last {@code max(7 days, max_age)}. */
    static boolean isUsed(CachedPolicy policy, int usedOn, long now) {
        long days = Math.max(7, (policy.policy().maxAge().toMillis() + DAY - 1) / DAY);
        return usedOn >= now / DAY - days;
    }

    /** Begins what is due. Does not wait for it. */
    void tick() {
        long now = engine.time.millis();
        Instant instant = Instant.ofEpochMilli(now);
        engine.rules.review(instant);
        boolean save = engine.store.isQuiet() && saving.isDue(now);
        List<Known> due = new ArrayList<>();
        engine.memory.forEach((domain, known) -> {
            CachedPolicy policy = known.policy();
            if (policy == null) {
                return;
            }
            boolean used = isUsed(policy, known.usedOn(), now);
            if (used && now >= known.refreshAt) {
                due.add(known);
            } else if (!used && !policy.appliesAt(instant)) {
                engine.memory.remove(domain);
            }
            if (save && !known.held()) {
                engine.save(policy, known.shiftedBy(), known.usedOn(), instant);
            }
        });
        due.sort(Comparator.comparing(known -> expiry(known)));
        for (Known known : due) {
            if (underWay.get() >= MOST_AT_ONCE) {
                break;
            }
            refresh(known.answer.domain());
        }
        readStore(now);
        discard(now);
    }

    /** Removes what is long over; not right after a jump of the clock, which may be undone. */
    private void discard(long now) {
        boolean jumped = now < lastTick || now - lastTick > HOUR;
        lastTick = now;
        if (jumped) {
            discarding.begin(now);
        } else if (discarding.isDue(now)) {
            engine.store.discard(Instant.ofEpochMilli(now).minus(KEPT_AFTER_END));
        }
    }

    private static Instant expiry(Known known) {
        CachedPolicy policy = known.policy();
        return policy == null ? Instant.MAX : policy.expiresAt();
    }

    private void refresh(PolicyDomain domain) {
        underWay.incrementAndGet();
        engine.again(domain, Flight.Kind.REFRESH).whenComplete((end, bug) -> underWay.decrementAndGet());
    }

    /** Goes on reading the store, a page at a time, for policies that nobody asked for since this process began. */
    private void readStore(long now) {
        while (underWay.get() < MOST_AT_ONCE) {
            PolicyDomain domain = foundInStore.poll();
            if (domain == null) {
                break;
            }
            refresh(domain);
        }
        if (reading || !foundInStore.isEmpty()) {
            return;
        }
        if (readUpTo == null && !pass.isDue(now)) {
            return;
        }
        reading = true;
        engine.store.page(readUpTo, PAGE).thenAccept(page -> {
            page.forEach(holding -> found(holding, now));
            readUpTo = page.size() < PAGE ? null : page.get(page.size() - 1).domain();
            reading = false;
        });
    }

    private void found(Holding holding, long now) {
        Instant instant = Instant.ofEpochMilli(now);
        OperatorRule rule = engine.rules.see(holding.domain(), holding.rule().orElse(null), instant);
        CachedPolicy policy = holding.policy().orElse(null);
        boolean applies = policy != null && policy.appliesAt(instant);
        Known known = engine.memory.get(holding.domain());
        if (known != null) {
            if ((applies && known.policy() == null) || !Objects.equals(rule, known.rule())) {
                engine.lateLoad(holding); // the store was not heard, or another process has decided
            }
            return;
        }
        if (policy == null || !applies) {
            return;
        }
        int usedOn =
                (int) holding.lastUsed().map(day -> day.toEpochDay()).orElse(0L).longValue();
        if (isUsed(policy, usedOn, now)
                && (now >= refreshAt(policy) || policy.fetchedAt().isAfter(instant))) {
            foundInStore.add(holding.domain());
        }
    }
}
