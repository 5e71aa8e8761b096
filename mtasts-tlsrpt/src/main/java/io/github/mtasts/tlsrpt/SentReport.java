package io.github.mtasts.tlsrpt;

import io.github.mtasts.tlsrpt.report.ReportDestination;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a report that was to be sent at once: {@link TlsReporting#sendNow}.
 *
 * @param key the report
 * @param outcome what became of it
 * @param reportId its {@code report-id}; null if none was made
 * @param tries what was tried now, in the order of the domain's record; without the destinations that took it or refused it before
 * @param nextTry when whoever uses the store tries again; null if nobody does, or it is not known
 * @param reason why it is so, in words, printable; empty if it was accepted
 */
public record SentReport(
        ReportKey key,
        Outcome outcome,
        @Nullable String reportId,
        List<Try> tries,
        @Nullable Instant nextTry,
        String reason) {
    /**
     * Keeps a copy.
     *
     * @param key the report
     * @param outcome what became of it
     * @param reportId its {@code report-id}
     * @param tries what was tried now
     * @param nextTry when it is tried again
     * @param reason why it is so
     */
    public SentReport {
        tries = List.copyOf(tries);
    }

    /** What became of it. */
    public enum Outcome {
        /** A destination took it, which is enough (RFC 8460 §3). */
        ACCEPTED,
        /** None has taken it yet, and it can be tried again. */
        WAITS,
        /** None takes it, and nothing more is done. */
        GIVEN_UP,
        /** The domain asks for no report. */
        UNWANTED,
        /** Nothing was done: another instance works on it or has done with it, or there is nothing to tell. */
        NOTHING_TO_DO
    }

    /**
     * One destination.
     *
     * @param destination where it went
     * @param result what was said there
     */
    public record Try(ReportDestination destination, SubmissionResult result) {}

    static SentReport without(ReportKey key, Outcome outcome, String reason) {
        return new SentReport(key, outcome, null, List.of(), null, reason);
    }
}
