package io.github.mtasts.tlsrpt;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ObjLongConsumer;

/**
 * Counts equal things in memory until somebody takes the counts away. Adding takes no lock on what is known already, waits for nobody, and never fails; each addition is taken
 * exactly once. What would make more than the most kinds is lost, and its number is told.
 *
 * @param <K> what is counted
 */
final class Tally<K> {
    /** A cell that holds this is no longer in the map, or will not be in a moment. */
    private static final long RETIRED = Long.MIN_VALUE;

    private final Map<K, AtomicLong> cells = new ConcurrentHashMap<>();
    private final AtomicInteger kinds = new AtomicInteger();
    private final LongAdder lost = new LongAdder();
    private final int mostKinds;

    Tally(int mostKinds) {
        this.mostKinds = mostKinds;
    }

    /** Adds one. */
    void add(K kind) {
        while (true) {
            AtomicLong cell = cells.get(kind);
            if (cell == null) {
                if (kinds.get() >= mostKinds) {
                    lost.increment();
                    return;
                }
                AtomicLong made = new AtomicLong(1);
                cell = cells.putIfAbsent(kind, made);
                if (cell == null) {
                    kinds.incrementAndGet();
                    return;
                }
            }
            long held = cell.get();
            while (held != RETIRED) {
                long seen = cell.compareAndExchange(held, held + 1);
                if (seen == held) {
                    return;
                }
                held = seen;
            }
            cells.remove(kind, cell);
        }
    }

    /** Takes all counts away. For one thread at a time. */
    void take(ObjLongConsumer<K> to) {
        cells.forEach((kind, cell) -> {
            long count = cell.getAndSet(RETIRED);
            cells.remove(kind, cell);
            kinds.decrementAndGet();
            to.accept(kind, count);
        });
    }

    /** How many additions were lost since this was asked last. */
    long takeLost() {
        return lost.sumThenReset();
    }
}
