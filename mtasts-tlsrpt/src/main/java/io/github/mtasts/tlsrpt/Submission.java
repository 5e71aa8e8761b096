package io.github.mtasts.tlsrpt;

import io.github.mtasts.tlsrpt.report.Reporter;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How far a report has come on its way. Immutable.
 *
 * @param key the report
 * @param unique letters and digits that make its id, the same at every try and after every restart
 * @param nextTry when it is to be sent
 * @param firstTry when it was first sent, whatever came of it; null before
 * @param reporter who reports, the same at every try whoever makes it; null before the first
 * @param counts what is reported, the same at every try whatever is counted afterwards; empty before the first
 * @param accepted the destinations that took it
 * @param givenUp the destinations that will not take it
 * @param over whether nothing more is to be done
 * @param claimant who works on it; empty for nobody
 * @param claimedUntil when the claim is over
 */
public record Submission(
        ReportKey key,
        String unique,
        Instant nextTry,
        @Nullable Instant firstTry,
        @Nullable Reporter reporter,
        List<DayCounts> counts,
        Set<String> accepted,
        Set<String> givenUp,
        boolean over,
        String claimant,
        Instant claimedUntil) {
    /**
     * Keeps copies.
     *
     * @param key the report
     * @param unique letters and digits that make its id
     * @param nextTry when it is to be sent
     * @param firstTry when it was first sent; null before
     * @param reporter who reports; null before the first try
     * @param counts what is reported
     * @param accepted the destinations that took it
     * @param givenUp the destinations that will not take it
     * @param over whether nothing more is to be done
     * @param claimant who works on it
     * @param claimedUntil when the claim is over
     */
    public Submission {
        counts = List.copyOf(counts);
        accepted = Set.copyOf(accepted);
        givenUp = Set.copyOf(givenUp);
    }

    /**
     * {@return a submission that nobody has begun}
     *
     * @param key the report
     * @param unique letters and digits that make its id
     * @param firstDue when it is to be sent first
     */
    public static Submission planned(ReportKey key, String unique, Instant firstDue) {
        return new Submission(
                key, unique, firstDue, null, null, List.of(), Set.of(), Set.of(), false, "", Instant.EPOCH);
    }

    /** {@return when it was first sent, if it was} */
    public Optional<Instant> begun() {
        return Optional.ofNullable(firstTry);
    }

    /**
     * {@return whether it may be claimed at this time}
     *
     * @param now the time
     */
    public boolean isDue(Instant now) {
        return !over && !nextTry.isAfter(now) && (claimant.isEmpty() || !claimedUntil.isAfter(now));
    }

    /**
     * {@return this, claimed}
     *
     * @param by who works on it
     * @param until when the claim is over
     */
    public Submission claimed(String by, Instant until) {
        return new Submission(key, unique, nextTry, firstTry, reporter, counts, accepted, givenUp, over, by, until);
    }

    Submission begun(Instant at, Reporter by, List<DayCounts> reported) {
        return new Submission(key, unique, nextTry, at, by, reported, accepted, givenUp, over, claimant, claimedUntil);
    }

    Submission acceptedBy(String destination) {
        return new Submission(
                key,
                unique,
                nextTry,
                firstTry,
                reporter,
                counts,
                with(accepted, destination),
                givenUp,
                over,
                claimant,
                claimedUntil);
    }

    Submission givenUpOn(String destination) {
        return new Submission(
                key,
                unique,
                nextTry,
                firstTry,
                reporter,
                counts,
                accepted,
                with(givenUp, destination),
                over,
                claimant,
                claimedUntil);
    }

    /** Due at that time, if it was not before; one that is over, or claimed and not given back, stays as it is. */
    Submission hastened(Instant to) {
        if (over || !nextTry.isAfter(to) || (!claimant.isEmpty() && claimedUntil.isAfter(to))) {
            return this;
        }
        return new Submission(
                key, unique, to, firstTry, reporter, counts, accepted, givenUp, over, claimant, claimedUntil);
    }

    /** To be tried again then, by anybody. */
    Submission again(Instant at) {
        return new Submission(key, unique, at, firstTry, reporter, counts, accepted, givenUp, over, "", Instant.EPOCH);
    }

    /** Nothing more is to be done; the counts are no longer needed. */
    Submission ended() {
        return new Submission(
                key, unique, nextTry, firstTry, reporter, List.of(), accepted, givenUp, true, "", Instant.EPOCH);
    }

    private static Set<String> with(Set<String> set, String one) {
        Set<String> more = new HashSet<>(set);
        more.add(one);
        return more;
    }

    /** {@return this as a text that {@link #decode} reads, for stores} */
    public String encode() {
        return StoredJson.write(this);
    }

    /**
     * {@return what was encoded}
     *
     * @param text from {@link #encode}
     * @throws IllegalArgumentException if it is not
     */
    public static Submission decode(String text) {
        return StoredJson.submission(text);
    }
}
