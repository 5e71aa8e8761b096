package io.github.mtasts.cache;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.StsPolicy;
import java.time.Instant;

/** What an operator decided for one domain, in place of what the domain published. It has a reason, and ends by itself. */
public sealed interface OperatorRule {

    /** The domain it is for. */
    PolicyDomain domain();

    /** Why, in the operator's words: one line, not blank. */
    String reason();

    /** When it was decided. */
    Instant since();

    /** The first instant at which it is over. */
    Instant until();

    /** Whether it binds at this time. */
    default boolean bindsAt(Instant now) {
        return now.isBefore(until());
    }

    /** The operator's policy holds, whatever the domain publishes. */
    record Pin(PolicyDomain domain, StsPolicy policy, String reason, Instant since, Instant until)
            implements OperatorRule {
        public Pin {
            check(reason, since, until);
        }
    }

    /** No policy is enforced. */
    record Exempt(PolicyDomain domain, String reason, Instant since, Instant until) implements OperatorRule {
        public Exempt {
            check(reason, since, until);
        }
    }

    private static void check(String reason, Instant since, Instant until) {
        if (reason.isBlank() || reason.length() > 500 || reason.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("a pin or exemption needs a reason: one line of 1 to 500 characters");
        }
        if (!until.isAfter(since)) {
            throw new IllegalArgumentException("a pin or exemption ends after it begins: " + since + " to " + until);
        }
    }
}
