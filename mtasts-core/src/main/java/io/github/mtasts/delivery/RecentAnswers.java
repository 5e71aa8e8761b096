package io.github.mtasts.delivery;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.lookup.Security;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

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
    private final InstantSource clock;
    private final Cache<String, Kept<MxRecord>> mx = cache();
    private final Cache<String, Kept<InetAddress>> addresses = cache();
    private final AtomicLong forgotten = new AtomicLong();

    /** An answer, and when it was asked for. */
    private record Kept<T>(DnsAnswer.Found<T> found, Instant since) {
        boolean holdsAt(Instant now) {
            return !now.isBefore(since) && now.isBefore(since.plus(lifetime(found))); // a clock may be set back
        }
    }

    RecentAnswers(DnsClient dns, InstantSource clock) {
        this.dns = dns;
        this.clock = clock;
    }

    private static <T> Cache<String, Kept<T>> cache() {
        return Caffeine.newBuilder()
                .executor(Runnable::run)
                .maximumSize(MOST_NAMES)
                .expireAfterWrite(LONGEST) // whatever the clock says
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
            Cache<String, Kept<T>> known, String name, Function<String, CompletionStage<DnsAnswer<T>>> question) {
        Instant now = clock.instant();
        Kept<T> recent = known.getIfPresent(name);
        if (recent != null && recent.holdsAt(now)) {
            return CompletableFuture.completedFuture(recent.found());
        }
        long before = forgotten.get();
        return question.apply(name).thenApply(answer -> {
            if (answer instanceof DnsAnswer.Found<T> found && mayBeKept(found)) {
                known.put(name, new Kept<>(found, now));
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
        Kept<MxRecord> known = mx.asMap().remove(domain);
        if (known != null) {
            known.found().records().forEach(record -> addresses.invalidate(record.exchange()));
        }
        addresses.invalidate(domain);
    }

    /** A host did not take the mail: its addresses are asked anew the next time. */
    void forgetHost(String host) {
        forgotten.incrementAndGet();
        addresses.invalidate(host);
    }
}
