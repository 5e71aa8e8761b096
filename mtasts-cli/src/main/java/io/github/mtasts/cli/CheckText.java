package io.github.mtasts.cli;

import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.FetchTrace;
import io.github.mtasts.policy.MxPattern;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.PolicyTolerance;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.tls.PresentedCertificate;
import io.github.mtasts.tls.TlsCheck;
import io.github.mtasts.tlsrpt.report.TlsRptRecord;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;

/** An inspection for people: what was seen, from the record to the MX hosts, then what it means. */
final class CheckText {
    private static final int MOST_LINES = 40;

    private final PrintWriter out;
    private final Ansi ansi;

    CheckText(PrintWriter out, Ansi ansi) {
        this.out = out;
        this.ansi = ansi;
    }

    void print(Inspection seen, Diagnosis diagnosis) {
        out.println(bold(seen.domain().name()));
        out.println();
        record(seen);
        policyHost(seen);
        policy(seen);
        mxHosts(seen);
        tlsReports(seen);
        out.println();
        meaning(diagnosis);
    }

    private void record(Inspection seen) {
        txt("TXT record", seen.domain().recordName(), seen.txt());
        RecordResult record = seen.record();
        if (record instanceof RecordResult.Found found) {
            line("id", found.id());
        } else if (record instanceof RecordResult.Broken broken) {
            line("fault", bad(Words.lower(broken.reason()) + " " + broken.offending()));
        } else if (seen.txt() instanceof DnsAnswer.Found<String>) {
            line("fault", bad("none of these is an MTA-STS record"));
        }
    }

    private void tlsReports(Inspection seen) {
        txt("TLS reports", "_smtp._tls." + seen.domain(), seen.tlsReports());
        if (!(seen.tlsReports() instanceof DnsAnswer.Found<String> found)) {
            return;
        }
        TlsRptRecord record = TlsRptRecord.parse(found.records());
        if (record instanceof TlsRptRecord.Found valid) {
            valid.destinations().forEach(destination -> line("to", Words.destination(destination)));
            valid.skipped().forEach(uri -> line("skipped", uri));
        } else if (record instanceof TlsRptRecord.Broken broken) {
            line("fault", bad(Words.lower(broken.reason()) + " " + broken.offending()));
        } else {
            line("fault", bad("none of these is a TLS-RPT record"));
        }
    }

    private void txt(String title, String name, DnsAnswer<String> answer) {
        heading(title, name);
        if (answer instanceof DnsAnswer.Found<String> found) {
            found.records().stream().limit(MOST_LINES).forEach(text -> line("raw", Words.quote(text)));
        } else {
            line("", missing(answer));
        }
    }

    private String missing(DnsAnswer<?> answer) {
        if (answer instanceof DnsAnswer.Unavailable<?> unavailable) {
            return bad("DNS gives no answer: " + Words.lower(unavailable.reason()) + " (" + unavailable.detail() + ")");
        }
        return "none";
    }

    private void policyHost(Inspection seen) {
        heading("Policy host", seen.domain().policyHost());
        if (seen.policyHost() instanceof DnsAnswer.Found<InetAddress> found) {
            found.records().stream().limit(MOST_LINES).forEach(address -> line("address", address.getHostAddress()));
        } else {
            line("address", missing(seen.policyHost()));
        }
        FetchResult fetch = seen.fetch();
        if (fetch == null) {
            return;
        }
        FetchTrace trace = fetch.trace();
        if (trace.tlsVersion() != null) {
            line("TLS", trace.tlsVersion());
        }
        certificate(trace.tls());
        if (trace.status() != null) {
            String type = trace.contentType() == null ? "no media type" : Words.plain(trace.contentType());
            line(
                    "HTTPS",
                    "status " + trace.status() + ", " + type + ", " + Words.count(trace.size(), "byte") + ", "
                            + String.format(Locale.ROOT, "%.2f s", trace.took().toMillis() / 1000.0));
        }
        if (fetch instanceof FetchResult.Failed failed) {
            line("failed", bad(Words.lower(failed.reason()) + ": " + failed.detail()));
        }
    }

    private void certificate(@Nullable TlsCheck tls) {
        PresentedCertificate certificate = tls == null ? null : tls.certificate();
        if (certificate != null) {
            line("names", certificate.names().isEmpty() ? "none" : String.join(", ", certificate.names()));
            line("issuer", certificate.issuer());
            line("valid", Words.day(certificate.notBefore()) + " to " + Words.day(certificate.notAfter()));
        }
    }

    private void policy(Inspection seen) {
        if (!(seen.fetch() instanceof FetchResult.Fetched fetched)) {
            return;
        }
        heading("Policy", "");
        List<String> lines =
                new String(fetched.body(), StandardCharsets.UTF_8).lines().toList();
        lines.stream().limit(MOST_LINES).forEach(text -> line("raw", Words.plain(text)));
        if (lines.size() > MOST_LINES) {
            line("raw", "... and " + Words.count(lines.size() - MOST_LINES, "more line"));
        }
        if (seen.policy() instanceof PolicyResult.Invalid invalid) {
            invalid.errors().stream().limit(MOST_LINES).forEach(error -> line("fault", bad(Words.error(error))));
        }
        PolicyResult.Valid valid = seen.validPolicy();
        if (valid != null) {
            StsPolicy policy = valid.policy();
            line("mode", policy.mode().text());
            line("max_age", policy.maxAge().toSeconds() + " s (" + Words.span(policy.maxAge()) + ")");
            for (MxPattern pattern : policy.mx()) {
                line("mx", pattern.toString());
            }
            for (PolicyTolerance tolerance : policy.tolerances()) {
                line("outside", tolerance.text() + ", accepted though RFC 8461 does not allow it");
            }
        }
    }

    private void mxHosts(Inspection seen) {
        heading("MX hosts", seen.domain().name());
        if (seen.mx().isEmpty()) {
            line("", seen.noRoute() == null ? "none" : seen.noRoute().text());
        }
        for (Inspection.Mx mx : seen.mx()) {
            String listed = mx.listed() == null
                    ? ""
                    : mx.listed() ? ", " + good("listed by the policy") : ", " + bad("not listed by the policy");
            line(mx.preference() < 0 ? "" : String.valueOf(mx.preference()), mx.host() + listed);
            if (!(mx.addresses() instanceof DnsAnswer.Found<InetAddress> found)) {
                line("", "  " + missing(mx.addresses()));
            } else if (mx.probes().isEmpty()) {
                found.records().forEach(address -> line("", "  " + address.getHostAddress()));
            }
            mx.probes().forEach(this::probe);
        }
    }

    private void probe(MxProbe probe) {
        line("", "  " + probe.address().getHostAddress() + (probe.ehlo().isEmpty() ? "" : ", EHLO " + probe.ehlo()));
        TlsCheck tls = probe.tls();
        if (!probe.problem().isEmpty()) {
            line("", "    " + bad(probe.problem()));
        }
        if (tls == null) {
            return;
        }
        if (!tls.protocol().isEmpty()) {
            line("", "    STARTTLS, " + tls.protocol() + ", " + tls.cipherSuite());
        }
        PresentedCertificate certificate = tls.certificate();
        if (certificate != null) {
            line(
                    "",
                    "    certificate for "
                            + (certificate.names().isEmpty() ? "no DNS name" : String.join(", ", certificate.names()))
                            + ", issued by " + certificate.issuer() + ", valid " + Words.day(certificate.notBefore())
                            + " to " + Words.day(certificate.notAfter()));
        }
        line("", "    " + (tls.passed() ? good(tls.describe()) : bad(tls.describeFaults())));
    }

    private void meaning(Diagnosis diagnosis) {
        out.println(bold("What a sender does today"));
        out.println("  " + diagnosis.sender());
        if (!diagnosis.findings().isEmpty()) {
            out.println(bold("What to mend"));
            int number = 1;
            for (Finding finding : diagnosis.findings()) {
                String weight = switch (finding.weight()) {
                    case PROBLEM -> bad("problem");
                    case UNKNOWN -> "not known";
                    case ADVICE -> "advice";
                };
                out.println("  " + number++ + ". " + weight + ": " + finding);
            }
        }
        out.println(bold("Verdict") + "  " + verdict(diagnosis.state()));
    }

    /** One of several domains, in one line. */
    void line(Inspection seen, Diagnosis diagnosis) {
        Finding first =
                diagnosis.findings().isEmpty() ? null : diagnosis.findings().get(0);
        boolean tellsWhy = diagnosis.state() != Diagnosis.State.SOUND && first != null;
        out.println(seen.domain() + ": " + verdict(diagnosis.state()) + ": "
                + (tellsWhy && first != null ? first : diagnosis.sender()));
    }

    String verdict(Diagnosis.State state) {
        return switch (state) {
            case SOUND -> good("sound");
            case PROBLEMS -> bad("problems");
            case UNKNOWN -> "could not tell";
        };
    }

    private void heading(String title, String about) {
        out.println(bold(title) + (about.isEmpty() ? "" : "  " + about));
    }

    private void line(String key, String value) {
        out.println(("  " + pad(key) + value).stripTrailing());
    }

    private static String pad(String key) {
        return key + " ".repeat(Math.max(1, 9 - key.length()));
    }

    private String bold(String text) {
        return styled("1", text);
    }

    private String good(String text) {
        return styled("32", text);
    }

    private String bad(String text) {
        return styled("31", text);
    }

    private String styled(String code, String text) {
        return ansi.enabled() ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
