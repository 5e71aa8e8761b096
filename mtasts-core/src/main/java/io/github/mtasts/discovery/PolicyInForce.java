package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.policy.PolicyDomain;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The answer to: which policy is in force now for this domain? With what it rests on, and the failure met on the way. Immutable.
 *
 * <p>{@link Undetermined} means <em>defer</em>: it is never to be read as {@link NotInForce}, which means <em>go</em>.
 */
public sealed interface PolicyInForce {

    /** {@return the policy domain asked for} */
    PolicyDomain domain();

    /** {@return the policy that the answer rests on; also one of mode none} */
    Optional<CachedPolicy> known();

    /** {@return what went wrong on the way to this answer, also when a cached policy holds in spite of it} */
    Optional<DiscoveryFailure> failure();

    /**
     * {@return the whole answer in one line for people: what is in force, where it came from, its id, its age and time left at {@code now}, and what went wrong}
     *
     * @param now the time that age and time left are told for
     */
    String explain(Instant now);

    /**
     * Mail may only go to hosts that pass {@code cached.policy()} (RFC 8461 §5).
     *
     * @param met what went wrong on the way, null for nothing
     */
    record Enforce(
            CachedPolicy cached, Source source, @Nullable DiscoveryFailure met) implements PolicyInForce {
        @Override
        public PolicyDomain domain() {
            return cached.domain();
        }

        @Override
        public Optional<CachedPolicy> known() {
            return Optional.of(cached);
        }

        @Override
        public Optional<DiscoveryFailure> failure() {
            return Optional.ofNullable(met);
        }

        @Override
        public String explain(Instant now) {
            return Explanation.of(cached, source, met, now);
        }

        /**
         * {@return the policy in few words, for the text of a refusal: its id, when it was fetched and how long before {@code now} that was, and its patterns of MX hosts}
         *
         * @param now the time that the age is told for
         */
        public String describe(Instant now) {
            return Explanation.brief(cached, source, now);
        }
    }

    /**
     * Mail goes as if there were no policy; what would have failed is reported (RFC 8461 §5).
     *
     * @param met what went wrong on the way, null for nothing
     */
    record Testing(
            CachedPolicy cached, Source source, @Nullable DiscoveryFailure met) implements PolicyInForce {
        @Override
        public PolicyDomain domain() {
            return cached.domain();
        }

        @Override
        public Optional<CachedPolicy> known() {
            return Optional.of(cached);
        }

        @Override
        public Optional<DiscoveryFailure> failure() {
            return Optional.ofNullable(met);
        }

        @Override
        public String explain(Instant now) {
            return Explanation.of(cached, source, met, now);
        }
    }

    /**
     * No policy binds the sender.
     *
     * @param none the policy of mode none, for {@link Reason#MODE_NONE} only
     * @param met what went wrong on the way, null for nothing
     * @param exempt the operator's rule, for {@link Reason#EXEMPT} only
     */
    record NotInForce(
            PolicyDomain domain,
            Reason reason,
            @Nullable CachedPolicy none,
            @Nullable DiscoveryFailure met,
            OperatorRule.@Nullable Exempt exempt)
            implements PolicyInForce {

        /**
         * Without an exemption.
         *
         * @param domain the policy domain
         * @param reason why no policy binds
         * @param none the policy of mode none, if that is why
         * @param met what went wrong on the way
         */
        public NotInForce(
                PolicyDomain domain, Reason reason, @Nullable CachedPolicy none, @Nullable DiscoveryFailure met) {
            this(domain, reason, none, met, null);
        }

        @Override
        public Optional<CachedPolicy> known() {
            return Optional.ofNullable(none);
        }

        @Override
        public Optional<DiscoveryFailure> failure() {
            return Optional.ofNullable(met);
        }

        @Override
        public String explain(Instant now) {
            return Explanation.of(this, now);
        }

        /** Why no policy binds. */
        public enum Reason {
            /** No MTA-STS record: the domain does not use MTA-STS (RFC 8461 §3.1). */
            NO_RECORD,
            /** A record that may not be used (RFC 8461 §3.1: as if there were none). */
            BAD_RECORD,
            /** The domain's policy says mode none. */
            MODE_NONE,
            /** A record, but no policy to be had and none cached (RFC 8461 §3.3). */
            FETCH_FAILED,
            /** DNS gave no answer, and nothing is cached. */
            DNS_UNAVAILABLE,
            /** Too many fetches under way. */
            FETCH_OVERLOAD,
            /** The fetch goes on; asynchronous mode only (RFC 8461 §3.3). */
            PENDING,
            /** The next hop is an address literal (RFC 8461 §3.4). */
            ADDRESS_LITERAL,
            /** An operator exempted the domain. */
            EXEMPT
        }
    }

    /**
     * Nobody knows: the message must wait.
     *
     * @param met what went wrong on the way, null for nothing
     */
    record Undetermined(
            PolicyDomain domain, Reason reason, @Nullable DiscoveryFailure met) implements PolicyInForce {
        @Override
        public Optional<CachedPolicy> known() {
            return Optional.empty();
        }

        @Override
        public Optional<DiscoveryFailure> failure() {
            return Optional.ofNullable(met);
        }

        @Override
        public String explain(Instant now) {
            return Explanation.of(this);
        }

        /** Why nothing is known. */
        public enum Reason {
            /** The resolver says that DNSSEC validation failed. */
            DNS_BOGUS,
            /** DNS gave no answer, nothing is cached, and discovery is strict. */
            DNS_UNAVAILABLE,
            /** The caller's deadline is over; the look-up goes on for others. */
            DEADLINE,
            /** The waiting thread was interrupted; its interrupt flag is set. */
            INTERRUPTED,
            /** The caller cancelled; the look-up goes on for others. */
            CANCELLED,
            /** The engine is closed. */
            CLOSED,
            /** A fault of this library, or of a clock that it was given; it is logged. */
            FAULT
        }
    }

    /** Where a policy came from. */
    enum Source {
        /** Fetched for this answer. */
        FETCHED_NOW,
        /** Remembered by this process. */
        CACHE,
        /** Read from the store for this answer. */
        STORE,
        /** Set by an operator. */
        PINNED
    }
}
