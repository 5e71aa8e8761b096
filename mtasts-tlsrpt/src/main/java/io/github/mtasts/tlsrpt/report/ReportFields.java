package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.text.Quoted;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a report in the dialects that are about: Google and Microsoft leave {@code policy-string} out, Postfix (sys4) leaves out
 * {@code policy-domain}, mox writes null for no details; {@code mx-host} is a string in the RFC's own example; some end a day at 24:00 or
 * write numbers as strings. Each such thing is noted.
 */
final class ReportFields {
    /** So many of a kind are noted; beyond, a hostile report would fill the notes. */
    private static final int MOST_NOTES = 100;

    private static final BigDecimal LARGEST = BigDecimal.valueOf(Long.MAX_VALUE);

    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999Z");

    private final List<String> notes;

    ReportFields(List<String> notes) {
        this.notes = notes;
    }

    TlsReport read(Map<?, ?> json) throws ReportReader.UnreadableException {
        if (!json.containsKey("policies")) {
            throw notAReport("no \"policies\"");
        }
        if (!(json.get("date-range") instanceof Map<?, ?> range)) {
            throw notAReport("no \"date-range\"");
        }
        List<ReportedPolicy> policies = new ArrayList<>();
        int at = 0;
        for (Object entry : objects(json, "policies", "")) {
            policies.add(policy((Map<?, ?>) entry, "policies[" + at++ + "]."));
        }
        if (policies.isEmpty()) {
            note("policies is empty");
        }
        return new TlsReport(
                demanded(json, "organization-name", ""),
                time(range, "start-datetime"),
                time(range, "end-datetime"),
                demanded(json, "contact-info", ""),
                demanded(json, "report-id", ""),
                policies);
    }

    private ReportedPolicy policy(Map<?, ?> entry, String path) {
        Map<?, ?> policy = object(entry, "policy", path);
        Map<?, ?> summary = object(entry, "summary", path);
        String inPolicy = path + "policy.";
        PolicyType type = new PolicyType(demanded(policy, "policy-type", inPolicy));
        if (!policy.containsKey("policy-string") && !type.equals(PolicyType.NO_POLICY_FOUND)) {
            note(inPolicy + "policy-string is absent");
        }
        List<FailureDetails> details = new ArrayList<>();
        int at = 0;
        for (Object detail : objects(entry, "failure-details", path)) {
            details.add(details((Map<?, ?>) detail, path + "failure-details[" + at++ + "]."));
        }
        return new ReportedPolicy(
                type,
                texts(policy, "policy-string", inPolicy),
                demanded(policy, "policy-domain", inPolicy),
                texts(policy, "mx-host", inPolicy),
                count(summary, "total-successful-session-count", path + "summary."),
                count(summary, "total-failure-session-count", path + "summary."),
                details);
    }

    private FailureDetails details(Map<?, ?> json, String path) {
        String more = optional(json, "additional-information", path);
        return new FailureDetails(
                new ResultType(demanded(json, "result-type", path)),
                optional(json, "sending-mta-ip", path),
                optional(json, "receiving-mx-hostname", path),
                optional(json, "receiving-mx-helo", path),
                optional(json, "receiving-ip", path),
                count(json, "failed-session-count", path),
                more != null ? more : optional(json, "additional-info-uri", path),
                optional(json, "failure-reason-code", path));
    }

    private Map<?, ?> object(Map<?, ?> json, String key, String path) {
        if (json.get(key) instanceof Map<?, ?> object) {
            return object;
        }
        note(path + key + (json.containsKey(key) ? " is not an object" : " is absent"));
        return Map.of();
    }

    /** The objects of an array; an object that stands alone is taken for an array of one. */
    private List<Object> objects(Map<?, ?> json, String key, String path) {
        Object value = json.get(key);
        if (value instanceof Map<?, ?> alone) {
            note(path + key + " is an object, not an array");
            return List.of(alone);
        }
        List<Object> objects = new ArrayList<>();
        if (value instanceof List<?> list) {
            for (Object element : list) {
                if (element instanceof Map<?, ?>) {
                    objects.add(element);
                } else {
                    note(path + key + " has an element that is not an object");
                }
            }
        } else if (value != null) {
            note(path + key + " is not an array");
        } else if (json.containsKey(key)) {
            note(path + key + " is null");
        }
        return objects;
    }

    /** The strings of an array; a string that stands alone is taken for an array of its lines. */
    private List<String> texts(Map<?, ?> json, String key, String path) {
        Object value = json.get(key);
        if (value instanceof String alone) {
            note(path + key + " is a string, not an array");
            return alone.lines().filter(line -> !line.isBlank()).toList();
        }
        List<String> texts = new ArrayList<>();
        if (value instanceof List<?> list) {
            for (Object element : list) {
                if (element instanceof String text) {
                    texts.add(text);
                } else {
                    note(path + key + " has an element that is not a string");
                }
            }
        } else if (json.containsKey(key)) {
            note(path + key + (value == null ? " is null" : " is not an array"));
        }
        return texts;
    }

    private String demanded(Map<?, ?> json, String key, String path) {
        String text = optional(json, key, path);
        if (text == null) {
            note(path + key + " is absent or empty");
        }
        return text == null ? "" : text;
    }

    private @Nullable String optional(Map<?, ?> json, String key, String path) {
        Object value = json.get(key);
        if (value instanceof String text) {
            return text.isBlank() ? null : text;
        }
        if (value != null) {
            note(path + key + " is not a string");
            return value instanceof Number || value instanceof Boolean ? value.toString() : null;
        }
        return null;
    }

    /** A number of sessions; 0 where there is none that is one. */
    private long count(Map<?, ?> json, String key, String path) {
        Object value = json.get(key);
        BigDecimal number = null;
        if (value instanceof Integer || value instanceof Long) {
            number = BigDecimal.valueOf(((Number) value).longValue());
        } else if (value instanceof BigInteger big) {
            number = new BigDecimal(big);
        } else if (value instanceof Number odd && Double.isFinite(odd.doubleValue())) {
            number = BigDecimal.valueOf(odd.doubleValue());
            note(path + key + " is not an integer: " + Quoted.quote(value.toString()));
        } else if (value instanceof String text && text.strip().matches("[0-9]{1,30}")) {
            number = new BigDecimal(text.strip());
            note(path + key + " is a string, not a number");
        }
        if (number == null || number.signum() < 0) {
            note(path + key + (value == null ? " is absent" : " is no number of sessions"));
            return 0;
        }
        return number.min(LARGEST).longValue();
    }

    private Instant time(Map<?, ?> range, String key) throws ReportReader.UnreadableException {
        Object value = range.get(key);
        if (!(value instanceof String written)) {
            throw notAReport("no \"" + key + "\"");
        }
        try {
            Instant time = time(key, written.strip().replaceFirst("^(\\d{4}-\\d{2}-\\d{2}) ", "$1T"));
            // years that are no report's, and that not every calendar can show
            if (time.isBefore(Instant.EPOCH) || time.isAfter(LATEST)) {
                throw notAReport("\"" + key + "\" is not of our time: " + Quoted.quote(written));
            }
            return time;
        } catch (DateTimeException e) {
            throw notAReport("\"" + key + "\" is no time: " + Quoted.quote(written));
        }
    }

    private Instant time(String key, String text) {
        if (text.matches("\\d{4}-\\d{2}-\\d{2}T24:00(:00(\\.0+)?)?(Z|[+]00:00)?")) {
            note(key + " is at 24:00");
            return LocalDate.parse(text.substring(0, 10))
                    .plusDays(1)
                    .atStartOfDay(ZoneOffset.UTC)
                    .toInstant();
        }
        if (text.matches("\\d{4}-\\d{2}-\\d{2}")) {
            note(key + " has no time");
            LocalDate day = LocalDate.parse(text);
            return key.startsWith("start")
                    ? day.atStartOfDay(ZoneOffset.UTC).toInstant()
                    : day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant().minusSeconds(1);
        }
        if (text.matches(".*T[0-9:.]+")) {
            note(key + " has no zone");
            return LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
        }
        return OffsetDateTime.parse(text).toInstant();
    }

    private static ReportReader.UnreadableException notAReport(String detail) {
        return new ReportReader.UnreadableException(ReceivedReport.Reason.NOT_A_REPORT, detail);
    }

    private void note(String what) {
        if (notes.size() < MOST_NOTES) {
            notes.add(what);
        } else if (notes.size() == MOST_NOTES) {
            notes.add("and more");
        }
    }
}
