package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.OperatorRule;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of one domain, replaced as a whole. Written small, since there may be a million of these: nearly all have no
 * {@link Rest}, and the policy stands in the answer alone.
 */
final class Known {
    /** Told to whoever asks before {@link #dueAt}. */
    final PolicyInForce answer;

    /** The first millisecond at which DNS is to be asked again, or something is to be fetched. */
    final long dueAt;

    /** The first millisecond at which the policy is to be refreshed. */
    final long refreshAt;

    private final @Nullable Rest rest;

    /** The day of the last mail, counted from 1970. A lost update does no harm. */
    private int usedOn;

    private Known(Draft draft) {
        answer = draft.answer;
        dueAt = draft.dueAt;
        refreshAt = draft.refreshAt;
        usedOn = draft.usedOn;
        boolean plain = draft.rule == null
                && draft.pending == null
                && draft.shiftedBy == 0
                && draft.backOff.fetches().isEmpty()
                && Objects.equals(draft.policy, policyOf(answer))
                && (draft.policy == null || draft.held);
        rest = plain
                ? null
                : new Rest(
                        draft.policy,
                        draft.held,
                        draft.shiftedBy,
                        draft.rule,
                        draft.pending,
                        draft.pendingUntil,
                        draft.backOff);
    }

    /** What is seldom there. */
    private record Rest(
            @Nullable CachedPolicy policy,
            boolean held,
            long shiftedBy,
            @Nullable OperatorRule rule,
            RecordAnswer.@Nullable Id pending,
            long pendingUntil,
            BackOff backOff) {}

    /** The policy, of any mode, expired or not; also beneath an operator's rule. */
    @Nullable
    CachedPolicy policy() {
        return rest == null ? policyOf(answer) : rest.policy;
    }

    /** Whether a store acknowledged the policy. */
    boolean held() {
        return rest == null || rest.held;
    }

    /** By how many milliseconds the policy's times were moved since it was fetched. */
    long shiftedBy() {
        return rest == null ? 0 : rest.shiftedBy;
    }

    /** The operator's rule that the answer rests on. */
    @Nullable
    OperatorRule rule() {
        return rest == null ? null : rest.rule;
    }

    /** The record that calls for a fetch which has not been made, while it holds. */
    RecordAnswer.@Nullable Id pending(long now) {
        return rest == null || now >= rest.pendingUntil ? null : rest.pending;
    }

    long pendingUntil() {
        return rest == null ? 0 : rest.pendingUntil;
    }

    BackOff backOff() {
        return rest == null ? BackOff.NONE : rest.backOff;
    }

    int usedOn() {
        return usedOn;
    }

    void usedOn(int day) {
        if (usedOn != day) {
            usedOn = day;
        }
    }

    /** A draft with the same content. */
    Draft change() {
        Draft draft = new Draft(answer);
        draft.policy = policy();
        draft.held = held();
        draft.rule = rule();
        draft.dueAt = dueAt;
        draft.refreshAt = refreshAt;
        draft.backOff = backOff();
        draft.usedOn = usedOn;
        if (rest != null) {
            draft.pending = rest.pending;
            draft.pendingUntil = rest.pendingUntil;
            draft.shiftedBy = rest.shiftedBy;
        }
        return draft;
    }

    private static @Nullable CachedPolicy policyOf(PolicyInForce answer) {
        if (answer instanceof PolicyInForce.Enforce enforce) {
            return enforce.cached();
        }
        if (answer instanceof PolicyInForce.Testing testing) {
            return testing.cached();
        }
        return answer instanceof PolicyInForce.NotInForce notInForce ? notInForce.none() : null;
    }

    /** Something to be known. Not safe for several threads. */
    static final class Draft {
        PolicyInForce answer;

        @Nullable
        CachedPolicy policy;

        boolean held;

        /** Whether the store told what it holds. */
        boolean storeHeard = true;

        /** Whether the policy was read from the store just now. */
        boolean fromStore;

        /** By how many milliseconds a clock set back has moved the policy's times: what a store holds has them unmoved. */
        long shiftedBy;

        /** How much of a flight's set-back clock is in these times already. */
        long setBackSeen;

        @Nullable
        OperatorRule rule;

        long dueAt;
        long refreshAt = Long.MAX_VALUE;
        RecordAnswer.@Nullable Id pending;
        long pendingUntil;
        BackOff backOff = BackOff.NONE;
        int usedOn;

        Draft(PolicyInForce answer) {
            this.answer = answer;
        }

        /** Where the policy came from. */
        PolicyInForce.Source source() {
            return fromStore ? PolicyInForce.Source.STORE : PolicyInForce.Source.CACHE;
        }

        /** What is told: the rule's answer if there is a rule. */
        PolicyInForce visible(PolicyInForce otherwise) {
            return rule == null ? otherwise : OperatorRules.answer(rule);
        }

        /** The policy, if it may be used at this time. */
        @Nullable
        CachedPolicy unexpired(Instant now) {
            return policy != null && policy.appliesAt(now) ? policy : null;
        }

        /** The policy, expired or not, unless it is over for good. */
        @Nullable
        CachedPolicy renewable() {
            return policy != null && policy.isSpent() ? null : policy;
        }

        /** Moves all times with a clock that was set back. */
        void setBack(long by) {
            if (policy != null) {
                policy = policy.fetchedAt(policy.fetchedAt().minusMillis(by));
                shiftedBy += by;
            }
            backOff = backOff.earlier(Duration.ofMillis(by));
            pending = null;
            dueAt = 0;
            refreshAt = 0;
        }

        Known build() {
            return new Known(this);
        }
    }
}
