package io.github.mtasts.lookup;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets only so many fetches enter their connection at once: a fresh TLS handshake costs milliseconds, and a good host's would wait behind a
 * crowd of them. A place is given up when the handshake is over, but after a short slice in any case: otherwise silent hosts would hold them
 * all. Most places go to who has waited longest; a reserve goes to who came last, so that a newcomer is not behind a whole crowd.
 */
final class HandshakePlaces {
    private final Duration slice;
    private final ScheduledExecutorService timer;
    // guarded by this
    private final ArrayDeque<Entrant> waiting = new ArrayDeque<>();
    private int common;
    private int reserve;

    /** Who wants to connect. */
    interface Entrant {
        /** Called once, outside of any lock. */
        void enter(Place place);
    }

    HandshakePlaces(int places, Duration slice, ScheduledExecutorService timer) {
        this.reserve = places / 8;
        this.common = places - reserve;
        this.slice = slice;
        this.timer = timer;
    }

    void await(Entrant entrant) {
        boolean fromReserve;
        synchronized (this) {
            fromReserve = common == 0;
            if (common > 0) {
                common--;
            } else if (reserve > 0) {
                reserve--;
            } else {
                waiting.addLast(entrant);
                return;
            }
        }
        admit(entrant, fromReserve);
    }

    synchronized void forget(Entrant entrant) {
        waiting.remove(entrant);
    }

    synchronized int waiting() {
        return waiting.size();
    }

    private void admit(Entrant entrant, boolean fromReserve) {
        Place place = new Place(fromReserve);
        place.end = timer.schedule(place::giveUp, slice.toNanos(), TimeUnit.NANOSECONDS);
        entrant.enter(place);
    }

    final class Place {
        private final boolean fromReserve;
        private boolean given;
        private volatile @Nullable Future<?> end;

        private Place(boolean fromReserve) {
            this.fromReserve = fromReserve;
        }

        /** Lets the next one in. Any call but the first does nothing. */
        void giveUp() {
            Entrant next;
            synchronized (HandshakePlaces.this) {
                if (given) {
                    return;
                }
                given = true;
                next = next();
            }
            Future<?> slice = end;
            if (slice != null) {
                slice.cancel(false);
            }
            if (next != null) {
                admit(next, fromReserve);
            }
        }

        private @Nullable Entrant next() {
            Entrant next = fromReserve ? waiting.pollLast() : waiting.pollFirst();
            if (next == null) {
                if (fromReserve) {
                    reserve++;
                } else {
                    common++;
                }
            }
            return next;
        }
    }
}
