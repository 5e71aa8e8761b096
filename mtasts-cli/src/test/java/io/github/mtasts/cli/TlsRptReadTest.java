package io.github.mtasts.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.mtasts.tlsrpt.report.TlsReport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code mtasts tlsrpt read}. */
class TlsRptReadTest {
    @TempDir
    private Path folder;

    private CommandRun run = new CommandRun(0, "", "");

    @Test
    @Tag("T-4.4-2")
    void jsonGzipAndMailBecomeOneTable() throws IOException {
        Path json =
                write("one.json", report("Sender One", "example.com", 31, 0, "").getBytes(UTF_8));
        Path gz = write("two.json.gz", gzip(report("Sender Two", "example.net", 1200, 3, """
                        {"result-type":"certificate-expired","receiving-mx-hostname":"mx.example.net","receiving-ip":"192.0.2.1",
                        "failed-session-count":3,"failure-reason-code":"not after 2026-11-01"}""")));
        Path mail = write("three.eml", mail(gzip(report("Sender Three", "example.com", 4, 0, ""))));

        int code = run("tlsrpt", "read", json.toString(), gz.toString(), mail.toString());

        assertThat(run.out().lines())
                .containsExactly(
                        "3 reports, 2026-11-26 (UTC): 1,235 sessions succeeded, 3 failed",
                        "",
                        "DOMAIN       POLICY           SUCCEEDED  FAILED  DAY         REPORTED BY",
                        "example.net  no-policy-found      1,200       3  2026-11-26  Sender Two",
                        "example.com  no-policy-found         31       0  2026-11-26  Sender One",
                        "example.com  no-policy-found          4       0  2026-11-26  Sender Three",
                        "",
                        "FAILED  DOMAIN       WHY                  MX HOST         ADDRESS    REASON",
                        "     3  example.net  certificate-expired  mx.example.net  192.0.2.1  not after 2026-11-01");
        assertThat(run.err()).isEmpty();
        assertThat(code).isZero();
    }

    @Test
    void whatWasToleratedIsToldPerFile() throws IOException {
        Path file = write(
                "odd.json",
                report("X", "example.com", 1, 0, "")
                        .replace("23:59:59Z", "24:00:00Z")
                        .getBytes(UTF_8));

        int code = run("tlsrpt", "read", file.toString());

        assertThat(run.out()).contains(file + ":", "  end-datetime is at 24:00");
        assertThat(code).isZero();
    }

    @Test
    void filesThatAreNoReportsAreTold() throws IOException {
        Path good = write("good.json", report("X", "example.com", 1, 0, "").getBytes(UTF_8));
        Path bad = write("bad.json", "{}".getBytes(UTF_8));

        assertThat(run("tlsrpt", "read", good.toString(), bad.toString())).isEqualTo(65);
        assertThat(run.out()).contains("1 report, ", bad + ":", "  no report: not-a-report: no \"policies\"");

        String missing = folder.resolve("missing.json").toString();
        assertThat(run("tlsrpt", "read", bad.toString(), missing, good.toString()))
                .isEqualTo(66);
        assertThat(run.err()).isEqualToNormalizingNewlines("mtasts: cannot read " + missing + ": no such file\n");

        assertThat(run("tlsrpt", "read", folder.toString())).isEqualTo(66);
        assertThat(run("tlsrpt", "read")).isEqualTo(64);
        assertThat(run("tlsrpt", "read", good.toString(), "--html", folder.toString()))
                .isEqualTo(73);
        assertThat(run("tlsrpt", "read", good.toString())).isZero();
    }

    @Test
    void jsonHoldsEachReportInTheFormOfTheRfc() throws IOException {
        Path good = write("good.json", report("X", "example.com", 5, 0, "").getBytes(UTF_8));
        Path bad = write("bad.gz", new byte[] {0x1f, (byte) 0x8b, 8, 0});

        int code = run("tlsrpt", "read", "--json", good.toString(), bad.toString());

        List<Object> objects = JSON.std.listFrom(run.out());
        assertThat(objects).hasSize(2);
        Map<?, ?> first = (Map<?, ?>) objects.get(0);
        assertThat(first.get("file")).isEqualTo(good.toString());
        assertThat(String.valueOf(first.get("report")))
                .startsWith("{organization-name=X, date-range={")
                .contains("total-successful-session-count=5");
        Map<?, ?> second = (Map<?, ?>) objects.get(1);
        assertThat(second.get("report")).isNull();
        assertThat(second.get("error")).isEqualTo("bad-gzip");
        assertThat(code).isEqualTo(65);
    }

    @Test
    void thePageHasBarsForDomainsAndReasons() throws IOException {
        Path file = write(
                "one.json", report("Sender One", "example.com", 75, 25, """
                                {"result-type":"certificate-expired","failed-session-count":20},
                                {"result-type":"starttls-not-supported","failed-session-count":5}""").getBytes(UTF_8));

        String page = page(file);

        assertThat(page)
                .contains(
                        "<h2>example.com</h2>",
                        "75 succeeded",
                        "25 failed (25 %)",
                        "<i class=\"ok\" style=\"flex-grow:0.75000\"></i><i class=\"bad\" style=\"flex-grow:0.25000\"></i>",
                        "<i class=\"bad\" style=\"width:100.00%\">",
                        "<i class=\"bad\" style=\"width:25.00%\">",
                        "The certificate has expired.");
    }

    @Test
    void thePageIsOneFileThatFetchesNothingAndRunsNothing() throws IOException {
        String page =
                page(write("one.json", report("X", "example.com", 5, 0, "").getBytes(UTF_8)));

        assertThat(page)
                .doesNotContainIgnoringCase(
                        "<script", "<img", "<link", "url(", "@import", "src=", "href=", "http://", "https://")
                .contains("default-src 'none'", "prefers-color-scheme: dark", "width=device-width");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<script>alert(1)</script>",
                "\\\"><img src=x onerror=alert(1)>",
                "' onmouseover='alert(1)",
                "</style></title><b>",
                "&lt;script&gt;",
                "\\u202egnp.exe",
                "\\u0000\\u001b[2J\\u009b31m",
                "--><!--"
            })
    void whatStrangersWroteIsTextOnThePageAndOnTheTerminal(String hostile) throws IOException {
        // given every text of a report hostile
        String details = """
                {"result-type":"HOSTILE","failed-session-count":1,"sending-mta-ip":"HOSTILE","receiving-mx-hostname":"HOSTILE",
                "receiving-mx-helo":"x HOSTILE","receiving-ip":"HOSTILE","additional-information":"HOSTILE","failure-reason-code":"HOSTILE"}""";
        String report = report("HOSTILE", "HOSTILE", 1, 1, details)
                .replace("no-policy-found", "HOSTILE")
                .replace("tls@sender.example", "HOSTILE")
                .replace("\"policy-string\":[]", "\"policy-string\":[\"HOSTILE\"]");
        Path file = write("hostile.json", report.replace("HOSTILE", hostile).getBytes(UTF_8));
        Path twin = write("twin.json", report.replace("HOSTILE", "friendly").getBytes(UTF_8));
        Path note = write("<i>&.json", ("{\"a\":\"" + hostile + "\"}").getBytes(UTF_8));

        String page = page(file, note);
        String terminal = run.out();
        String friendly = page(twin, note);

        // then it adds no element and no attribute, and nothing that moves the cursor or turns the text
        assertThat(tags(page)).isEqualTo(tags(friendly));
        assertThat(page.codePoints().filter(TlsRptReadTest::isUnsafe)).isEmpty();
        assertThat(terminal.codePoints().filter(TlsRptReadTest::isUnsafe)).isEmpty();
    }

    @Test
    void whateverValuesAReportHasItIsShownOrRefused() throws IOException {
        String detail =
                "{\"result-type\":\"validation-failure\",\"receiving-ip\":\"192.0.2.1\",\"failed-session-count\":1}";
        String report = report("X", "example.com", 5, 1, detail + "," + detail);
        String[] odd = {
            "null",
            "true",
            "-1",
            "1.5",
            "1e400",
            "99999999999999999999",
            "\"\"",
            "\"\\ud83d\"",
            "\"\\u202e<b>\\u0000\"",
            "[]",
            "{}",
            "[null]",
            "[[1]]",
            "{\"\":{}}",
            "\"9999-99-99T99:99:99Z\"",
            "\"2026-11-26T24:00:00Z\"",
            "\"" + "x".repeat(3000) + "\""
        };
        List<int[]> values = Pattern.compile("(?<=:)(\"[^\"]*\"|\\d+|\\[\\])")
                .matcher(report)
                .results()
                .map(value -> new int[] {value.start(), value.end()})
                .toList();
        assertThat(values).hasSizeGreaterThan(12);

        for (int[] value : values) {
            for (String instead : odd) {
                byte[] changed = (report.substring(0, value[0]) + instead + report.substring(value[1])).getBytes(UTF_8);

                TlsRptSummary summary = TlsRptSummary.of(Map.of("a.json", TlsReport.read(changed)));
                StringWriter table = new StringWriter();
                TlsRptTable.print(new PrintWriter(table), summary);

                assertThat(table.toString()).isNotBlank();
                assertThat(TlsRptPage.of(summary)).endsWith("</html>\n");
            }
        }
    }

    @Test
    void theFirstAndTheLastTimesAreShown() throws IOException {
        Path file = write(
                "far.json",
                report("X", "example.com", 1, 0, "")
                        .replace("2026-11-26T00:00:00Z", "1970-01-01T00:00:00Z")
                        .replace("2026-11-26T23:59:59Z", "9999-12-31T23:59:59Z")
                        .getBytes(UTF_8));

        assertThat(run("tlsrpt", "read", file.toString())).isZero();
        assertThat(run.out()).startsWith("1 report, 1970-01-01 to 9999-12-31 (UTC)");
    }

    @Test
    void whatIsTooMuchIsCounted() throws IOException {
        String detail = "{\"result-type\":\"validation-failure\",\"failed-session-count\":1},";
        String details = detail.repeat(1000) + detail.substring(0, detail.length() - 1);

        String page = page(
                write("many.json", report("X", "example.com", 0, 1001, details).getBytes(UTF_8)));

        assertThat(page).contains("and 901 more kinds of failure").hasSizeLessThan(60_000);
    }

    @Test
    void helpNamesEveryExitCode() {
        assertThat(run("tlsrpt", "read", "--help")).isZero();
        assertThat(run.out())
                .contains("Exit codes:", "  65   some file is no report", "  73   the page cannot be written");
    }

    private String page(Path... files) throws IOException {
        Path page = folder.resolve("page.html");
        List<String> arguments = new ArrayList<>(List.of("tlsrpt", "read", "--html", page.toString()));
        for (Path file : files) {
            arguments.add(file.toString());
        }
        run(arguments.toArray(String[]::new));
        return Files.readString(page);
    }

    private int run(String... arguments) {
        run = CommandRun.of(arguments);
        return run.code();
    }

    private Path write(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    private static List<String> tags(String page) {
        return Pattern.compile("<[^>]*>")
                .matcher(page)
                .results()
                .map(result -> result.group())
                .toList();
    }

    private static boolean isUnsafe(int c) {
        return c != '\n' && c != '\r' && (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT);
    }

    private static String report(String organization, String domain, int successes, int failures, String details) {
        return """
        {"organization-name":"%s","date-range":{"start-datetime":"2026-11-26T00:00:00Z","end-datetime":"2026-11-26T23:59:59Z"},
        "contact-info":"tls@sender.example","report-id":"1","policies":[{"policy":{"policy-type":"no-policy-found",
        "policy-string":[],"policy-domain":"%s"},"summary":{"total-successful-session-count":%d,
        "total-failure-session-count":%d},"failure-details":[%s]}]}""".formatted(organization, domain, successes, failures, details);
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(text.getBytes(UTF_8));
        }
        return bytes.toByteArray();
    }

    private static byte[] mail(byte[] attachment) {
        return String.join(
                        "\r\n",
                        "From: tls@sender.example",
                        "Content-Type: multipart/report; report-type=tlsrpt; boundary=b",
                        "",
                        "--b",
                        "Content-Type: text/plain",
                        "",
                        "A report.",
                        "--b",
                        "Content-Type: application/tlsrpt+gzip",
                        "Content-Transfer-Encoding: base64",
                        "",
                        Base64.getMimeEncoder().encodeToString(attachment),
                        "--b--",
                        "")
                .getBytes(UTF_8);
    }
}
