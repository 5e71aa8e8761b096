package io.github.mtasts.cache;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.StsPolicy;
import java.time.Instant;

/**
 * A policy as it was fetched, one unit with the id that was read before the fetch began (RFC 8461 §5.1).
 *
 * @param recordId the id in the TXT record at that time
 * @param fetchedAt when the fetch was complete
 * @param expiresAt never later than {@code fetchedAt} and max_age; the policy applies up to and including this instant
 */
public record CachedPolicy(
        PolicyDomain domain, StsPolicy policy, String recordId, Instant fetchedAt, Instant expiresAt) {}
