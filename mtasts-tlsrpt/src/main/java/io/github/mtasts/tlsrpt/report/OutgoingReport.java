package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.policy.PolicyDomain;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/**
 * A report on its way to one domain. Document, file name and mail are all made from it, so that they agree (RFC 8460 §5.6). The same arguments
 * always make the same document with the same id.
 */
public final class OutgoingReport {
    /** The media type of {@link #gzip()}. */
    public static final String GZIP_TYPE = "application/tlsrpt+gzip";

    /** The media type of {@link #json()}. */
    public static final String JSON_TYPE = "application/tlsrpt+json";

    private final PolicyDomain domain;
    private final LocalDate day;
    private final Reporter reporter;
    private final String unique;
    private final TlsReport report;

    /**
     * The report of one UTC day.
     *
     * @param reporter who sends it
     * @param domain the domain that asked for it
     * @param day the UTC day, from its first to its last second
     * @param unique letters and digits, 1 to 32, that tell this report from others on the same domain and day; keep it, so that what is sent again
     *     is the same
     * @param policies at least one
     */
    public OutgoingReport(
            Reporter reporter, PolicyDomain domain, LocalDate day, String unique, List<ReportedPolicy> policies) {
        if (!unique.matches("[A-Za-z0-9]{1,32}")) {
            throw new IllegalArgumentException("not 1 to 32 letters and digits: " + unique);
        }
        if (policies.isEmpty()) {
            throw new IllegalArgumentException("a report needs a policy");
        }
        this.domain = domain;
        this.day = day;
        this.reporter = reporter;
        this.unique = unique;
        Instant start = day.atStartOfDay(ZoneOffset.UTC).toInstant();
        this.report = new TlsReport(
                reporter.organization(),
                start,
                day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant().minusSeconds(1),
                reporter.contact(),
                day + "." + domain.name() + "." + unique + "@"
                        + reporter.domain().name(),
                policies);
    }

    /** {@return the domain that asked for it} */
    public PolicyDomain domain() {
        return domain;
    }

    /** {@return the UTC day} */
    public LocalDate day() {
        return day;
    }

    /** {@return who sends it} */
    public Reporter reporter() {
        return reporter;
    }

    /** {@return what tells it from others on the same domain and day} */
    public String unique() {
        return unique;
    }

    /** {@return the document} */
    public TlsReport report() {
        return report;
    }

    /** {@return the document as JSON, in UTF-8} */
    public byte[] json() {
        return report.toJson();
    }

    /** {@return the same in gzip: the body of a POST, and the attachment of a mail} */
    public byte[] gzip() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(json());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing is written but memory
        }
        return bytes.toByteArray();
    }

    /** {@return the file name of {@link #json()} by RFC 8460 §5.1: {@code sender!domain!begin!end!unique.json}} */
    public String jsonFileName() {
        return String.join(
                        "!",
                        reporter.domain().name(),
                        domain.name(),
                        String.valueOf(report.start().getEpochSecond()),
                        String.valueOf(report.end().getEpochSecond()),
                        unique)
                + ".json";
    }

    /** {@return the file name of {@link #gzip()}} */
    public String gzipFileName() {
        return jsonFileName() + ".gz";
    }
}
