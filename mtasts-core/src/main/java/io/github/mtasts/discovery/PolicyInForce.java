package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.policy.PolicyDomain;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The answer to: which policy is in force now for this domain? With what it rests on, and the failure met on the way. Immutable.
 *
 * <p>{@link Undetermined} means <em>defer</em>: it is never to be read as {@link NotInForce}, which means <em>go</em>.
 */
public sealed interface PolicyInForce {

    PolicyDomain domain();

    /** What went wrong on the way to this answer, also when a cached policy holds in spite of it. */
    Optional<DiscoveryFailure> failure();

    /** Mail may only go to hosts that pass {@code cached.policy()} (RFC 8461 §5). */
    record Enforce(
            CachedPolicy cached, Source source, @Nullable DiscoveryFailure met) implements PolicyInForce {
        @Override
        public PolicyDomain domain() {
            return cached.domain();
        }

        @Override
        public Optional<DiscoveryFailure> failure() {
            return Optional.ofNullable(met);
        }
    }

    /** Mail goes as if there were no policy; what would have failed is reported (RFC 8461 §5). */
    record Testing(
            CachedPolicy cached, Source source, @Nullable DiscoveryFailure met) implements PolicyInForce {
        @Override
        public PolicyDomain domain() {
            return cached.domain();
        }

        @Override
        public Optional<DiscoveryFailure> failure() {
            return Optional.ofNullable(met);
        }
    }

    /** No policy binds the sender. */
    record NotInForce(
            PolicyDomain domain,
            Reason reason,
            @Nullable CachedPolicy none,
            @Nullable DiscoveryFailure met) implements PolicyInForce {
        @Override
        public Optional<DiscoveryFailure> failure() {
            return Optional.ofNullable(met);
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

    /** Nobody knows: the message must wait. */
    record Undetermined(
            PolicyDomain domain, Reason reason, @Nullable DiscoveryFailure met) implements PolicyInForce {
        @Override
        public Optional<DiscoveryFailure> failure() {
            return Optional.ofNullable(met);
        }

        /** Why nothing is known. */
        public enum Reason {
            DNS_BOGUS,
            DNS_UNAVAILABLE,
            DEADLINE,
            INTERRUPTED,
            CANCELLED,
            CLOSED
        }
    }

    /** Where a policy came from. */
    enum Source {
        FETCHED_NOW,
        CACHE,
        STORE,
        PINNED
    }
}
