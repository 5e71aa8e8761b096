package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The ladder: what follows from what is cached and what DNS says (RFC 8461 §3.3, §5.1). Nothing else keeps, replaces or drops a policy.
 */
final class Ladder {
    private Ladder() {}

    /** What to do next. */
    sealed interface Step {
        /** The cached policy holds. */
        record Keep(CachedPolicy cached, @Nullable DiscoveryFailure met) implements Step {}

        /** Fetch the policy, to be kept with this id. */
        record Fetch(String id) implements Step {}

        /** No policy binds. */
        record NoPolicy(PolicyInForce.NotInForce.Reason reason, DiscoveryFailure met) implements Step {}

        /** Nobody knows. */
        record Unknown(PolicyInForce.Undetermined.Reason reason, DiscoveryFailure met) implements Step {}
    }

    /**
     * The step for a delivery.
     *
     * @param cached the cached policy, unexpired; null for none
     * @param strict whether mail waits while DNS gives no answer
     */
    static Step next(@Nullable CachedPolicy cached, RecordAnswer record, BackOff backOff, boolean strict, Instant now) {
        if (record instanceof RecordAnswer.Id found) {
            if (cached != null && cached.recordId().equals(found.id())) {
                return new Step.Keep(cached, null);
            }
            BackOff.Failed held = backOff.holding(found.id(), now);
            if (held == null) {
                return new Step.Fetch(found.id());
            }
            if (cached != null) {
                // RFC 8461 §3.3: without a live policy the cached one applies
                return new Step.Keep(cached, held.failure());
            }
            // RFC 8461 §3.3: a record but no policy to be had: as if the domain had not implemented MTA-STS
            return new Step.NoPolicy(PolicyInForce.NotInForce.Reason.FETCH_FAILED, held.failure());
        }
        if (record instanceof RecordAnswer.None none) {
            // RFC 8461 §3.1: no usable record ends discovery; §5.1: a cached policy is not touched by that
            return cached != null
                    ? new Step.Keep(cached, none.failure())
                    : new Step.NoPolicy(none.reason(), none.failure());
        }
        RecordAnswer.Unknown unknown = (RecordAnswer.Unknown) record;
        if (cached != null) {
            return new Step.Keep(cached, unknown.failure());
        }
        if (unknown.bogus()) {
            return new Step.Unknown(PolicyInForce.Undetermined.Reason.DNS_BOGUS, unknown.failure());
        }
        if (strict) {
            return new Step.Unknown(PolicyInForce.Undetermined.Reason.DNS_UNAVAILABLE, unknown.failure());
        }
        // RFC 8461 is silent; in the spirit of §3.3 mail is not held up by what the domain cannot help
        return new Step.NoPolicy(PolicyInForce.NotInForce.Reason.DNS_UNAVAILABLE, unknown.failure());
    }

    /**
     * The step for a recheck or a refresh (RFC 8461 §5.1, §10.2): the policy is fetched whatever the record says, unless that was done in the last five minutes.
     *
     * @param known the policy to be renewed: the cached one, or one whose time is just over; null for none
     */
    static Step again(@Nullable CachedPolicy known, RecordAnswer record, BackOff backOff, boolean strict, Instant now) {
        CachedPolicy cached = known != null && known.appliesAt(now) ? known : null;
        Step next = next(cached, record, backOff, strict, now);
        if (known == null || next instanceof Step.Fetch) {
            return next;
        }
        String id = record instanceof RecordAnswer.Id found ? found.id() : known.recordId();
        boolean lately = cached != null && now.isBefore(cached.fetchedAt().plus(BackOff.SPAN));
        if (lately || backOff.holding(id, now) != null) {
            return next;
        }
        return new Step.Fetch(id);
    }
}
