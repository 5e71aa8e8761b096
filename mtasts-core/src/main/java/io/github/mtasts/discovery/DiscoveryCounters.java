package io.github.mtasts.discovery;

import io.github.mtasts.lookup.FetchFailure;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The counters of an engine. They only grow. Safe for any number of threads; reading is cheap. */
public final class DiscoveryCounters {
    private final Map<DiscoveryCount, LongAdder> counts = adders(DiscoveryCount.class);
    private final Map<FetchFailure, LongAdder> failures = adders(FetchFailure.class);

    DiscoveryCounters() {}

    /**
     * {@return how often this happened}
     *
     * @param count what to tell
     */
    public long get(DiscoveryCount count) {
        return adder(counts, count).sum();
    }

    /**
     * {@return how many fetches failed for this reason}
     *
     * @param reason the reason
     */
    public long fetchesFailed(FetchFailure reason) {
        return adder(failures, reason).sum();
    }

    void count(DiscoveryCount count) {
        adder(counts, count).increment();
    }

    void count(FetchFailure failure) {
        adder(failures, failure).increment();
    }

    private static <E extends Enum<E>> LongAdder adder(Map<E, LongAdder> adders, E key) {
        return Objects.requireNonNull(adders.get(key));
    }

    private static <E extends Enum<E>> Map<E, LongAdder> adders(Class<E> keys) {
        return Arrays.stream(keys.getEnumConstants())
                .collect(Collectors.toMap(
                        Function.identity(), key -> new LongAdder(), (one, other) -> one, () -> new EnumMap<>(keys)));
    }
}
