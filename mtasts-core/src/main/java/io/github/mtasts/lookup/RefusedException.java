package io.github.mtasts.lookup;

import java.io.IOException;

/** Carries our refusal of a response through the HTTP library, which closes the connection on it. */
final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final FetchFailure reason;

    /** @param detail for people; remote text in it is quoted */
    RefusedException(FetchFailure reason, String detail) {
        super(detail);
        this.reason = reason;
    }

    FetchFailure reason() {
        return reason;
    }
}
