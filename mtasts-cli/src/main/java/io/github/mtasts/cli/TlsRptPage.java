package io.github.mtasts.cli;

import io.github.mtasts.policy.ReportType;
import io.github.mtasts.tlsrpt.report.FailureDetails;
import io.github.mtasts.tlsrpt.report.ReportedPolicy;
import io.github.mtasts.tlsrpt.report.ResultType;
import io.github.mtasts.tlsrpt.report.TlsReport;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A summary of reports as a page: one file, no script, nothing fetched, for narrow and wide screens, light and dark. What strangers wrote is
 * escaped.
 */
final class TlsRptPage {
    private static final int MOST_DOMAINS = 500;
    private static final int MOST_REASONS = 50;
    private static final int MOST_ROWS = 100;

    private final StringBuilder html = new StringBuilder();

    private TlsRptPage() {}

    static String of(TlsRptSummary summary) {
        return new TlsRptPage().page(summary);
    }

    private String page(TlsRptSummary summary) {
        html.append("""
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
                <meta name="referrer" content="no-referrer">
                <title>TLS reports</title>
                <style>
                """).append(style()).append("</style>\n</head>\n<body>\n<header>\n<h1>TLS reports</h1>\n");
        paragraph(TlsRptTable.headline(summary));
        if (summary.reports() > 0) {
            bar(summary.successes(), summary.failures());
        }
        html.append("</header>\n<main>\n");
        first(summary.domains(), MOST_DOMAINS, "domains", this::domain);
        html.append("</main>\n");
        remarks(summary);
        return html.append("</body>\n</html>\n").toString();
    }

    private void domain(TlsRptSummary.Domain domain) {
        html.append("<section>\n<h2>")
                .append(named(domain.name(), "(no domain named)"))
                .append("</h2>\n");
        bar(domain.successes(), domain.failures());
        if (!domain.reasons().isEmpty()) {
            html.append("<h3>Why sessions failed</h3>\n");
            long most = domain.reasons().get(0).sessions();
            first(domain.reasons(), MOST_REASONS, "reasons", reason -> reason(reason, most));
        }
        html.append("<details><summary>Policies and reports</summary>\n<ul class=\"rows\">\n");
        first(domain.entries(), MOST_ROWS, "entries", this::entry);
        html.append("</ul></details>\n</section>\n");
    }

    private void bar(long successes, long failures) {
        double all = (double) successes + failures;
        html.append("<p class=\"legend\"><span class=\"ok\">")
                .append(TlsRptTable.number(successes))
                .append(" succeeded</span> <span class=\"")
                .append(failures > 0 ? "bad" : "none")
                .append("\">")
                .append(TlsRptTable.number(failures))
                .append(" failed")
                .append(all > 0 && failures > 0 ? " (" + percent(failures / all) + ")" : "")
                .append("</span></p>\n<div class=\"bar\" aria-hidden=\"true\">");
        part("ok", successes, all);
        part("bad", failures, all);
        html.append("</div>\n");
    }

    private void part(String kind, long count, double all) {
        if (count > 0) {
            html.append(String.format(Locale.ROOT, "<i class=\"%s\" style=\"flex-grow:%.5f\"></i>", kind, count / all));
        }
    }

    private void reason(TlsRptSummary.Reason reason, long most) {
        html.append("<div class=\"reason\">\n<p class=\"legend\"><strong>")
                .append(named(reason.type(), "(no type named)"))
                .append("</strong> <span class=\"bad\">")
                .append(TlsRptTable.number(reason.sessions()))
                .append("</span></p>\n<div class=\"bar thin\" aria-hidden=\"true\"><i class=\"bad\" style=\"width:")
                .append(String.format(Locale.ROOT, "%.2f", most == 0 ? 0 : 100.0 * reason.sessions() / most))
                .append("%\"></i></div>\n");
        new ResultType(reason.type()).known().ifPresent(type -> paragraph(words(type)));
        html.append("<ul class=\"rows\">\n");
        first(reason.details(), MOST_ROWS, "kinds of failure", this::detail);
        html.append("</ul>\n</div>\n");
    }

    private void detail(TlsRptSummary.Detail detail) {
        FailureDetails failure = detail.failure();
        html.append("<li><b>")
                .append(TlsRptTable.number(failure.failedSessions()))
                .append("×</b> ");
        String helo = failure.receivingMxHelo();
        String host = failure.receivingMxHostname();
        List<String> facts = new ArrayList<>();
        fact(facts, "at", host);
        fact(facts, host == null ? "at" : "address", failure.receivingIp());
        fact(facts, "calls itself", helo == null || helo.equals(host) ? null : helo);
        fact(facts, "from", failure.sendingMtaIp());
        fact(facts, "because", failure.reasonCode());
        fact(facts, "more:", failure.additionalInformation());
        fact(facts, "told by", detail.reporter().isEmpty() ? "(nobody named)" : detail.reporter());
        html.append("<div>").append(String.join(" ", facts)).append("</div></li>\n");
    }

    private static void fact(List<String> facts, String name, @Nullable String value) {
        if (value != null && !value.isBlank()) {
            facts.add("<span><small>" + name + "</small> " + escaped(value) + "</span>");
        }
    }

    private void entry(TlsRptSummary.Entry entry) {
        TlsReport report = entry.report();
        ReportedPolicy policy = entry.policy();
        html.append("<li><b>")
                .append(Words.day(report.start()))
                .append("</b> <div><span>")
                .append(named(policy.type().text(), "(no policy type)"))
                .append("</span> <span class=\"ok\">")
                .append(TlsRptTable.number(policy.successes()))
                .append(" succeeded</span> <span class=\"")
                .append(policy.failures() > 0 ? "bad" : "none")
                .append("\">")
                .append(TlsRptTable.number(policy.failures()))
                .append(" failed")
                .append("</span> <span><small>told by</small> ")
                .append(named(report.organization(), "(nobody named)"))
                .append(report.contact().isEmpty() ? "" : " (" + escaped(report.contact()) + ")")
                .append("</span></div>");
        if (!policy.lines().isEmpty()) {
            html.append("<pre>");
            first(
                    policy.lines(),
                    MOST_ROWS,
                    "lines",
                    line -> html.append(escaped(line)).append('\n'));
            html.append("</pre>");
        }
        html.append("</li>\n");
    }

    private void remarks(TlsRptSummary summary) {
        if (summary.remarks().isEmpty()) {
            return;
        }
        html.append("<footer>\n<h2>Not as RFC 8460 has it</h2>\n<ul>\n");
        summary.remarks().forEach((file, remarks) -> {
            html.append("<li><b>").append(escaped(file)).append("</b><ul>\n");
            remarks.forEach(
                    remark -> html.append("<li>").append(escaped(remark)).append("</li>\n"));
            html.append("</ul></li>\n");
        });
        html.append("</ul>\n</footer>\n");
    }

    private void paragraph(String text) {
        html.append("<p>").append(escaped(text)).append("</p>\n");
    }

    private interface Shown<T> {
        void show(T element);
    }

    /** A hostile report may name any number of things. */
    private <T> void first(List<T> all, int most, String what, Shown<T> shown) {
        all.stream().limit(most).forEach(shown::show);
        if (all.size() > most) {
            html.append("<p>and ")
                    .append(TlsRptTable.number(all.size() - most))
                    .append(" more ")
                    .append(what)
                    .append("</p>\n");
        }
    }

    private static String named(String text, String otherwise) {
        return text.isBlank() ? "<em>" + otherwise + "</em>" : escaped(text);
    }

    private static String percent(double part) {
        return part < 0.001
                ? "under 0.1 %"
                : String.format(Locale.ROOT, part < 0.1 ? "%.1f %%" : "%.0f %%", 100 * part);
    }

    private static String escaped(String text) {
        return TlsRptTable.shown(text)
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    private static String words(ReportType type) {
        return switch (type) {
            case STARTTLS_NOT_SUPPORTED ->
                "The host did not offer STARTTLS, or refused it. Where mail arrives all the same, it arrives in clear text.";
            case CERTIFICATE_HOST_MISMATCH -> "The certificate is for other names than the host's.";
            case CERTIFICATE_EXPIRED -> "The certificate has expired.";
            case CERTIFICATE_NOT_TRUSTED ->
                "The certificate does not lead to an authority that the sender trusts. Often an intermediate certificate is missing.";
            case VALIDATION_FAILURE ->
                "Something else was wrong; the reason is with each line, where the sender gave one.";
            case TLSA_INVALID -> "None of the TLSA records could be used.";
            case DNSSEC_INVALID -> "The sender's resolver could not validate the domain's DNSSEC.";
            case DANE_REQUIRED -> "The sender insists on DANE, and there are no usable TLSA records.";
            case STS_POLICY_FETCH_ERROR ->
                "The MTA-STS policy could not be fetched, though the TXT record says that there is one.";
            case STS_POLICY_INVALID -> "The MTA-STS policy was fetched, and is not valid.";
            case STS_WEBPKI_INVALID -> "The certificate of the policy host (mta-sts.…) is not valid.";
        };
    }

    private static String style() {
        try (InputStream in = TlsRptPage.class.getResourceAsStream("tls-reports.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // it is in this jar
        }
    }
}
