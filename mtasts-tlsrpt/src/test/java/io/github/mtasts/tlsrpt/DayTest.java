package io.github.mtasts.tlsrpt;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.tlsrpt.report.FailureDetails;
import io.github.mtasts.tlsrpt.report.ReportedPolicy;
import io.github.mtasts.tlsrpt.report.TlsReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A day of 10,000 sessions with 20 domains, 520 of them over sockets, by a sender that is killed at noon, killed in the evening, and killed while it reports: the reports come to
 * what the hosts saw.
 */
class DayTest {
    private static final int DOMAINS = 20;
    private static final int REAL = 13;
    private static final int HALF = 250;
    private static final String WANTS_NONE = "d19.example";

    private final SmallInternet net = new SmallInternet();
    private final LocalDate day = LocalDate.ofInstant(net.clock().instant(), ZoneOffset.UTC);
    private final List<Process> processes = new ArrayList<>();

    @TempDir
    Path directory;

    @AfterEach
    void close() {
        processes.forEach(Process::destroyForcibly);
        net.close();
    }

    /** What its report has to say: {@code type successes/failures result-type=count …}, entries sorted. */
    private final Map<String, String> expected = new TreeMap<>();

    private MxServer domain(int number, String mode, String report) {
        String name = "d" + number + ".example";
        SmallInternet.Domain domain = net.domain(name).mx(10, "mx." + name);
        if (!mode.isEmpty()) {
            domain.sts(mode, "mx." + name);
        }
        if (!name.equals(WANTS_NONE)) {
            String destination =
                    number % 2 == 0 ? "https://mta-sts.collector.example:" + net.httpsPort() : World.MAILBOX;
            net.dns().txt("_smtp._tls." + name, "v=TLSRPTv1; rua=" + destination);
            expected.put(name, report);
        }
        return net.mx("mx." + name);
    }

    private void domains() {
        domain(0, "enforce", "sts 500/0");
        domain(1, "testing", "sts 0/500 certificate-host-mismatch=500").certificate(CertificateFault.WRONG_NAME);
        domain(2, "enforce", "sts 0/500 certificate-expired=500").certificate(CertificateFault.EXPIRED);
        domain(3, "enforce", "sts 0/500 starttls-not-supported=500").startTls(MxServer.StartTls.NOT_OFFERED);
        domain(4, "enforce", "sts 0/500 starttls-not-supported=500").startTls(MxServer.StartTls.REFUSED_454);
        domain(5, "enforce", "sts 0/500 certificate-not-trusted=500").certificate(CertificateFault.SELF_SIGNED);
        domain(6, "enforce", "sts 0/500 validation-failure=500");
        net.policyHost("d6.example").policy(policy("enforce", "other.d6.example"));
        domain(7, "testing", "sts 0/500 validation-failure=500");
        net.policyHost("d7.example").policy(policy("testing", "other.d7.example"));
        domain(8, "", "no-policy-found 500/0");
        domain(9, "", "no-policy-found 0/500 starttls-not-supported=500").startTls(MxServer.StartTls.NOT_OFFERED);
        domain(10, "enforce", "no-policy-found 500/0; sts 0/500 sts-policy-fetch-error=500");
        net.policyHost("d10.example").respond(404, "text/plain", "nothing");
        domain(11, "enforce", "no-policy-found 500/0; sts 0/500 sts-policy-invalid=500");
        net.policyHost("d11.example").policy("version: STSv1\nmode: maybe\n");
        domain(12, "enforce", "no-policy-found 500/0; sts 0/500 sts-webpki-invalid=500");
        net.policyHost("d12.example").certificate(CertificateFault.EXPIRED);
        domain(13, "enforce", "sts 0/500 validation-failure=500").startTls(MxServer.StartTls.GARBAGE_HANDSHAKE);
        domain(
                        14,
                        "enforce",
                        "sts 0/500 certificate-expired=500 certificate-host-mismatch=500 certificate-not-trusted=500")
                .certificate(CertificateFault.EVERYTHING);
        domain(15, "testing", "sts 0/500 starttls-not-supported=500").startTls(MxServer.StartTls.NOT_OFFERED);
        domain(16, "none", "no-policy-found 500/0");
        domain(17, "enforce", "sts 0/500 validation-failure=500").startTls(MxServer.StartTls.OLD_TLS);
        domain(18, "enforce", "sts 250/0; sts 250/0");
        domain(19, "enforce", "");
        net.domain("reports.example").mx(10, "mx.reports.example");
        net.policyHost("collector.example").respond(200, "text/plain", "thanks");
    }

    private static String policy(String mode, String mx) {
        return "version: STSv1\nmode: " + mode + "\nmax_age: 604800\nmx: " + mx + "\n";
    }

    private Process start(Instant at, String... more) throws IOException {
        Path root = Files.writeString(directory.resolve("root.pem"), net.ca().rootPem());
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                System.getProperty("java.class.path"),
                DaySender.class.getName(),
                net.dnsServer(),
                String.valueOf(net.httpsPort()),
                String.valueOf(net.smtpPort()),
                root.toString(),
                directory.resolve("tlsrpt").toString(),
                at.toString()));
        command.addAll(List.of(more));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("stderr").toFile()))
                .start();
        processes.add(process);
        return process;
    }

    /** Waits for the line, the last that the process says. */
    private void await(Process process, String line) throws IOException {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(out.readLine())
                    .as(Files.readString(directory.resolve("stderr")))
                    .isEqualTo(line);
        }
    }

    private void kill(Process process) throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    @Tag("T-4-13")
    @Tag("T-5-9")
    void theReportsComeToWhatTheHostsSawThoughTheSenderIsKilledThreeTimes() throws Exception {
        domains();

        for (int hour : new int[] {9, 15}) {
            Process sending = start(
                    day.atTime(hour, 0).toInstant(ZoneOffset.UTC),
                    String.valueOf(DOMAINS),
                    String.valueOf(REAL),
                    String.valueOf(HALF));
            await(sending, "COUNTED");
            kill(sending);
            // at noon one domain gets another policy
            net.policyHost("d18.example").policy(policy("enforce", "*.d18.example"));
        }
        Instant due = day.plusDays(1).atTime(4, 0).toInstant(ZoneOffset.UTC);
        PolicyHost collector = net.policyHost("collector.example");
        CountDownLatch killed = new CountDownLatch(1);
        collector.script((request, out) -> {
            try {
                assertThat(killed.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        });
        Process reporting = start(due);
        World.until("some reports are under way", () -> collector.requests().size() >= 3);
        kill(reporting);
        killed.countDown();
        collector.respond(200, "text/plain", "thanks");
        await(start(due), "SENT");

        List<TlsReport> received = Stream.concat(
                        World.posted(collector).stream(), World.mailed(net.mx("mx.reports.example")).stream())
                .toList();
        Map<String, Set<TlsReport>> byDomain = received.stream()
                .collect(Collectors.groupingBy(
                        report -> report.policies().get(0).domain(),
                        TreeMap::new,
                        Collectors.toCollection(HashSet::new)));
        assertThat(byDomain.keySet()).isEqualTo(expected.keySet());
        // what was sent twice is the same, to the last byte of its content and with the same id
        assertThat(byDomain.values()).allSatisfy(reports -> assertThat(reports).hasSize(1));
        Map<String, String> told = new TreeMap<>();
        byDomain.forEach(
                (name, reports) -> told.put(name, summary(reports.iterator().next())));
        assertThat(told).as(Files.readString(directory.resolve("stderr"))).isEqualTo(expected);
        theHostsSawThem();
    }

    /** The sockets' share of the sums: each host saw each real session, and no host that was passed over did. */
    private void theHostsSawThem() {
        for (int number = 0; number < DOMAINS; number++) {
            String name = "d" + number + ".example";
            assertThat(net.mx("mx." + name).connections()).as(name).hasSize(number == 6 ? 0 : 2 * REAL);
        }
        for (String name : List.of("d10.example", "d11.example")) {
            assertThat(net.policyHost(name).requests())
                    .as(name)
                    .hasSize(2); // one a process, and 500 deliveries that lacked the policy
        }
    }

    private static String summary(TlsReport report) {
        return report.policies().stream().map(DayTest::summary).sorted().collect(Collectors.joining("; "));
    }

    private static String summary(ReportedPolicy policy) {
        Map<String, Long> details = new TreeMap<>();
        for (FailureDetails detail : policy.details()) {
            details.merge(detail.resultType().text(), detail.failedSessions(), Long::sum);
        }
        StringBuilder summary = new StringBuilder(policy.type() + " " + policy.successes() + "/" + policy.failures());
        details.forEach(
                (type, count) -> summary.append(' ').append(type).append('=').append(count));
        return summary.toString();
    }
}
