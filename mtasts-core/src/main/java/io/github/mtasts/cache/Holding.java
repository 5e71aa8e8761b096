package io.github.mtasts.cache;

import io.github.mtasts.policy.PolicyDomain;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link PolicyStore} holds for one domain, and what becomes of it when something is written: the rules are here, so that every
 * store follows the same ones. Immutable.
 */
public final class Holding {
    /** The longest max_age, 31,557,600 s (RFC 8461 §3.2). */
    private static final Duration LONGEST_LIFE = Duration.ofHours(8766);

    private final PolicyDomain domain;
    private final @Nullable CachedPolicy policy;
    private final @Nullable LocalDate lastUsed;
    private final @Nullable Purge purge;
    private final @Nullable OperatorRule rule;

    /**
     * An operator purged the domain.
     *
     * @param at what was fetched up to then is not to be used
     * @param tellUntil until when that must be told: the expiry of the policy that was purged
     */
    public record Purge(Instant at, Instant tellUntil) {}

    /**
     * Any of them, or none.
     *
     * @param domain the policy domain
     * @param policy expired or not
     * @param lastUsed the day (UTC) of the last mail for the domain; null when there is no policy
     * @param purge an operator's purge that must still be told
     * @param rule over or not
     */
    public Holding(
            PolicyDomain domain,
            @Nullable CachedPolicy policy,
            @Nullable LocalDate lastUsed,
            @Nullable Purge purge,
            @Nullable OperatorRule rule) {
        this.domain = domain;
        this.policy = policy;
        this.lastUsed = lastUsed;
        this.purge = purge;
        this.rule = rule;
    }

    /**
     * Nothing is held.
     *
     * @param domain the policy domain
     * @return a holding with the domain's name alone
     */
    public static Holding nothing(PolicyDomain domain) {
        return new Holding(domain, null, null, null, null);
    }

    /** {@return the domain asked for} */
    public PolicyDomain domain() {
        return domain;
    }

    /** {@return the policy, expired or not} */
    public Optional<CachedPolicy> policy() {
        return Optional.ofNullable(policy);
    }

    /** {@return the day (UTC) of the last mail for the domain, as far as it was written} */
    public Optional<LocalDate> lastUsed() {
        return Optional.ofNullable(lastUsed);
    }

    /** {@return the operator's purge that engines must still be told} */
    public Optional<Purge> purge() {
        return Optional.ofNullable(purge);
    }

    /** {@return the operator's rule, over or not} */
    public Optional<OperatorRule> rule() {
        return Optional.ofNullable(rule);
    }

    /** {@return whether there is nothing} */
    public boolean isEmpty() {
        return policy == null && purge == null && rule == null;
    }

    /**
     * With a policy in place of the held one, by the rules of {@link PolicyStore#save}: unchanged in the policy when the held one is later.
     *
     * @param fetched the policy
     * @param used the day (UTC) of the last mail for the domain
     * @param now the writer's time: what claims to be from after it counts as earlier
     * @return what is held then
     */
    public Holding with(CachedPolicy fetched, LocalDate used, Instant now) {
        Instant at = fetched.fetchedAt();
        boolean held = policy != null
                && policy.fetchedAt().isAfter(at)
                && !policy.fetchedAt().isAfter(now);
        boolean purged =
                purge != null && !purge.at().isBefore(at) && !purge.at().isAfter(now);
        if (held || purged) {
            return used(used);
        }
        return new Holding(domain, fetched, later(lastUsed, used), null, rule);
    }

    /**
     * With a later day of the last mail; unchanged without a policy.
     *
     * @param day a day (UTC) with mail for the domain
     * @return what is held then
     */
    public Holding used(LocalDate day) {
        LocalDate last = later(lastUsed, day);
        return policy == null || last.equals(lastUsed) ? this : new Holding(domain, policy, last, purge, rule);
    }

    /**
     * Without its policy, and telling so as long as an engine may still remember one.
     *
     * @param at what was fetched up to then is not to be used
     * @return what is held then
     */
    public Holding purged(Instant at) {
        Instant tellUntil = policy == null ? at.plus(LONGEST_LIFE) : policy.expiresAt();
        return new Holding(domain, null, null, new Purge(at, tellUntil), rule);
    }

    /**
     * With this rule in place of the former, or without one.
     *
     * @param newRule the rule; null for none
     * @return what is held then
     */
    public Holding with(@Nullable OperatorRule newRule) {
        return new Holding(domain, policy, lastUsed, purge, newRule);
    }

    /**
     * Without what ended before this time.
     *
     * @param endedBefore the time
     * @return what is held then
     */
    public Holding without(Instant endedBefore) {
        boolean expired = policy != null && policy.expiresAt().isBefore(endedBefore);
        boolean told = purge != null && purge.tellUntil().isBefore(endedBefore);
        boolean over = rule != null && rule.until().isBefore(endedBefore);
        if (!expired && !told && !over) {
            return this;
        }
        return new Holding(
                domain, expired ? null : policy, expired ? null : lastUsed, told ? null : purge, over ? null : rule);
    }

    /** Null in place of an empty one, as maps like it. */
    @Nullable
    Holding orNull() {
        return isEmpty() ? null : this;
    }

    private static LocalDate later(@Nullable LocalDate one, LocalDate other) {
        return one != null && one.isAfter(other) ? one : other;
    }

    @Override
    public String toString() {
        return domain + ": policy=" + policy + " lastUsed=" + lastUsed + " purge=" + purge + " rule=" + rule;
    }
}
