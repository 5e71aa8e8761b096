package io.github.mtasts.tlsrpt;

import java.time.Duration;
import java.time.Instant;

/**
 * How often in a row an address refused mail for good.
 *
 * @param count how often
 * @param last when last
 */
public record Refusals(int count, Instant last) {
    /** Never. */
    public static final Refusals NONE = new Refusals(0, Instant.EPOCH);

    private static final int ENOUGH = 3;
    private static final Duration REST = Duration.ofDays(30);

    /** One more. */
    Refusals oneMore(Instant at) {
        return new Refusals(count + 1, at);
    }

    /** Whether the address is left alone for now: repeated refusals, the last of them not long ago. */
    boolean suppresses(Instant now) {
        return count >= ENOUGH && now.isBefore(last.plus(REST));
    }
}
