package io.github.mtasts.policy;

import java.util.List;

/** What reading a policy file came to (RFC 8461 §3.2). */
public sealed interface PolicyResult {
    /**
     * A valid policy.
     *
     * @param policy the policy
     */
    record Valid(StsPolicy policy) implements PolicyResult {}

    /**
     * No policy: reported as {@code sts-policy-invalid} (RFC 8460 §4.3.2.2).
     *
     * @param errors every error found, in order of lines, and behind these what is missing; never empty
     */
    record Invalid(List<PolicyError> errors) implements PolicyResult {
        /**
         * Copies the list.
         *
         * @param errors the errors
         */
        public Invalid {
            errors = List.copyOf(errors);
        }
    }

    /**
     * One error.
     *
     * @param reason which rule
     * @param line from 1; 0 when it concerns the whole file
     * @param offending the text, quoted, escaped and cut at 200 characters, or what a limit is; empty when something is missing
     */
    record PolicyError(Reason reason, int line, String offending) {}

    /** Why a policy is invalid. */
    enum Reason {
        /** The file is not UTF-8, or holds a NUL byte. */
        ENCODING,
        /** The file has more than 1000 lines. */
        TOO_MANY_LINES,
        /** A line is longer than 4096 bytes. */
        LINE_TOO_LONG,
        /** The file has more than 255 {@code mx} lines. */
        TOO_MANY_MX,
        /** A line has no colon: HTML or prose, hardly a policy. */
        NO_COLON,
        /** No line gives the {@code version}. */
        MISSING_VERSION,
        /** No line gives the {@code mode}. */
        MISSING_MODE,
        /** No line gives the {@code max_age}. */
        MISSING_MAX_AGE,
        /** No line gives an {@code mx}, and the mode is not {@code none}. */
        MISSING_MX,
        /** The {@code version} is not {@code STSv1}. */
        BAD_VERSION,
        /** The {@code mode} is none of {@code enforce}, {@code testing}, {@code none}. */
        BAD_MODE,
        /** The {@code max_age} is not one to ten digits. */
        BAD_MAX_AGE,
        /** An {@code mx} is not a domain in A-labels, with or without {@code *.} before it. */
        BAD_MX,
        /** Strict parsing only: a {@link PolicyTolerance}, or an extension that the grammar does not allow. */
        OUTSIDE_GRAMMAR
    }
}
