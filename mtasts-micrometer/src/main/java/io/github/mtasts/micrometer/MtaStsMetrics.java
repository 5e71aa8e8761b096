package io.github.mtasts.micrometer;

import io.github.mtasts.discovery.DiscoveryCount;
import io.github.mtasts.discovery.DiscoveryCounters;
import io.github.mtasts.lookup.FetchFailure;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Binds the counters of an engine to a registry, all as counters whose names begin with {@code mtasts.}:
 *
 * <pre>{@code
 * new MtaStsMetrics(mtaSts.discovery().counters()).bindTo(registry);
 * }</pre>
 *
 * <p>Worth an alarm: {@code mtasts.policies.expired} and {@code mtasts.policies.evicted} (protection was lost), {@code mtasts.store.failures} (it would be lost at a restart), and
 * {@code mtasts.overloads}. No meter has a domain as a tag, since strangers choose domains.
 *
 * <p>The registry refers to the counters weakly: they live as long as their engine does. Immutable.
 */
public final class MtaStsMetrics implements MeterBinder {
    private static final String PREFIX = "mtasts.";

    private final DiscoveryCounters counters;
    private final Tags tags;

    /** How one count is told. */
    private record Meter(String name, Tags tags, String description) {
        static Meter of(String name, String description) {
            return new Meter(name, Tags.empty(), description);
        }

        static Meter of(String name, String key, String value, String description) {
            return new Meter(name, Tags.of(key, value), description);
        }
    }

    /**
     * A binder for one engine.
     *
     * @param counters the engine's
     */
    public MtaStsMetrics(DiscoveryCounters counters) {
        this(counters, Tags.empty());
    }

    /**
     * A binder for one of several engines.
     *
     * @param counters the engine's
     * @param tags for all its meters, to tell it from the others
     */
    public MtaStsMetrics(DiscoveryCounters counters, Iterable<Tag> tags) {
        this.counters = counters;
        this.tags = Tags.of(tags);
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        for (DiscoveryCount count : DiscoveryCount.values()) {
            register(registry, meter(count), all -> all.get(count));
        }
        for (FetchFailure reason : FetchFailure.values()) {
            String outcome = reason.name().toLowerCase(Locale.ROOT).replace('_', '-');
            register(registry, ended(outcome), all -> all.fetchesFailed(reason));
        }
    }

    private void register(MeterRegistry registry, Meter meter, ToDoubleFunction<DiscoveryCounters> value) {
        FunctionCounter.builder(PREFIX + meter.name(), counters, value)
                .tags(tags.and(meter.tags()))
                .description(meter.description())
                .register(registry);
    }

    private static Meter ended(String outcome) {
        return Meter.of("fetches.ended", "outcome", outcome, "Policy fetches that ended, by outcome");
    }

    private static Meter records(String answer) {
        return Meter.of("records", "answer", answer, "TXT questions, by answer");
    }

    private static Meter refreshes(String outcome) {
        return Meter.of("refreshes", "outcome", outcome, "Refreshes of cached policies, by outcome");
    }

    private static Meter meter(DiscoveryCount count) {
        return switch (count) {
            case LOOKUPS -> Meter.of("lookups", "Policy look-ups");
            case LOOKUPS_FROM_MEMORY -> Meter.of("lookups.memory", "Of these, answered without any I/O");
            case RECORDS_FOUND -> records("found");
            case RECORDS_ABSENT -> records("absent");
            case RECORDS_UNUSABLE -> records("unusable");
            case RECORDS_UNAVAILABLE -> records("unavailable");
            case RECORDS_BOGUS ->
                Meter.of("records.bogus", "Of the unavailable ones, those that failed DNSSEC validation");
            case FETCHES -> Meter.of("fetches", "Policy fetches begun");
            case FETCHES_GOOD -> ended("good");
            case FETCHES_INVALID -> ended("invalid");
            case FETCHES_BACKED_OFF ->
                Meter.of("fetches.backed.off", "Fetches not begun for a failed one of the last five minutes");
            case KEPT_AFTER_FAILURE ->
                Meter.of("policies.kept", "Times a cached policy was kept in spite of a failure");
            case OVERLOADS -> Meter.of("overloads", "Look-ups that found too many fetches under way");
            case REFRESHES_GOOD -> refreshes("good");
            case REFRESHES_FAILED -> refreshes("failed");
            case RECHECKS -> Meter.of("rechecks", "Rechecks before a refusal is told");
            case RECHECKS_CHANGED -> Meter.of("rechecks.changed", "Of these, that found another policy");
            case POLICIES_EXPIRED -> Meter.of("policies.expired", "Policies that ended before they could be renewed");
            case POLICIES_EVICTED ->
                Meter.of("policies.evicted", "Unexpired enforce policies lost because memory was full");
            case STORE_FAILURES -> Meter.of("store.failures", "Calls of the policy store that failed or were late");
            case EVENTS_DROPPED -> Meter.of("events.dropped", "Events that a slow listener missed");
        };
    }
}
