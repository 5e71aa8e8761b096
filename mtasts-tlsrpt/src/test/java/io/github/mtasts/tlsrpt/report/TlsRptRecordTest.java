package io.github.mtasts.tlsrpt.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.testkit.TestDns;
import io.github.mtasts.tlsrpt.report.ReportDestination.Https;
import io.github.mtasts.tlsrpt.report.ReportDestination.Mailto;
import io.github.mtasts.tlsrpt.report.TlsRptRecord.Broken;
import io.github.mtasts.tlsrpt.report.TlsRptRecord.Found;
import io.github.mtasts.tlsrpt.report.TlsRptRecord.NotOurs;
import io.github.mtasts.tlsrpt.report.TlsRptRecord.Reason;
import java.net.URI;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TXT records at {@code _smtp._tls} (RFC 8460 §3). */
class TlsRptRecordTest {
    private static final Mailto MAIL = new Mailto("reports@example.com");
    private static final String GOOD = "v=TLSRPTv1; rua=mailto:reports@example.com";

    @Test
    @Tag("T-3-2")
    void theOneRecordOfTheVersionIsUsed() {
        assertThat(parse("v=spf1 -all", GOOD)).isEqualTo(new Found(List.of(MAIL), List.of()));
    }

    @ParameterizedTest
    @Tag("T-3-2")
    @ValueSource(
            strings = {
                "v=TLSRPTv2; rua=mailto:reports@example.com",
                "v=tlsrptv1; rua=mailto:reports@example.com",
                "V=TLSRPTv1; rua=mailto:reports@example.com",
                " v=TLSRPTv1; rua=mailto:reports@example.com",
                "rua=mailto:reports@example.com; v=TLSRPTv1",
                "v=TLSRPTv1",
                ""
            })
    void whatDoesNotBeginWithTheVersionIsNoRecord(String record) {
        assertThat(parse(record)).isEqualTo(new NotOurs());
    }

    @Test
    @Tag("T-3-2")
    void ofTwoRecordsNeitherIsUsed() {
        assertThat(parse(GOOD, GOOD)).isEqualTo(new Broken(Reason.SEVERAL_RECORDS, "2 TLS-RPT records"));
    }

    @Test
    @Tag("T-3-2")
    void blanksBeforeTheSemicolonAreTakenWhereNoRecordIsLiteral() {
        assertThat(parse("v=TLSRPTv1 ; rua=mailto:reports@example.com")).isEqualTo(new Found(List.of(MAIL), List.of()));
        assertThat(parse("v=TLSRPTv1 ; rua=mailto:other@example.com", GOOD))
                .isEqualTo(new Found(List.of(MAIL), List.of()));
    }

    @Test
    @Tag("T-3-3")
    void aListOverTwoStringsOfDnsIsOneList() throws Exception {
        try (TestDns dns = new TestDns();
                DnsClient client = DnsClient.builder().server(dns.address()).build()) {
            dns.txtStrings(
                    "_smtp._tls.example.com", "v=TLSRPTv1; rua=mailto:reports@exam", "ple.com,https://y.example/t");

            DnsAnswer<String> answer =
                    client.txt("_smtp._tls.example.com").toCompletableFuture().get(30, TimeUnit.SECONDS);

            assertThat(answer)
                    .isInstanceOfSatisfying(
                            DnsAnswer.Found.class,
                            found -> assertThat(TlsRptRecord.parse(List.of(
                                            String.valueOf(found.records().get(0)))))
                                    .isEqualTo(new Found(
                                            List.of(MAIL, new Https(URI.create("https://y.example/t"))), List.of())));
        }
    }

    @ParameterizedTest
    @Tag("T-3-4")
    @ValueSource(strings = {"; x=1", "; x=1;", "; x_y-z.1=%41!; ", " ; x=1 ; "})
    void unknownFieldsAreIgnored(String more) {
        assertThat(parse(GOOD + more)).isEqualTo(new Found(List.of(MAIL), List.of()));
        assertThat(parse("v=TLSRPTv1; x=1; rua=mailto:reports@example.com"))
                .isEqualTo(new Found(List.of(MAIL), List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {";;", "; ; x=1", "; x", "; x=", "; =1", "; x=a=b", "; x=a b", "; x=\u00e9", "; -x=1"})
    void aFieldOutsideTheGrammarBreaksTheRecord(String more) {
        assertThat(parse(GOOD + more))
                .isInstanceOfSatisfying(
                        Broken.class, broken -> assertThat(broken.reason()).isEqualTo(Reason.BAD_FIELD));
    }

    @Test
    @Tag("T-3-5")
    void aListNamesBothSchemesWhateverTheirCase() {
        assertThat(parse("v=TLSRPTv1; rua=mailto:a@x.example , https://y.example/t"))
                .isEqualTo(new Found(
                        List.of(new Mailto("a@x.example"), new Https(URI.create("https://y.example/t"))), List.of()));
        assertThat(parse("v=TLSRPTv1;rua=MailTo:a@x.example,HTTPS://y.example/t?a=b"))
                .isEqualTo(new Found(
                        List.of(new Mailto("a@x.example"), new Https(URI.create("HTTPS://y.example/t?a=b"))),
                        List.of()));
    }

    @Test
    @Tag("T-3-5")
    void aRecordWithNothingButOtherSchemesIsNotUsed() {
        assertThat(parse("v=TLSRPTv1; rua=http://x.example/"))
                .isEqualTo(new Broken(Reason.NO_DESTINATION, "\"rua=http://x.example/\""));
        assertThat(parse("v=TLSRPTv1; x=1")).isEqualTo(new Broken(Reason.NO_RUA, "\"v=TLSRPTv1; x=1\""));
    }

    @ParameterizedTest
    @Tag("T-3-6")
    @ValueSource(
            strings = {
                "mailto:a@x!10m",
                "mailto:",
                "mailto:a",
                "mailto:@x.example",
                "mailto:a@",
                "mailto:a@192.0.2.1",
                "mailto:a@[192.0.2.1]",
                "mailto:a%2@x.example",
                "mailto:a%zz@x.example",
                "mailto:a%ff@x.example",
                "mailto:%c3%a9@x.example",
                "mailto:a%0d%0abcc:b@x.example",
                "mailto:a%00@x.example",
                "https:",
                "https:///t",
                "https://user@x.example/",
                "https://x.example:0/",
                "https://x.example:65536/",
                "https://x example/",
                "https://[::1/",
                "http://x.example/",
                "ftp://x.example/",
                "x",
                ""
            })
    void aBadUriIsSkippedAndTheGoodOnesAreKept(String bad) {
        TlsRptRecord record = parse("v=TLSRPTv1; rua=" + bad + ",mailto:reports@example.com");

        assertThat(record).isEqualTo(new Found(List.of(MAIL), List.of('"' + bad + '"')));
    }

    @Test
    @Tag("T-3-6")
    void ofTwoListsTheFirstCounts() {
        assertThat(parse(GOOD + "; rua=mailto:other@example.com")).isEqualTo(new Found(List.of(MAIL), List.of()));
        assertThat(parse(GOOD + "; rua=")).isEqualTo(new Found(List.of(MAIL), List.of()));
    }

    @Test
    @Tag("T-3-6")
    void fiveDestinationsAreUsedAtMost() {
        Found found = (Found) parse("v=TLSRPTv1; rua=mailto:1@x.example,mailto:1@x.example,mailto:2@x.example,"
                + "mailto:3@x.example,mailto:4@x.example,mailto:5@x.example,mailto:6@x.example");

        assertThat(found.destinations())
                .extracting(Object::toString)
                .containsExactly(
                        "Mailto[address=1@x.example]",
                        "Mailto[address=2@x.example]",
                        "Mailto[address=3@x.example]",
                        "Mailto[address=4@x.example]",
                        "Mailto[address=5@x.example]");
        assertThat(found.skipped()).containsExactly("\"mailto:6@x.example\"");
    }

    @ParameterizedTest
    @Tag("T-3-7")
    @CsvSource(
            quoteCharacter = '\'',
            value = {
                "tls%2Crpt@x.example?subject=y, '\"tls,rpt\"@x.example'",
                "a%21b@x.example, a!b@x.example",
                "a%40b@x.example, '\"a@b\"@x.example'",
                "%22a%20b%22@x.example, '\"a b\"@x.example'",
                "a%20b@x.example, '\"a b\"@x.example'",
                "a%22b@x.example, '\"a\\\"b\"@x.example'",
                "a%5Cb@x.example, '\"a\\\\b\"@x.example'",
                ".a@x.example, '\".a\"@x.example'",
                "a+b@X.Example., a+b@x.example",
                "a@b%C3%BCcher.example, a@xn--bcher-kva.example"
            })
    void anAddressIsDecodedAndQuotedWhereNeedBe(String encoded, String address) {
        assertThat(parse("v=TLSRPTv1; rua=mailto:" + encoded))
                .isEqualTo(new Found(List.of(new Mailto(address)), List.of()));
    }

    @Test
    @Tag("T-3-8")
    void aDestinationAtAnotherDomainNeedsNoPermission() {
        // given only the record of the domain itself: nothing else can be asked here
        TlsRptRecord record = parse("v=TLSRPTv1; rua=mailto:a@other.test,https://third.invalid/");

        assertThat(record)
                .isEqualTo(new Found(
                        List.of(new Mailto("a@other.test"), new Https(URI.create("https://third.invalid/"))),
                        List.of()));
    }

    @Test
    void aFragmentIsNotPartOfWhereReportsGo() {
        assertThat(parse("v=TLSRPTv1; rua=https://y.example:8443/t#x"))
                .isEqualTo(new Found(List.of(new Https(URI.create("https://y.example:8443/t"))), List.of()));
    }

    @Test
    void whatIsTooMuchIsNotRead() {
        String longest = GOOD + "; x=" + "a".repeat(4096 - GOOD.length() - 4);

        assertThat(parse(longest)).isEqualTo(new Found(List.of(MAIL), List.of()));
        assertThat(parse(longest + "a"))
                .isInstanceOfSatisfying(
                        Broken.class, broken -> assertThat(broken.reason()).isEqualTo(Reason.TOO_LONG));
        assertThat(TlsRptRecord.parse(Collections.nCopies(65, "v=spf1 -all")))
                .isEqualTo(new Broken(Reason.TOO_MANY, "65 TXT records"));
        assertThat(TlsRptRecord.parse(Collections.nCopies(64, "v=spf1 -all"))).isEqualTo(new NotOurs());
    }

    private static TlsRptRecord parse(String... records) {
        return TlsRptRecord.parse(List.of(records));
    }
}
