package io.github.mtasts.tlsrpt.report;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.mtasts.policy.ReportType;
import io.github.mtasts.tlsrpt.report.ReceivedReport.Found;
import io.github.mtasts.tlsrpt.report.ReceivedReport.Reason;
import io.github.mtasts.tlsrpt.report.ReceivedReport.Unreadable;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reports as others send them. */
class ReceivedReportTest {
    @Nested
    @Tag("T-4.4-2")
    class Dialects {
        @Test
        void googleLeavesOutTheDetailsAndThePolicyWhereThereIsNone() {
            Found read = read("google.json");

            assertThat(read.report().organization()).isEqualTo("Google Inc.");
            assertThat(read.report().policies())
                    .extracting(ReportedPolicy::type, ReportedPolicy::successes, ReportedPolicy::failures)
                    .containsExactly(
                            org.assertj.core.groups.Tuple.tuple(PolicyType.STS, 31L, 0L),
                            org.assertj.core.groups.Tuple.tuple(PolicyType.NO_POLICY_FOUND, 2L, 0L));
            assertThat(read.report().policies().get(0).mxHosts()).containsExactly("mx1.example.com", "*.example.net");
            assertThat(read.tolerated()).isEmpty();
        }

        @Test
        void microsoftLeavesOutThePolicyThatItCouldNotFetch() {
            Found read = read("microsoft.json");

            ReportedPolicy policy = read.report().policies().get(0);
            assertThat(policy.failures()).isEqualTo(3);
            assertThat(policy.details())
                    .containsExactly(FailureDetails.of(ResultType.of(ReportType.STS_POLICY_FETCH_ERROR), 3));
            assertThat(read.tolerated()).containsExactly("policies[0].policy.policy-string is absent");
        }

        @Test
        void sys4LeavesOutTheDomain() {
            Found read = read("sys4.json");

            ReportedPolicy policy = read.report().policies().get(0);
            assertThat(policy.type()).isEqualTo(PolicyType.TLSA);
            assertThat(policy.domain()).isEmpty();
            assertThat(policy.lines()).hasSize(2);
            assertThat(read.tolerated()).containsExactly("policies[0].policy.policy-domain is absent or empty");
        }

        @Test
        void moxWritesNullForNoDetailsAndEmptyTexts() {
            Found read = read("mox.json");

            assertThat(read.report().policies()).hasSize(2);
            FailureDetails details = read.report().policies().get(1).details().get(0);
            assertThat(details.sendingMtaIp()).isNull();
            assertThat(details.reasonCode()).isEqualTo("sts-mx-mismatch");
            assertThat(read.tolerated()).containsExactly("policies[0].failure-details is null");
        }

        @Test
        void everythingElseThatIsToleratedIsListed() {
            Found read = read("odd.json");

            assertThat(read.report().start()).isEqualTo(Instant.parse("2026-11-25T23:00:00Z"));
            assertThat(read.report().end()).isEqualTo(Instant.parse("2026-11-27T00:00:00Z"));
            ReportedPolicy policy = read.report().policies().get(0);
            assertThat(policy.lines()).containsExactly("version: STSv1", "mode: enforce");
            assertThat(policy.mxHosts()).containsExactly("mx.example.com");
            assertThat(policy.successes()).isEqualTo(12);
            assertThat(policy.failures()).isEqualTo(3);
            assertThat(policy.details().get(0).resultType()).isEqualTo(new ResultType("quantum-failure"));
            assertThat(policy.details().get(0).resultType().known()).isEmpty();
            assertThat(read.tolerated())
                    .containsExactly(
                            "policies is an object, not an array",
                            "policies[0].failure-details is an object, not an array",
                            "policies[0].failure-details[0].failed-session-count is not an integer: \"3.0\"",
                            "policies[0].policy.policy-string is a string, not an array",
                            "policies[0].policy.mx-host is a string, not an array",
                            "policies[0].summary.total-successful-session-count is a string, not a number",
                            "organization-name is absent or empty",
                            "end-datetime is at 24:00",
                            "contact-info is absent or empty");
        }

        private static Found read(String name) {
            return (Found) TlsReport.read(TlsReportTest.resource(name));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-26T24:00:00Z, 2026-11-27T00:00:00Z",
        "2026-11-26T23:59:59Z, 2026-11-26T23:59:59Z",
        "2026-11-26T23:59:59.999Z, 2026-11-26T23:59:59.999Z",
        "2026-11-27T00:59:59+01:00, 2026-11-26T23:59:59Z",
        "2026-11-26T23:59:59, 2026-11-26T23:59:59Z",
        "2026-11-26 23:59:59Z, 2026-11-26T23:59:59Z",
        "2026-11-26, 2026-11-26T23:59:59Z"
    })
    void timesAreReadInTheirForms(String written, String meant) {
        assertThat(((Found) read(minimal().replace("2026-11-26T23:59:59Z", written)))
                        .report()
                        .end())
                .isEqualTo(Instant.parse(meant));
    }

    @ParameterizedTest
    @CsvSource({
        "1970-01-01T00:00:00Z, 1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z, +10000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z, +999999999-12-31T23:59:59-18:00",
        "1970-01-01T00:00:00Z, -999999999-01-01T00:00:00+18:00"
    })
    void timesOfOtherAgesAreRefused(String last, String beyond) {
        assertThat(read(minimal().replace("2026-11-26T00:00:00Z", last))).isInstanceOf(Found.class);
        assertThat(read(minimal().replace("2026-11-26T00:00:00Z", beyond)))
                .isEqualTo(new Unreadable(
                        Reason.NOT_A_REPORT, "\"start-datetime\" is not of our time: \"" + beyond + "\""));
    }

    @Nested
    class Wrappings {
        private final Found expected = new Found(TlsReportTest.example(), List.of());
        private final byte[] json = TlsReportTest.example().toJson();

        @Test
        void jsonIsReadInAnyUnicode() {
            String text = new String(json, UTF_8);
            assertThat(TlsReport.read(json)).isEqualTo(expected);
            assertThat(TlsReport.read(("\r\n " + text).getBytes(UTF_8))).isEqualTo(expected);
            assertThat(TlsReport.read(("\ufeff" + text).getBytes(UTF_8))).isEqualTo(expected);
            for (Charset charset : List.of(StandardCharsets.UTF_16, StandardCharsets.UTF_16LE)) {
                assertThat(TlsReport.read(text.getBytes(charset))).isEqualTo(expected);
            }
        }

        @Test
        void gzipIsUnpacked() throws IOException {
            assertThat(TlsReport.read(gzip(json))).isEqualTo(expected);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "application/tlsrpt+gzip",
                    "Application/TLSRPT+gzip; name=x",
                    "application/gzip",
                    "application/octet-stream; name=\"a!b!1!2.json.gz\"",
                    "application/octet-stream"
                })
        void aMailsAttachmentIsFound(String type) throws IOException {
            assertThat(TlsReport.read(mail("multipart/report; report-type=tlsrpt; boundary=b", type, gzip(json))))
                    .isEqualTo(expected);
        }

        @Test
        void jsonUnderTheTypeOfGzipIsRead() {
            assertThat(TlsReport.read(mail("multipart/mixed; boundary=b", "application/tlsrpt+gzip", json)))
                    .isEqualTo(expected);
        }

        @Test
        void aMailThatIsTheReportItselfIsRead() throws IOException {
            String mail =
                    "From: a@x.example\nContent-Type: application/tlsrpt+gzip\nContent-Transfer-Encoding: base64\n\n"
                            + Base64.getMimeEncoder().encodeToString(gzip(json));

            assertThat(TlsReport.read(mail.getBytes(ISO_8859_1))).isEqualTo(expected);
        }

        @Test
        void aForwardedMailIsOpened() throws IOException {
            String inner =
                    new String(mail("multipart/report; boundary=b", "application/tlsrpt+gzip", gzip(json)), ISO_8859_1);
            String mail =
                    "Subject: FW\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n"
                            + inner + "\r\n--o--\r\n";

            assertThat(TlsReport.read(mail.getBytes(ISO_8859_1))).isEqualTo(expected);
        }

        @Test
        void theReportIsTakenAmongOtherAttachments() throws IOException {
            String other = "--b\r\nContent-Type: application/octet-stream\r\n\r\nlogo\r\n";
            String mail = new String(
                            mail("multipart/report; boundary=b", "application/tlsrpt+gzip", gzip(json)), ISO_8859_1)
                    .replaceFirst("--b\r\n", other + "--b\r\n");

            assertThat(TlsReport.read(mail.getBytes(ISO_8859_1))).isEqualTo(expected);
        }
    }

    @Nested
    class Refused {
        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                        {                              | BAD_JSON
                        {"policies": [}                | BAD_JSON
                        {"a": NaN}                     | BAD_JSON
                        []                             | NOT_A_REPORT
                        {}                             | NOT_A_REPORT
                        {"policies": []}               | NOT_A_REPORT
                        {"date-range": {"start-datetime": "2026-11-26T00:00:00Z", "end-datetime": "2026-11-26T23:59:59Z"}} | NOT_A_REPORT
                        {"policies": [], "date-range": {"start-datetime": "2026-11-26T00:00:00Z"}} | NOT_A_REPORT
                        {"policies": [], "date-range": {"start-datetime": "2026-11-26T00:00:00Z", "end-datetime": "soon"}} | NOT_A_REPORT
                        {"policies": [], "date-range": {"start-datetime": "2026-11-26T00:00:00Z", "end-datetime": "2026-13-45T24:00:00Z"}} | NOT_A_REPORT
                        hello                          | NO_REPORT_IN_MAIL
                        ''                             | NO_REPORT_IN_MAIL
                        """)
        void whatIsNoReportIsRefusedWithAReason(String text, Reason reason) {
            assertThat(read(text)).isInstanceOfSatisfying(Unreadable.class, unreadable -> {
                assertThat(unreadable.reason()).isEqualTo(reason);
                assertThat(unreadable.detail()).isNotBlank().doesNotContain("REDACTED");
            });
            assertThat(read(minimal())).isInstanceOf(Found.class);
        }

        @Test
        void aMailWithoutAReportIsRefused() {
            byte[] mail = mail("multipart/mixed; boundary=b", "image/png", new byte[10]);

            assertThat(TlsReport.read(mail))
                    .isEqualTo(new Unreadable(Reason.NO_REPORT_IN_MAIL, "a mail without a part that is JSON or gzip"));
        }

        @ParameterizedTest
        @ValueSource(strings = {" \n ", "\t\r\n\tx", " a\n b: c\n\n"})
        void aMailThatBeginsWithABlankIsRefused(String mail) {
            assertThat(reason(mail.getBytes(UTF_8))).isEqualTo(Reason.NO_REPORT_IN_MAIL);
        }

        @Test
        void aGzipBombIsNotUnpacked() throws IOException {
            // given 33 MiB that take some 33 KiB
            byte[] bomb = gzip(33 << 20);
            byte[] large = gzip(32 << 20);
            assertThat(bomb).hasSizeLessThan(100_000);

            assertThat(reason(bomb)).isEqualTo(Reason.TOO_LARGE);
            assertThat(reason(mail("multipart/report; boundary=b", "application/tlsrpt+gzip", bomb)))
                    .isEqualTo(Reason.TOO_LARGE);
            assertThat(reason(large)).isEqualTo(Reason.BAD_JSON);
        }

        @Test
        void moreThan16MebibytesAreNotRead() {
            byte[] json = Arrays.copyOf(minimal().getBytes(UTF_8), ReportReader.MOST_RECEIVED + 1);
            Arrays.fill(json, minimal().length(), json.length, (byte) ' ');

            assertThat(reason(json)).isEqualTo(Reason.TOO_LARGE);
            assertThat(TlsReport.read(Arrays.copyOf(json, ReportReader.MOST_RECEIVED)))
                    .isInstanceOf(Found.class);
        }

        @Test
        void millionsOfSmallThingsAreNotKept() {
            // given a few MiB that would take hundreds
            String objects = "{},".repeat(1 << 20);
            String parts = "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\n".repeat(300_000);
            String fewParts = "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\n".repeat(1000);

            assertThat(reason(minimal()
                            .replace("\"policies\":[", "\"policies\":[" + objects)
                            .getBytes(UTF_8)))
                    .isEqualTo(Reason.TOO_LARGE);
            assertThat(reason(parts.getBytes(UTF_8))).isEqualTo(Reason.TOO_LARGE);
            assertThat(reason(fewParts.getBytes(UTF_8))).isEqualTo(Reason.NO_REPORT_IN_MAIL);
        }

        @Test
        void damagedGzipIsRefused() throws IOException {
            byte[] gzip = gzip(TlsReportTest.example().toJson());
            byte[] flipped = gzip.clone();
            flipped[gzip.length / 2] ^= 0x55;

            assertThat(reason(Arrays.copyOf(gzip, gzip.length / 2))).isEqualTo(Reason.BAD_GZIP);
            assertThat(reason(Arrays.copyOf(gzip, 3))).isEqualTo(Reason.BAD_GZIP);
            assertThat(reason(flipped)).isEqualTo(Reason.BAD_GZIP);
        }

        @Test
        void deepJsonAndDeepMailsEndSoon() {
            assertThat(reason("{\"a\":".repeat(100_000).getBytes(UTF_8))).isEqualTo(Reason.TOO_LARGE);
            StringBuilder mail = new StringBuilder();
            for (int i = 0; i < 1000; i++) {
                mail.append("Content-Type: message/rfc822\r\n\r\n");
            }
            assertThat(reason(mail.toString().getBytes(UTF_8))).isEqualTo(Reason.NO_REPORT_IN_MAIL);
        }

        @Test
        void notesAreBounded() {
            String many = minimal().replace("\"policies\":[", "\"policies\":[" + "{},".repeat(5000));

            Found found = (Found) read(many);

            assertThat(found.report().policies()).hasSize(5001);
            assertThat(found.tolerated()).hasSize(101).endsWith("and more");
        }

        @Test
        void whatAStrangerWroteIsShownQuotedAndEscaped() {
            Unreadable unreadable = (Unreadable)
                    read(minimal().replace("2026-11-26T23:59:59Z", "\\u001b[31m<b>\\n" + "x".repeat(1000)));

            assertThat(unreadable.detail())
                    .startsWith("\"end-datetime\" is no time: \"\\u001b[31m<b>\\u000ax")
                    .hasSizeLessThan(250);
        }
    }

    @Test
    void ofAKeyThatStandsTwiceTheLastCounts() {
        Found found = (Found) read(minimal().replaceFirst("\\{", "{\"report-id\":\"first\","));

        assertThat(found.report().reportId()).isEqualTo("1");
        assertThat(found.tolerated()).containsExactly("a key stands twice in an object; the last one counts");
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 0",
        "null, 0",
        "[], 0",
        "true, 0",
        "1e400, 0",
        "'\"x\"', 0",
        "'\"12\"', 12",
        "1e3, 1000",
        "7.9, 7",
        "99999999999999999999, 9223372036854775807"
    })
    void oddCountsAreReadAsWellAsCanBe(String written, long read) {
        Found found = (Found) read(minimal().replace(":5,", ":" + written + ","));

        assertThat(found.report().policies().get(0).successes()).isEqualTo(read);
    }

    @Test
    void randomDamageNeverThrows() {
        byte[] mail = mail(
                "multipart/report; boundary=b",
                "application/tlsrpt+json",
                minimal().getBytes(UTF_8));
        Random random = new Random(8460);
        for (int i = 0; i < 500; i++) {
            byte[] data = (i % 2 == 0 ? minimal().getBytes(UTF_8) : mail).clone();
            for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                data[random.nextInt(data.length)] = (byte) random.nextInt(256);
            }
            byte[] cut = Arrays.copyOf(data, data.length - random.nextInt(20));

            assertThatCode(() -> TlsReport.read(cut)).doesNotThrowAnyException();
        }
    }

    private static String minimal() {
        return "{\"organization-name\":\"X\",\"date-range\":{\"start-datetime\":\"2026-11-26T00:00:00Z\","
                + "\"end-datetime\":\"2026-11-26T23:59:59Z\"},\"contact-info\":\"a@x.example\",\"report-id\":\"1\","
                + "\"policies\":[{\"policy\":{\"policy-type\":\"no-policy-found\",\"policy-domain\":\"example.com\"},"
                + "\"summary\":{\"total-successful-session-count\":5,\"total-failure-session-count\":0}}]}";
    }

    private static ReceivedReport read(String text) {
        return TlsReport.read(text.getBytes(UTF_8));
    }

    private static Reason reason(byte[] data) {
        return ((Unreadable) TlsReport.read(data)).reason();
    }

    private static byte[] mail(String type, String attachmentType, byte[] attachment) {
        return String.join(
                        "\r\n",
                        "From: a@x.example",
                        "Subject: Report",
                        "MIME-Version: 1.0",
                        "Content-Type: " + type,
                        "",
                        "--b",
                        "Content-Type: text/plain",
                        "",
                        "A report.",
                        "--b",
                        "Content-Type: " + attachmentType,
                        "Content-Transfer-Encoding: base64",
                        "",
                        Base64.getMimeEncoder().encodeToString(attachment),
                        "--b--",
                        "")
                .getBytes(ISO_8859_1);
    }

    private static byte[] gzip(byte[] data) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(data);
        }
        return bytes.toByteArray();
    }

    private static byte[] gzip(int zeros) throws IOException {
        return gzip(new byte[zeros]);
    }
}
