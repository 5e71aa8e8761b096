package io.github.mtasts.cache;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.StsPolicy;
import java.time.Instant;

/** What an operator decided for one domain, in place of what the domain published. It has a reason, and ends by itself. */
public sealed interface OperatorRule {

    /** {@return the domain it is for} */
    PolicyDomain domain();

    /** {@return why, in the operator's words: one line, not blank} */
    String reason();

    /** {@return when it was decided} */
    Instant since();

    /** {@return the first instant at which it is over} */
    Instant until();

    /**
     * {@return whether it binds at this time}
     *
     * @param now the time it is now
     */
    default boolean bindsAt(Instant now) {
        return now.isBefore(until());
    }

    /**
     * The operator's policy holds, whatever the domain publishes.
     *
     * @param domain the policy domain
     * @param policy the operator's policy
     * @param reason why, in the operator's words: one line of 1 to 500 characters
     * @param since when it was decided
     * @param until the first instant at which it is over
     */
    record Pin(PolicyDomain domain, StsPolicy policy, String reason, Instant since, Instant until)
            implements OperatorRule {
        /**
         * Refuses a reason that is none, and an end that is not after the beginning.
         *
         * @param domain the policy domain
         * @param policy the operator's policy
         * @param reason why, in the operator's words: one line of 1 to 500 characters
         * @param since when it was decided
         * @param until the first instant at which it is over
         */
        public Pin {
            check(reason, since, until);
        }
    }

    /**
     * No policy is enforced.
     *
     * @param domain the policy domain
     * @param reason why, in the operator's words: one line of 1 to 500 characters
     * @param since when it was decided
     * @param until the first instant at which it is over
     */
    record Exempt(PolicyDomain domain, String reason, Instant since, Instant until) implements OperatorRule {
        /**
         * Refuses a reason that is none, and an end that is not after the beginning.
         *
         * @param domain the policy domain
         * @param reason why, in the operator's words: one line of 1 to 500 characters
         * @param since when it was decided
         * @param until the first instant at which it is over
         */
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
