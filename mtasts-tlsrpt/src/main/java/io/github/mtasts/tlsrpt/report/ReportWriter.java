package io.github.mtasts.tlsrpt.report;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the JSON of RFC 8460 §4.4. */
final class ReportWriter {
    /** RFC 7493 §2.2: beyond, a reader with floating point numbers sees another one. */
    private static final long LARGEST = (1L << 53) - 1;

    private ReportWriter() {}

    static byte[] json(TlsReport report) {
        demand(report);
        try {
            return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asBytes(object(report));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing is read or written but memory
        }
    }

    static Map<String, Object> object(TlsReport report) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("organization-name", text(report.organization()));
        Map<String, Object> range = new LinkedHashMap<>();
        range.put("start-datetime", time(report.start()));
        range.put("end-datetime", time(report.end()));
        json.put("date-range", range);
        json.put("contact-info", text(report.contact()));
        json.put("report-id", text(report.reportId()));
        json.put(
                "policies", report.policies().stream().map(ReportWriter::policy).toList());
        return json;
    }

    private static void demand(TlsReport report) {
        if (report.organization().isBlank()
                || report.contact().isBlank()
                || report.reportId().isBlank()) {
            throw new IllegalStateException("a report needs an organization, a contact and an id");
        }
        if (report.policies().isEmpty()) {
            throw new IllegalStateException("a report needs a policy");
        }
        for (ReportedPolicy policy : report.policies()) {
            if (policy.domain().isBlank()) {
                throw new IllegalStateException("a policy needs a domain");
            }
        }
    }

    private static Map<String, Object> policy(ReportedPolicy policy) {
        Map<String, Object> published = new LinkedHashMap<>();
        published.put("policy-type", policy.type().text());
        published.put("policy-string", texts(policy.lines()));
        published.put("policy-domain", text(policy.domain()));
        // erratum 6241: an array
        if (policy.type().equals(PolicyType.STS)) {
            published.put("mx-host", texts(policy.mxHosts()));
        }
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("total-successful-session-count", count(policy.successes()));
        summary.put("total-failure-session-count", count(policy.failures()));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("policy", published);
        json.put("summary", summary);
        json.put(
                "failure-details",
                policy.details().stream().map(ReportWriter::details).toList());
        return json;
    }

    private static Map<String, Object> details(FailureDetails details) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("result-type", text(details.resultType().text()));
        putIfKnown(json, "sending-mta-ip", details.sendingMtaIp());
        putIfKnown(json, "receiving-mx-hostname", details.receivingMxHostname());
        putIfKnown(json, "receiving-mx-helo", details.receivingMxHelo());
        putIfKnown(json, "receiving-ip", details.receivingIp());
        json.put("failed-session-count", count(details.failedSessions()));
        putIfKnown(json, "additional-information", details.additionalInformation());
        putIfKnown(json, "failure-reason-code", details.reasonCode());
        return json;
    }

    private static void putIfKnown(Map<String, Object> json, String key, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            json.put(key, text(value));
        }
    }

    private static long count(long sessions) {
        return Math.min(sessions, LARGEST);
    }

    private static String time(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static List<String> texts(List<String> texts) {
        return texts.stream().map(ReportWriter::text).toList();
    }

    /** RFC 7493 §2.1: no half of a surrogate pair. */
    private static String text(String text) {
        int[] codePoints = text.codePoints()
                .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
                .toArray();
        return new String(codePoints, 0, codePoints.length);
    }
}
