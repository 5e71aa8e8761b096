package io.github.mtasts.tlsrpt;

import io.github.mtasts.discovery.DiscoveryFailure;
import java.util.Locale;

/** Short codes for why a policy could not be had: what the result type of RFC 8460 leaves open. */
final class FailureReason {
    private FailureReason() {}

    /** The cause by name, and what was seen. */
    static String of(DiscoveryFailure failure) {
        if (failure instanceof DiscoveryFailure.Fetch fetch) {
            return code(fetch.reason()) + (fetch.detail().isEmpty() ? "" : ": " + fetch.detail());
        }
        if (failure instanceof DiscoveryFailure.BadPolicy bad) {
            var first = bad.errors().get(0);
            return code(first.reason()) + (first.line() == 0 ? "" : ": line " + first.line());
        }
        return failure.describe();
    }

    private static String code(Enum<?> reason) {
        return reason.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
