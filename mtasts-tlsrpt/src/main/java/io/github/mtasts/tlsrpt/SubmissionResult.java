package io.github.mtasts.tlsrpt;

/** What one try to hand over a report came to. */
public sealed interface SubmissionResult {
    /** It was taken. */
    record Accepted() implements SubmissionResult {}

    /**
     * It was not taken now.
     *
     * @param reason in words, printable
     */
    record TryAgain(String reason) implements SubmissionResult {}

    /**
     * It will not be taken, however often it is tried.
     *
     * @param reason in words, printable
     */
    record Refused(String reason) implements SubmissionResult {}
}
