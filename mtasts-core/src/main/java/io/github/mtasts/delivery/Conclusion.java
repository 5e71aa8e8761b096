package io.github.mtasts.delivery;

import java.time.Duration;
import java.util.Optional;

/** What a delivery to one domain came to when no host took the message. Never permanent for a reason of policy (RFC 8461 §5). */
public sealed interface Conclusion {

    /** {@return the enhanced status code (RFC 3463), for example {@code 4.7.5}} */
    String status();

    /** {@return the same for people: domain, MX hosts, rule, what was seen} */
    String text();

    /**
     * {@return the least time to wait before the next attempt, a hint to the caller's queue (RFC 5321 §4.5.4.1); empty when none can succeed}
     */
    Optional<Duration> retryAfter();

    /**
     * The policy changed while the message was being delivered: a new attempt may succeed at once (RFC 8461 §5.1).
     *
     * @param status the enhanced status code (RFC 3463)
     * @param text for people
     */
    record PolicyChanged(String status, String text) implements Conclusion {
        @Override
        public Optional<Duration> retryAfter() {
            return Optional.of(Duration.ZERO);
        }
    }

    /**
     * Keep the message and try again later.
     *
     * @param status the enhanced status code (RFC 3463)
     * @param text for people
     */
    record TryAgain(String status, String text) implements Conclusion {
        private static final Duration DELAY = Duration.ofMinutes(30);

        @Override
        public Optional<Duration> retryAfter() {
            return Optional.of(DELAY);
        }
    }

    /**
     * Hand the message back.
     *
     * @param reason why no later attempt can succeed
     * @param status the enhanced status code (RFC 3463)
     * @param text for people
     */
    record Permanent(Reason reason, String status, String text) implements Conclusion {
        @Override
        public Optional<Duration> retryAfter() {
            return Optional.empty();
        }
    }

    /** Why a delivery can never succeed. */
    enum Reason {
        /** The domain accepts no mail (RFC 7505). */
        NULL_MX,
        /** The domain does not exist. */
        NXDOMAIN,
        /** The best MX host is this sender itself (RFC 5321 §5.1). */
        LOOP,
        /** None of the MX hosts has an address, and no policy is enforced. */
        NO_ADDRESS
    }
}
