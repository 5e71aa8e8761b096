package io.github.mtasts.discovery;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyMode;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What this process remembers, in two caches: domains with a policy that is enforced or tested, and all others. So whatever strangers make us remember of domains
 * without a policy, it can never push one out. The caches bound the memory; what is fresh is decided elsewhere.
 */
final class Memory {
    private final Cache<PolicyDomain, Known> live;
    private final Cache<PolicyDomain, Known> other;

    /** Empty, with the most domains for each cache; {@code onEviction} must not block. */
    Memory(int mostLive, int mostOther, BiConsumer<PolicyDomain, Known> onEviction) {
        live = Caffeine.newBuilder()
                .maximumSize(mostLive)
                .executor(Runnable::run)
                .evictionListener((@Nullable PolicyDomain domain, @Nullable Known known, RemovalCause cause) -> {
                    if (domain != null && known != null) {
                        onEviction.accept(domain, known);
                    }
                })
                .build();
        other = Caffeine.newBuilder()
                .maximumSize(mostOther)
                .executor(Runnable::run)
                .build();
    }

    @Nullable
    Known get(PolicyDomain domain) {
        Known known = live.getIfPresent(domain);
        return known != null ? known : other.getIfPresent(domain);
    }

    void put(PolicyDomain domain, Known known) {
        // into the new place before out of the old one: a reader between the two finds something
        if (isLive(known)) {
            live.put(domain, known);
            other.invalidate(domain);
        } else {
            other.put(domain, known);
            live.invalidate(domain);
        }
    }

    void remove(PolicyDomain domain) {
        live.invalidate(domain);
        other.invalidate(domain);
    }

    /** Changes what is known of a domain, if anything is; the change must be quick, and must not move it to the other cache. */
    void change(PolicyDomain domain, UnaryOperator<Known> change) {
        live.asMap().computeIfPresent(domain, (key, known) -> change.apply(known));
        other.asMap().computeIfPresent(domain, (key, known) -> change.apply(known));
    }

    /** Visits all; without any order, and without counting as use. */
    void forEach(BiConsumer<PolicyDomain, Known> visitor) {
        for (Map.Entry<PolicyDomain, Known> entry : live.asMap().entrySet()) {
            visitor.accept(entry.getKey(), entry.getValue());
        }
        for (Map.Entry<PolicyDomain, Known> entry : other.asMap().entrySet()) {
            visitor.accept(entry.getKey(), entry.getValue());
        }
    }

    private static boolean isLive(Known known) {
        CachedPolicy policy = known.policy();
        return policy != null && !policy.isSpent() && policy.policy().mode() != PolicyMode.NONE;
    }
}
