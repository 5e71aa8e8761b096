package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.OperatorRule;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Answers in one line, for people. */
final class Explanation {
    private Explanation() {}

    static String of(CachedPolicy cached, PolicyInForce.Source source, @Nullable DiscoveryFailure met, Instant now) {
        String mode = cached.policy().mode().name().toLowerCase(Locale.ROOT);
        String origin = switch (source) {
            case FETCHED_NOW -> "fetched now";
            case CACHE -> "cached";
            case STORE -> "from the store";
            case PINNED -> "pinned by the operator";
        };
        String id = cached.recordId().isEmpty() ? "" : ", id " + cached.recordId();
        return cached.domain() + ": " + mode + " (" + origin + id + ", " + span(cached, now) + ")" + but(met);
    }

    static String brief(CachedPolicy cached, PolicyInForce.Source source, Instant now) {
        String origin = source == PolicyInForce.Source.PINNED
                ? "pinned by the operator at "
                : "id " + cached.recordId() + ", fetched ";
        return "policy enforce, " + origin + cached.fetchedAt() + ", "
                + span(Duration.between(cached.fetchedAt(), now)) + " old, mx "
                + cached.policy().mx();
    }

    static String of(PolicyInForce.NotInForce answer, Instant now) {
        OperatorRule.Exempt exempt = answer.exempt();
        CachedPolicy none = answer.none();
        String why = switch (answer.reason()) {
            case NO_RECORD -> "the domain has no MTA-STS record";
            case BAD_RECORD -> "its MTA-STS record is unusable";
            case MODE_NONE ->
                "its policy says mode none"
                        + (none == null ? "" : " (id " + none.recordId() + ", " + span(none, now) + ")");
            case FETCH_FAILED -> "it has an MTA-STS record, but its policy could not be obtained";
            case DNS_UNAVAILABLE -> "DNS gave no answer, and no policy is cached";
            case FETCH_OVERLOAD -> "too many policy fetches are under way";
            case PENDING -> "its policy is being fetched";
            case ADDRESS_LITERAL -> "an address literal has no policy";
            case EXEMPT ->
                "exempted by the operator"
                        + (exempt == null ? "" : " until " + exempt.until() + ": " + exempt.reason());
        };
        return answer.domain() + ": no policy in force: " + why + but(answer.met());
    }

    static String of(PolicyInForce.Undetermined answer) {
        String why = switch (answer.reason()) {
            case DNS_BOGUS -> "DNSSEC validation of its MTA-STS record failed";
            case DNS_UNAVAILABLE -> "DNS gave no answer, and no policy is cached";
            case DEADLINE -> "the answer did not come in time";
            case INTERRUPTED -> "the waiting thread was interrupted";
            case CANCELLED -> "the caller cancelled";
            case CLOSED -> "the engine is closed";
            case FAULT -> "a fault within this sender, which its log shows";
        };
        return answer.domain() + ": not known whether a policy is in force: " + why + but(answer.met());
    }

    private static String but(@Nullable DiscoveryFailure met) {
        return met == null ? "" : "; " + met.describe();
    }

    private static String span(CachedPolicy cached, Instant now) {
        Instant expiresAt = cached.expiresAt();
        return span(Duration.between(cached.fetchedAt(), now)) + " old, "
                + (expiresAt.isBefore(now) ? "expired" : span(Duration.between(now, expiresAt)) + " left");
    }

    /** A span of time in its two greatest units. */
    static String span(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        if (seconds >= 86_400) {
            return seconds / 86_400 + " d " + seconds / 3600 % 24 + " h";
        }
        if (seconds >= 3600) {
            return seconds / 3600 + " h " + seconds / 60 % 60 + " min";
        }
        return seconds >= 60 ? seconds / 60 + " min " + seconds % 60 + " s" : seconds + " s";
    }
}
