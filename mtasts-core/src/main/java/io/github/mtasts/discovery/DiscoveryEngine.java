package io.github.mtasts.discovery;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Interner;
import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.discovery.DiscoveryEvent.StoreCall;
import io.github.mtasts.discovery.Flight.End;
import io.github.mtasts.discovery.Flight.Kind;
import io.github.mtasts.discovery.Ladder.Step;
import io.github.mtasts.discovery.StoreAccess.Loaded;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.FetchTrace;
import io.github.mtasts.lookup.PolicyFetcher;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyMode;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the flights: the asynchronous part around the {@link Ladder}. Never blocks. */
final class DiscoveryEngine {
    private static final Logger LOG = LoggerFactory.getLogger(PolicyDiscovery.class);
    static final long DAY = 86_400_000;

    /** A DNS client and a fetcher keep deadlines of their own; should one forget, it is taken as failed after this. */
    private static final Duration DNS_LIMIT = Duration.ofMinutes(1);

    private static final Duration FETCH_LIMIT = Duration.ofMinutes(2);

    /** So long is the store waited for when a policy is in memory already. */
    private static final Duration STORE_LIMIT_WHEN_CACHED = Duration.ofMillis(250);

    /** How often a rule is read again, since another process may have changed it. */
    private static final Duration RULE_HOLDS = Duration.ofHours(1);

    /** The ids of so many providers are held once, however many domains have them. */
    private static final int MOST_SHARED_IDS = 1000;

    final DiscoveryCounters counters = new DiscoveryCounters();
    final Reporting reporting;
    final Memory memory;
    final EngineTime time;
    final StoreAccess store;
    final ScheduledThreadPoolExecutor timer;
    final OperatorRules rules;
    final Refresher refresher;

    private final DnsClient dns;
    private final PolicyFetcher fetcher;
    private final boolean strict;
    private final boolean asynchronous;
    private final ConcurrentMap<PolicyDomain, Flight> flights = new ConcurrentHashMap<>();

    // domains whose mail a provider takes in often have his policy under his id: each is then held once
    private final Interner<StsPolicy> texts = Interner.newWeakInterner();
    private final Cache<String, String> ids = Caffeine.newBuilder()
            .maximumSize(MOST_SHARED_IDS)
            .executor(Runnable::run)
            .build();

    private volatile LocalDate lastDay = LocalDate.EPOCH;
    private volatile boolean closed;

    /** A record answer, and the first millisecond at which it holds no more. */
    private record Asked(RecordAnswer answer, long until) {}

    DiscoveryEngine(PolicyDiscovery.Builder builder) {
        dns = builder.dns;
        fetcher = builder.fetcher;
        strict = builder.strictDiscovery;
        asynchronous = builder.asynchronous;
        reporting = new Reporting(builder.listener, counters);
        time = new EngineTime(builder.clock, this::clockSetBack);
        memory = new Memory(builder.mostPolicies, builder.mostOthers, this::evicted);
        timer = new ScheduledThreadPoolExecutor(1, new DiscoveryThreads("discovery"));
        timer.setRemoveOnCancelPolicy(true);
        store = new StoreAccess(builder.store, timer, this::storeFailed);
        refresher = new Refresher(this, builder.salt);
        rules = new OperatorRules(event -> reporting.tell(event, time.millis()));
    }

    /** What is known, if it may be told without asking anybody. Takes no lock and does no I/O. */
    @Nullable
    PolicyInForce fromMemory(PolicyDomain domain) {
        if (closed) {
            return null;
        }
        long now = time.millis();
        Known known = memory.get(domain);
        if (known == null || now >= known.dueAt) {
            return null;
        }
        known.usedOn((int) (now / DAY));
        return known.answer;
    }

    /** The policy for a delivery. */
    CompletableFuture<PolicyInForce> lookUp(PolicyDomain domain) {
        Flight mine = new Flight(domain, Kind.LOOKUP);
        Flight current = flights.putIfAbsent(domain, mine);
        if (current == null) {
            begin(mine);
            return mine.answer;
        }
        if (current.kind != Kind.AHEAD) {
            return current.answer;
        }
        return current.end.thenCompose(
                end -> end.fetchCalledFor() ? lookUp(domain) : CompletableFuture.completedFuture(end.answer()));
    }

    /** Asks for the record, if that is due. */
    void askAhead(PolicyDomain domain) {
        Flight mine = new Flight(domain, Kind.AHEAD);
        if (flights.putIfAbsent(domain, mine) == null) {
            begin(mine);
        }
    }

    /** Has the policy fetched again. */
    CompletableFuture<End> again(PolicyDomain domain, Kind kind) {
        Flight mine = new Flight(domain, kind);
        Flight current = flights.putIfAbsent(domain, mine);
        if (current == null) {
            begin(mine);
            return mine.end;
        }
        return current.kind.fetchesAgain() ? current.end : current.end.thenCompose(end -> again(domain, kind));
    }

    private void begin(Flight flight) {
        try {
            takeOff(flight);
        } catch (RuntimeException | Error e) {
            fail(flight, e); // a clock is anybody's code
        }
    }

    private void takeOff(Flight flight) {
        if (closed) {
            finish(flight, closedEnd(flight.domain));
            return;
        }
        long now = time.millis();
        Known known = memory.get(flight.domain);
        boolean again = flight.kind.fetchesAgain();
        if (known != null && now < known.dueAt && !again) {
            // another flight ended between the caller's look into memory and this one
            finish(flight, new End(known.answer, false, false));
            return;
        }
        CachedPolicy policy = known == null ? null : known.policy();
        boolean cached = policy != null && policy.appliesAt(Instant.ofEpochMilli(now));
        CompletableFuture<Loaded> loaded =
                store.load(flight.domain, cached ? STORE_LIMIT_WHEN_CACHED : StoreAccess.PATIENCE, this::lateLoad);
        RecordAnswer.Id pending = known == null || again ? null : known.pending(now);
        CompletableFuture<Asked> asked = known != null && pending != null
                ? CompletableFuture.completedFuture(new Asked(pending, known.pendingUntil()))
                : ask(flight.domain);
        loaded.thenCombine(asked, (held, answer) -> {
                    decide(flight, held, answer);
                    return true;
                })
                .whenComplete((done, bug) -> fail(flight, bug));
    }

    private CompletableFuture<Asked> ask(PolicyDomain domain) {
        return guarded(
                        () -> dns.txt(domain.recordName()),
                        DNS_LIMIT,
                        detail -> new DnsAnswer.Unavailable<String>(DnsFailure.NETWORK, detail, Security.UNKNOWN))
                .thenApply(answer -> {
                    RecordAnswer record = RecordAnswer.of(answer);
                    count(record);
                    return new Asked(record, time.millis() + record.holds().toMillis());
                });
    }

    /** DNS and the store have answered. */
    private void decide(Flight flight, Loaded loaded, Asked asked) {
        Instant now = Instant.ofEpochMilli(time.millis());
        Known.Draft draft = merge(flight, loaded, now);
        draft.setBackSeen = flight.setBack.get(); // after memory was read: see clockSetBack
        if (flight.kind != Kind.REFRESH) {
            draft.usedOn = (int) (now.toEpochMilli() / DAY);
        }
        if (draft.rule != null && flight.kind != Kind.REFRESH) {
            remember(flight.domain, draft, now);
            finish(flight, new End(draft.answer, false, false));
            return;
        }
        CachedPolicy cached = draft.unexpired(now);
        Step next = Ladder.next(cached, asked.answer(), draft.backOff, strict, now);
        // another process that shares the store may have renewed it meanwhile
        boolean renewed = flight.kind == Kind.REFRESH && draft.fromStore && draft.refreshAt > now.toEpochMilli();
        Step step = flight.kind.fetchesAgain() && !renewed
                ? Ladder.again(draft.renewable(), asked.answer(), draft.backOff, strict, now)
                : next;
        if (!(step instanceof Step.Fetch fetch)) {
            conclude(flight, draft, step, asked, now);
        } else if (flight.kind == Kind.AHEAD) {
            draft.answer = cached == null ? pending(flight.domain) : answer(cached, PolicyInForce.Source.CACHE, null);
            draft.pending = asked.answer() instanceof RecordAnswer.Id id ? id : null;
            draft.pendingUntil = asked.until();
            draft.dueAt = 0;
            remember(flight.domain, draft, now);
            finish(flight, new End(draft.answer, false, true));
        } else {
            OperatorRule rule = draft.rule;
            if (rule != null) {
                flight.answer.complete(OperatorRules.answer(rule));
            } else if (!(next instanceof Step.Fetch)) {
                // a recheck or refresh goes on; who only wants to deliver need not wait for it
                flight.answer.complete(told(flight.domain, next, draft.source()));
            } else if (asynchronous) {
                // RFC 8461 §3.3: the fetch may be made without holding up the message
                flight.answer.complete(cached == null ? pending(flight.domain) : answer(cached, draft.source(), null));
            }
            fetch(flight, draft, fetch.id(), asked);
        }
    }

    private static PolicyInForce pending(PolicyDomain domain) {
        return new PolicyInForce.NotInForce(domain, PolicyInForce.NotInForce.Reason.PENDING, null, null);
    }

    /** The later of what memory and the store have, and the rule that binds. */
    private Known.Draft merge(Flight flight, Loaded loaded, Instant now) {
        PolicyDomain domain = flight.domain;
        Known known = memory.get(domain);
        Known.Draft draft = known == null ? new Known.Draft(pending(domain)) : known.change();
        draft.pending = null;
        draft.storeHeard = loaded.complete();
        if (loaded.complete()) {
            Holding holding = loaded.holding();
            holding.purge().ifPresent(purge -> {
                if (draft.policy != null && !draft.policy.fetchedAt().isAfter(purge.at())) {
                    draft.policy = null;
                    reporting.tell(new DiscoveryEvent.PolicyPurged(domain), now.toEpochMilli());
                }
            });
            holding.policy().ifPresentOrElse(stored -> take(draft, stored, holding, now), () -> draft.held = false);
            draft.rule = holding.rule().orElse(null);
        }
        if (flight.purged) {
            draft.policy = null;
        }
        draft.rule = rule(flight, draft, now);
        return draft;
    }

    private @Nullable OperatorRule rule(Flight flight, Known.Draft draft, Instant now) {
        return flight.ruleDecided ? rules.binding(flight.domain, now) : rules.see(flight.domain, draft.rule, now);
    }

    private void take(Known.Draft draft, CachedPolicy stored, Holding holding, Instant now) {
        CachedPolicy mine = draft.policy;
        Instant unmoved = mine == null ? Instant.MIN : mine.fetchedAt().plusMillis(draft.shiftedBy);
        boolean fromFuture = stored.fetchedAt().isAfter(now);
        // a time to come proves nothing: then the one by which mine is used is compared with
        Instant known = mine != null && unmoved.isAfter(now) && !fromFuture ? mine.fetchedAt() : unmoved;
        if (!stored.fetchedAt().isAfter(known)) {
            draft.held = stored.fetchedAt().equals(unmoved);
            return;
        }
        // another process fetched it, or this one before it was started again
        CachedPolicy policy = new CachedPolicy(
                draft.answer.domain(),
                texts.intern(stored.policy()),
                shared(stored.recordId()),
                stored.fetchedAt(),
                stored.expiresAt());
        if (fromFuture) {
            policy = policy.fetchedAt(now); // the clock was set back: it counts as fetched now
        }
        draft.policy = policy;
        draft.shiftedBy = fromFuture ? stored.fetchedAt().toEpochMilli() - now.toEpochMilli() : 0;
        draft.held = true;
        draft.fromStore = true;
        draft.refreshAt = fromFuture ? 0 : refresher.refreshAt(policy);
        int usedOn = (int) holding.lastUsed().orElse(LocalDate.EPOCH).toEpochDay();
        draft.usedOn = Math.max(draft.usedOn, usedOn);
    }

    /** There is nothing to fetch. */
    private void conclude(Flight flight, Known.Draft draft, Step step, Asked asked, Instant now) {
        PolicyInForce told = told(flight.domain, step, draft.source());
        RecordAnswer record = asked.answer();
        BackOff.Failed held = record instanceof RecordAnswer.Id id ? draft.backOff.holding(id.id(), now) : null;
        boolean certain = false;
        boolean remembered = true;
        draft.dueAt = asked.until();
        if (step instanceof Step.Keep keep) {
            draft.answer = answer(keep.cached(), PolicyInForce.Source.CACHE, keep.met());
            draft.dueAt = Math.min(draft.dueAt, keep.cached().expiresAt().toEpochMilli() + 1);
            if (keep.met() != null) {
                counters.count(DiscoveryCount.KEPT_AFTER_FAILURE);
            }
            certain =
                    keep.met() == null && now.isBefore(keep.cached().fetchedAt().plus(BackOff.SPAN));
        } else {
            remembered = !(record instanceof RecordAnswer.Unknown);
            draft.answer = told;
            if (remembered) {
                drop(draft, told.failure().orElse(null), now);
            }
        }
        if (record instanceof RecordAnswer.Id id && held != null && !isCurrent(draft.policy, id)) {
            counters.count(DiscoveryCount.FETCHES_BACKED_OFF);
            draft.pending = id;
            draft.pendingUntil = asked.until();
            draft.dueAt = Math.min(draft.dueAt, held.until().toEpochMilli());
        }
        if (flight.kind == Kind.REFRESH && draft.refreshAt <= now.toEpochMilli()) {
            draft.refreshAt = now.plus(BackOff.SPAN).toEpochMilli();
        }
        if (!remembered) {
            draft.dueAt = 0;
        }
        if (remembered || draft.renewable() != null) {
            remember(flight.domain, draft, now);
        }
        finish(flight, new End(draft.visible(told), certain, false));
    }

    private static boolean isCurrent(@Nullable CachedPolicy policy, RecordAnswer.Id id) {
        return policy != null && policy.recordId().equals(id.id());
    }

    private void fetch(Flight flight, Known.Draft draft, String id, Asked asked) {
        counters.count(DiscoveryCount.FETCHES);
        FetchTrace nothingSeen = new FetchTrace(List.of(), null, null, null, null, null, 0, Duration.ZERO);
        guarded(
                        () -> fetcher.fetch(flight.domain),
                        FETCH_LIMIT,
                        detail -> new FetchResult.Failed(FetchFailure.TIMEOUT, detail, nothingSeen))
                .thenAccept(result -> settle(flight, draft, id, asked, result))
                .whenComplete((done, bug) -> fail(flight, bug));
    }

    /** The policy host has answered, or has not. */
    private void settle(Flight flight, Known.Draft draft, String id, Asked before, FetchResult result) {
        if (closed) {
            return;
        }
        Instant now = Instant.ofEpochMilli(time.millis());
        long setBack = flight.setBack.get() - draft.setBackSeen;
        Asked asked = new Asked(before.answer(), before.until() - setBack);
        if (setBack > 0) {
            draft.setBack(setBack);
        }
        if (flight.purged) {
            draft.policy = null;
        }
        Known current = memory.get(flight.domain);
        draft.usedOn = Math.max(draft.usedOn, current == null ? 0 : current.usedOn());
        draft.rule = rule(flight, draft, now);
        if (result instanceof FetchResult.Fetched fetched) {
            PolicyResult parsed = StsPolicyParser.parse(fetched.body());
            if (parsed instanceof PolicyResult.Valid valid) {
                counters.count(DiscoveryCount.FETCHES_GOOD);
                renew(
                        flight,
                        draft,
                        CachedPolicy.fetched(draft.answer.domain(), texts.intern(valid.policy()), shared(id), now),
                        asked,
                        now);
                return;
            }
            counters.count(DiscoveryCount.FETCHES_INVALID);
            List<PolicyResult.PolicyError> errors = ((PolicyResult.Invalid) parsed).errors();
            draft.backOff = draft.backOff.with(id, new DiscoveryFailure.BadPolicy(errors), now);
            fetchFailed(flight, draft, id, asked, new DiscoveryFailure.BadPolicy(errors), false, now);
            return;
        }
        FetchResult.Failed failed = (FetchResult.Failed) result;
        counters.count(failed.reason());
        DiscoveryFailure failure = new DiscoveryFailure.Fetch(failed.reason(), failed.detail());
        boolean overload = failed.reason() == FetchFailure.OVERLOAD;
        // the policy host was not asked, or not to the end, for a reason of our own: it need not be spared
        if (!overload && failed.reason() != FetchFailure.CANCELLED && failed.reason() != FetchFailure.CLOSED) {
            draft.backOff = draft.backOff.with(id, failure, now);
        }
        fetchFailed(flight, draft, id, asked, failure, overload, now);
    }

    private void renew(Flight flight, Known.Draft draft, CachedPolicy policy, Asked asked, Instant now) {
        CachedPolicy before = draft.policy;
        DiscoveryFailure met = asked.answer() instanceof RecordAnswer.None none
                ? none.failure()
                : asked.answer() instanceof RecordAnswer.Unknown unknown ? unknown.failure() : null;
        // max_age 0: for the attempt at hand, and never again (RFC 8461 §3.2)
        boolean lasts = policy.appliesAt(now);
        draft.policy = policy;
        draft.held = false;
        draft.shiftedBy = 0;
        draft.answer = answer(policy, PolicyInForce.Source.CACHE, met);
        draft.dueAt = lasts ? Math.min(asked.until(), policy.expiresAt().toEpochMilli() + 1) : 0;
        draft.refreshAt = refresher.refreshAt(policy);
        draft.backOff = draft.backOff.without(policy.recordId());
        draft.pending = null;
        if (!lasts) {
            draft.answer = pending(flight.domain);
        }
        remember(flight.domain, draft, now);
        save(policy, 0, draft.usedOn, now);
        if (flight.kind == Kind.REFRESH) {
            counters.count(DiscoveryCount.REFRESHES_GOOD);
        }
        if (before == null || before.isSpent()) {
            tell(new DiscoveryEvent.PolicyAppeared(policy), now);
        } else if (before.policy().equals(policy.policy()) && before.recordId().equals(policy.recordId())) {
            tell(new DiscoveryEvent.PolicyRenewed(policy), now);
        } else {
            tell(new DiscoveryEvent.PolicyChanged(before, policy), now);
        }
        PolicyInForce told = answer(policy, PolicyInForce.Source.FETCHED_NOW, met);
        finish(flight, new End(draft.visible(told), true, false));
    }

    private void fetchFailed(
            Flight flight,
            Known.Draft draft,
            String id,
            Asked asked,
            DiscoveryFailure failure,
            boolean overload,
            Instant now) {
        CachedPolicy cached = draft.unexpired(now);
        BackOff.Failed held = draft.backOff.holding(id, now);
        long retryAt = held == null ? 0 : held.until().toEpochMilli();
        draft.dueAt = asked.until();
        if (flight.kind == Kind.REFRESH) {
            counters.count(DiscoveryCount.REFRESHES_FAILED);
            draft.refreshAt = Refresher.retryAt(cached, now);
            store.used(flight.domain, day(draft.usedOn));
        }
        boolean remembered = true;
        PolicyInForce told;
        if (cached != null) {
            // RFC 8461 §3.3, §5.1: without a live policy the cached one applies, under its old id
            counters.count(DiscoveryCount.KEPT_AFTER_FAILURE);
            told = answer(cached, draft.source(), failure);
            draft.answer = answer(cached, PolicyInForce.Source.CACHE, failure);
            draft.dueAt = Math.min(draft.dueAt, cached.expiresAt().toEpochMilli() + 1);
            tellKept(flight, cached, failure, now);
        } else {
            if (overload) {
                counters.count(DiscoveryCount.OVERLOADS);
                reporting.overload(now.toEpochMilli());
            }
            if (asked.answer() instanceof RecordAnswer.Id) {
                // RFC 8461 §3.3: a record but no policy to be had: as if the domain had not implemented MTA-STS
                PolicyInForce.NotInForce.Reason reason = overload
                        ? PolicyInForce.NotInForce.Reason.FETCH_OVERLOAD
                        : PolicyInForce.NotInForce.Reason.FETCH_FAILED;
                told = new PolicyInForce.NotInForce(flight.domain, reason, null, failure);
                tell(new DiscoveryEvent.FetchFailed(flight.domain, id, failure), now);
            } else {
                Step step = Ladder.next(null, asked.answer(), draft.backOff, strict, now);
                told = told(flight.domain, step, PolicyInForce.Source.CACHE);
                remembered = !(asked.answer() instanceof RecordAnswer.Unknown);
            }
            draft.answer = told;
            drop(draft, failure, now);
        }
        if (asked.answer() instanceof RecordAnswer.Id record && !isCurrent(draft.policy, record)) {
            draft.pending = record;
            draft.pendingUntil = asked.until();
            draft.dueAt = Math.min(draft.dueAt, retryAt);
        }
        if (!remembered) {
            draft.dueAt = 0;
        }
        remember(flight.domain, draft, now);
        finish(flight, new End(draft.visible(told), false, false));
    }

    private void tellKept(Flight flight, CachedPolicy cached, DiscoveryFailure failure, Instant now) {
        if (cached.policy().mode() == PolicyMode.NONE) {
            return; // RFC 8461 §3.3: nobody need be warned for mode none
        }
        Duration left = Duration.between(now, cached.expiresAt());
        tell(
                flight.kind == Kind.REFRESH
                        ? new DiscoveryEvent.RefreshFailed(cached, failure, left, Refresher.urgency(cached, now))
                        : new DiscoveryEvent.PolicyKept(cached, failure, left),
                now);
    }

    /** Ends a policy whose time is over; for good, also in the store, or a clock set back would bring it to life again. */
    private void drop(Known.Draft draft, @Nullable DiscoveryFailure met, Instant now) {
        CachedPolicy policy = draft.policy;
        draft.refreshAt = Long.MAX_VALUE;
        if (policy == null || policy.isSpent()) {
            return;
        }
        draft.policy = policy.spent();
        draft.held = false;
        save(draft.policy, draft.shiftedBy, draft.usedOn, now);
        if (policy.policy().mode() != PolicyMode.NONE) {
            counters.count(DiscoveryCount.POLICIES_EXPIRED);
            tell(new DiscoveryEvent.PolicyExpired(policy, met), now);
        }
    }

    private void remember(PolicyDomain domain, Known.Draft draft, Instant now) {
        if (!draft.storeHeard && draft.unexpired(now) == null) {
            // the store may hold a policy: it is asked again soon
            draft.dueAt = Math.min(draft.dueAt, now.plus(RecordAnswer.SHORTEST).toEpochMilli());
        }
        OperatorRule rule = draft.rule;
        if (rule != null) {
            draft.answer = OperatorRules.answer(rule);
            draft.dueAt =
                    Math.min(rule.until().toEpochMilli(), now.plus(RULE_HOLDS).toEpochMilli());
        }
        memory.put(domain, draft.build());
    }

    /** Hands a policy to the store, with its times as they were before a clock was set back, and notes when the store has it. */
    void save(CachedPolicy policy, long shiftedBy, int usedOn, Instant now) {
        // mostly unmoved: then a store in memory holds the same one
        CachedPolicy unmoved =
                shiftedBy == 0 ? policy : policy.fetchedAt(policy.fetchedAt().plusMillis(shiftedBy));
        store.save(unmoved, day(usedOn), now).thenAccept(kept -> {
            if (kept) {
                memory.change(policy.domain(), known -> {
                    if (!policy.equals(known.policy())) {
                        return known;
                    }
                    Known.Draft draft = known.change();
                    draft.held = true;
                    return draft.build();
                });
            }
        });
    }

    private String shared(String id) {
        return ids.get(id, same -> same);
    }

    /** The day; the same object for the same day, since a store in memory holds one for each policy. */
    private LocalDate day(int epochDay) {
        LocalDate day = lastDay;
        if (day.toEpochDay() != epochDay) {
            day = LocalDate.ofEpochDay(epochDay);
            lastDay = day;
        }
        return day;
    }

    /** The store answered after the flight that asked it had gone on: what it holds counts from now on. */
    void lateLoad(Holding holding) {
        PolicyDomain domain = holding.domain();
        Flight mine = new Flight(domain, Kind.AHEAD);
        Flight current = flights.putIfAbsent(domain, mine);
        if (current != null) {
            current.end.thenRun(() -> lateLoad(holding));
            return;
        }
        try {
            Instant now = Instant.ofEpochMilli(time.millis());
            Known.Draft draft = merge(mine, new Loaded(holding, true), now);
            CachedPolicy cached = draft.unexpired(now);
            draft.answer = cached == null ? pending(domain) : answer(cached, PolicyInForce.Source.STORE, null);
            draft.dueAt = 0;
            remember(domain, draft, now);
            finish(mine, new End(draft.answer, false, true));
        } catch (RuntimeException | Error e) {
            fail(mine, e);
        }
    }

    /** Forgets what is known of a domain, on an operator's word. */
    void purge(PolicyDomain domain) {
        Flight flight = flights.get(domain);
        if (flight != null) {
            flight.purged = true;
        }
        Known known = memory.get(domain);
        if (known == null || known.rule() == null) {
            memory.remove(domain);
        } else {
            Known.Draft draft = known.change();
            draft.policy = null;
            memory.put(domain, draft.build());
        }
        reporting.tell(new DiscoveryEvent.PolicyPurged(domain), time.millis());
    }

    /** Puts an operator's rule in force, or none, at once. */
    void setRule(PolicyDomain domain, @Nullable OperatorRule rule, boolean kept) {
        Instant now = Instant.ofEpochMilli(time.millis());
        rules.decide(domain, rule, kept, now);
        Flight flight = flights.get(domain);
        if (flight != null) {
            flight.ruleDecided = true;
        }
        Known known = memory.get(domain);
        if (known == null && rule == null) {
            return;
        }
        Known.Draft draft = known == null ? new Known.Draft(pending(domain)) : known.change();
        draft.rule = rules.binding(domain, now);
        CachedPolicy cached = draft.unexpired(now);
        if (draft.rule == null) {
            draft.answer = cached == null ? pending(domain) : answer(cached, PolicyInForce.Source.CACHE, null);
            draft.dueAt = 0;
        }
        remember(domain, draft, now);
    }

    private void clockSetBack(long by) {
        // all policies stay, none gets younger by it, and all are asked for anew; flights before memory, or one might
        // count it twice
        flights.values().forEach(flight -> flight.setBack.addAndGet(by));
        memory.forEach((domain, seen) -> memory.change(domain, known -> {
            Known.Draft draft = known.change();
            CachedPolicy before = draft.policy;
            draft.setBack(by);
            CachedPolicy after = draft.policy;
            if (before != null && after != null && draft.rule == null) {
                draft.answer = answer(
                        after,
                        PolicyInForce.Source.CACHE,
                        draft.answer.failure().orElse(null));
            }
            return draft.build();
        }));
        reporting.tell(new DiscoveryEvent.ClockSetBack(Duration.ofMillis(by)), time.last());
    }

    private void evicted(PolicyDomain domain, Known known) {
        CachedPolicy policy = known.policy();
        if (policy != null
                && policy.policy().mode() == PolicyMode.ENFORCE
                && !known.held()
                && policy.appliesAt(Instant.ofEpochMilli(time.last()))) {
            counters.count(DiscoveryCount.POLICIES_EVICTED);
            reporting.tell(new DiscoveryEvent.PolicyEvicted(policy), time.last());
        }
    }

    private void storeFailed(StoreCall call, @Nullable PolicyDomain domain, String detail) {
        if (closed) {
            return;
        }
        counters.count(DiscoveryCount.STORE_FAILURES);
        reporting.tell(new DiscoveryEvent.StoreFailed(call, domain, detail), time.last());
    }

    private void tell(DiscoveryEvent event, Instant now) {
        reporting.tell(event, now.toEpochMilli());
    }

    private static PolicyInForce told(PolicyDomain domain, Step step, PolicyInForce.Source source) {
        if (step instanceof Step.Keep keep) {
            return answer(keep.cached(), source, keep.met());
        }
        if (step instanceof Step.NoPolicy no) {
            return new PolicyInForce.NotInForce(domain, no.reason(), null, no.met());
        }
        if (step instanceof Step.Unknown unknown) {
            return new PolicyInForce.Undetermined(domain, unknown.reason(), unknown.met());
        }
        throw new IllegalStateException("a fetch is no answer");
    }

    /** The answer that a policy gives. */
    static PolicyInForce answer(CachedPolicy policy, PolicyInForce.Source source, @Nullable DiscoveryFailure met) {
        return switch (policy.policy().mode()) {
            case ENFORCE -> new PolicyInForce.Enforce(policy, source, met);
            case TESTING -> new PolicyInForce.Testing(policy, source, met);
            // RFC 8461 §5: mode none is as no policy; failures are not reported for it
            case NONE ->
                new PolicyInForce.NotInForce(policy.domain(), PolicyInForce.NotInForce.Reason.MODE_NONE, policy, null);
        };
    }

    private void count(RecordAnswer record) {
        if (record instanceof RecordAnswer.Id) {
            counters.count(DiscoveryCount.RECORDS_FOUND);
        } else if (record instanceof RecordAnswer.None none) {
            counters.count(
                    none.reason() == PolicyInForce.NotInForce.Reason.NO_RECORD
                            ? DiscoveryCount.RECORDS_ABSENT
                            : DiscoveryCount.RECORDS_UNUSABLE);
        } else if (record instanceof RecordAnswer.Unknown unknown) {
            counters.count(DiscoveryCount.RECORDS_UNAVAILABLE);
            if (unknown.bogus()) {
                counters.count(DiscoveryCount.RECORDS_BOGUS);
            }
        }
    }

    /** Calls what may be anybody's code: a result comes in any case, and within the limit. */
    private <T> CompletableFuture<T> guarded(
            Supplier<CompletionStage<T>> call, Duration limit, Function<String, T> failure) {
        CompletableFuture<T> result = new CompletableFuture<>();
        CompletionStage<T> stage;
        try {
            stage = call.get();
        } catch (RuntimeException e) {
            result.complete(failure.apply(e.toString()));
            return result;
        }
        stage.whenComplete((value, error) ->
                result.complete(value != null ? value : failure.apply(error == null ? "no result" : error.toString())));
        if (!result.isDone()) {
            try {
                Future<?> alarm = timer.schedule(
                        () -> {
                            if (result.complete(failure.apply("no result within " + limit.toSeconds() + " s"))) {
                                stage.toCompletableFuture().cancel(true);
                            }
                        },
                        limit.toMillis(),
                        TimeUnit.MILLISECONDS);
                result.whenComplete((value, error) -> alarm.cancel(false));
            } catch (RejectedExecutionException e) {
                result.complete(failure.apply("the engine is closed"));
            }
        }
        return result;
    }

    private void finish(Flight flight, End end) {
        flights.remove(flight.domain, flight);
        flight.answer.complete(end.answer());
        flight.end.complete(end);
    }

    /** A fault leaves nobody waiting, and is not taken for the absence of a policy. */
    private void fail(Flight flight, @Nullable Throwable bug) {
        if (bug != null) {
            LOG.error("{}: a fault while its policy was looked up", flight.domain, bug);
            PolicyInForce unknown =
                    new PolicyInForce.Undetermined(flight.domain, PolicyInForce.Undetermined.Reason.FAULT, null);
            finish(flight, new End(unknown, false, true));
        }
    }

    private static End closedEnd(PolicyDomain domain) {
        return new End(
                new PolicyInForce.Undetermined(domain, PolicyInForce.Undetermined.Reason.CLOSED, null), false, false);
    }

    /** Whether nothing is being asked for. */
    boolean isIdle() {
        return flights.isEmpty();
    }

    /** Ends all flights, threads and waits; once. */
    synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (Flight flight : flights.values()) {
            finish(flight, closedEnd(flight.domain));
        }
        timer.shutdownNow();
        store.close(Duration.ofSeconds(2));
        reporting.close(Duration.ofSeconds(1));
    }
}
