package io.github.mtasts.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HandshakePlacesTest {
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final List<Integer> entered = new ArrayList<>();
    private final List<HandshakePlaces.Place> places = new ArrayList<>();
    /** Eight, one of them in reserve. */
    private final HandshakePlaces gate = new HandshakePlaces(8, Duration.ofHours(1), timer);

    @AfterEach
    void close() {
        timer.shutdownNow();
    }

    private HandshakePlaces.Entrant entrant(int number) {
        return place -> {
            entered.add(number);
            places.add(place);
        };
    }

    private void crowd(int from, int to) {
        for (int i = from; i <= to; i++) {
            gate.await(entrant(i));
        }
    }

    @Test
    void asManyAsThereArePlacesEnterAtOnce() {
        crowd(1, 10);

        assertThat(entered).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
        assertThat(gate.waiting()).isEqualTo(2);
    }

    @Test
    void aPlaceGivenUpGoesToWhoHasWaitedLongest() {
        crowd(1, 12);

        places.get(0).giveUp();
        places.get(1).giveUp();

        assertThat(entered).endsWith(9, 10);
    }

    @Test
    void thePlaceInReserveGoesToTheNewcomer() {
        crowd(1, 100);

        places.get(7).giveUp();
        gate.await(entrant(200));
        places.get(8).giveUp();

        assertThat(entered).endsWith(100, 200);
    }

    @Test
    void aPlaceIsGivenUpOnce() {
        crowd(1, 12);

        places.get(0).giveUp();
        places.get(0).giveUp();

        assertThat(entered).hasSize(9);
    }

    @Test
    void whoNoLongerWaitsIsPassedOver() {
        crowd(1, 8);
        HandshakePlaces.Entrant leaver = entrant(9);
        gate.await(leaver);
        gate.await(entrant(10));

        gate.forget(leaver);
        places.get(0).giveUp();

        assertThat(entered).endsWith(8, 10);
        assertThat(gate.waiting()).isZero();
    }

    @Test
    void freedPlacesAreThereForLaterOnes() {
        crowd(1, 8);
        List.copyOf(places).forEach(HandshakePlaces.Place::giveUp);

        crowd(11, 18);

        assertThat(entered).hasSize(16);
        assertThat(gate.waiting()).isZero();
    }

    @Test
    void aPlaceIsTakenBackAfterItsSlice() throws Exception {
        CountDownLatch all = new CountDownLatch(40);
        HandshakePlaces brisk = new HandshakePlaces(8, Duration.ofMillis(10), timer);

        for (int i = 0; i < 40; i++) {
            brisk.await(place -> all.countDown());
        }

        assertThat(all.await(1, TimeUnit.MINUTES)).isTrue();
    }
}
