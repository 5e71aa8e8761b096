package io.github.mtasts.tlsrpt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes counts from memory to the store, and drops those of domains that want no reports. */
final class Collector {
    private static final Logger LOG = LoggerFactory.getLogger(TlsReporting.class);

    /** Counts that wait for a store that fails. */
    private static final int MOST_WAITING = 50_000;

    private static final int MOST_DOUBTFUL = 100_000;

    private final Recorder recorder;
    private final ReportStore store;
    private final ReentrantLock collecting = new ReentrantLock();
    // guarded by collecting
    private final Map<List<Object>, DayCounts> waiting = new LinkedHashMap<>();
    private final Set<ReportKey> doubtful = new HashSet<>();
    private boolean failing;

    private volatile @Nullable RecordLookup lookup;

    Collector(Recorder recorder, ReportStore store) {
        this.recorder = recorder;
        this.store = store;
    }

    /** From now on domains are asked whether they want reports. */
    void ask(RecordLookup records) {
        lookup = records;
    }

    /** Keeps what was counted up to now. */
    void collect() {
        collecting.lock();
        try {
            long lost = recorder.takeLost();
            if (lost > 0) {
                LOG.warn("TLS reports: {} sessions were not counted: too many different ones in a few seconds", lost);
            }
            recorder.take().forEach(this::wait);
            keep();
            forgetUnwanted();
        } finally {
            collecting.unlock();
        }
    }

    private void wait(DayCounts counts) {
        if (wish(counts.key()) == RecordLookup.Wish.NONE) {
            return; // RFC 8460 §3: nobody asked for it
        }
        List<Object> unit = List.of(counts.key(), counts.policy());
        if (waiting.size() < MOST_WAITING || waiting.containsKey(unit)) {
            waiting.merge(unit, counts, DayCounts::plus);
        } else {
            LOG.debug("{}: counts are lost, since the store fails", counts.key());
        }
    }

    private void keep() {
        Collection<DayCounts> kept = new ArrayList<>(waiting.values());
        if (kept.isEmpty()) {
            return;
        }
        try {
            store.add(kept);
            waiting.clear();
            if (failing) {
                LOG.warn("TLS reports: the store works again");
            }
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                LOG.warn("TLS reports: the store fails; counts wait in memory: {}", e.getMessage());
            }
            failing = true;
            return;
        }
        for (DayCounts counts : kept) {
            // not known when it was kept: by now the answer may be there, and may be no
            if (doubtful.size() < MOST_DOUBTFUL && wish(counts.key()) != RecordLookup.Wish.REPORTS) {
                doubtful.add(counts.key());
            }
        }
    }

    /** What was kept before the domain's answer came: it wants no reports after all. */
    private void forgetUnwanted() {
        for (Iterator<ReportKey> keys = doubtful.iterator(); keys.hasNext(); ) {
            ReportKey key = keys.next();
            RecordLookup.Wish wish = wish(key);
            if (wish == RecordLookup.Wish.UNKNOWN) {
                continue;
            }
            keys.remove();
            if (wish == RecordLookup.Wish.NONE) {
                try {
                    store.forget(key);
                } catch (IOException e) {
                    LOG.debug("{}: counts that nobody wants stay for now: {}", key, e.getMessage());
                }
            }
        }
    }

    private RecordLookup.Wish wish(ReportKey key) {
        RecordLookup records = lookup;
        return records == null ? RecordLookup.Wish.UNKNOWN : records.wish(key.domain());
    }
}
