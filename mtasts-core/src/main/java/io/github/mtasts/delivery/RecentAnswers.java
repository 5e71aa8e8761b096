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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The MX records and addresses of late, so that a run of messages to one domain does not ask for them with each: within their TTL and for a minute at the most, only what was
 * found, and no longer than it leads to hosts that take mail.
 */
final class RecentAnswers {
    private static final Duration LONGEST = Duration.ofMinutes(1);
    private static final int MOST_NAMES = 10_000;

    /** More than a delivery uses: whoever has mail sent to him must not fill this sender's memory. */
    private static final int MOST_RECORDS = 100;

    private final DnsClient dns;
    private final Cache<String, DnsAnswer.Found<MxRecord>> mx;
    private final Cache<String, DnsAnswer.Found<InetAddress>> addresses;
    private final AtomicLong forgotten = new AtomicLong();

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

    private <T> CompletionStage<DnsAnswer<T>> answer(
            Cache<String, DnsAnswer.Found<T>> known,
            String name,
            Function<String, CompletionStage<DnsAnswer<T>>> question) {
        DnsAnswer.@Nullable Found<T> recent = known.getIfPresent(name);
        if (recent != null) {
            return CompletableFuture.completedFuture(recent);
        }
        long before = forgotten.get();
        return question.apply(name).thenApply(answer -> {
            if (answer instanceof DnsAnswer.Found<T> found && mayBeKept(found)) {
                known.put(name, found);
                if (forgotten.get() != before) {
                    known.invalidate(name); // asked before what it says came to nothing
                }
            }
            return answer;
        });
    }

    private static boolean mayBeKept(DnsAnswer.Found<?> found) {
        return found.security() != Security.BOGUS
                && found.records().size() <= MOST_RECORDS
                && !lifetime(found).isZero();
    }

    /** What was answered of a domain led nowhere: all of it is asked anew the next time. */
    void forget(String domain) {
        forgotten.incrementAndGet();
        DnsAnswer.Found<MxRecord> known = mx.asMap().remove(domain);
        if (known != null) {
            known.records().forEach(record -> addresses.invalidate(record.exchange()));
        }
        addresses.invalidate(domain);
    }

    /** A host did not take the mail: its addresses are asked anew the next time. */
    void forgetHost(String host) {
        forgotten.incrementAndGet();
        addresses.invalidate(host);
    }
}
