package io.github.mtasts.tlsrpt.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.ReportType;
import java.io.IOException;
import java.io.InputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The document (RFC 8460 §4.4). */
class TlsReportTest {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final ReportedPolicy PLAIN =
            new ReportedPolicy(PolicyType.NO_POLICY_FOUND, List.of(), "example.com", List.of(), 1, 0, List.of());

    @Nested
    class Golden {
        @Test
        @Tag("T-4.4-2")
        void theExampleOfTheRfcIsWrittenAsItStandsThere() throws IOException {
            JsonNode golden = JSON.readTree(resource("rfc8460-appendix-b.json"));

            JsonNode written = JSON.readTree(example().toJson());

            assertThat(written).isEqualTo(golden);
        }

        @Test
        @Tag("T-4.4-1")
        void keysStandInTheOrderOfTheRfc() throws IOException {
            JsonNode report = JSON.readTree(example().toJson());
            JsonNode entry = report.get("policies").get(0);

            assertThat(keys(report))
                    .containsExactly("organization-name", "date-range", "contact-info", "report-id", "policies");
            assertThat(keys(entry)).containsExactly("policy", "summary", "failure-details");
            assertThat(keys(entry.get("policy")))
                    .containsExactly("policy-type", "policy-string", "policy-domain", "mx-host");
            assertThat(keys(entry.get("failure-details").get(1)))
                    .containsExactly(
                            "result-type",
                            "sending-mta-ip",
                            "receiving-mx-hostname",
                            "receiving-ip",
                            "failed-session-count",
                            "additional-information");
        }

        @Test
        @Tag("T-4.4-2")
        void theExampleOfTheRfcIsReadAsItStandsThere() {
            ReceivedReport read = TlsReport.read(resource("rfc8460-appendix-b.json"));

            assertThat(read).isEqualTo(new ReceivedReport.Found(example(), List.of()));
        }
    }

    @Nested
    class ByTheSchema {
        private final Schema schema = schema();

        @Test
        @Tag("T-4.4-2")
        void everyRandomReportIsValidAndReadBackTheSame() throws IOException {
            for (int seed = 0; seed < 150; seed++) {
                TlsReport report = RandomReports.report(new Random(seed));

                byte[] json = report.toJson();

                assertThat(errors(json)).as("seed %d", seed).isEmpty();
                assertThat(TlsReport.read(json))
                        .as("seed %d", seed)
                        .isEqualTo(new ReceivedReport.Found(report, List.of()));
            }
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                        "contact-info" : "sts-reporting@company-x.example" | "contact-info" : null
                        "contact-info" : "sts-reporting@company-x.example" | "contact-info" : ""
                        "organization-name" : "Company-X" | "organization-nam" : "Company-X"
                        "2016-04-01T23:59:59Z" | "2016-04-01T24:00:00Z"
                        "2016-04-01T23:59:59Z" | "2016-04-01T23:59:59+00:00"
                        "sts" | "dane"
                        "company-y.example" | "Company-Y.example"
                        : 5326 | : "5326"
                        : 5326 | : 5326.5
                        : 5326 | : -1
                        : 5326 | : 9007199254740992
                        "certificate-expired" | "certificate-too-old"
                        "198.51.100.62" | "198.051.100.62"
                        "198.51.100.62" | ""
                        "failed-session-count" : 3 | "failed-session-count" : 0
                        [ "*.mail.company-y.example" ] | "*.mail.company-y.example"
                        """)
        void aReportWithOneThingWrongIsNot(String right, String wrong) throws IOException {
            String good = new String(example().toJson(), StandardCharsets.UTF_8);
            assertThat(good).contains(right);

            String bad = good.replaceFirst(java.util.regex.Pattern.quote(right), wrong);

            assertThat(errors(good.getBytes(StandardCharsets.UTF_8))).isEmpty();
            assertThat(errors(bad.getBytes(StandardCharsets.UTF_8))).isNotEmpty();
        }

        private List<Error> errors(byte[] json) throws IOException {
            return schema.validate(JSON.readTree(json));
        }
    }

    @Test
    @Tag("T-4-1")
    void policiesIsAnArrayForOnePolicyAndForSeveral() throws IOException {
        ReportedPolicy tlsa =
                new ReportedPolicy(PolicyType.TLSA, List.of("3 1 1 00"), "mx.example.com", List.of(), 0, 0, List.of());

        assertThat(JSON.readTree(report(PLAIN).toJson()).get("policies"))
                .isInstanceOfSatisfying(
                        JsonNode.class, node -> assertThat(node.isArray()).isTrue())
                .hasSize(1);
        assertThat(JSON.readTree(report(PLAIN, tlsa).toJson()).get("policies")).hasSize(2);
    }

    @Test
    @Tag("T-4.4-1")
    void theDocumentIsUtf8WithoutMarkWithIntegersAndWithoutHalfCharacters() throws IOException {
        // given a policy that was served with what JSON strings must escape, and text no encoder takes
        ReportedPolicy odd = new ReportedPolicy(
                PolicyType.STS,
                List.of("version: STSv1", "x-note: grüße \"an\" \\ alle\t", "x-half: \ud83d"),
                "example.com",
                List.of("mx.example.com"),
                Long.MAX_VALUE,
                (1L << 53) - 1,
                List.of());

        byte[] json = report(odd).toJson();

        assertThat(json[0]).isEqualTo((byte) '{');
        String text = StandardCharsets.UTF_8
                .newDecoder()
                .decode(java.nio.ByteBuffer.wrap(json))
                .toString();
        assertThat(text).contains("x-note: grüße \\\"an\\\" \\\\ alle\\t", "x-half: \ufffd", ": 9007199254740991");
        assertThat(text).doesNotContain("9223372036854775807");
    }

    @Test
    @Tag("T-4.4-1")
    void failureDetailsAreAnEmptyArrayAndOtherPoliciesHaveNoMxHost() throws IOException {
        JsonNode entry = JSON.readTree(report(PLAIN).toJson()).get("policies").get(0);

        assertThat(entry.get("failure-details")).isEqualTo(JSON.createArrayNode());
        assertThat(entry.get("policy").get("policy-string")).isEqualTo(JSON.createArrayNode());
        assertThat(entry.get("policy").has("mx-host")).isFalse();
        assertThat(entry.get("summary").get("total-failure-session-count").isInt())
                .isTrue();
    }

    @Test
    @Tag("T-4.4-1")
    void whatIsNotKnownIsLeftOut() throws IOException {
        FailureDetails fetch =
                new FailureDetails(ResultType.of(ReportType.STS_POLICY_FETCH_ERROR), "", null, "", null, 3, null, "");
        ReportedPolicy sts =
                new ReportedPolicy(PolicyType.STS, List.of(), "example.com", List.of(), 0, 3, List.of(fetch));

        JsonNode details = JSON.readTree(report(sts).toJson())
                .get("policies")
                .get(0)
                .get("failure-details")
                .get(0);

        assertThat(keys(details)).containsExactly("result-type", "failed-session-count");
    }

    @ParameterizedTest
    @Tag("T-4.4-1")
    @CsvSource({
        "192.0.2.1, 192.0.2.1",
        "2001:db8:0:0:0:0:0:1, 2001:db8::1",
        "2001:db8:abcd:0012::1, 2001:db8:abcd:12::1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:DB8::A:0, 2001:db8::a:0",
        "0:0:0:0:0:0:0:0, ::",
        "0:0:0:0:0:0:0:1, ::1",
        "1::, 1::",
        "fe80::1%5, fe80::1",
        "::ffff:192.0.2.1, 192.0.2.1"
    })
    void addressesAreInTheirOneForm(String given, String written) throws IOException {
        InetAddress address = InetAddress.getByName(given);

        FailureDetails details = FailureDetails.of(ResultType.of(ReportType.VALIDATION_FAILURE), 1)
                .withSendingMta(address)
                .withReceivingMx("mx.example.com", null, address);

        assertThat(details.sendingMtaIp()).isEqualTo(written);
        assertThat(details.receivingIp()).isEqualTo(written);
    }

    @Test
    @Tag("T-4.4-1")
    void aMappedAddressOfTheLongTypeIsWrittenAsIpv4() throws IOException {
        byte[] mapped = new byte[16];
        mapped[10] = mapped[11] = (byte) 0xff;
        mapped[12] = (byte) 192;
        mapped[15] = 1;

        assertThat(AddressText.of(Inet6Address.getByAddress(null, mapped, -1))).isEqualTo("192.0.0.1");
    }

    @ParameterizedTest
    @Tag("T-4-12")
    @CsvSource(delimiter = '|', textBlock = """
                    plain words | plain words
                    454 4.7.0 <alice@example.com>: no TLS for bob+x@example.org, sorry | 454 4.7.0 <(address)>: no TLS for (address), sorry
                    550 "alice b"@example.com, o'brien@example.com | 550 (address), (address)
                    grün\u0007 und 日本 | gr?n? und ??
                    """)
    void aReasonIsPrintableAsciiWithoutAddresses(String given, String written) {
        assertThat(FailureDetails.of(ResultType.of(ReportType.VALIDATION_FAILURE), 1)
                        .withReason(given)
                        .reasonCode())
                .isEqualTo(written);
    }

    @Test
    @Tag("T-4-12")
    void aReasonHas200CharactersAtMost() {
        FailureDetails details = FailureDetails.of(ResultType.of(ReportType.VALIDATION_FAILURE), 1);

        assertThat(details.withReason("x".repeat(200)).reasonCode()).isEqualTo("x".repeat(200));
        assertThat(details.withReason("x".repeat(201)).reasonCode()).isEqualTo("x".repeat(197) + "...");
        assertThat(details.withReason("line one\r\nline two").reasonCode()).isEqualTo("line one  line two");
        // then nor does a long address get through by being cut, nor does it cost much to look for
        assertThat(details.withReason("a".repeat(190) + "@" + "x".repeat(1_000_000))
                        .reasonCode())
                .doesNotContain("@");
    }

    @Test
    @Tag("T-4.5-1")
    void tlsaRecordsAreSortedInUpperCaseHexAndKeptThoughUnusable() {
        String one = ReportedPolicy.tlsaLine(3, 1, 1, new byte[] {(byte) 0xab, 0x0c});
        String unusable = ReportedPolicy.tlsaLine(255, 0, 9, new byte[0]);
        String two = ReportedPolicy.tlsaLine(2, 0, 1, new byte[] {0x1f, (byte) 0x85});

        assertThat(ReportedPolicy.tlsaLines(one, unusable, two))
                .containsExactly("2 0 1 1F85", "255 0 9 ", "3 1 1 AB0C")
                .isEqualTo(ReportedPolicy.tlsaLines(two, one, unusable));
    }

    @Test
    void aReportWithoutWhatTheRfcDemandsIsNotWritten() {
        ReportedPolicy nameless =
                new ReportedPolicy(PolicyType.NO_POLICY_FOUND, List.of(), "", List.of(), 1, 0, List.of());

        assertThatThrownBy(() -> report().toJson()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> report(nameless).toJson()).isInstanceOf(IllegalStateException.class);
        for (int missing = 0; missing < 3; missing++) {
            TlsReport report = new TlsReport(
                    missing == 0 ? "" : "X",
                    Instant.EPOCH,
                    Instant.EPOCH,
                    missing == 1 ? "" : "a@x.example",
                    missing == 2 ? "" : "1",
                    List.of(PLAIN));
            assertThatThrownBy(report::toJson).isInstanceOf(IllegalStateException.class);
        }
        assertThat(report(PLAIN).toJson()).isNotEmpty();
    }

    @Nested
    class AsFile {
        private final Reporter reporter = new Reporter("Sender", "tls@sndr.example");

        @Test
        @Tag("T-5.1-1")
        void theNameTellsSenderDomainAndTime() {
            OutgoingReport report = new OutgoingReport(
                    reporter, PolicyDomain.of("example.net"), LocalDate.of(2016, 8, 1), "001", List.of(PLAIN));

            assertThat(report.gzipFileName()).isEqualTo("sndr.example!example.net!1470009600!1470095999!001.json.gz");
            assertThat(report.jsonFileName()).isEqualTo("sndr.example!example.net!1470009600!1470095999!001.json");
        }

        @Test
        @Tag("T-5.2-1")
        void gzipHoldsTheJson() throws IOException {
            OutgoingReport report = new OutgoingReport(
                    reporter, PolicyDomain.of("example.net"), LocalDate.of(2016, 8, 1), "001", List.of(PLAIN));

            byte[] gzip = report.gzip();

            assertThat(gzip).startsWith(0x1f, 0x8b);
            assertThat(new java.util.zip.GZIPInputStream(new java.io.ByteArrayInputStream(gzip)).readAllBytes())
                    .isEqualTo(report.json());
            assertThat(OutgoingReport.GZIP_TYPE).isEqualTo("application/tlsrpt+gzip");
            assertThat(OutgoingReport.JSON_TYPE).isEqualTo("application/tlsrpt+json");
        }

        @Test
        @Tag("T-4.4-1")
        void theDayEndsWithItsLastSecondAndTheIdIsAMessageId() {
            OutgoingReport report = new OutgoingReport(
                    reporter, PolicyDomain.of("Bücher.example"), LocalDate.of(2026, 3, 29), "k3J", List.of(PLAIN));

            assertThat(new String(report.json(), StandardCharsets.UTF_8))
                    .contains("\"2026-03-29T00:00:00Z\"", "\"2026-03-29T23:59:59Z\"");
            assertThat(report.report().reportId()).isEqualTo("2026-03-29.xn--bcher-kva.example.k3J@sndr.example");
        }

        @Test
        @Tag("T-5-9")
        void theSameArgumentsMakeTheSameDocument() {
            OutgoingReport first = new OutgoingReport(
                    reporter, PolicyDomain.of("example.net"), LocalDate.of(2016, 8, 1), "001", List.of(PLAIN));
            OutgoingReport again = new OutgoingReport(
                    reporter, PolicyDomain.of("example.net"), LocalDate.of(2016, 8, 1), "001", List.of(PLAIN));

            assertThat(again.gzip()).isEqualTo(first.gzip());
            assertThat(again.report()).isEqualTo(first.report());
        }

        @Test
        void aReporterHasANameAndAnAddress() {
            assertThat(new Reporter("X", "tls+rpt@Bücher.Example").contact())
                    .isEqualTo("tls+rpt@xn--bcher-kva.example");
            for (String bad :
                    List.of("", "x", "@x.example", "a b@x.example", "a@", "<a@x.example>", "a\r\nb@x.example")) {
                assertThatThrownBy(() -> new Reporter("X", bad)).isInstanceOf(IllegalArgumentException.class);
            }
            assertThatThrownBy(() -> new Reporter(" ", "a@x.example")).isInstanceOf(IllegalArgumentException.class);
        }
    }

    static TlsReport report(ReportedPolicy... policies) {
        return new TlsReport(
                "Sender",
                Instant.parse("2026-11-26T00:00:00Z"),
                Instant.parse("2026-11-26T23:59:59Z"),
                "tls@sender.example",
                "1@sender.example",
                List.of(policies));
    }

    /** The report of RFC 8460's appendix B; its first two addresses are not in the form of RFC 5952, hence given as text. */
    static TlsReport example() {
        return new TlsReport(
                "Company-X",
                Instant.parse("2016-04-01T00:00:00Z"),
                Instant.parse("2016-04-01T23:59:59Z"),
                "sts-reporting@company-x.example",
                "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
                List.of(new ReportedPolicy(
                        PolicyType.STS,
                        List.of("version: STSv1", "mode: testing", "mx: *.mail.company-y.example", "max_age: 86400"),
                        "company-y.example",
                        List.of("*.mail.company-y.example"),
                        5326,
                        303,
                        List.of(
                                new FailureDetails(
                                        ResultType.of(ReportType.CERTIFICATE_EXPIRED),
                                        "2001:db8:abcd:0012::1",
                                        "mx1.mail.company-y.example",
                                        null,
                                        null,
                                        100,
                                        null,
                                        null),
                                new FailureDetails(
                                        ResultType.of(ReportType.STARTTLS_NOT_SUPPORTED),
                                        "2001:db8:abcd:0013::1",
                                        "mx2.mail.company-y.example",
                                        null,
                                        "203.0.113.56",
                                        200,
                                        "https://reports.company-x.example/report_info ? id = 5065427 c - 23 d3# StarttlsNotSupported ",
                                        null),
                                new FailureDetails(
                                        ResultType.of(ReportType.VALIDATION_FAILURE),
                                        "198.51.100.62",
                                        "mx-backup.mail.company-y.example",
                                        null,
                                        "203.0.113.58",
                                        3,
                                        null,
                                        "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED")))));
    }

    static byte[] resource(String name) {
        try (InputStream in = TlsReportTest.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Schema schema() {
        return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(new String(resource("tls-report.schema.json"), StandardCharsets.UTF_8));
    }

    private static List<String> keys(JsonNode object) {
        List<String> keys = new ArrayList<>();
        object.fieldNames().forEachRemaining(keys::add);
        return keys;
    }
}
