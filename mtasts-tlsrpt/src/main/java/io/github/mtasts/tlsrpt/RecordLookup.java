package io.github.mtasts.tlsrpt;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tlsrpt.report.TlsRptRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Whether domains want reports (RFC 8460 §3): asked without waiting, remembered for the time that the answer is good for. */
final class RecordLookup {
    private static final int MOST_REMEMBERED = 100_000;
    private static final int MOST_ASKED_AT_ONCE = 200;
    private static final Duration SHORTEST = Duration.ofMinutes(1);
    private static final Duration LONGEST = Duration.ofHours(1);

    private final DnsClient dns;
    private final InstantSource clock;
    private final Cache<PolicyDomain, Known> remembered =
            Caffeine.newBuilder().maximumSize(MOST_REMEMBERED).build();
    private final Set<PolicyDomain> asked = ConcurrentHashMap.newKeySet();

    RecordLookup(DnsClient dns, InstantSource clock) {
        this.dns = dns;
        this.clock = clock;
    }

    /** What is known of a domain's wish. */
    enum Wish {
        REPORTS,
        NONE,
        /** Nothing yet, or no longer. */
        UNKNOWN
    }

    private record Known(Wish wish, Instant until) {}

    /** What is known now. Where nothing is, it is asked for, and there will be an answer later. */
    Wish wish(PolicyDomain domain) {
        Known known = remembered.getIfPresent(domain);
        if (known != null && clock.instant().isBefore(known.until)) {
            return known.wish;
        }
        if (asked.size() < MOST_ASKED_AT_ONCE && asked.add(domain)) {
            ask(domain).whenComplete((answer, broken) -> asked.remove(domain));
        }
        return Wish.UNKNOWN;
    }

    /**
     * Asks DNS, past what is remembered.
     *
     * @return completes with the record; empty where DNS gave no answer, from which nothing follows
     */
    CompletionStage<Optional<TlsRptRecord>> ask(PolicyDomain domain) {
        return dns.txt("_smtp._tls." + domain.name()).thenApply(answer -> {
            if (answer instanceof DnsAnswer.Found<String> found) {
                TlsRptRecord record = TlsRptRecord.parse(found.records());
                remember(domain, record instanceof TlsRptRecord.Found ? Wish.REPORTS : Wish.NONE, found.ttl());
                return Optional.of(record);
            }
            if (answer instanceof DnsAnswer.Absent<String> absent) {
                remember(domain, Wish.NONE, absent.ttl());
                return Optional.of(new TlsRptRecord.NotOurs());
            }
            return Optional.empty();
        });
    }

    private void remember(PolicyDomain domain, Wish wish, Duration ttl) {
        Duration kept = ttl.compareTo(SHORTEST) < 0 ? SHORTEST : ttl.compareTo(LONGEST) > 0 ? LONGEST : ttl;
        remembered.put(domain, new Known(wish, clock.instant().plus(kept)));
    }
}
