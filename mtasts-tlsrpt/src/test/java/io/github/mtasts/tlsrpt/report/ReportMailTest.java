package io.github.mtasts.tlsrpt.report;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tlsrpt.report.ReportDestination.Mailto;
import jakarta.mail.BodyPart;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.ContentType;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.internet.MimePartDataSource;
import jakarta.mail.internet.MimeUtility;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The mail that carries a report (RFC 8460 §5.3). */
class ReportMailTest {
    private static final Session SESSION = Session.getInstance(new Properties());
    private static final Instant NOW = Instant.parse("2026-11-27T01:02:03Z");
    private static final Mailto TO = new Mailto("\"tls,rpt\"@reports.example.net");
    private static final OutgoingReport REPORT = report("sender.example", "example.net");

    @Test
    @Tag("T-5.3-1")
    void aReportHasTwoPartsWordsAndTheFile() throws Exception {
        MimeMessage message = compose(REPORT).toMimeMessage(SESSION);

        ContentType type = new ContentType(message.getContentType());
        assertThat(type.getBaseType()).isEqualTo("multipart/report");
        assertThat(type.getParameter("report-type")).isEqualTo("tlsrpt");
        MimeMultipart parts = parts(message);
        assertThat(parts.getCount()).isEqualTo(2);
        assertThat(parts.getBodyPart(0).isMimeType("text/plain")).isTrue();
        BodyPart file = parts.getBodyPart(1);
        assertThat(file.isMimeType(OutgoingReport.GZIP_TYPE)).isTrue();
        assertThat(file.getHeader("Content-Transfer-Encoding")).containsExactly("base64");
        assertThat(file.getDisposition()).isEqualTo("attachment");
        assertThat(file.getFileName()).isEqualTo("sender.example!example.net!1795651200!1795737599!k3j.json.gz");
        assertThat(file.getInputStream().readAllBytes()).isEqualTo(REPORT.gzip());
    }

    @Test
    @Tag("T-5.3-1")
    void theLongestNamesStayWithinTheLinesOfSmtp() throws Exception {
        String longest = String.join(".", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61));
        OutgoingReport report = report(longest, longest);
        assertThat(longest).hasSize(253);

        ReportMail mail = compose(report);

        assertThat(new String(mail.message(), US_ASCII).lines()).allMatch(line -> line.length() <= 998);
        assertThat(parts(mail.toMimeMessage(SESSION)).getBodyPart(1).getFileName())
                .isEqualTo(report.gzipFileName());
    }

    @Test
    @Tag("T-5.3-2")
    void twoFieldsNameTheDomainAndTheSubmitter() throws Exception {
        MimeMessage message = compose(REPORT).toMimeMessage(SESSION);

        assertThat(message.getHeader("TLS-Report-Domain")).containsExactly("example.net");
        assertThat(message.getHeader("TLS-Report-Submitter")).containsExactly("sender.example");
        assertThat(REPORT.report().contact()).endsWith("@sender.example");
    }

    @Test
    @Tag("T-5.3-3")
    void theSubjectIsThatOfTheRfc() throws Exception {
        MimeMessage message = compose(REPORT).toMimeMessage(SESSION);

        assertThat(MimeUtility.unfold(message.getHeader("Subject", null)))
                .isEqualTo("Report Domain: example.net Submitter: sender.example"
                        + " Report-ID: <2026-11-26.example.net.k3j@sender.example>");
    }

    @Test
    @Tag("T-5.3-5")
    void theMailSaysThatAMachineSentIt() throws Exception {
        MimeMessage message = compose(REPORT).toMimeMessage(SESSION);

        assertThat(message.getFrom()).containsExactly(new InternetAddress("tls@sender.example"));
        assertThat(message.getAllRecipients()).containsExactly(new InternetAddress(TO.address(), true));
        assertThat(message.getHeader("Auto-Submitted")).containsExactly("auto-generated");
        assertThat(message.getHeader("MIME-Version")).containsExactly("1.0");
        assertThat(message.getHeader("TLS-Required")).containsExactly("No");
        assertThat(message.getSentDate()).isEqualTo(Date.from(NOW));
        assertThat(message.getHeader("Date")).containsExactly("Fri, 27 Nov 2026 01:02:03 +0000");
        assertThat(message.getMessageID())
                .matches("<2026-11-26\\.example\\.net\\.k3j\\.[0-9a-f]{12}@sender\\.example>");
    }

    @Test
    @Tag("T-5-9")
    void theSameReportToTheSameAddressIsTheSameMail() {
        assertThat(compose(REPORT).message()).isEqualTo(compose(REPORT).message());
        assertThat(compose(report("sender.example", "example.net")).message())
                .isEqualTo(compose(REPORT).message());
        ReportMail other =
                ReportMail.compose(REPORT, new Mailto("a@example.net"), NOW, DkimKeys.ed25519("sender.example"));
        assertThat(other.message()).isNotEqualTo(compose(REPORT).message());
    }

    @Test
    @Tag("T-5.6-1")
    void fileNameSubjectFieldsAndDocumentAgree() throws Exception {
        MimeMessage message = compose(REPORT).toMimeMessage(SESSION);

        ReceivedReport.Found received =
                (ReceivedReport.Found) TlsReport.read(compose(REPORT).message());

        TlsReport read = received.report();
        assertThat(received.tolerated()).isEmpty();
        assertThat(message.getSubject()).contains("<" + read.reportId() + ">");
        assertThat(message.getHeader("TLS-Report-Domain", null))
                .isEqualTo(read.policies().get(0).domain());
        assertThat(parts(message).getBodyPart(1).getFileName().split("!"))
                .containsExactly(
                        message.getHeader("TLS-Report-Submitter", null),
                        read.policies().get(0).domain(),
                        String.valueOf(read.start().getEpochSecond()),
                        String.valueOf(read.end().getEpochSecond()),
                        "k3j.json.gz");
    }

    @Test
    @Tag("T-5.6-1")
    void theDocumentCountsWhereTheMailSaysOtherwise() {
        String mail = new String(compose(REPORT).message(), ISO_8859_1)
                .replace("TLS-Report-Domain: example.net", "TLS-Report-Domain: other.example")
                .replace("Report Domain: example.net", "Report Domain: other.example");

        ReceivedReport read = TlsReport.read(mail.getBytes(ISO_8859_1));

        assertThat(read)
                .isEqualTo(new ReceivedReport.Found(
                        REPORT.report(), List.of("the mail is about \"other.example\", no policy of the report is")));
    }

    @Test
    @Tag("T-3-10")
    void aSignerOfAnotherDomainIsRefused() {
        assertThatThrownBy(() -> ReportMail.compose(REPORT, TO, NOW, DkimKeys.ed25519("other.example")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("other.example")
                .hasMessageContaining("sender.example");
        assertThat(compose(REPORT).message()).isNotEmpty();
    }

    @Test
    void whatJakartaMailSendsIsWhatWasSigned() throws Exception {
        ReportMail mail = compose(REPORT);
        MimeMessage message = mail.toMimeMessage(SESSION);
        message.saveChanges();

        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        message.writeTo(sent);

        assertThat(sent.toByteArray()).isEqualTo(mail.message());
    }

    @Test
    void theMessageIsSevenBitWithCrLf() {
        byte[] message = compose(REPORT).message();

        String text = new String(message, ISO_8859_1);
        assertThat(text.replace("\r\n", "")).doesNotContain("\r", "\n");
        assertThat(text.chars()).allMatch(c -> c < 128);
        assertThat(text).endsWith("--tlsrpt.k3j--\r\n");
        assertThat(Arrays.stream(text.split("\r\n")).filter(line -> line.equals("--tlsrpt.k3j")))
                .hasSize(2);
    }

    private static ReportMail compose(OutgoingReport report) {
        return ReportMail.compose(
                report, TO, NOW, DkimKeys.ed25519(report.reporter().domain().name()));
    }

    private static MimeMultipart parts(MimeMessage message) throws MessagingException, IOException {
        return new MimeMultipart(new MimePartDataSource(message));
    }

    static OutgoingReport report(String submitter, String domain) {
        return new OutgoingReport(
                new Reporter("Größter Sender", "tls@" + submitter),
                PolicyDomain.of(domain),
                LocalDate.of(2026, 11, 26),
                "k3j",
                List.of(new ReportedPolicy(PolicyType.NO_POLICY_FOUND, List.of(), domain, List.of(), 7, 0, List.of())));
    }
}
