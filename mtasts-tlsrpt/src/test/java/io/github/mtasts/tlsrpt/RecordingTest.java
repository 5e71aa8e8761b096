package io.github.mtasts.tlsrpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.tlsrpt.report.FailureDetails;
import io.github.mtasts.tlsrpt.report.ReportedPolicy;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What deliveries over sockets come to (RFC 8460 §4). */
class RecordingTest {
    private final World world;

    RecordingTest() throws IOException {
        world = new World();
    }

    @AfterEach
    void close() {
        world.close();
    }

    private MxServer domain(String mode) {
        world.wants("example.com", World.MAILBOX).sts(mode, "mx.example.com").mx(10, "mx.example.com");
        return world.net.mx("mx.example.com");
    }

    private List<ReportedPolicy> entries() throws IOException {
        return world.reporting.preview(world.day).stream()
                .flatMap(report -> report.report().policies().stream())
                .toList();
    }

    private ReportedPolicy only() throws IOException {
        assertThat(entries()).hasSize(1);
        return entries().get(0);
    }

    private void refused() {
        assertThat(catchThrowableOfType(MessagingException.class, () -> world.mail("a@example.com")))
                .isNotNull();
    }

    @Test
    @Tag("T-4-2")
    void tenMailsOverOneConnectionAreOneSession() throws Exception {
        MxServer mx = domain("enforce");
        Session session = world.session();

        try (Transport transport = session.getTransport("mtasts")) {
            transport.connect();
            for (int i = 0; i < 10; i++) {
                MimeMessage message = world.message(session, "a@example.com");
                transport.sendMessage(message, message.getAllRecipients());
            }
        }

        assertThat(mx.mails()).hasSize(10);
        assertThat(mx.connections()).hasSize(1);
        assertThat(only().successes()).isEqualTo(1);
        assertThat(only().failures()).isZero();
    }

    @Test
    @Tag("T-4-2")
    void anotherConnectionIsAnotherSession() throws Exception {
        MxServer mx = domain("enforce");

        world.mail("a@example.com");
        world.mail("a@example.com");

        assertThat(mx.connections()).hasSize(2);
        assertThat(only().successes()).isEqualTo(2);
    }

    @Test
    @Tag("T-4-10")
    void aHostThatIsNotThereIsInNoReport() throws Exception {
        domain("enforce").down();

        refused();

        assertThat(entries()).isEmpty();
    }

    @Test
    @Tag("T-4-10")
    void aGreetingThatSaysLaterIsInNoReport() throws Exception {
        domain("enforce").reply("GREETING", "421 4.3.2 later");

        refused();

        assertThat(world.net.mx("mx.example.com").mails()).isEmpty();
        assertThat(entries()).isEmpty();
    }

    @Test
    @Tag("T-4-3")
    void withoutAPolicyASelfSignedCertificateIsASuccess() throws Exception {
        world.wants("example.com", World.MAILBOX).mx(10, "mx.example.com");
        world.net.mx("mx.example.com").certificate(CertificateFault.SELF_SIGNED);

        world.mail("a@example.com");

        assertThat(only().type().text()).isEqualTo("no-policy-found");
        assertThat(only().successes()).isEqualTo(1);
        assertThat(only().failures()).isZero();
        assertThat(only().details()).isEmpty();
    }

    @Test
    @Tag("T-4-7")
    void aHostWithoutStartTlsIsToldWithItsNameAndAddresses() throws Exception {
        MxServer mx = domain("enforce");
        mx.startTls(MxServer.StartTls.NOT_OFFERED);

        refused();

        FailureDetails detail = only().details().get(0);
        assertThat(detail.resultType().text()).isEqualTo("starttls-not-supported");
        assertThat(detail.receivingMxHostname()).isEqualTo("mx.example.com");
        assertThat(detail.receivingIp()).isEqualTo(mx.address().getHostAddress());
        assertThat(detail.sendingMtaIp()).startsWith("127.");
        assertThat(detail.receivingMxHelo()).contains("mx.example.com");
    }

    @Test
    void anAlertAfterTheHandshakeTurnsASuccessIntoAFailure() throws Exception {
        MxServer mx = domain("enforce");
        mx.startTls(MxServer.StartTls.ALERT_AFTERWARDS);

        refused();

        assertThat(only().successes()).isZero();
        assertThat(only().failures()).isEqualTo(1);
        assertThat(only().details())
                .singleElement()
                .satisfies(detail -> assertThat(detail.resultType().text()).isEqualTo("validation-failure"));
    }

    @Test
    @Tag("T-4-11")
    void threeDeliveriesThatLackAPolicyAfterOneFetchAreThreeFailures() throws Exception {
        world.wants("example.com", World.MAILBOX).record("1").mx(10, "mx.example.com");
        world.net.policyHost("example.com").respond(404, "text/plain", "");

        for (int i = 0; i < 3; i++) {
            world.mail("a@example.com");
        }

        assertThat(world.net.policyHost("example.com").requests()).hasSize(1);
        assertThat(entries())
                .filteredOn(entry -> entry.type().text().equals("sts"))
                .singleElement()
                .satisfies(entry -> {
                    assertThat(entry.failures()).isEqualTo(3);
                    assertThat(entry.lines()).isEmpty();
                    assertThat(entry.details())
                            .extracting(FailureDetails::failedSessions)
                            .containsExactly(3L);
                    assertThat(entry.details().get(0).resultType().text()).isEqualTo("sts-policy-fetch-error");
                });
        assertThat(entries())
                .filteredOn(entry -> entry.type().text().equals("no-policy-found"))
                .extracting(ReportedPolicy::successes)
                .containsExactly(3L);
    }

    @Test
    @Tag("S-6-1")
    void aFailedRefreshUnderAPolicyThatHoldsIsADetailOfIt() throws Exception {
        domain("enforce");
        world.mail("a@example.com");
        world.net.dns().remove("_mta-sts.example.com", "TXT");
        world.net.domain("example.com").record("2");
        world.net.policyHost("example.com").respond(404, "text/plain", "");
        world.net.clock().advance(Duration.ofHours(2));

        world.mail("a@example.com");

        assertThat(only().successes()).isEqualTo(2);
        assertThat(only().failures()).isZero();
        assertThat(only().details()).singleElement().satisfies(detail -> {
            assertThat(detail.resultType().text()).isEqualTo("sts-policy-fetch-error");
            assertThat(detail.receivingMxHostname()).isNull();
        });
    }
}
