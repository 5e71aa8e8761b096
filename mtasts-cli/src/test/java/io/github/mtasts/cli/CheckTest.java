package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Help.Ansi;

/** {@code mtasts check} over real sockets; what it prints lies in {@code check/}, text and JSON. */
class CheckTest {
    private static SmallInternet net;

    @TempDir
    static Path folder;

    private static Path ca;

    @BeforeAll
    static void openNetwork() throws IOException {
        net = new SmallInternet();
        ca = Files.writeString(folder.resolve("ca.pem"), net.ca().rootPem());
    }

    @AfterAll
    static void closeNetwork() {
        net.close();
    }

    private static CommandRun check(String... arguments) {
        String[] all = Stream.concat(Stream.of("check"), Stream.of(arguments)).toArray(String[]::new);
        return CommandRun.of(CommandRun.into(net, ca, all));
    }

    /**
     * One domain, and what has to come of it.
     *
     * @param name the domain is called {@code NAME.example}
     * @param code the exit code
     * @param world sets the domain up
     */
    private record Case(String name, int code, BiConsumer<SmallInternet, String> world) {}

    private static void enforced(SmallInternet net, String domain) {
        net.domain(domain).sts("enforce", "mx." + domain).mx(10, "mx." + domain);
    }

    private static Case mx(String name, int code, Consumer<MxServer> fault) {
        return new Case(name, code, (net, domain) -> {
            enforced(net, domain);
            fault.accept(net.mx("mx." + domain));
        });
    }

    private static Case policyHost(String name, int code, Consumer<PolicyHost> fault) {
        return new Case(name, code, (net, domain) -> {
            enforced(net, domain);
            fault.accept(net.policyHost(domain));
        });
    }

    /** An address of this machine at which nobody listens. */
    private static InetAddress nobody() {
        try {
            return InetAddress.getByAddress(new byte[] {127, 99, 0, 1});
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Case> cases() {
        return List.of(
                new Case("good", 0, (net, domain) -> {
                    enforced(net, domain);
                    net.dns().txt("_smtp._tls." + domain, "v=TLSRPTv1; rua=mailto:reports@" + domain);
                }),
                mx("mx-without-starttls", 1, mx -> mx.startTls(MxServer.StartTls.NOT_OFFERED)),
                mx("mx-refuses-starttls", 1, mx -> mx.startTls(MxServer.StartTls.REFUSED_454)),
                mx("mx-certificate-expired", 1, mx -> mx.certificate(CertificateFault.EXPIRED)),
                mx("mx-certificate-common-name-only", 1, mx -> mx.certificate(CertificateFault.COMMON_NAME_ONLY)),
                mx("mx-certificate-all-wrong", 1, mx -> mx.certificate(CertificateFault.EVERYTHING)),
                new Case("mx-unreachable", 2, (net, domain) -> {
                    net.domain(domain).sts("enforce", "mx." + domain);
                    net.dns().mx(domain, 10, "mx." + domain);
                    net.dns().address("mx." + domain, nobody());
                }),
                new Case("broken-tls-reports", 1, (net, domain) -> {
                    enforced(net, domain);
                    net.dns().txt("_smtp._tls." + domain, "v=TLSRPTv1; rua=ftp://" + domain);
                }),
                mx("mx-greets-with-554", 2, mx -> mx.reply("GREETING", "554 5.7.1 \u001b[31mgo away")),
                new Case(
                        "mx-not-listed",
                        1,
                        (net, domain) -> net.domain(domain)
                                .sts("enforce", "mx." + domain)
                                .mx(10, "mx.other-" + domain)),
                new Case("second-mx-good", 1, (net, domain) -> {
                    net.domain(domain)
                            .sts("enforce", "*." + domain)
                            .mx(10, "mx1." + domain)
                            .mx(20, "mx2." + domain);
                    net.mx("mx1." + domain).certificate(CertificateFault.SELF_SIGNED);
                }),
                new Case("testing-with-bad-mx", 1, (net, domain) -> {
                    net.domain(domain).sts("testing", "mx." + domain).mx(10, "mx." + domain);
                    net.mx("mx." + domain).certificate(CertificateFault.UNTRUSTED);
                }),
                new Case(
                        "mode-none",
                        0,
                        (net, domain) -> net.domain(domain).sts("none").mx(10, "mx." + domain)),
                new Case("no-mta-sts", 1, (net, domain) -> net.domain(domain).mx(10, "mx." + domain)),
                new Case("policy-without-record", 1, (net, domain) -> {
                    enforced(net, domain);
                    net.dns().remove("_mta-sts." + domain);
                }),
                new Case("two-records", 1, (net, domain) -> {
                    enforced(net, domain);
                    net.dns().txt("_mta-sts." + domain, "v=STSv1; id=1;", "v=STSv1; id=2;");
                }),
                new Case("hostile-text", 1, (net, domain) -> {
                    net.domain(domain).mx(10, "mx." + domain);
                    net.dns().txt("_mta-sts." + domain, "v=STSv1; id=\u001b]0;owned\u0007;");
                    net.policyHost(domain).policy("version: STSv1\nmode: \u001b[2Jenforce\n\u202emx: x\n");
                }),
                new Case("record-not-answered", 2, (net, domain) -> {
                    enforced(net, domain);
                    net.dns().fail("_mta-sts." + domain, "TXT", "SERVFAIL");
                }),
                new Case("record-bogus", 1, (net, domain) -> {
                    enforced(net, domain);
                    net.dns().failExtended("_mta-sts." + domain, "TXT", 6);
                }),
                policyHost("policy-host-certificate", 1, host -> host.certificate(CertificateFault.WRONG_NAME)),
                policyHost("policy-host-404", 1, host -> host.respond(404, "text/plain", "no\n")),
                policyHost(
                        "policy-host-redirects",
                        1,
                        host -> host.script((request, out) -> out.write(
                                "HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"
                                        .getBytes(StandardCharsets.US_ASCII)))),
                policyHost("policy-host-html", 1, host -> host.respond(200, "text/html", "<p>welcome</p>")),
                policyHost("policy-invalid", 1, host -> host.policy("version: STSv1\nmode: force\nmx: *\n")),
                policyHost(
                        "policy-tolerated",
                        0,
                        host -> host.policy("version: STSv1\r\nmode: enforce\r\n\r\nmax_age: 3600\r\nmx : "
                                + host.name().replace("mta-sts", "mx") + ".\r\n")),
                new Case("null-mx", 0, (net, domain) -> {
                    net.dns().exists(domain);
                    net.dns().mx(domain, 0, ".");
                }),
                new Case("no-such-domain", 1, (net, domain) -> {}));
    }

    @TestFactory
    Stream<DynamicTest> printsWhatWasSeenAndWhatItMeans() {
        return cases().stream()
                .map(one -> DynamicTest.dynamicTest(one.name(), () -> {
                    String domain = one.name() + ".example";
                    one.world().accept(net, domain);

                    CommandRun text = check(domain);
                    CommandRun json = check(domain, "--json");

                    Golden.assertSame("check/" + one.name() + ".txt", text.out());
                    Golden.assertSame("check/" + one.name() + ".json", json.out());
                    assertThat(text.code()).isEqualTo(json.code()).isEqualTo(one.code());
                    assertThat(text.out().chars().filter(c -> c != '\n'))
                            .as("nothing that a terminal would obey")
                            .allMatch(c -> c >= ' ' && c < 0x7f);
                }));
    }

    @Nested
    class Options {
        @Test
        void connectsToNoMxHostWhenToldNotTo() {
            enforced(net, "no-smtp.example");

            CommandRun run = check("no-smtp.example", "--no-smtp");

            assertThat(run.code()).isZero();
            assertThat(run.out()).contains("Whether their TLS passes was not looked at");
            assertThat(net.mx("mx.no-smtp.example").connections()).isEmpty();
        }

        @Test
        void countsWhatTheGrammarDoesNotAllowWhenStrict() {
            enforced(net, "strict.example");
            net.policyHost("strict.example")
                    .policy("version: STSv1\nmode: enforce\n\nmax_age: 604800\nmx: mx.strict.example\n");

            CommandRun usual = check("strict.example");
            CommandRun strict = check("strict.example", "--strict");

            assertThat(usual.code()).isZero();
            assertThat(strict.code()).isEqualTo(1);
            assertThat(strict.out()).contains("problem: mta-sts.strict.example: the policy has what RFC 8461");
        }

        @Test
        void doesNotConnectToLoopbackUnlessAllowed() {
            enforced(net, "loopback.example");

            CommandRun run = CommandRun.of(
                    "check",
                    "loopback.example",
                    "--dns",
                    net.dnsServer(),
                    "--ca",
                    ca.toString(),
                    "--https-port",
                    String.valueOf(net.httpsPort()),
                    "--smtp-port",
                    String.valueOf(net.smtpPort()));

            assertThat(run.code()).isEqualTo(1);
            assertThat(run.out()).contains("failed   address-forbidden").contains("no sender connects to it");
            assertThat(net.mx("mx.loopback.example").connections()).isEmpty();
            assertThat(net.policyHost("loopback.example").connections()).isZero();
        }

        @Test
        void endsWithinTheTimeoutThoughNobodyAnswers() {
            enforced(net, "silent.example");
            net.mx("mx.silent.example").silent(true);
            net.policyHost("silent.example").greeting(PolicyHost.Greeting.SILENT);

            CommandRun run = check("silent.example", "--timeout", "1");

            assertThat(run.code()).isEqualTo(1);
            assertThat(run.out()).contains("failed   timeout").contains("no answer within 1 s");
        }

        @Test
        void paintsForTerminalsOnly() {
            enforced(net, "painted.example");

            CommandRun plain = check("painted.example");
            CommandRun painted = CommandRun.with(Ansi.ON, CommandRun.into(net, ca, "check", "painted.example"));

            assertThat(plain.out()).doesNotContain("\u001b");
            assertThat(painted.out()).contains("\u001b[32msound\u001b[0m");
        }
    }

    @Nested
    class SeveralDomains {
        @Test
        void areToldInOneLineEachWithASummary() throws IOException {
            enforced(net, "first.example");
            enforced(net, "second.example");
            net.mx("mx.second.example").startTls(MxServer.StartTls.NOT_OFFERED);
            Path list = Files.writeString(
                    folder.resolve("list"), "# ours\nfirst.example\n\nsecond.example # and theirs\nFIRST.example\n");

            CommandRun run = check("--file", list.toString());

            assertThat(run.code()).isEqualTo(1);
            assertThat(run.out().lines())
                    .satisfiesExactly(
                            line -> assertThat(line)
                                    .startsWith("first.example: sound: It delivers to mx.first.example"),
                            line -> assertThat(line).startsWith("second.example: problems: mx.second.example 127."),
                            line -> assertThat(line)
                                    .isEqualTo("2 domains: 1 sound, 1 with problems, 0 could not be told"));
        }

        @Test
        void areSoundTogetherOnlyIfEachIs() {
            enforced(net, "third.example");
            enforced(net, "fourth.example");

            CommandRun sound = check("third.example", "fourth.example");
            net.dns().remove("mx.fourth.example", "A");
            net.dns().address("mx.fourth.example", nobody());
            CommandRun unknown = check("third.example", "fourth.example");

            assertThat(sound.code()).isZero();
            assertThat(unknown.code()).isEqualTo(2);
        }
    }

    @Nested
    class Usage {
        @Test
        void refusesWhatIsNoDomain() {
            CommandRun run = CommandRun.of("check", "exa mple");

            assertThat(run.code()).isEqualTo(64);
            assertThat(run.err()).contains("not a domain name: \"exa mple\"");
        }

        @Test
        void namesTheLineOfAListThatIsNoDomain() throws IOException {
            Path list = Files.writeString(folder.resolve("bad-list"), "good.example\nexample..com\n");

            CommandRun run = CommandRun.of("check", "--file", list.toString());

            assertThat(run.code()).isEqualTo(64);
            assertThat(run.err()).contains("bad-list line 2: not a domain name: \"example..com\"");
        }

        @Test
        void wantsADomain() {
            assertThat(CommandRun.of("check").code()).isEqualTo(64);
        }

        @Test
        void saysWhichListCannotBeRead() {
            CommandRun run = CommandRun.of("check", "--file", folder + "/nothing");

            assertThat(run.code()).isEqualTo(66);
            assertThat(run.err()).contains("nothing: no such file");
        }

        @Test
        void refusesAPortThatIsNone() {
            CommandRun run = CommandRun.of("check", "example.com", "--https-port", "65536");

            assertThat(run.code()).isEqualTo(64);
            assertThat(run.err()).contains("--https-port takes a port from 1 to 65535: 65536");
        }

        @Test
        void refusesTrustAnchorsThatAreNone() throws IOException {
            Path file = Files.writeString(folder.resolve("no.pem"), "nothing\n");

            CommandRun run = CommandRun.of("check", "example.com", "--ca", file.toString());

            assertThat(run.code()).isEqualTo(64);
            assertThat(run.err()).contains("--ca: ").contains("no.pem");
        }
    }

    @Test
    void progressIsOneLineThatIsGoneAtTheEnd() {
        StringWriter terminal = new StringWriter();
        StringWriter pipe = new StringWriter();

        for (Progress progress : List.of(
                new Progress(new PrintWriter(terminal), true, 1), new Progress(new PrintWriter(pipe), false, 1))) {
            progress.begin("looking at 1 domain ...");
            progress.done("example.com");
            progress.end();
        }

        assertThat(terminal.toString())
                .isEqualTo("\r\u001b[Klooking at 1 domain ...\r\u001b[K1 of 1: example.com\r\u001b[K");
        assertThat(pipe.toString()).isEmpty();
    }

    @Test
    void spansAreToldInTheirGreatestUnits() {
        assertThat(Words.span(Duration.ofSeconds(59))).isEqualTo("59 s");
        assertThat(Words.span(Duration.ofSeconds(60))).isEqualTo("1 min");
        assertThat(Words.span(Duration.ofSeconds(3661))).isEqualTo("1 h 1 min");
        assertThat(Words.span(Duration.ofDays(7).plusHours(3))).isEqualTo("7 d 3 h");
    }
}
