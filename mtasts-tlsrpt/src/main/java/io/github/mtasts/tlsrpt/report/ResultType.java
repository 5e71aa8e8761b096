package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.policy.ReportType;
import java.util.Arrays;
import java.util.Optional;

/**
 * The result type of a failure (RFC 8460 §4.3). Open: a report may name one that is not known here.
 *
 * @param text as it stands in the report, for example {@code certificate-expired}
 */
public record ResultType(String text) {
    /**
     * A type of the RFC.
     *
     * @param type the type
     * @return the same, as it stands in a report
     */
    public static ResultType of(ReportType type) {
        return new ResultType(type.text());
    }

    /** {@return the type of the RFC; empty where the RFC has none of that name} */
    public Optional<ReportType> known() {
        return Arrays.stream(ReportType.values())
                .filter(type -> type.text().equals(text))
                .findFirst();
    }

    @Override
    public String toString() {
        return text;
    }
}
