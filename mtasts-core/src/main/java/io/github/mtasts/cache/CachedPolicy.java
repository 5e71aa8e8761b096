package io.github.mtasts.cache;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.StsPolicy;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A policy as it was fetched, one unit with the id that was read before the fetch began (RFC 8461 §5.1). Immutable; times are kept to
 * the millisecond.
 */
public final class CachedPolicy {
    private final PolicyDomain domain;
    private final StsPolicy policy;
    private final String recordId;
    // two numbers in place of two Instants: there may be a million of these
    private final long fetchedAt;
    private final long expiresAt;

    /**
     * A policy with a lifetime that may be shorter than its max_age, never longer (RFC 8461 §3.2).
     *
     * @param domain the policy domain
     * @param policy what it says
     * @param recordId the id in the TXT record before the fetch; empty for an operator's pin
     * @param fetchedAt when the fetch was complete
     * @param expiresAt the last instant at which the policy applies; what is beyond {@code fetchedAt} and max_age is cut off
     */
    public CachedPolicy(PolicyDomain domain, StsPolicy policy, String recordId, Instant fetchedAt, Instant expiresAt) {
        this(
                domain,
                policy,
                recordId,
                fetchedAt.toEpochMilli(),
                Math.min(
                        expiresAt.toEpochMilli(),
                        fetchedAt.toEpochMilli() + policy.maxAge().toMillis()));
    }

    private CachedPolicy(PolicyDomain domain, StsPolicy policy, String recordId, long fetchedAt, long expiresAt) {
        this.domain = domain;
        this.policy = policy;
        this.recordId = recordId;
        this.fetchedAt = fetchedAt;
        this.expiresAt = Math.max(fetchedAt, expiresAt);
    }

    /**
     * A policy just fetched: it may be kept for its max_age.
     *
     * @param domain the policy domain
     * @param policy what was fetched
     * @param recordId the id in the TXT record before the fetch
     * @param at when the fetch was complete
     * @return the policy, with its lifetime from now on
     */
    public static CachedPolicy fetched(PolicyDomain domain, StsPolicy policy, String recordId, Instant at) {
        return new CachedPolicy(domain, policy, recordId, at, at.plus(policy.maxAge()));
    }

    /**
     * {@return an operator's policy, for as long as the pin lasts}
     *
     * @param pin the operator's rule
     */
    public static CachedPolicy pinned(OperatorRule.Pin pin) {
        return new CachedPolicy(
                pin.domain(),
                pin.policy(),
                "",
                pin.since().toEpochMilli(),
                pin.until().toEpochMilli() - 1);
    }

    /** {@return the domain that published it} */
    public PolicyDomain domain() {
        return domain;
    }

    /** {@return what it says} */
    public StsPolicy policy() {
        return policy;
    }

    /** {@return the id in the TXT record before the fetch; empty for an operator's pin} */
    public String recordId() {
        return recordId;
    }

    /** {@return when the fetch was complete} */
    public Instant fetchedAt() {
        return Instant.ofEpochMilli(fetchedAt);
    }

    /** {@return the last instant at which it applies, never later than {@link #fetchedAt()} and max_age} */
    public Instant expiresAt() {
        return Instant.ofEpochMilli(expiresAt);
    }

    /**
     * {@return whether it may be used from the cache; never for a max_age of 0, which serves the attempt at hand alone}
     *
     * @param now the time to judge by
     */
    public boolean appliesAt(Instant now) {
        return !isSpent() && now.toEpochMilli() <= expiresAt;
    }

    /** {@return whether its life is nothing: no look-up uses it, whatever a clock says} */
    public boolean isSpent() {
        return expiresAt == fetchedAt;
    }

    /**
     * The same policy with a life of nothing.
     *
     * @return that policy
     */
    public CachedPolicy spent() {
        return new CachedPolicy(domain, policy, recordId, fetchedAt, fetchedAt);
    }

    /**
     * {@return the same policy, as if it had been fetched at another time, with the same lifetime}
     *
     * @param at that time
     */
    public CachedPolicy fetchedAt(Instant at) {
        return new CachedPolicy(domain, policy, recordId, at.toEpochMilli(), at.toEpochMilli() + expiresAt - fetchedAt);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CachedPolicy that
                && fetchedAt == that.fetchedAt
                && expiresAt == that.expiresAt
                && domain.equals(that.domain)
                && recordId.equals(that.recordId)
                && policy.equals(that.policy);
    }

    @Override
    public int hashCode() {
        return domain.hashCode() * 31 + Long.hashCode(fetchedAt);
    }

    @Override
    public String toString() {
        return domain + ": " + policy + " id=" + recordId + " fetched=" + fetchedAt() + " expires=" + expiresAt();
    }
}
