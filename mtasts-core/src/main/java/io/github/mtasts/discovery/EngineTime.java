package io.github.mtasts.discovery;

import java.time.InstantSource;
import java.util.function.LongConsumer;

/**
 * The wall clock in milliseconds, watched for being set back. Going forward, however far, counts as time passed. Small steps back (up to a second) are passed over:
 * time then stands still.
 */
final class EngineTime {
    private static final long SMALL = 1000;

    private final InstantSource clock;
    private final LongConsumer onSetBack;
    // written once a second at the most, so that reading it costs nothing
    private volatile long seen;

    /** A watch over this clock; when it is set back, {@code onSetBack} is told by how many milliseconds before any caller learns the new time. */
    EngineTime(InstantSource clock, LongConsumer onSetBack) {
        this.clock = clock;
        this.onSetBack = onSetBack;
        this.seen = clock.millis();
    }

    long millis() {
        long before = seen; // before the clock is read, or a thread that was put aside would see time run back
        long now = clock.millis();
        if (now - before >= SMALL) {
            seen = now;
            return now;
        }
        if (now >= before) {
            return now;
        }
        return before - now <= SMALL ? before : setBack();
    }

    /** The last time seen, to the second, without reading the clock. */
    long last() {
        return seen;
    }

    private synchronized long setBack() {
        long before = seen;
        long now = clock.millis();
        if (before - now > SMALL) {
            onSetBack.accept(before - now);
            seen = now;
        }
        return now;
    }
}
