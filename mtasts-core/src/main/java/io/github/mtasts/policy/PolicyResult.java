package io.github.mtasts.policy;

import java.util.List;

/** What reading a policy file came to. */
public sealed interface PolicyResult {
    /** A valid policy. */
    record Valid(StsPolicy policy) implements PolicyResult {}

    /**
     * No policy: reported as {@code sts-policy-invalid}.
     *
     * @param errors every error found, in order of lines; never empty
     */
    record Invalid(List<PolicyError> errors) implements PolicyResult {
        public Invalid {
            errors = List.copyOf(errors);
        }
    }

    /**
     * One error.
     *
     * @param reason which rule
     * @param line from 1; 0 when it concerns the whole file
     * @param offending the text, quoted, escaped and cut at 200 characters; empty when something is missing
     */
    record PolicyError(Reason reason, int line, String offending) {}

    /** Why a policy is invalid. */
    enum Reason {
        ENCODING,
        TOO_MANY_LINES,
        LINE_TOO_LONG,
        TOO_MANY_MX,
        NO_COLON,
        MISSING_VERSION,
        MISSING_MODE,
        MISSING_MAX_AGE,
        MISSING_MX,
        BAD_VERSION,
        BAD_MODE,
        BAD_MAX_AGE,
        BAD_MX,
        OUTSIDE_GRAMMAR
    }
}
