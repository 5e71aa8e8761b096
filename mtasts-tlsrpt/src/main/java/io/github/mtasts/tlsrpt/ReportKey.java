package io.github.mtasts.tlsrpt;

import io.github.mtasts.policy.PolicyDomain;
import java.time.LocalDate;

/**
 * What one report is about.
 *
 * @param day the day, in UTC
 * @param domain the domain that is told
 */
public record ReportKey(LocalDate day, PolicyDomain domain) implements Comparable<ReportKey> {
    @Override
    public int compareTo(ReportKey other) {
        int days = day.compareTo(other.day);
        return days != 0 ? days : domain.compareTo(other.domain);
    }

    @Override
    public String toString() {
        return domain + " on " + day;
    }
}
