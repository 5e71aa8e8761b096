package io.github.mtasts.tlsrpt;

import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How far a report has come on its way. Immutable.
 *
 * @param key the report
 * @param reportId its id, the same at every try and after every restart
 * @param nextTry when it is to be sent
 * @param firstTry when it was first sent, whatever came of it; null before
 * @param document the report as it is sent, the same at every try; empty before the first
 * @param accepted the destinations that took it
 * @param givenUp the destinations that will not take it
 * @param over whether nothing more is to be done
 * @param claimant who works on it; empty for nobody
 * @param claimedUntil when the claim is over
 */
public record Submission(
        ReportKey key,
        String reportId,
        Instant nextTry,
        @Nullable Instant firstTry,
        byte[] document,
        Set<String> accepted,
        Set<String> givenUp,
        boolean over,
        String claimant,
        Instant claimedUntil) {
    /**
     * Keeps copies.
     *
     * @param key the report
     * @param reportId its id
     * @param nextTry when it is to be sent
     * @param firstTry when it was first sent; null before
     * @param document the report as it is sent
     * @param accepted the destinations that took it
     * @param givenUp the destinations that will not take it
     * @param over whether nothing more is to be done
     * @param claimant who works on it
     * @param claimedUntil when the claim is over
     */
    public Submission {
        document = document.clone();
        accepted = Set.copyOf(accepted);
        givenUp = Set.copyOf(givenUp);
    }

    /**
     * {@return a submission that nobody has begun}
     *
     * @param key the report
     * @param reportId its id
     * @param firstDue when it is to be sent first
     */
    public static Submission planned(ReportKey key, String reportId, Instant firstDue) {
        return new Submission(key, reportId, firstDue, null, new byte[0], Set.of(), Set.of(), false, "", Instant.EPOCH);
    }

    /** {@return the report as it is sent; empty before the first try} */
    @Override
    public byte[] document() {
        return document.clone();
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
        return new Submission(key, reportId, nextTry, firstTry, document, accepted, givenUp, over, by, until);
    }

    Submission begun(Instant at, byte[] bytes) {
        return new Submission(key, reportId, nextTry, at, bytes, accepted, givenUp, over, claimant, claimedUntil);
    }

    Submission acceptedBy(String destination) {
        return new Submission(
                key,
                reportId,
                nextTry,
                firstTry,
                document,
                with(accepted, destination),
                givenUp,
                over,
                claimant,
                claimedUntil);
    }

    Submission givenUpOn(String destination) {
        return new Submission(
                key,
                reportId,
                nextTry,
                firstTry,
                document,
                accepted,
                with(givenUp, destination),
                over,
                claimant,
                claimedUntil);
    }

    /** To be tried again then, by anybody. */
    Submission again(Instant at) {
        return new Submission(key, reportId, at, firstTry, document, accepted, givenUp, over, "", Instant.EPOCH);
    }

    /** Nothing more is to be done; the document is no longer needed. */
    Submission ended() {
        return new Submission(
                key, reportId, nextTry, firstTry, new byte[0], accepted, givenUp, true, "", Instant.EPOCH);
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
