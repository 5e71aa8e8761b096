package io.github.mtasts.discovery;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.PolicyFetcher;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyMode;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.policy.StsPolicyParser;
import io.github.mtasts.policy.StsRecordParser;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Finds which policy is in force for a domain: the ladder of RFC 8461 §3.3 and §5.1. An unexpired policy is only ever replaced by a complete, valid answer over
 * HTTPS; nothing DNS says removes it. Safe for any number of threads.
 */
public final class PolicyDiscovery implements AutoCloseable {
    /** RFC 8461 §3.3: after a failed fetch of an id, none for five minutes or more. */
    private static final Duration BACK_OFF = Duration.ofMinutes(5);

    private static final Duration LEAST_TTL = Duration.ofSeconds(60);
    private static final Duration MOST_TTL = Duration.ofHours(1);
    private static final Duration RECHECK_DEADLINE = Duration.ofSeconds(15);

    private final DnsClient dns;
    private final PolicyFetcher fetcher;
    private final InstantSource clock;
    private final Duration deadline;
    private final boolean strict;
    private final ConcurrentMap<PolicyDomain, Known> known = new ConcurrentHashMap<>();
    private final ConcurrentMap<PolicyDomain, CompletableFuture<DnsAnswer<String>>> asked = new ConcurrentHashMap<>();
    private final ConcurrentMap<PolicyDomain, CompletableFuture<PolicyInForce>> underWay = new ConcurrentHashMap<>();
    private volatile boolean closed;

    private PolicyDiscovery(Builder builder) {
        dns = builder.dns;
        fetcher = builder.fetcher;
        clock = builder.clock;
        deadline = builder.deadline;
        strict = builder.strict;
    }

    /** A builder over what asks DNS and what fetches policies. */
    public static Builder builder(DnsClient dns, PolicyFetcher fetcher) {
        return new Builder(dns, fetcher);
    }

    /** What is remembered of a domain; replaced as a whole. */
    private record Known(
            PolicyInForce answer,
            @Nullable CachedPolicy cached,
            Instant recordDue,
            @Nullable String failedId,
            Instant failedUntil) {}

    /** Which policy is in force. Waits within the deadline; without an answer by then it is {@link PolicyInForce.Undetermined}. */
    @CheckReturnValue
    public PolicyInForce policyFor(PolicyDomain domain) {
        try {
            return policyForAsync(domain).get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new PolicyInForce.Undetermined(domain, PolicyInForce.Undetermined.Reason.INTERRUPTED, null);
        } catch (TimeoutException e) {
            return new PolicyInForce.Undetermined(domain, PolicyInForce.Undetermined.Reason.DEADLINE, null);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** As {@link #policyFor}, without waiting. The future is the caller's own: cancelling it affects nobody else. */
    @CheckReturnValue
    public CompletableFuture<PolicyInForce> policyForAsync(PolicyDomain domain) {
        if (closed) {
            return CompletableFuture.completedFuture(
                    new PolicyInForce.Undetermined(domain, PolicyInForce.Undetermined.Reason.CLOSED, null));
        }
        Instant now = clock.instant();
        Known entry = known.get(domain);
        if (entry != null && now.isBefore(entry.recordDue()) && isLive(entry, now)) {
            return CompletableFuture.completedFuture(entry.answer());
        }
        return single(domain, false).copy();
    }

    private static boolean isLive(Known entry, Instant now) {
        return entry.cached() == null || !now.isAfter(entry.cached().expiresAt());
    }

    /** Asks for the domain's TXT record, if it is due, without waiting and without fetching anything: the next {@link #policyForAsync} uses the answer. */
    public void askAhead(PolicyDomain domain) {
        Known entry = known.get(domain);
        if (!closed && (entry == null || !clock.instant().isBefore(entry.recordDue()))) {
            record(domain);
        }
    }

    /** Looks the policy up again, past what is remembered: the TXT record, and the policy even under the same id. */
    @CheckReturnValue
    public CompletableFuture<Recheck> recheckAsync(PolicyDomain domain) {
        Known before = known.get(domain);
        CachedPolicy old = before == null ? null : before.cached();
        return single(domain, true)
                .thenApply(now -> {
                    Known after = known.get(domain);
                    CachedPolicy current = after == null ? null : after.cached();
                    if (current == null
                            ? old != null
                            : old == null || !current.policy().equals(old.policy())) {
                        return Recheck.CHANGED;
                    }
                    return now.failure().isPresent() ? Recheck.COULD_NOT_TELL : Recheck.UNCHANGED;
                })
                .completeOnTimeout(Recheck.COULD_NOT_TELL, RECHECK_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Ends what waits with {@link PolicyInForce.Undetermined.Reason#CLOSED}. What was handed in stays open. */
    @Override
    public void close() {
        closed = true;
        underWay.forEach((domain, future) -> future.complete(
                new PolicyInForce.Undetermined(domain, PolicyInForce.Undetermined.Reason.CLOSED, null)));
    }

    private CompletableFuture<DnsAnswer<String>> record(PolicyDomain domain) {
        CompletableFuture<DnsAnswer<String>> mine = new CompletableFuture<>();
        CompletableFuture<DnsAnswer<String>> first = asked.putIfAbsent(domain, mine);
        if (first != null) {
            return first;
        }
        dns.txt(domain.recordName()).whenComplete((answer, failure) -> {
            if (answer != null) {
                mine.complete(answer);
            } else {
                mine.completeExceptionally(failure);
            }
        });
        return mine;
    }

    private CompletableFuture<PolicyInForce> single(PolicyDomain domain, boolean again) {
        CompletableFuture<PolicyInForce> mine = new CompletableFuture<>();
        CompletableFuture<PolicyInForce> first = underWay.putIfAbsent(domain, mine);
        if (first != null) {
            return first;
        }
        CompletableFuture<DnsAnswer<String>> record = record(domain);
        record.thenCompose(answer -> {
                    asked.remove(domain, record);
                    return decide(domain, answer, again);
                })
                .whenComplete((answer, failure) -> {
                    underWay.remove(domain, mine);
                    if (answer != null) {
                        mine.complete(answer);
                    } else {
                        asked.remove(domain, record);
                        mine.completeExceptionally(failure);
                    }
                });
        return mine;
    }

    /** The ladder, from top to bottom. */
    private CompletableFuture<PolicyInForce> decide(PolicyDomain domain, DnsAnswer<String> answer, boolean again) {
        Instant now = clock.instant();
        Known entry = known.get(domain);
        CachedPolicy cached = entry == null || !isLive(entry, now) ? null : entry.cached();
        if (answer instanceof DnsAnswer.Unavailable<String> unavailable) {
            DiscoveryFailure failure = new DiscoveryFailure.Dns(unavailable.reason(), unavailable.detail());
            if (cached != null) {
                return keep(domain, entry, cached, failure, LEAST_TTL, now); // RFC 8461 §3.3: the cached policy applies
            }
            if (unavailable.reason() == DnsFailure.BOGUS) {
                return done(
                        new PolicyInForce.Undetermined(domain, PolicyInForce.Undetermined.Reason.DNS_BOGUS, failure));
            }
            return done(
                    strict
                            ? new PolicyInForce.Undetermined(
                                    domain, PolicyInForce.Undetermined.Reason.DNS_UNAVAILABLE, failure)
                            // RFC 8461 §3.3: without a policy the message goes as if there were no MTA-STS
                            : new PolicyInForce.NotInForce(
                                    domain, PolicyInForce.NotInForce.Reason.DNS_UNAVAILABLE, null, failure));
        }
        if (answer instanceof DnsAnswer.Absent<String> absent) {
            return cached != null
                    ? keep(domain, entry, cached, new DiscoveryFailure.RecordAbsent(), absent.ttl(), now)
                    : without(domain, PolicyInForce.NotInForce.Reason.NO_RECORD, null, absent.ttl(), now);
        }
        DnsAnswer.Found<String> found = (DnsAnswer.Found<String>) answer;
        RecordResult record = StsRecordParser.parse(found.records());
        if (record instanceof RecordResult.Found usable) {
            return follow(domain, usable.id(), found.ttl(), entry, cached, again, now);
        }
        if (record instanceof RecordResult.Broken broken) {
            DiscoveryFailure failure = new DiscoveryFailure.BadRecord(broken.reason(), broken.offending());
            return cached != null
                    ? keep(domain, entry, cached, failure, found.ttl(), now)
                    : without(domain, PolicyInForce.NotInForce.Reason.BAD_RECORD, failure, found.ttl(), now);
        }
        return cached != null
                ? keep(domain, entry, cached, new DiscoveryFailure.RecordAbsent(), found.ttl(), now)
                : without(domain, PolicyInForce.NotInForce.Reason.NO_RECORD, null, found.ttl(), now);
    }

    private CompletableFuture<PolicyInForce> follow(
            PolicyDomain domain,
            String id,
            Duration ttl,
            @Nullable Known entry,
            @Nullable CachedPolicy cached,
            boolean again,
            Instant now) {
        if (cached != null && cached.recordId().equals(id) && !again) {
            return keep(domain, entry, cached, null, ttl, now);
        }
        if (entry != null && id.equals(entry.failedId()) && now.isBefore(entry.failedUntil())) {
            DiscoveryFailure failure = entry.answer().failure().orElse(null);
            return cached != null
                    ? keep(domain, entry, cached, failure, ttl, now)
                    : failed(domain, failure, id, entry.failedUntil(), ttl, now);
        }
        return fetcher.fetch(domain)
                .thenApply(result -> fetched(domain, id, ttl, cached, result))
                .toCompletableFuture();
    }

    private PolicyInForce fetched(
            PolicyDomain domain, String id, Duration ttl, @Nullable CachedPolicy cached, FetchResult result) {
        Instant now = clock.instant();
        DiscoveryFailure failure;
        if (result instanceof FetchResult.Fetched fetched) {
            PolicyResult parsed = StsPolicyParser.parse(fetched.body());
            if (parsed instanceof PolicyResult.Valid valid) {
                CachedPolicy fresh = new CachedPolicy(
                        domain, valid.policy(), id, now, now.plus(valid.policy().maxAge()));
                PolicyInForce answer = answer(fresh, PolicyInForce.Source.FETCHED_NOW, null);
                Instant due = valid.policy().maxAge().isZero() ? now : now.plus(clamp(ttl));
                known.put(domain, new Known(answer(fresh, PolicyInForce.Source.CACHE, null), fresh, due, null, now));
                return answer;
            }
            failure = new DiscoveryFailure.BadPolicy(((PolicyResult.Invalid) parsed).errors());
        } else {
            FetchResult.Failed failed = (FetchResult.Failed) result;
            if (failed.reason() == FetchFailure.OVERLOAD && cached == null) {
                return new PolicyInForce.NotInForce(
                        domain,
                        PolicyInForce.NotInForce.Reason.FETCH_OVERLOAD,
                        null,
                        new DiscoveryFailure.Fetch(failed.reason(), failed.detail()));
            }
            failure = new DiscoveryFailure.Fetch(failed.reason(), failed.detail());
        }
        Instant until = now.plus(BACK_OFF);
        if (cached != null) {
            PolicyInForce answer = answer(cached, PolicyInForce.Source.CACHE, failure);
            known.put(domain, new Known(answer, cached, now.plus(clamp(ttl)), id, until));
            return answer;
        }
        return failed(domain, failure, id, until, ttl, now).join();
    }

    private CompletableFuture<PolicyInForce> failed(
            PolicyDomain domain,
            @Nullable DiscoveryFailure failure,
            String id,
            Instant until,
            Duration ttl,
            Instant now) {
        // RFC 8461 §3.3: no policy to be had, none cached: as if the domain had no MTA-STS
        PolicyInForce answer =
                new PolicyInForce.NotInForce(domain, PolicyInForce.NotInForce.Reason.FETCH_FAILED, null, failure);
        known.put(domain, new Known(answer, null, now.plus(clamp(ttl)), id, until));
        return done(answer);
    }

    private CompletableFuture<PolicyInForce> keep(
            PolicyDomain domain,
            @Nullable Known entry,
            CachedPolicy cached,
            @Nullable DiscoveryFailure failure,
            Duration ttl,
            Instant now) {
        PolicyInForce answer = answer(cached, PolicyInForce.Source.CACHE, failure);
        known.put(
                domain,
                new Known(
                        answer,
                        cached,
                        now.plus(clamp(ttl)),
                        entry == null ? null : entry.failedId(),
                        entry == null ? now : entry.failedUntil()));
        return done(answer);
    }

    private CompletableFuture<PolicyInForce> without(
            PolicyDomain domain,
            PolicyInForce.NotInForce.Reason reason,
            @Nullable DiscoveryFailure failure,
            Duration ttl,
            Instant now) {
        PolicyInForce answer = new PolicyInForce.NotInForce(domain, reason, null, failure);
        known.put(domain, new Known(answer, null, now.plus(clamp(ttl)), null, now));
        return done(answer);
    }

    private static PolicyInForce answer(
            CachedPolicy cached, PolicyInForce.Source source, @Nullable DiscoveryFailure failure) {
        PolicyMode mode = cached.policy().mode();
        return switch (mode) {
            case ENFORCE -> new PolicyInForce.Enforce(cached, source, failure);
            case TESTING -> new PolicyInForce.Testing(cached, source, failure);
            case NONE ->
                new PolicyInForce.NotInForce(
                        cached.domain(), PolicyInForce.NotInForce.Reason.MODE_NONE, cached, failure);
        };
    }

    private static Duration clamp(Duration ttl) {
        return ttl.compareTo(LEAST_TTL) < 0 ? LEAST_TTL : ttl.compareTo(MOST_TTL) > 0 ? MOST_TTL : ttl;
    }

    private static CompletableFuture<PolicyInForce> done(PolicyInForce answer) {
        return CompletableFuture.completedFuture(answer);
    }

    /** Makes a {@link PolicyDiscovery}. Not safe for several threads. */
    public static final class Builder {
        private final DnsClient dns;
        private final PolicyFetcher fetcher;
        private InstantSource clock = InstantSource.system();
        private Duration deadline = Duration.ofSeconds(75);
        private boolean strict;

        private Builder(DnsClient dns, PolicyFetcher fetcher) {
            this.dns = dns;
            this.fetcher = fetcher;
        }

        /** The clock; the system's by default. */
        @CanIgnoreReturnValue
        public Builder clock(InstantSource clock) {
            this.clock = clock;
            return this;
        }

        /** How long {@link PolicyDiscovery#policyFor} waits. */
        @CanIgnoreReturnValue
        public Builder deadline(Duration deadline) {
            this.deadline = deadline;
            return this;
        }

        /** Whether a message waits when DNS cannot say if there is a policy; false by default (RFC 8461 §3.3). */
        @CanIgnoreReturnValue
        public Builder strictDiscovery(boolean strict) {
            this.strict = strict;
            return this;
        }

        /** The discovery. */
        public PolicyDiscovery build() {
            return new PolicyDiscovery(this);
        }
    }
}
