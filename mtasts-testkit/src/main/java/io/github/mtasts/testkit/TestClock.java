package io.github.mtasts.testkit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A clock that stands still until a test moves it. Safe for any number of threads. */
public final class TestClock implements InstantSource {
    private volatile Instant now;

    /** A clock that stands at the given time. */
    public TestClock(Instant start) {
        now = start;
    }

    /** A clock that stands at the present, in whole seconds, so that certificates made now are valid. */
    public static TestClock now() {
        return new TestClock(Instant.ofEpochSecond(Instant.now().getEpochSecond()));
    }

    @Override
    public Instant instant() {
        return now;
    }

    /** Moves the clock; a negative duration sets it back. */
    public synchronized void advance(Duration duration) {
        now = now.plus(duration);
    }

    /** Sets the clock. */
    public synchronized void set(Instant instant) {
        now = instant;
    }
}
