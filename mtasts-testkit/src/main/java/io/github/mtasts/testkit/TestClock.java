package io.github.mtasts.testkit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A clock that stands still until a test moves it. Safe for any number of threads. */
public final class TestClock implements InstantSource {
    private volatile Instant now;

    /**
     * A clock that stands at the given time.
     *
     * @param start what it tells at first
     */
    public TestClock(Instant start) {
        now = start;
    }

    /** {@return a clock that stands at the present, in whole seconds, so that certificates made now are valid} */
    public static TestClock now() {
        return new TestClock(Instant.ofEpochSecond(Instant.now().getEpochSecond()));
    }

    @Override
    public Instant instant() {
        return now;
    }

    /**
     * Moves the clock; a negative duration sets it back.
     *
     * @param duration how far
     */
    public synchronized void advance(Duration duration) {
        now = now.plus(duration);
    }

    /**
     * Sets the clock.
     *
     * @param instant what it tells from now on
     */
    public synchronized void set(Instant instant) {
        now = instant;
    }
}
