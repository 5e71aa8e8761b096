package io.github.mtasts.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.testkit.TestClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A clock that is set back is noticed, and by how much; small steps are passed over. */
class EngineTimeTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

    private final TestClock clock = new TestClock(NOON);
    private final List<Long> setBack = new ArrayList<>();
    private final EngineTime time = new EngineTime(clock, setBack::add);

    private static long after(long millis) {
        return NOON.toEpochMilli() + millis;
    }

    private void passes(long millis) {
        clock.advance(Duration.ofMillis(millis));
    }

    @Test
    void timePassesAsTheClockDoes() {
        assertThat(time.millis()).isEqualTo(after(0));

        passes(999);
        assertThat(time.millis()).isEqualTo(after(999));
        assertThat(time.last()).isEqualTo(after(0));

        passes(1);
        assertThat(time.millis()).isEqualTo(after(1000));
        assertThat(time.last()).isEqualTo(after(1000));
        assertThat(setBack).isEmpty();
    }

    @Test
    void secondBackIsTimeThatStandsStill() {
        passes(-1000);

        assertThat(time.millis()).isEqualTo(after(0));
        assertThat(setBack).isEmpty();
    }

    @Test
    void moreThanASecondBackIsToldBeforeTheTimeIs() {
        passes(-1001);

        assertThat(time.millis()).isEqualTo(after(-1001));
        assertThat(setBack).containsExactly(1001L);
        assertThat(time.last()).isEqualTo(after(-1001));
    }

    @Test
    void stepBackIsToldOnce() {
        passes(-5000);
        long first = time.millis();

        assertThat(time.millis()).isEqualTo(first);
        assertThat(setBack).containsExactly(5000L);
    }
}
