package io.github.mtasts.discovery;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.PolicyFetcher;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.StsPolicy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the policy that is in force for a domain (RFC 8461 §3.3, §5.1), and remembers it, so that who tampers with DNS or blocks HTTPS
 * cannot talk a sender out of it. One for each process; safe for any number of threads.
 *
 * <p>Guarantees: an unexpired policy stays in force until a complete and valid answer of the policy host replaces it, or an operator's command; only memory bounds can
 * make an engine forget one that no store holds, which is counted, logged and told. An expired policy is never used. A domain's record is asked for once, and its policy fetched once,
 * however many callers wait. A failed fetch is not tried again for five minutes under the same id. An answer from memory does no I/O and takes no lock.
 *
 * <p>Not guaranteed: that a first contact is protected. Who can hide the record from the first look-up on has nothing to overcome (RFC 8461 §10.2).
 *
 * <p>Deadlines, cancellations and interruptions of a caller are his own: he gets {@link PolicyInForce.Undetermined}, which means that the message must wait; the
 * look-up goes on for the others.
 */
public final class PolicyDiscovery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PolicyDiscovery.class);
    /** The first deliveries come before the pass over the store. */
    private static final Duration FIRST_TICK = Duration.ofSeconds(1);

    private static final Duration BETWEEN_TICKS = Duration.ofSeconds(10);
    private static final Duration RECHECK_DEADLINE = Duration.ofSeconds(15);
    private static final Duration COMMAND_DEADLINE = Duration.ofSeconds(10);

    /** For tests: what is under way. */
    final DiscoveryEngine engine;

    private final InstantSource clock;
    private final Duration deadline;

    private PolicyDiscovery(Builder builder) {
        engine = new DiscoveryEngine(builder);
        clock = builder.clock;
        deadline = builder.deadline;
        if (builder.store.inMemoryOnly()) {
            LOG.info("policies are kept in memory and forgotten at restart; set a policy store on disk to keep them");
        }
        if (builder.ticking) {
            engine.timer.scheduleWithFixedDelay(
                    this::tickSafely, FIRST_TICK.toMillis(), BETWEEN_TICKS.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /**
     * {@return a builder over what asks DNS and what fetches policies}
     *
     * @param dns asks DNS; stays open when the engine closes
     * @param fetcher fetches policies; stays open when the engine closes
     */
    public static Builder builder(DnsClient dns, PolicyFetcher fetcher) {
        return new Builder(dns, fetcher);
    }

    /**
     * The policy in force for a domain, waited for up to the deadline given to the builder.
     *
     * @param domain the policy domain
     * @return what is in force, or why nothing is
     */
    @CheckReturnValue
    public PolicyInForce policyFor(PolicyDomain domain) {
        return policyFor(domain, deadline);
    }

    /**
     * The policy in force for a domain.
     *
     * @param domain the policy domain
     * @param deadline wait no longer than this: then {@code Undetermined(DEADLINE)}
     * @return what is in force, or why nothing is
     */
    @CheckReturnValue
    public PolicyInForce policyFor(PolicyDomain domain, Duration deadline) {
        PolicyInForce known = fromMemory(domain);
        return known != null
                ? known
                : await(
                        engine.lookUp(domain),
                        deadline,
                        undetermined(domain, PolicyInForce.Undetermined.Reason.DEADLINE),
                        undetermined(domain, PolicyInForce.Undetermined.Reason.INTERRUPTED));
    }

    /**
     * As {@link #policyFor(PolicyDomain)}, without waiting.
     *
     * @param domain the policy domain
     * @return completes with what is in force, or why nothing is
     */
    @CheckReturnValue
    public CompletableFuture<PolicyInForce> policyForAsync(PolicyDomain domain) {
        return policyForAsync(domain, deadline);
    }

    /**
     * As {@link #policyFor(PolicyDomain, Duration)}, without waiting. The future never completes exceptionally; cancelling it completes it with {@code
     * Undetermined(CANCELLED)}. It may be completed on a thread that does network I/O for others: what depends on it must not block.
     *
     * @param domain the policy domain
     * @param deadline completes within this: then with {@code Undetermined(DEADLINE)}
     * @return completes with what is in force, or why nothing is
     */
    @CheckReturnValue
    public CompletableFuture<PolicyInForce> policyForAsync(PolicyDomain domain, Duration deadline) {
        PolicyInForce known = fromMemory(domain);
        return known != null
                ? CompletableFuture.completedFuture(known)
                : new Awaited<>(
                        engine.lookUp(domain),
                        engine.timer,
                        deadline,
                        undetermined(domain, PolicyInForce.Undetermined.Reason.DEADLINE),
                        undetermined(domain, PolicyInForce.Undetermined.Reason.CANCELLED));
    }

    /**
     * Asks for a domain's record now, if that is due, so that a later look-up need not wait for it: called before the MX look-up, a delivery waits for one round trip and not
     * for two. Nothing is fetched. Does not block.
     *
     * @param domain the policy domain
     */
    public void askAhead(PolicyDomain domain) {
        if (engine.fromMemory(domain) == null) {
            engine.askAhead(domain);
        }
    }

    /**
     * Looks a policy up again before a refusal under it is told (RFC 8461 §5.1): the record is asked for past every cache, and the policy is fetched even under the
     * same id, unless that was done in the last five minutes. Waits up to 15 seconds. An interrupt is {@code COULD_NOT_TELL}.
     *
     * @param used the answer that the refusal rests on
     * @return whether the policy changed
     */
    @CheckReturnValue
    public Recheck recheck(PolicyInForce used) {
        return await(recheckFlight(used), RECHECK_DEADLINE, Recheck.COULD_NOT_TELL, Recheck.COULD_NOT_TELL);
    }

    /**
     * As {@link #recheck}, without waiting. The future never completes exceptionally; cancelling it completes it with {@code COULD_NOT_TELL}.
     *
     * @param used the answer that the refusal rests on
     * @return completes with whether the policy changed
     */
    @CheckReturnValue
    public CompletableFuture<Recheck> recheckAsync(PolicyInForce used) {
        return new Awaited<>(
                recheckFlight(used), engine.timer, RECHECK_DEADLINE, Recheck.COULD_NOT_TELL, Recheck.COULD_NOT_TELL);
    }

    private CompletableFuture<Recheck> recheckFlight(PolicyInForce used) {
        engine.counters.count(DiscoveryCount.RECHECKS);
        return engine.again(used.domain(), Flight.Kind.RECHECK).thenApply(end -> {
            if (isOther(used, end.answer())) {
                engine.counters.count(DiscoveryCount.RECHECKS_CHANGED);
                return Recheck.CHANGED;
            }
            return end.certain() ? Recheck.UNCHANGED : Recheck.COULD_NOT_TELL;
        });
    }

    /** Whether a message may now be handed on under other rules. */
    private static boolean isOther(PolicyInForce used, PolicyInForce now) {
        if (now instanceof PolicyInForce.Undetermined) {
            return false;
        }
        StsPolicy before = used.known().map(policy -> policy.policy()).orElse(null);
        StsPolicy after = now.known().map(policy -> policy.policy()).orElse(null);
        return used.getClass() != now.getClass() || !Objects.equals(before, after);
    }

    /**
     * Fetches a domain's policy again on an operator's word, unless that was done in the last five minutes. Waits up to the deadline.
     *
     * @param domain the policy domain
     * @return what is in force then
     */
    @CheckReturnValue
    public PolicyInForce refresh(PolicyDomain domain) {
        return await(
                engine.again(domain, Flight.Kind.RECHECK).thenApply(Flight.End::answer),
                deadline,
                undetermined(domain, PolicyInForce.Undetermined.Reason.DEADLINE),
                undetermined(domain, PolicyInForce.Undetermined.Reason.INTERRUPTED));
    }

    /**
     * Puts an operator's policy in force for a domain, whatever the domain publishes. Waits up to 10 seconds for the store.
     *
     * @param domain the policy domain
     * @param policy the policy to put in force
     * @param reason for the log: one line
     * @param until it ends by itself
     * @return whether the store keeps it; if not, it holds in this process only, and the failure is logged
     */
    @CheckReturnValue
    public boolean pin(PolicyDomain domain, StsPolicy policy, String reason, Instant until) {
        return setRule(new OperatorRule.Pin(domain, policy, reason, clock.instant(), until));
    }

    /**
     * Exempts a domain: no policy of it is enforced. Its policy is still kept and renewed, and is in force again when the exemption ends. Waits up to 10 seconds for the store.
     *
     * @param domain the policy domain
     * @param reason for the log: one line
     * @param until it ends by itself
     * @return whether the store keeps it; if not, it holds in this process only, and the failure is logged
     */
    @CheckReturnValue
    public boolean exempt(PolicyDomain domain, String reason, Instant until) {
        return setRule(new OperatorRule.Exempt(domain, reason, clock.instant(), until));
    }

    private boolean setRule(OperatorRule rule) {
        boolean kept = await(engine.store.setRule(rule), COMMAND_DEADLINE, false, false);
        engine.setRule(rule.domain(), rule, kept);
        return kept;
    }

    /**
     * Ends a pin or an exemption before its time. Waits up to 10 seconds for the store.
     *
     * @param domain the policy domain
     * @return whether the store has removed it; if not, it may come back with the next process
     */
    @CheckReturnValue
    public boolean lift(PolicyDomain domain) {
        boolean kept = await(engine.store.removeRule(domain), COMMAND_DEADLINE, false, false);
        engine.setRule(domain, null, kept);
        return kept;
    }

    /**
     * Forgets the policy of a domain, here and in the store: the next look-up begins anew. Waits up to 10 seconds for the store.
     *
     * @param domain the policy domain
     * @return whether the store has forgotten it; if not, it may come back from there
     */
    @CheckReturnValue
    public boolean purge(PolicyDomain domain) {
        boolean kept = await(engine.store.purge(domain, clock.instant()), COMMAND_DEADLINE, false, false);
        engine.purge(domain);
        return kept;
    }

    /** {@return what was counted since the engine began} */
    public DiscoveryCounters counters() {
        return engine.counters;
    }

    /**
     * Ends the engine: whoever waits gets {@code Undetermined(CLOSED)}, as does everybody from now on. What the store was given is written, within two seconds; all
     * threads end within five. The DNS client, the fetcher and the store are their owner's to close. Closing twice does nothing.
     */
    @Override
    public void close() {
        engine.close();
    }

    /** Does what is due by the clock. */
    void tick() {
        engine.refresher.tick();
    }

    private void tickSafely() {
        try {
            tick();
        } catch (RuntimeException e) {
            LOG.error("refreshing policies failed; it is tried again", e); // or the timer would end in silence
        }
    }

    private @Nullable PolicyInForce fromMemory(PolicyDomain domain) {
        engine.counters.count(DiscoveryCount.LOOKUPS);
        PolicyInForce known = engine.fromMemory(domain);
        if (known != null) {
            engine.counters.count(DiscoveryCount.LOOKUPS_FROM_MEMORY);
        }
        return known;
    }

    private static PolicyInForce undetermined(PolicyDomain domain, PolicyInForce.Undetermined.Reason reason) {
        return new PolicyInForce.Undetermined(domain, reason, null);
    }

    private static <T> T await(CompletableFuture<T> future, Duration deadline, T late, T interrupted) {
        try {
            return future.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return late;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return interrupted;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a fault in policy discovery", e.getCause());
        }
    }

    /** Makes {@link PolicyDiscovery}. Not safe for several threads. */
    public static final class Builder {
        final DnsClient dns;
        final PolicyFetcher fetcher;
        PolicyStore store = PolicyStore.inMemory();
        InstantSource clock = Clock.systemUTC();
        Duration deadline = Duration.ofSeconds(75);
        boolean strictDiscovery;
        boolean asynchronous;
        boolean ticking = true;
        int mostPolicies = 100_000;
        int mostOthers = 100_000;
        int salt = ThreadLocalRandom.current().nextInt();

        @Nullable
        DiscoveryListener listener;

        private Builder(DnsClient dns, PolicyFetcher fetcher) {
            this.dns = dns;
            this.fetcher = fetcher;
        }

        /**
         * Keeps policies; by default in memory only.
         *
         * @param store the store
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder store(PolicyStore store) {
            this.store = store;
            return this;
        }

        /**
         * The wall clock; by default the system's.
         *
         * @param clock the clock
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder clock(InstantSource clock) {
            this.clock = clock;
            return this;
        }

        /**
         * How long a caller waits who names no deadline: 75 seconds by default, which is longer than a fetch may take.
         *
         * @param deadline the longest wait
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder deadline(Duration deadline) {
            if (deadline.isNegative() || deadline.isZero()) {
                throw new IllegalArgumentException("a deadline is longer than nothing: " + deadline);
            }
            this.deadline = deadline;
            return this;
        }

        /**
         * Whether mail waits while DNS gives no answer and nothing is cached; false by default: it goes as if there were no policy.
         *
         * @param strict whether mail waits
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder strictDiscovery(boolean strict) {
            this.strictDiscovery = strict;
            return this;
        }

        /**
         * Whether policies are fetched without waiting (RFC 8461 §3.3): then the first mail to a domain goes as if there were no policy ({@code NotInForce(PENDING)}), and a changed policy is in force from
         * the next mail on. False by default.
         *
         * @param asynchronous whether not to wait
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder asynchronous(boolean asynchronous) {
            this.asynchronous = asynchronous;
            return this;
        }

        /**
         * How many policies of mode enforce and testing are remembered: 100,000 by default.
         *
         * @param most how many, from 1
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder mostPolicies(int most) {
            this.mostPolicies = positive(most);
            return this;
        }

        /**
         * How many domains without such a policy are remembered: 100,000 by default.
         *
         * @param most how many, from 1
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder mostOtherDomains(int most) {
            this.mostOthers = positive(most);
            return this;
        }

        /**
         * Is told what happens.
         *
         * @param listener is told
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder listener(DiscoveryListener listener) {
            this.listener = listener;
            return this;
        }

        /** Leaves what is due by the clock to {@link PolicyDiscovery#tick}. */
        @CanIgnoreReturnValue
        Builder withoutTimer() {
            this.ticking = false;
            return this;
        }

        /** Makes refreshes fall on foreseeable times. */
        @CanIgnoreReturnValue
        Builder salt(int salt) {
            this.salt = salt;
            return this;
        }

        private static int positive(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("at least one domain is remembered: " + most);
            }
            return most;
        }

        /** {@return the engine, with its timer running} */
        public PolicyDiscovery build() {
            return new PolicyDiscovery(this);
        }
    }
}
