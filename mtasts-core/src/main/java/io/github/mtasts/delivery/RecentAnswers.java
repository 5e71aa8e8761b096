package io.github.mtasts.delivery;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.lookup.Security;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The MX records and addresses of late, so that a run of messages to one domain does not ask for them with each: within their TTL and for a minute at the most, only what was
 * found, and no longer than deliveries succeed.
 */
final class RecentAnswers {
    private static final Duration LONGEST = Duration.ofMinutes(1);
    private static final int MOST_NAMES = 10_000;

    private final DnsClient dns;
    private final Cache<String, DnsAnswer.Found<MxRecord>> mx;
    private final Cache<String, DnsAnswer.Found<InetAddress>> addresses;

    RecentAnswers(DnsClient dns, Ticker ticker) {
        this.dns = dns;
        this.mx = cache(ticker);
        this.addresses = cache(ticker);
    }

    private static <T> Cache<String, DnsAnswer.Found<T>> cache(Ticker ticker) {
        return Caffeine.newBuilder()
                .ticker(ticker)
                .executor(Runnable::run)
                .maximumSize(MOST_NAMES)
                .expireAfter(Expiry.<String, DnsAnswer.Found<T>>writing((name, found) -> lifetime(found)))
                .build();
    }

    private static Duration lifetime(DnsAnswer.Found<?> found) {
        return found.ttl().compareTo(LONGEST) < 0 ? found.ttl() : LONGEST;
    }

    CompletionStage<DnsAnswer<MxRecord>> mx(String domain) {
        return answer(mx, domain, dns::mx);
    }

    CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
        return answer(addresses, host, dns::addresses);
    }

    private static <T> CompletionStage<DnsAnswer<T>> answer(
            Cache<String, DnsAnswer.Found<T>> known,
            String name,
            Function<String, CompletionStage<DnsAnswer<T>>> question) {
        DnsAnswer.@Nullable Found<T> recent = known.getIfPresent(name);
        if (recent != null) {
            return CompletableFuture.completedFuture(recent);
        }
        return question.apply(name).thenApply(answer -> {
            if (answer instanceof DnsAnswer.Found<T> found
                    && found.security() != Security.BOGUS
                    && !lifetime(found).isZero()) {
                known.put(name, found);
            }
            return answer;
        });
    }

    /** Asks anew the next time: what was answered led nowhere. */
    void forget(String domain, Collection<String> hosts) {
        mx.invalidate(domain);
        addresses.invalidateAll(hosts);
    }
}
