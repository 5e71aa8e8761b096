package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.policy.PolicyDomain;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Something that an operator may want to know. Immutable. New kinds may be added: have a default branch. */
public sealed interface DiscoveryEvent {

    /** {@return the domain it is about; empty when it is about the engine} */
    Optional<PolicyDomain> about();

    /** How near the loss of protection is. */
    enum Urgency {
        /** More than half of the lifetime is left. */
        NOTICE,
        /** Half of the lifetime or less is left. */
        WARNING,
        /** A day or less is left, or a tenth of the lifetime. */
        URGENT
    }

    /** A policy was fetched for a domain that had none cached. */
    record PolicyAppeared(CachedPolicy policy) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(policy.domain());
        }
    }

    /** Another policy replaced the cached one. */
    record PolicyChanged(CachedPolicy before, CachedPolicy after) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(after.domain());
        }
    }

    /** The cached policy was fetched again, unchanged: its lifetime begins anew. */
    record PolicyRenewed(CachedPolicy policy) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(policy.domain());
        }
    }

    /** A cached policy's time was over before it could be fetched again: it binds no more. */
    record PolicyExpired(CachedPolicy policy, @Nullable DiscoveryFailure met) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(policy.domain());
        }
    }

    /** A changed record called for a fetch, which failed: the cached policy holds. */
    record PolicyKept(CachedPolicy policy, DiscoveryFailure failure, Duration timeLeft) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(policy.domain());
        }
    }

    /** A daily refresh failed (RFC 8461 §3.3); never told for mode none. */
    record RefreshFailed(CachedPolicy policy, DiscoveryFailure failure, Duration timeLeft, Urgency urgency)
            implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(policy.domain());
        }
    }

    /** A record called for a fetch, which failed, and nothing is cached: mail goes as if there were no policy (RFC 8461 §3.3). */
    record FetchFailed(PolicyDomain domain, String recordId, DiscoveryFailure failure) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(domain);
        }
    }

    /** Memory was full: an unexpired enforce policy that no store holds is forgotten. The next look-up depends on DNS again. */
    record PolicyEvicted(CachedPolicy policy) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(policy.domain());
        }
    }

    /** An operator purged the domain's policy. */
    record PolicyPurged(PolicyDomain domain) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(domain);
        }
    }

    /** An operator's rule is in force. */
    record RuleBegan(OperatorRule rule) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(rule.domain());
        }
    }

    /** An operator's rule is over or was lifted. */
    record RuleEnded(OperatorRule rule) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.of(rule.domain());
        }
    }

    /** A call of the store failed or is late. Memory answers meanwhile. */
    record StoreFailed(StoreCall call, @Nullable PolicyDomain domain, String detail) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.ofNullable(domain);
        }
    }

    /** What the store was asked to do. */
    enum StoreCall {
        /** Read what is held for a domain. */
        LOAD,
        /** Keep a policy. */
        SAVE,
        /** Note the day of the last mail. */
        USED,
        /** Forget a domain's policy. */
        PURGE,
        /** Keep or remove a rule. */
        RULE,
        /** List domains. */
        LIST,
        /** Remove what is long over. */
        DISCARD
    }

    /** The clock was set back: policies stay, keep their age, and are fetched again. */
    record ClockSetBack(Duration by) implements DiscoveryEvent {
        @Override
        public Optional<PolicyDomain> about() {
            return Optional.empty();
        }
    }
}
