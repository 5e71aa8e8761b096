package io.github.mtasts.tlsrpt;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tlsrpt.report.FailureDetails;
import io.github.mtasts.tlsrpt.report.PolicyType;
import io.github.mtasts.tlsrpt.report.Reporter;
import io.github.mtasts.tlsrpt.report.ResultType;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What stores keep, as JSON. Not the form of reports. */
final class StoredJson {
    private StoredJson() {}

    static String write(DayCounts counts) {
        List<List<Object>> details = new ArrayList<>();
        for (FailureDetails detail : counts.details()) {
            details.add(List.of(
                    detail.resultType().text(),
                    text(detail.sendingMtaIp()),
                    text(detail.receivingMxHostname()),
                    text(detail.receivingMxHelo()),
                    text(detail.receivingIp()),
                    text(detail.reasonCode()),
                    detail.failedSessions()));
        }
        return write(Map.of(
                "day", counts.key().day().toString(),
                "domain", counts.key().domain().name(),
                "type", counts.policy().type().text(),
                "lines", counts.policy().lines(),
                "mx", counts.policy().mx(),
                "successes", counts.successes(),
                "failures", counts.failures(),
                "details", details));
    }

    static DayCounts counts(String text) {
        Fields fields = read(text);
        List<FailureDetails> details = new ArrayList<>();
        for (Object one : fields.list("details")) {
            if (!(one instanceof List<?> detail) || detail.size() != 7 || !(detail.get(6) instanceof Number count)) {
                throw new IllegalArgumentException("not a detail: " + one);
            }
            details.add(new FailureDetails(
                    new ResultType(String.valueOf(detail.get(0))),
                    known(detail.get(1)),
                    known(detail.get(2)),
                    known(detail.get(3)),
                    known(detail.get(4)),
                    count.longValue(),
                    null,
                    known(detail.get(5))));
        }
        return new DayCounts(
                fields.key(),
                new AppliedPolicy(new PolicyType(fields.text("type")), fields.texts("lines"), fields.texts("mx")),
                fields.number("successes"),
                fields.number("failures"),
                details);
    }

    static String write(Submission submission) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("day", submission.key().day().toString());
        fields.put("domain", submission.key().domain().name());
        fields.put("unique", submission.unique());
        fields.put("nextTry", submission.nextTry().toString());
        fields.put("firstTry", submission.begun().map(Instant::toString).orElse(""));
        Reporter reporter = submission.reporter();
        fields.put("organization", reporter == null ? "" : reporter.organization());
        fields.put("contact", reporter == null ? "" : reporter.contact());
        fields.put("counts", submission.counts().stream().map(StoredJson::write).toList());
        fields.put("accepted", List.copyOf(submission.accepted()));
        fields.put("givenUp", List.copyOf(submission.givenUp()));
        fields.put("over", submission.over());
        fields.put("claimant", submission.claimant());
        fields.put("claimedUntil", submission.claimedUntil().toString());
        return write(fields);
    }

    static Submission submission(String text) {
        Fields fields = read(text);
        String firstTry = fields.text("firstTry");
        String organization = fields.text("organization");
        return new Submission(
                fields.key(),
                fields.text("unique"),
                fields.instant("nextTry"),
                firstTry.isEmpty() ? null : fields.instant("firstTry"),
                organization.isEmpty() ? null : new Reporter(organization, fields.text("contact")),
                fields.texts("counts").stream().map(StoredJson::counts).toList(),
                Set.copyOf(fields.texts("accepted")),
                Set.copyOf(fields.texts("givenUp")),
                Boolean.TRUE.equals(fields.values.get("over")),
                fields.text("claimant"),
                fields.instant("claimedUntil"));
    }

    static String write(Refusals refusals) {
        return write(Map.of("count", refusals.count(), "last", refusals.last().toString()));
    }

    static Refusals refusals(String text) {
        Fields fields = read(text);
        return new Refusals((int) fields.number("count"), fields.instant("last"));
    }

    private static String text(@Nullable String known) {
        return known == null ? "" : known;
    }

    private static @Nullable String known(@Nullable Object text) {
        return text == null || text.equals("") ? null : text.toString();
    }

    private static String write(Map<String, ?> fields) {
        try {
            return JSON.std.asString(fields);
        } catch (IOException e) {
            throw new IllegalStateException(e); // nothing but texts, numbers and lists of them
        }
    }

    private static Fields read(String text) {
        try {
            return new Fields(JSON.std.mapFrom(text));
        } catch (IOException e) {
            throw new IllegalArgumentException("not what this store wrote: " + e.getMessage(), e);
        }
    }

    private record Fields(Map<String, Object> values) {
        ReportKey key() {
            try {
                return new ReportKey(LocalDate.parse(text("day")), PolicyDomain.of(text("domain")));
            } catch (DateTimeException e) {
                throw new IllegalArgumentException("not a day: " + text("day"), e);
            }
        }

        String text(String name) {
            if (values.get(name) instanceof String text) {
                return text;
            }
            throw new IllegalArgumentException("no text " + name);
        }

        long number(String name) {
            if (values.get(name) instanceof Number number) {
                return number.longValue();
            }
            throw new IllegalArgumentException("no number " + name);
        }

        Instant instant(String name) {
            try {
                return Instant.parse(text(name));
            } catch (DateTimeException e) {
                throw new IllegalArgumentException("no time " + name, e);
            }
        }

        List<?> list(String name) {
            if (values.get(name) instanceof List<?> list) {
                return list;
            }
            throw new IllegalArgumentException("no list " + name);
        }

        List<String> texts(String name) {
            return list(name).stream().map(String::valueOf).toList();
        }
    }
}
