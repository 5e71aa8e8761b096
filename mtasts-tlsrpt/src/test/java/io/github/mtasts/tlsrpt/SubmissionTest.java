package io.github.mtasts.tlsrpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.tlsrpt.report.OutgoingReport;
import io.github.mtasts.tlsrpt.report.TlsReport;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When, where and how often reports are sent (RFC 8460 §3 and §5). */
class SubmissionTest {
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private World world() throws IOException {
        return world(settings -> {});
    }

    private World world(Consumer<TlsReporting.Builder> settings) throws IOException {
        World world = new World(settings);
        open.add(world);
        return world;
    }

    @Nested
    class Wishes {
        @Test
        @Tag("T-3-1")
        void theRecordOfTheRecipientsDomainDecides() throws IOException {
            World world = world();
            PolicyHost collector = world.collector();
            world.wants("example.com", world.url());

            world.aDayWithASession("example.com");
            world.submit();

            assertThat(world.net.dns().asked("_smtp._tls.example.com", "TXT")).isEqualTo(2); // recording and sending
            assertThat(World.posted(collector)).singleElement().satisfies(report -> {
                assertThat(report.policies()).hasSize(1);
                assertThat(report.policies().get(0).successes()).isEqualTo(1);
                assertThat(report.policies().get(0).domain()).isEqualTo("example.com");
                assertThat(report.organization()).isEqualTo("Sender");
                assertThat(report.contact()).isEqualTo("tls-reports@sender.example");
            });
        }

        @Test
        @Tag("T-4-14")
        void countsOfADomainThatWantsNoReportsAreDropped() throws IOException {
            World world = world();
            world.wants("example.net", world.url());
            world.session("example.com");
            world.session("example.net");

            World.until("the unwanted ones are gone", () -> {
                world.reporting.flush();
                return domains(world).equals(List.of("example.net"));
            });
        }

        @Test
        @Tag("T-4-14")
        void whereDnsDoesNotAnswerCountsAreKept() throws IOException {
            World world = world();
            PolicyHost collector = world.collector();
            world.net.dns().fail("_smtp._tls.example.com", "TXT", "SERVFAIL");
            world.session("example.com");
            world.reporting.flush();
            world.net
                    .dns()
                    .awaitQueries(queries ->
                            queries.stream().anyMatch(query -> query.name().equals("_smtp._tls.example.com")));
            world.reporting.flush();

            assertThat(domains(world)).containsExactly("example.com");
            world.net.dns().release("_smtp._tls.example.com", "TXT");
            world.wants("example.com", world.url());
            world.net.clock().set(world.dueAt());
            world.submit();
            assertThat(World.posted(collector)).hasSize(1);
        }

        @Test
        @Tag("T-4-14")
        void aRecordThatIsGoneAtMidnightMeansNoReport() throws IOException {
            World world = world();
            PolicyHost collector = world.collector();
            world.wants("example.com", world.url());
            world.wants("example.net", world.url());
            world.session("example.com");
            world.session("example.net");
            world.reporting.flush();

            world.net.dns().remove("_smtp._tls.example.com", "TXT");
            world.net.clock().set(world.dueAt());
            world.submit();

            assertThat(World.posted(collector))
                    .extracting(report -> report.policies().get(0).domain())
                    .containsExactly("example.net");
        }

        private List<String> domains(World world) {
            try {
                return world.reporting.preview(world.day).stream()
                        .map(OutgoingReport::domain)
                        .map(PolicyDomain::name)
                        .toList();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Nested
    class Times {
        @Test
        @Tag("T-4.1-2")
        void noReportIsSentInTheFirstTenMinutes() throws IOException {
            World world = world(settings -> settings.random(World.always(0)));
            PolicyHost collector = world.collector();
            world.wants("example.com", world.url());
            world.aDayWithASession("example.com");

            world.net.clock().set(world.dueAt().minus(Duration.ofMinutes(230)).minusMillis(1));
            world.submit();
            assertThat(World.posted(collector)).isEmpty();
            world.net.clock().advance(Duration.ofMillis(1));
            world.submit();
            assertThat(World.posted(collector)).hasSize(1);
        }

        @Test
        @Tag("T-4.1-2")
        void reportsAreSpreadOverFourHours() throws IOException {
            World world = world();
            PolicyHost collector = world.collector();
            for (int i = 0; i < 20; i++) {
                world.wants("d" + i + ".example", world.url());
                world.session("d" + i + ".example");
            }
            world.reporting.flush();

            List<Integer> sent = new ArrayList<>();
            for (int minutes : new int[] {230, 115, 0}) {
                world.net.clock().set(world.dueAt().minus(Duration.ofMinutes(minutes)));
                world.submit();
                sent.add(World.posted(collector).size());
            }

            assertThat(sent.get(0)).isLessThanOrEqualTo(1);
            assertThat(sent.get(1)).isBetween(1, 19);
            assertThat(sent.get(2)).isEqualTo(20);
        }

        @Test
        @Tag("T-5.5-1")
        void isTriedLessAndLessOftenForADay() throws IOException {
            World world = world();
            PolicyHost collector = world.collector();
            collector.respond(503, "text/plain", "later");
            world.wants("example.com", world.url());
            world.aDayWithASession("example.com");
            List<Instant> tries = new CopyOnWriteArrayList<>();
            collector.script((request, out) -> {
                tries.add(world.net.clock().instant());
                out.write("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            });

            Instant first = world.dueAt();
            for (int step = 0; step <= 30 * 4; step++) {
                world.submit();
                world.net.clock().advance(Duration.ofMinutes(15));
            }

            assertThat(tries.stream().map(at -> Duration.between(first, at).toMinutes()))
                    .containsExactly(0L, 15L, 30L, 60L, 120L, 240L, 480L, 960L);
        }

        @Test
        void afterALongRestNoReportIsSentThatIsThreeDaysLate() throws IOException {
            World world = world();
            PolicyHost collector = world.collector();
            world.wants("example.com", world.url());
            world.wants("example.net", world.url());
            world.session("example.com");
            world.reporting.flush();
            world.net.clock().advance(Duration.ofDays(1));
            world.session("example.net");
            world.reporting.flush();

            world.net.clock().set(world.dueAt().plus(Duration.ofDays(3)));
            world.submit();

            assertThat(World.posted(collector))
                    .extracting(report -> report.policies().get(0).domain())
                    .containsExactly("example.net");
        }
    }

    @Nested
    class Destinations {
        @Test
        @Tag("T-3-13")
        void allAreTriedAndOneThatTakesItIsEnough() throws IOException {
            World world = world();
            PolicyHost collector = world.collector();
            collector.respond(500, "text/plain", "broken");
            world.wants("example.com", world.url(), World.MAILBOX);
            world.aDayWithASession("example.com");

            world.submit();
            world.net.clock().advance(Duration.ofHours(2));
            world.submit();

            assertThat(collector.requests()).hasSize(1);
            assertThat(World.mailed(world.mailbox())).hasSize(1);
        }

        @Test
        @Tag("T-3-13")
        void eachOfSeveralGetsTheSameReport() throws IOException {
            World world = world();
            PolicyHost one = world.collector();
            PolicyHost two = world.collector("other.example");
            world.wants("example.com", world.url(), world.url("other.example"), World.MAILBOX);
            world.aDayWithASession("example.com");

            world.submit();

            assertThat(World.posted(one)).hasSize(1).isEqualTo(World.posted(two));
            assertThat(World.mailed(world.mailbox())).isEqualTo(World.posted(one));
        }

        @Test
        @Tag("T-5.4-1")
        void any2xxIsSuccess() throws IOException {
            World world = world();
            List<PolicyHost> collectors = answering(world, 200, 201, 202, 204);

            world.submit();
            world.net.clock().advance(Duration.ofHours(1));
            world.submit();

            assertThat(collectors)
                    .allSatisfy(collector -> assertThat(collector.requests())
                            .singleElement()
                            .satisfies(request -> {
                                assertThat(request.method()).isEqualTo("POST");
                                assertThat(request.target()).isEqualTo("/tls?v=1");
                                assertThat(request.header("Content-Type")).isEqualTo("application/tlsrpt+gzip");
                                assertThat(request.header("Host"))
                                        .isEqualTo(collector.name() + ":" + world.net.httpsPort());
                                assertThat(request.body()).startsWith(0x1f, 0x8b);
                            }));
        }

        @Test
        @Tag("T-5.4-1")
        void otherAnswersAreTriedAgainAndNoRedirectIsFollowed() throws IOException {
            World world = world();
            PolicyHost elsewhere = world.collector("elsewhere.example");
            List<PolicyHost> collectors = answering(world, 301, 302, 307, 400, 403, 429, 500, 503);

            world.submit();
            world.net.clock().advance(Duration.ofMinutes(15));
            world.submit();

            assertThat(collectors)
                    .allSatisfy(collector -> assertThat(collector.requests()).hasSize(2));
            assertThat(elsewhere.requests()).isEmpty();
        }

        @Test
        @Tag("T-5.4-1")
        void whereThereIsNothingItIsNotTriedAgain() throws IOException {
            World world = world();
            List<PolicyHost> collectors = answering(world, 404, 410);

            world.submit();
            world.net.clock().advance(Duration.ofMinutes(15));
            world.submit();

            assertThat(collectors)
                    .allSatisfy(collector -> assertThat(collector.requests()).hasSize(1));
        }

        /** Places to post to that answer so, each for a domain of its own, whose report is due. */
        private List<PolicyHost> answering(World world, int... statuses) {
            List<PolicyHost> collectors = new ArrayList<>();
            for (int status : statuses) {
                PolicyHost collector = world.collector("c" + status + ".example");
                collector.script((request, out) -> out.write(("HTTP/1.1 " + status + " Status\r\nLocation: "
                                + world.url("elsewhere.example") + "\r\nContent-Length: 0\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII)));
                world.wants("d" + status + ".example", world.url("c" + status + ".example"));
                world.session("d" + status + ".example");
                collectors.add(collector);
            }
            world.reporting.flush();
            world.net.clock().set(world.dueAt());
            return collectors;
        }

        @Test
        @Tag("T-5.4-2")
        void aHostThatDoesNotProveItsNameIsPostedToAllTheSame() throws IOException {
            World world = world();
            PolicyHost collector = world.collector();
            collector.certificate(CertificateFault.EXPIRED);
            world.wants("example.com", world.url());
            world.aDayWithASession("example.com");

            world.submit();

            assertThat(World.posted(collector)).hasSize(1);
        }

        @Test
        @Tag("T-5.4-2")
        void aHostThatDoesNotProveItsNameIsNotPostedToWhereThatIsSwitchedOff() throws IOException {
            World world = world(settings -> settings.allowUnverifiedHttps(false));
            PolicyHost collector = world.collector();
            collector.certificate(CertificateFault.EXPIRED);
            world.wants("example.com", world.url());
            PolicyHost proven = world.collector("proven.example");
            world.wants("example.net", world.url("proven.example"));
            world.session("example.net");
            world.aDayWithASession("example.com");

            world.submit();

            assertThat(collector.requests()).isEmpty();
            assertThat(World.posted(proven)).hasSize(1);
        }

        @Test
        @Tag("T-3-10")
        void withoutASignerNoMailIsSentAndPostsAre() throws IOException {
            World world = world(settings -> settings.signer(null));
            PolicyHost collector = world.collector();
            world.wants("example.com", World.MAILBOX, world.url());
            world.wants("example.net", World.MAILBOX);
            world.session("example.net");
            world.aDayWithASession("example.com");

            world.submit();

            assertThat(world.mailbox().mails()).isEmpty();
            assertThat(World.posted(collector)).hasSize(1);
        }

        @Test
        @Tag("T-5.3-5")
        void theContactIsTheEnvelopeSenderOfReportMails() throws IOException {
            World world = world();
            world.wants("example.com", World.MAILBOX);
            world.aDayWithASession("example.com");

            world.submit();

            assertThat(world.mailbox().mails()).singleElement().satisfies(mail -> {
                assertThat(mail.from()).isEqualTo("tls-reports@sender.example");
                assertThat(mail.to()).containsExactly("tls@reports.example");
            });
        }

        @Test
        @Tag("T-5.3-5")
        void bouncesGoWhereTheSenderHandlesThem() throws IOException {
            Properties mail = new Properties();
            mail.setProperty("mail.mtasts.from", "bounces@sender.example");
            World world = world(settings -> settings.mailProperties(mail));
            world.wants("example.com", World.MAILBOX);
            world.aDayWithASession("example.com");

            world.submit();

            assertThat(world.mailbox().mails()).singleElement().satisfies(sent -> {
                assertThat(sent.from()).isEqualTo("bounces@sender.example");
                assertThat(sent.content()).contains("From: <tls-reports@sender.example>");
            });
        }

        @Test
        @Tag("T-5.3-5")
        void anAddressThatRefusesForGoodAgainAndAgainIsLeftAlone() throws IOException {
            World world = world();
            world.wants("example.com", World.MAILBOX);
            world.mailbox().reply("RCPT", "550 5.1.1 nobody here");

            for (int day = 0; day < 5; day++) {
                world.session("example.com");
                world.reporting.flush();
                world.net.clock().set(world.dueAt().plus(Duration.ofDays(day)));
                world.submit();
            }

            assertThat(rcpts(world.mailbox())).isEqualTo(3);
        }

        @Test
        @Tag("T-5.3-5")
        void anAddressThatDefersIsNeverLeftAlone() throws IOException {
            World world = world();
            world.wants("example.com", World.MAILBOX);
            world.mailbox().reply("RCPT", "450 4.2.1 later");

            for (int day = 0; day < 5; day++) {
                world.session("example.com");
                world.reporting.flush();
                world.net.clock().set(world.dueAt().plus(Duration.ofDays(day)));
                world.submit();
            }

            assertThat(rcpts(world.mailbox())).isGreaterThanOrEqualTo(5);
        }

        private long rcpts(MxServer mx) {
            return mx.connections().stream()
                    .flatMap(connection -> connection.commands().stream())
                    .filter(command -> command.startsWith("RCPT"))
                    .count();
        }

        @Test
        void aMailerOfTheSendersOwnIsGivenTheSignedMail() throws IOException {
            List<String> sent = new CopyOnWriteArrayList<>();
            World world = world(settings -> settings.mailer(mail -> {
                sent.add(mail.to() + " " + new String(mail.message(), StandardCharsets.US_ASCII));
                return new SubmissionResult.Accepted();
            }));
            world.wants("example.com", World.MAILBOX);
            world.aDayWithASession("example.com");

            world.submit();

            assertThat(sent)
                    .singleElement()
                    .satisfies(mail -> assertThat(mail)
                            .startsWith("tls@reports.example ")
                            .contains("DKIM-Signature:", "TLS-Report-Domain: example.com"));
            assertThat(world.mailbox().connections()).isEmpty();
        }
    }

    @Nested
    class Strangers {
        @Test
        @Tag("T-7-1")
        void aPrivateAddressIsNotConnectedToUnlessThatIsAllowed() throws IOException {
            World world = world(settings -> settings.allowPrivateAddresses(false));
            PolicyHost collector = world.collector();
            world.wants("example.com", world.url());
            world.aDayWithASession("example.com");

            world.submit();

            assertThat(collector.connections()).isZero();
            // the twin is every other test here: allowed, and posted to at the same loopback address
        }

        @Test
        @Tag("T-7-1")
        void aSilentHostIsLeftAtTheDeadlineAndTriedLater() throws IOException {
            World world = world(settings -> settings.httpsDeadline(Duration.ofMillis(700)));
            PolicyHost collector = world.collector();
            collector.script(PolicyHost.Script.SILENCE);
            world.wants("example.com", world.url());
            world.aDayWithASession("example.com");

            world.submit();
            collector.awaitOpenConnections(open -> open == 0);
            collector.respond(200, "text/plain", "thanks");
            world.net.clock().advance(Duration.ofMinutes(15));
            world.submit();

            assertThat(collector.requests()).hasSizeGreaterThanOrEqualTo(1);
            assertThat(world.reporting.isSending()).isFalse();
        }

        @Test
        @Tag("T-7-1")
        void aHugeAnswerIsNotRead() throws Exception {
            World world = world();
            PolicyHost collector = world.collector();
            CountDownLatch cutOff = new CountDownLatch(1);
            collector.script((request, out) -> {
                out.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                byte[] block = new byte[65536];
                try {
                    for (int sent = 0; sent < 1_000_000_000; sent += block.length) {
                        out.write(block);
                    }
                } catch (IOException e) {
                    cutOff.countDown();
                    throw e;
                }
            });
            world.wants("example.com", world.url());
            world.aDayWithASession("example.com");

            world.submit();

            assertThat(cutOff.await(30, TimeUnit.SECONDS)).isTrue();
            world.net.clock().advance(Duration.ofHours(1));
            world.submit();
            assertThat(collector.requests()).hasSize(1); // taken all the same
        }
    }

    @Nested
    class ReportsAboutBrokenTls {
        @Test
        @Tag("T-3-9")
        @Tag("T-5.3-4")
        void areDeliveredWhereTheDomainsOwnPolicyRefusesItsHostAndAreInNoReport() throws Exception {
            World world = world();
            world.wants("example.com", "mailto:tls@example.com")
                    .sts("enforce", "mx.example.com")
                    .mx(10, "mx.example.com");
            MxServer mx = world.net.mx("mx.example.com");
            mx.certificate(CertificateFault.EXPIRED);
            assertRefused(world, "a@example.com");
            world.reporting.flush();

            world.net.clock().set(world.dueAt());
            world.submit();

            assertThat(World.mailed(mx)).singleElement().satisfies(report -> {
                assertThat(report.policies()).hasSize(1);
                assertThat(report.policies().get(0).failures()).isEqualTo(1);
                assertThat(report.policies().get(0).details())
                        .singleElement()
                        .satisfies(
                                detail -> assertThat(detail.resultType().text()).isEqualTo("certificate-expired"));
            });
            world.reporting.flush();
            assertThat(world.reporting.preview(world.day.plusDays(1))).isEmpty();
        }

        private void assertRefused(World world, String recipient) {
            MessagingException refused = catchThrowableOfType(MessagingException.class, () -> world.mail(recipient));
            assertThat(refused).isNotNull();
        }
    }

    @Nested
    class OverRestarts {
        @Test
        @Tag("T-5-9")
        void aReportKeepsItsIdAndItsContent() throws IOException {
            World world = world();
            PolicyHost collector = world.collector();
            collector.respond(503, "text/plain", "");
            world.wants("example.com", world.url());
            world.aDayWithASession("example.com");
            world.submit();

            world.restart();
            // somebody counts for the day that is over: too late for a report that has left
            world.store.add(List.of(ReportStoreContract.counts(
                    new ReportKey(world.day, PolicyDomain.of("example.com")), AppliedPolicy.NONE, 7, 0)));
            world.net.clock().advance(Duration.ofMinutes(15));
            world.submit();

            List<TlsReport> posted = World.posted(collector);
            assertThat(posted).hasSize(2);
            assertThat(posted.get(1)).isEqualTo(posted.get(0));
        }

        @Test
        @Tag("T-5-9")
        void twoInstancesOnOneStoreSendOneReport() throws IOException {
            World world = world();
            PolicyHost collector = world.collector();
            for (int i = 0; i < 20; i++) {
                world.wants("d" + i + ".example", world.url());
                world.session("d" + i + ".example");
            }
            world.reporting.flush();
            world.net.clock().set(world.dueAt());
            TlsReporting first = world.reporting;
            TlsReporting second = TlsReporting.builder()
                    .organization("Sender")
                    .contact("tls-reports@sender.example")
                    .store(world.store)
                    .allowPrivateAddresses(true)
                    .clock(world.net.clock())
                    .build();
            open.add(0, second);
            second.start(world.engine);

            first.submitDue();
            second.submitDue();
            World.until("both are done", () -> !first.isSending() && !second.isSending());

            assertThat(World.posted(collector))
                    .hasSize(20)
                    .extracting(TlsReport::reportId)
                    .doesNotHaveDuplicates();
        }

        @Test
        @Tag("T-4-13")
        void whatWasFlushedIsReportedByTheNextProcess(@TempDir Path directory) throws IOException {
            World world = new World(ReportStore.inDirectory(directory.resolve("tlsrpt")), settings -> {});
            open.add(world);
            PolicyHost collector = world.collector();
            world.wants("example.com", world.url());
            world.session("example.com");
            world.restart();
            world.aDayWithASession("example.com");

            world.submit();

            assertThat(World.posted(collector))
                    .singleElement()
                    .satisfies(report ->
                            assertThat(report.policies().get(0).successes()).isEqualTo(2));
        }
    }
}
