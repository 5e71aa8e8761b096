package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.tlsrpt.AppliedPolicy;
import io.github.mtasts.tlsrpt.DayCounts;
import io.github.mtasts.tlsrpt.ReportKey;
import io.github.mtasts.tlsrpt.ReportStore;
import io.github.mtasts.tlsrpt.report.ReceivedReport;
import io.github.mtasts.tlsrpt.report.TlsReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mtasts tlsrpt send}. */
class TlsRptSendTest {
    private static final String MAILBOX = "mailto:tls@reports.example";

    /** Over, whatever time it is. */
    private final LocalDate day = LocalDate.now(ZoneOffset.UTC).minusDays(2);

    private final SmallInternet net = new SmallInternet();

    @TempDir
    private Path folder;

    private Path ca = Path.of("");
    private Path key = Path.of("");

    @BeforeEach
    void begin() throws IOException, GeneralSecurityException {
        ca = Files.writeString(folder.resolve("ca.pem"), net.ca().rootPem());
        byte[] bytes = KeyPairGenerator.getInstance("Ed25519")
                .generateKeyPair()
                .getPrivate()
                .getEncoded();
        key = Files.writeString(
                folder.resolve("dkim.pem"),
                "-----BEGIN PRIVATE KEY-----\n" + Base64.getEncoder().encodeToString(bytes)
                        + "\n-----END PRIVATE KEY-----\n");
        net.domain("reports.example").mx(10, "mx.reports.example");
        net.policyHost("collector.example").respond(200, "text/plain", "thanks");
    }

    @AfterEach
    void end() {
        net.close();
    }

    private Path directory() {
        return folder.resolve("tlsrpt");
    }

    private String url() {
        return "https://mta-sts.collector.example:" + net.httpsPort() + "/tls";
    }

    /** A domain that wants reports there, and sessions with it on a day, as a sender that has ended left them. */
    private void counted(LocalDate at, String domain, String destination) throws IOException {
        net.dns().txt("_smtp._tls." + domain, "v=TLSRPTv1; rua=" + destination);
        try (ReportStore store = ReportStore.inDirectory(directory())) {
            count(store, at, domain, 31);
        }
    }

    private static void count(ReportStore store, LocalDate at, String domain, long sessions) throws IOException {
        ReportKey report = new ReportKey(at, PolicyDomain.of(domain));
        store.add(List.of(new DayCounts(report, AppliedPolicy.NONE, sessions, 0, List.of())));
    }

    private CommandRun send(String... more) {
        return sendAs("Sender", "tls-reports@sender.example", more);
    }

    private CommandRun sendAs(String organization, String contact, String... more) {
        List<String> all = new ArrayList<>(List.of(
                "tlsrpt", "send", directory().toString(), "--organization", organization, "--contact", contact));
        all.addAll(List.of(more));
        return CommandRun.of(CommandRun.into(net, ca, all.toArray(String[]::new)));
    }

    private PolicyHost collector() {
        return net.policyHost("collector.example");
    }

    private MxServer mailbox() {
        return net.mx("mx.reports.example");
    }

    private List<TlsReport> posted() {
        return collector().requests().stream()
                .map(request -> read(request.body()))
                .toList();
    }

    private List<TlsReport> mailed() {
        return mailbox().mails().stream()
                .map(mail -> read(mail.content().getBytes(StandardCharsets.ISO_8859_1)))
                .toList();
    }

    private static TlsReport read(byte[] bytes) {
        ReceivedReport received = TlsReport.read(bytes);
        assertThat(received).isInstanceOf(ReceivedReport.Found.class);
        return ((ReceivedReport.Found) received).report();
    }

    @Test
    void sendsByHttpsAndByMailWhatIsNotSent() throws IOException {
        counted(day, "example.com", url());
        counted(day, "example.net", MAILBOX);

        CommandRun run = send("--dkim-key", "tls=" + key);

        assertThat(run.out())
                .isEqualToNormalizingNewlines(String.join(
                        "\n",
                        "example.com on " + day + ": accepted",
                        "  " + url() + ": accepted",
                        "example.net on " + day + ": accepted",
                        "  " + MAILBOX + ": accepted",
                        "2 reports: 2 accepted, 0 waiting, 0 given up, 0 not wanted",
                        ""));
        assertThat(run.code()).isZero();
        assertThat(posted()).singleElement().satisfies(report -> {
            assertThat(report.organization()).isEqualTo("Sender");
            assertThat(report.policies().get(0).successes()).isEqualTo(31);
        });
        assertThat(mailed()).hasSize(1);
        assertThat(mailbox().mails().get(0).content()).contains("DKIM-Signature:", "s=tls;", "d=sender.example;");
    }

    @Test
    @Tag("T-5-9")
    void whatWasSentIsNotSentAgain() throws IOException {
        counted(day, "example.com", url());
        assertThat(send().code()).isZero();
        counted(day, "example.com", url()); // too late: the report has left

        CommandRun again = send();

        assertThat(again.out()).startsWith("no report of a day that is over waits to be sent");
        assertThat(again.code()).isZero();
        assertThat(posted()).hasSize(1);
    }

    @Test
    @Tag("T-5-9")
    void aRestartGoesOnWithTheSameReport() throws IOException {
        counted(day, "example.com", url());
        collector().respond(503, "text/plain", "later");

        CommandRun first = send();
        counted(day, "example.com", url()); // a sender that ran in between
        collector().respond(200, "text/plain", "thanks");
        CommandRun second = sendAs("Another", "b@another.example");

        assertThat(first.code()).isEqualTo(75);
        assertThat(first.out())
                .contains("example.com on " + day + ": waits, next try at", "not taken now: HTTP status 503");
        assertThat(second.code()).isZero();
        assertThat(posted()).hasSize(2);
        assertThat(posted().get(1)).isEqualTo(posted().get(0));
    }

    @Test
    @Tag("T-5-9")
    void nothingIsDoneWhileASenderRuns() throws IOException {
        counted(day, "example.com", url());

        CommandRun whileItRuns;
        try (ReportStore running = ReportStore.inDirectory(directory())) {
            count(running, day, "example.com", 1);
            whileItRuns = send();
        }
        CommandRun afterwards = send();

        assertThat(whileItRuns.code()).isEqualTo(69);
        assertThat(whileItRuns.err())
                .contains(directory() + " is in use: a sender that runs sends its reports by itself");
        assertThat(afterwards.code()).isZero();
        assertThat(posted())
                .singleElement()
                .satisfies(report ->
                        assertThat(report.policies().get(0).successes()).isEqualTo(32));
    }

    @Test
    void sendsOneDayAlone() throws IOException {
        counted(day, "example.com", url());
        counted(day.plusDays(1), "example.com", url());
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        counted(today, "example.com", url());

        CommandRun run = send("--day", day.toString());

        assertThat(run.out()).contains("1 report: 1 accepted").doesNotContain(today.toString());
        assertThat(posted())
                .singleElement()
                .satisfies(report -> assertThat(report.start())
                        .isEqualTo(day.atStartOfDay(ZoneOffset.UTC).toInstant()));
    }

    @Test
    void aDayThatIsNotOverIsNotSent() throws IOException {
        LocalDate tomorrow = LocalDate.now(ZoneOffset.UTC).plusDays(1); // today may end before the test does
        counted(tomorrow, "example.com", url());

        CommandRun run = send("--day", tomorrow.toString());

        assertThat(run.code()).isEqualTo(64);
        assertThat(run.err()).contains("--day", tomorrow.toString());
        assertThat(posted()).isEmpty();
        try (ReportStore store = ReportStore.existingIn(directory())) {
            assertThat(store.counted(tomorrow)).hasSize(1);
        }
    }

    @Test
    @Tag("T-3-10")
    void withoutAKeyMailsWaitAndPostsGo() throws IOException {
        counted(day, "example.com", url());
        counted(day, "example.net", MAILBOX);

        CommandRun without = send();
        CommandRun with = send("--dkim-key", "tls=" + key);

        assertThat(without.code()).isEqualTo(75);
        assertThat(without.out())
                .contains("1 accepted, 1 waiting", "  " + MAILBOX + ": not taken now: no DKIM signer is set");
        assertThat(posted()).hasSize(1);
        assertThat(with.code()).isZero();
        assertThat(mailed()).hasSize(1);
    }

    @Test
    void whatNobodyTakesIsGivenUp() throws IOException {
        counted(day, "example.com", url());
        collector().respond(404, "text/plain", "nothing");

        CommandRun run = send();

        assertThat(run.out()).contains("example.com on " + day + ": given up", "refused: HTTP status 404");
        assertThat(run.code()).isEqualTo(1);
    }

    @Test
    void whatWaitsOutweighsWhatIsGivenUp() throws IOException {
        counted(day, "example.com", url());
        collector().respond(404, "text/plain", "nothing");
        counted(day, "example.net", MAILBOX);

        assertThat(send().code()).isEqualTo(75);
    }

    @Test
    @Tag("T-4-14")
    void aDomainThatAsksForNoneGetsNone() throws IOException {
        counted(day, "example.com", url());
        net.dns().remove("_smtp._tls.example.com", "TXT");

        CommandRun run = send();

        assertThat(run.out()).contains("example.com on " + day + ": not wanted: it has no record at _smtp._tls");
        assertThat(run.code()).isZero();
        assertThat(posted()).isEmpty();
    }

    @Test
    @Tag("T-7-1")
    void privateAddressesAreRefusedUnlessAllowed() throws IOException {
        counted(day, "example.com", url());

        CommandRun run = CommandRun.of(
                "tlsrpt",
                "send",
                directory().toString(),
                "--organization",
                "Sender",
                "--contact",
                "tls-reports@sender.example",
                "--dns",
                net.dnsServer(),
                "--ca",
                ca.toString());

        assertThat(run.out()).contains("must not be connected to");
        assertThat(run.code()).isEqualTo(1);
        assertThat(collector().connections()).isZero();
    }

    @Test
    @SuppressWarnings("unchecked") // an array of objects is what is printed
    void printsAnObjectForEachReport() throws IOException {
        counted(day, "example.com", url());

        CommandRun run = send("--json");

        List<Map<String, Object>> objects = (List<Map<String, Object>>) JSON.std.anyFrom(run.out());
        assertThat(objects)
                .singleElement()
                .satisfies(object -> assertThat(object)
                        .containsEntry("domain", "example.com")
                        .containsEntry("day", day.toString())
                        .containsEntry("outcome", "accepted")
                        .containsEntry("report-id", posted().get(0).reportId())
                        .containsEntry("next-try", null)
                        .containsEntry(
                                "destinations",
                                List.of(Map.of("destination", url(), "result", "accepted", "reason", ""))));
        assertThat(run.err()).isEmpty();
        assertThat(send("--json").out()).isEqualToIgnoringWhitespace("[]");
    }

    @Test
    void whereNothingIsCountedNothingIsMade() {
        CommandRun run = send();

        assertThat(run.err()).contains("cannot read " + directory() + ": no such file");
        assertThat(run.code()).isEqualTo(66);
        assertThat(directory()).doesNotExist();
    }

    @Test
    void saysWhatIsWrongWithItsOptions() throws IOException {
        counted(day, "example.com", url());
        Path noKey = Files.writeString(folder.resolve("no.pem"), "nothing");

        assertThat(CommandRun.of("tlsrpt", "send", directory().toString()).err())
                .contains("--organization", "--contact");
        for (CommandRun run : List.of(
                CommandRun.of("tlsrpt", "send", directory().toString()),
                sendAs("Sender", "nobody"),
                send("--dkim-key", "tls=" + folder.resolve("none.pem")),
                send("--dkim-key", "tls=" + noKey),
                send("--dkim-key", key.toString()),
                send("--day", "yesterday"))) {
            assertThat(run.code()).as(run.err()).isEqualTo(64);
        }
        assertThat(sendAs("Sender", "nobody").err()).contains("\"nobody\"");
        assertThat(send("--dkim-key", "tls=" + noKey).err()).contains("--dkim-key", "no.pem", "no private key");
        assertThat(posted()).isEmpty();
    }
}
