package io.github.mtasts.spring;

import io.github.mtasts.MtaSts;
import io.github.mtasts.discovery.DiscoveryCount;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a health page shows of the engine. It is always up: a domain's fault, or DNS's, is no reason to take an application out of service. */
final class MtaStsHealth {
    /** Those that tell of protection lost or nearly, and enough to see that the engine is at work. */
    private static final List<DiscoveryCount> SHOWN = List.of(
            DiscoveryCount.LOOKUPS,
            DiscoveryCount.FETCHES,
            DiscoveryCount.FETCHES_GOOD,
            DiscoveryCount.KEPT_AFTER_FAILURE,
            DiscoveryCount.REFRESHES_FAILED,
            DiscoveryCount.POLICIES_EXPIRED,
            DiscoveryCount.POLICIES_EVICTED,
            DiscoveryCount.STORE_FAILURES,
            DiscoveryCount.OVERLOADS);

    private final MtaSts engine;

    MtaStsHealth(MtaSts engine) {
        this.engine = engine;
    }

    Map<String, Long> details() {
        Map<String, Long> details = new LinkedHashMap<>();
        for (DiscoveryCount count : SHOWN) {
            details.put(
                    count.name().toLowerCase(Locale.ROOT),
                    engine.discovery().counters().get(count));
        }
        return details;
    }
}
