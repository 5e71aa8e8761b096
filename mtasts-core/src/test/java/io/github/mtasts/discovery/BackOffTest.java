package io.github.mtasts.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.lookup.FetchFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A failed fetch is not tried again within five minutes, whatever ids are forged meanwhile (RFC 8461 §3.3). */
class BackOffTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final DiscoveryFailure FAILURE = new DiscoveryFailure.Fetch(FetchFailure.CONNECT, "refused");

    /** So many ids that failed, a second after one another. */
    private static BackOff failed(int ids) {
        BackOff backOff = BackOff.NONE;
        for (int i = 0; i < ids; i++) {
            backOff = backOff.with("id" + i, FAILURE, NOON.plusSeconds(i));
        }
        return backOff;
    }

    private static String holding(BackOff backOff, String id, Instant now) {
        BackOff.Failed failed = backOff.holding(id, now);
        return failed == null ? "none" : failed.id();
    }

    @Test
    @Tag("S-3.3-17")
    void failedIdWaitsForFiveMinutesAndNoLonger() {
        BackOff backOff = failed(1);

        assertThat(holding(backOff, "id0", NOON.plus(BackOff.SPAN).minusMillis(1)))
                .isEqualTo("id0");
        assertThat(holding(backOff, "id0", NOON.plus(BackOff.SPAN))).isEqualTo("none");
        assertThat(holding(backOff, "another", NOON)).isEqualTo("none");
    }

    @Test
    void eighthIdThatFailsHoldsAllIdsUntilTheFirstMayBeTriedAgain() {
        Instant now = NOON.plusSeconds(10);

        assertThat(holding(failed(BackOff.MOST_IDS - 1), "another", now)).isEqualTo("none");
        assertThat(holding(failed(BackOff.MOST_IDS), "another", now)).isEqualTo("id0");
        assertThat(holding(failed(BackOff.MOST_IDS), "another", NOON.plus(BackOff.SPAN)))
                .isEqualTo("none");
    }

    @Test
    void firstToBeTriedAgainIsTheEarliestWhateverTheOrder() {
        BackOff backOff = BackOff.NONE;
        for (int i = BackOff.MOST_IDS - 1; i >= 0; i--) {
            backOff = backOff.with("id" + i, FAILURE, NOON.plusSeconds(i));
        }

        assertThat(holding(backOff, "another", NOON.plusSeconds(10))).isEqualTo("id0");
    }

    @Test
    void idThatWasFetchedWaitsNoMoreAndTheOthersDo() {
        BackOff backOff = failed(3).without("id1");

        assertThat(backOff.fetches()).extracting(BackOff.Failed::id).containsExactly("id0", "id2");
        assertThat(BackOff.NONE.without("id1")).isSameAs(BackOff.NONE);
    }

    @Test
    void idThatFailsAgainWaitsAnew() {
        BackOff backOff = failed(2).with("id0", FAILURE, NOON.plusSeconds(60));

        assertThat(backOff.fetches()).extracting(BackOff.Failed::id).containsExactly("id1", "id0");
        assertThat(Objects.requireNonNull(backOff.holding("id0", NOON)).until())
                .isEqualTo(NOON.plusSeconds(60).plus(BackOff.SPAN));
    }

    @Test
    void whatIsOverIsForgottenWithTheNextFailure() {
        BackOff backOff = failed(2).with("late", FAILURE, NOON.plus(BackOff.SPAN));

        assertThat(backOff.fetches()).extracting(BackOff.Failed::id).containsExactly("id1", "late");
    }

    @Test
    void clockSetBackMovesTheWaitWithIt() {
        BackOff backOff = failed(1).earlier(Duration.ofHours(1));

        assertThat(backOff.fetches().get(0).until())
                .isEqualTo(NOON.plus(BackOff.SPAN).minus(Duration.ofHours(1)));
    }
}
