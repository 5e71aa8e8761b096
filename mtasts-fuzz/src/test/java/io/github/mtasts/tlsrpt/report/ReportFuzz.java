package io.github.mtasts.tlsrpt.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/** Whatever arrives at the address for reports is read without an exception, and what was understood can be written down. */
class ReportFuzz {

    @DictionaryEntries({
        "\"organization-name\":",
        "\"date-range\":{\"start-datetime\":\"2026-04-01T00:00:00Z\",\"end-datetime\":\"2026-04-01T23:59:59Z\"}",
        "\"contact-info\":",
        "\"report-id\":",
        "\"policies\":[{",
        "\"policy\":{\"policy-type\":\"sts\",\"policy-string\":[",
        "\"policy-domain\":",
        "\"mx-host\":",
        "\"summary\":{\"total-successful-session-count\":",
        "\"failure-details\":[{",
        "\"result-type\":\"starttls-not-supported\"",
        "Content-Type: application/tlsrpt+gzip\\x0D\\x0A",
        "Content-Transfer-Encoding: base64\\x0D\\x0A\\x0D\\x0A"
    })
    @FuzzTest
    void anyBytesAreReadAndWhatWasUnderstoodIsReadAgain(byte[] received) {
        ReceivedReport read = TlsReport.read(received);

        if (read instanceof ReceivedReport.Unreadable unreadable) {
            assertThat(unreadable.detail()).isNotEmpty().doesNotContain("\r", "\n", "\0", "\33");
            return;
        }
        ReceivedReport.Found found = (ReceivedReport.Found) read;
        assertThat(found.tolerated())
                .allSatisfy(text -> assertThat(text).isNotEmpty().doesNotContain("\r", "\n", "\0", "\33"));
        assertThat(found.report().toJsonObject()).isNotEmpty();
        byte[] written;
        try {
            written = found.report().toJson();
        } catch (IllegalStateException e) {
            // the sender left out what the RFC demands
            return;
        }
        assertThat(TlsReport.read(written)).isInstanceOfSatisfying(ReceivedReport.Found.class, again -> {
            assertThat(again.report().reportId()).isEqualTo(found.report().reportId());
            assertThat(counts(again.report())).isEqualTo(counts(found.report()));
        });
    }

    private static List<String> counts(TlsReport report) {
        return report.policies().stream()
                .map(policy -> policy.domain() + " " + written(policy.successes()) + " " + written(policy.failures())
                        + " "
                        + policy.details().stream()
                                .map(details -> written(details.failedSessions()))
                                .toList())
                .toList();
    }

    /** What {@link TlsReport#toJson} writes of a count: I-JSON has no larger integer. */
    private static long written(long count) {
        return Math.min(count, (1L << 53) - 1);
    }
}
