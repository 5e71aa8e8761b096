package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.mtasts.MtaSts;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code Transport.send} over the small internet. */
class TransportTest {
    private final SmallInternet net = new SmallInternet();
    private final Properties properties = new Properties();
    private MtaSts engine;

    @BeforeEach
    void configure() {
        engine = MtaSts.builder()
                .dnsServer(net.dns().address())
                .httpsPort(net.httpsPort())
                .trustAnchors(net.ca().trustStore())
                .allowPrivateAddresses(true)
                .build();
        properties.put("mail.transport.protocol.rfc822", "mtasts");
        properties.put("mail.mtasts.engine", engine);
        properties.put("mail.mtasts.port", String.valueOf(net.smtpPort()));
        properties.put("mail.mtasts.localhost", "sender.example");
    }

    @AfterEach
    void close() {
        engine.close();
        net.close();
    }

    @Test
    void deliversToSeveralDomainsOverVerifiedTls() throws MessagingException {
        net.domain("one.example").sts("enforce", "mx.one.example").mx(10, "mx.one.example");
        net.domain("two.example").sts("enforce", "*.two.example").mx(10, "mx.two.example");

        Transport.send(message("a@one.example", "b@two.example", "c@two.example"));

        assertThat(net.mx("mx.one.example").mails()).singleElement().satisfies(mail -> {
            assertThat(mail.to()).containsExactly("a@one.example");
            assertThat(mail.encrypted()).isTrue();
            assertThat(mail.content()).contains("Subject: hello");
        });
        assertThat(net.mx("mx.two.example").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.to()).containsExactly("b@two.example", "c@two.example"));
    }

    @ParameterizedTest
    @EnumSource(
            value = MxServer.StartTls.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"OFFERED", "SILENT"})
    @Tag("S-5-1")
    @Tag("S-5-3")
    void keepsBackUnderEnforceWhateverIsWrongWithStartTls(MxServer.StartTls fault) {
        net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        net.mx("mx.example.com").startTls(fault);

        MtaStsDeliveryException refused =
                catchThrowableOfType(MtaStsDeliveryException.class, () -> Transport.send(message("a@example.com")));

        assertThat(refused.outcomes()).singleElement().isInstanceOf(DeliveryOutcome.Deferred.class);
        assertThat(refused.status()).startsWith("4.");
        assertThat(refused.getValidUnsentAddresses()).containsExactly(new InternetAddress[] {address("a@example.com")});
        assertThat(net.mx("mx.example.com").sawMailFrom()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(
            value = MxServer.StartTls.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"SILENT"})
    @Tag("M-3207-4")
    @Tag("S-5-6")
    void deliversUnderTestingWhateverIsWrongWithStartTls(MxServer.StartTls fault) throws MessagingException {
        net.domain("example.com").sts("testing", "mx.example.com").mx(10, "mx.example.com");
        net.mx("mx.example.com").startTls(fault);

        Transport.send(message("a@example.com"));

        assertThat(net.mx("mx.example.com").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.encrypted()).isEqualTo(fault == MxServer.StartTls.OFFERED));
    }

    @ParameterizedTest
    @EnumSource(
            value = CertificateFault.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"NONE", "WILDCARD"})
    @Tag("S-4.2-1")
    @Tag("S-4.2-2")
    void keepsBackUnderEnforceWhateverIsWrongWithTheCertificate(CertificateFault fault) {
        net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        net.mx("mx.example.com").certificate(fault);

        MtaStsDeliveryException refused =
                catchThrowableOfType(MtaStsDeliveryException.class, () -> Transport.send(message("a@example.com")));

        assertThat(refused.status()).isEqualTo("4.7.5");
        assertThat(net.mx("mx.example.com").sawMailFrom()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(CertificateFault.class)
    @Tag("S-5-5")
    @Tag("M-3207-6")
    void deliversUnderTestingOverTlsWhateverIsWrongWithTheCertificate(CertificateFault fault)
            throws MessagingException {
        net.domain("example.com").sts("testing", "mx.example.com").mx(10, "mx.example.com");
        net.mx("mx.example.com").certificate(fault);

        Transport.send(message("a@example.com"));

        assertThat(net.mx("mx.example.com").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.encrypted()).isTrue());
    }

    private Message message(String... recipients) throws MessagingException {
        MimeMessage message = new MimeMessage(Session.getInstance(properties));
        message.setFrom("sender@sender.example");
        for (String recipient : recipients) {
            message.addRecipients(Message.RecipientType.TO, recipient);
        }
        message.setSubject("hello");
        message.setText("hello");
        return message;
    }

    private static InternetAddress address(String address) {
        try {
            return new InternetAddress(address);
        } catch (MessagingException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
