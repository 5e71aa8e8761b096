package io.github.mtasts.discovery;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fetches of one domain that failed lately, by id (RFC 8461 §3.3: not again within five minutes). Immutable. */
record BackOff(List<Failed> fetches) {
    /** How long a failed fetch is not tried again. */
    static final Duration SPAN = Duration.ofMinutes(5);

    /** So many ids may fail within the span; then every id backs off, or forged ids would have a policy host asked without end. */
    static final int MOST_IDS = 8;

    static final BackOff NONE = new BackOff(List.of());

    /**
     * One failed fetch.
     *
     * @param until the first instant at which it may be tried again
     */
    record Failed(String id, Instant until, DiscoveryFailure failure) {}

    BackOff {
        fetches = List.copyOf(fetches);
    }

    /** The failed fetch because of which none under this id may begin now; null for go. */
    @Nullable
    Failed holding(String id, Instant now) {
        Failed first = null;
        int current = 0;
        for (Failed failed : fetches) {
            if (now.isBefore(failed.until())) {
                if (failed.id().equals(id)) {
                    return failed;
                }
                current++;
                first = first == null || failed.until().isBefore(first.until()) ? failed : first;
            }
        }
        return current < MOST_IDS ? null : first;
    }

    BackOff without(String id) {
        return fetches.isEmpty()
                ? this
                : new BackOff(fetches.stream()
                        .filter(failed -> !failed.id().equals(id))
                        .toList());
    }

    BackOff with(String id, DiscoveryFailure failure, Instant now) {
        List<Failed> next = new ArrayList<>();
        for (Failed failed : fetches) {
            if (now.isBefore(failed.until()) && !failed.id().equals(id)) {
                next.add(failed);
            }
        }
        next.add(new Failed(id, now.plus(SPAN), failure));
        return new BackOff(next);
    }

    /** The same, as if the clock had shown that much less. */
    BackOff earlier(Duration by) {
        return new BackOff(fetches.stream()
                .map(failed -> new Failed(failed.id(), failed.until().minus(by), failed.failure()))
                .toList());
    }
}
