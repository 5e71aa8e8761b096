package io.github.mtasts.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.TestLog;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Whoever can make us warn cannot make us warn without end, and nothing is left out without a word. */
class NoticesTest {
    private static final long NOON = 1_772_366_400_000L;
    private static final long HOUR = 3_600_000;

    private final TestLog log = TestLog.begin();
    private final Notices notices = new Notices(LoggerFactory.getLogger(NoticesTest.class));

    @AfterEach
    void close() {
        log.close();
    }

    /** The lines since the last call. */
    private List<String> said() {
        List<String> lines = log.text()
                .lines()
                .map(line -> line.substring(line.indexOf(" - ") + 3))
                .toList();
        log.forget();
        return lines;
    }

    /** Warns of so many subjects. */
    private void warnOf(String subject, int many, long now) {
        for (int i = 0; i < many; i++) {
            notices.warn(subject + i, "fault", "text", now);
        }
    }

    @Test
    void sameWarningIsSaidOnceAnHourWithItsCount() {
        notices.warn("a.example", "fault", "one", NOON);
        assertThat(said()).containsExactly("a.example: one");

        notices.warn("a.example", "fault", "two", NOON);
        notices.warn("a.example", "fault", "three", NOON + HOUR - 1);
        assertThat(said()).isEmpty();

        notices.warn("a.example", "fault", "four", NOON + HOUR);
        assertThat(said()).containsExactly("a.example: four (and 2 times more since last said)");

        notices.warn("a.example", "fault", "five", NOON + 2 * HOUR);
        assertThat(said()).containsExactly("a.example: five");
    }

    @Test
    void anotherSubjectOrReasonIsAnotherWarning() {
        notices.warn("a.example", "fault", "one", NOON);
        notices.warn("b.example", "fault", "two", NOON);
        notices.warn("a.example", "other fault", "three", NOON);

        assertThat(said()).containsExactly("a.example: one", "b.example: two", "a.example: three");
    }

    @Test
    void clockSetBackSilencesNothing() {
        notices.warn("a.example", "fault", "one", NOON);
        notices.warn("a.example", "fault", "two", NOON - 1);

        assertThat(said()).containsExactly("a.example: one", "a.example: two");
    }

    @Test
    void fiveHundredAreSaidInAnHourAndTheRestIsCounted() {
        warnOf("a", 500, NOON);
        assertThat(said()).hasSize(500).allSatisfy(line -> assertThat(line).endsWith(": text"));

        warnOf("b", 3, NOON + HOUR - 1);
        assertThat(said()).isEmpty();

        warnOf("c", 2, NOON + HOUR);
        assertThat(said()).containsExactly("c0: text [3 further warnings were left out]", "c1: text");
    }

    @Test
    void anHourThatBeganLaterIsOver() {
        warnOf("a", 501, NOON);
        assertThat(said()).hasSize(500);

        warnOf("b", 1, NOON - 1);

        assertThat(said()).containsExactly("b0: text [1 further warnings were left out]");
    }

    @Test
    void whatWasLeftOutIsSaidWhenThereIsRoom() {
        warnOf("a", 500, NOON);
        notices.warn("b.example", "fault", "one", NOON);
        said();

        notices.warn("b.example", "fault", "two", NOON + HOUR);

        assertThat(said()).containsExactly("b.example: two [1 further warnings were left out]");
    }
}
