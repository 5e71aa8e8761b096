package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.testkit.MxServer;
import jakarta.mail.MessagingException;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.util.List;
import java.util.Map;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SMTP's extensions are used as Angus's own transport uses them, and TLS is begun as RFC 3207 has it. */
class ExtensionsTest {
    private final World world = new World();
    private MxServer mx;

    @BeforeEach
    void network() {
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
        mx = world.mx("mx.example.com");
    }

    @AfterEach
    void close() {
        world.close();
    }

    private static List<Arguments> features() {
        return List.of(
                Arguments.of("8BITMIME", Map.of("allow8bitmime", "true")),
                Arguments.of("8BITMIME", Map.of("allow8bitmime", "false")),
                Arguments.of("DSN", Map.of("dsn.notify", "SUCCESS,FAILURE", "dsn.ret", "HDRS")),
                Arguments.of("CHUNKING", Map.of("chunksize", "100")),
                Arguments.of("AUTH PLAIN", Map.of("submitter", "someone@sender.example")),
                Arguments.of("SIZE 1000000", Map.of("from", "bounces@sender.example")),
                Arguments.of("SMTPUTF8", Map.of()));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("features")
    void aFeatureIsUsedAsAngusDoes(String keyword, Map<String, String> settings) throws MessagingException {
        settings.forEach((key, value) -> world.properties.put("mail.mtasts." + key, value));
        AngusTwin angus = new AngusTwin(world);
        settings.forEach(angus::set);
        MimeMessage message = world.message("a@example.com");
        message.setText("Grüße\n".repeat(50), "utf-8");
        message.setHeader("Content-Transfer-Encoding", "quoted-printable");
        message.saveChanges();

        for (boolean offered : new boolean[] {false, true}) {
            if (offered) {
                mx.announce(keyword);
            }
            try (MtaStsTransport transport = world.connected()) {
                World.send(transport, message);
            }
            List<String> ours = AngusTwin.lastDialogue(mx);
            String content = mx.mails().get(mx.mails().size() - 1).content();
            try (Transport transport = angus.connected(mx)) {
                transport.sendMessage(new MimeMessage(message), message.getAllRecipients());
            }

            assertThat(ours).isEqualTo(AngusTwin.lastDialogue(mx));
            assertThat(content.replaceAll("(?m)^Message-ID.*$", ""))
                    .isEqualTo(mx.mails().get(mx.mails().size() - 1).content().replaceAll("(?m)^Message-ID.*$", ""));
        }
    }

    @Test
    void anAddressBeyondAsciiGoesWhereSmtputf8IsOffered() throws MessagingException {
        world.properties.put("mail.mime.allowutf8", "true");
        mx.announce("SMTPUTF8");
        mx.announce("8BITMIME");

        world.send("jürgen@example.com");

        assertThat(mx.mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.to()).containsExactly("jürgen@example.com"));
        assertThat(mx.connections().get(0).commands())
                .anyMatch(command -> command.startsWith("MAIL FROM:") && command.contains("SMTPUTF8"));
    }

    @Test
    void anAddressBeyondAsciiWaitsWhereSmtputf8IsNotOffered() {
        world.properties.put("mail.mime.allowutf8", "true");

        MtaStsDeliveryException told = world.refusal("jürgen@example.com", "a@example.com");

        assertThat(told.status()).isEqualTo("4.6.7");
        assertThat(told.getValidSentAddresses()).containsExactly(World.addresses("a@example.com"));
        assertThat(mx.mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.to()).containsExactly("a@example.com"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a@bücher.example", "a@BÜCHER.example", "a@xn--bcher-kva.example"})
    void anInternationalisedDomainIsAskedForAndDeliveredToAsALabels(String recipient) throws MessagingException {
        world.domain("xn--bcher-kva.example", "enforce", "mx.xn--bcher-kva.example")
                .mx(10, "mx.xn--bcher-kva.example");

        try (MtaStsTransport transport = world.connected()) {
            World.send(transport, world.message(recipient));

            assertThat(transport.outcomes()).singleElement().satisfies(outcome -> {
                assertThat(outcome.domain()).isEqualTo("xn--bcher-kva.example");
                assertThat(outcome.recipients()).containsExactly(World.addresses(recipient));
            });
        }

        assertThat(world.mx("mx.xn--bcher-kva.example").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.to()).containsExactly("a@xn--bcher-kva.example"));
        assertThat(world.net.dns().asked("_mta-sts.xn--bcher-kva.example", "TXT"))
                .isEqualTo(1);
    }

    @Test
    void anEnvelopeOfTheMessagesOwnIsUsed() throws MessagingException {
        SMTPMessage message = new SMTPMessage(world.message("a@example.com"));
        message.setEnvelopeFrom("bounces@bücher.example");
        message.setNotifyOptions(SMTPMessage.NOTIFY_NEVER);
        mx.announce("DSN");

        try (MtaStsTransport transport = world.connected()) {
            World.send(transport, message);
        }

        assertThat(AngusTwin.lastDialogue(mx))
                .contains("MAIL FROM:<bounces@xn--bcher-kva.example>", "RCPT TO:<a@example.com> NOTIFY=NEVER");
    }

    @Test
    @Tag("M-3207-2")
    void whatWasOfferedBeforeTlsOnlyIsForgotten() throws MessagingException {
        world.properties.put("mail.mtasts.dsn.notify", "NEVER");
        mx.announceInClear("DSN");

        world.send("a@example.com");

        assertThat(AngusTwin.lastDialogue(mx))
                .containsExactly(
                        "EHLO sender.example",
                        "STARTTLS",
                        "EHLO sender.example",
                        "MAIL FROM:<sender@sender.example>",
                        "RCPT TO:<a@example.com>",
                        "DATA",
                        "QUIT");
    }

    @Test
    @Tag("M-3207-1")
    void startTlsIsSaidWhereItIsOfferedAndNothingBeforeItsReply() throws MessagingException {
        world.send("a@example.com");

        assertThat(mx.connections()).singleElement().satisfies(connection -> {
            assertThat(connection.commands()).startsWith("EHLO sender.example", "STARTTLS");
            assertThat(connection.sentAhead()).isZero();
        });
    }

    @Test
    @Tag("M-3207-1")
    void startTlsIsNotSaidWhereItIsNotOffered() throws MessagingException {
        world.domain("example.com", "none");
        mx.startTls(MxServer.StartTls.NOT_OFFERED);

        world.send("a@example.com");

        assertThat(AngusTwin.lastDialogue(mx)).doesNotContain("STARTTLS").contains("DATA");
    }

    @Test
    @Tag("M-3207-5")
    void startTlsIsNotSaidAgainWhereItIsOfferedOverTls() throws MessagingException {
        mx.announce("STARTTLS");

        world.send("a@example.com");

        assertThat(AngusTwin.lastDialogue(mx)).containsOnlyOnce("STARTTLS");
        assertThat(mx.mails()).hasSize(1);
    }

    @Test
    @Tag("S-7.1-1")
    @Tag("N-12")
    void theServerIsAskedForByTheNameInTheMxRecord() throws MessagingException {
        world.net.dns().mx("mixed.example", 10, "MX.Mixed.Example.");
        world.domain("mixed.example", "enforce", "mx.mixed.example");
        world.net.mx("mx.mixed.example");

        world.send("a@mixed.example");

        assertThat(world.mx("mx.mixed.example").connections().get(0).sni()).isEqualTo("mx.mixed.example");
    }

    /** 200 by default, to be quick; {@code -Dmtasts.messages=1000} for the figure that is told. */
    @Test
    void manyMessagesCostNoMoreThanAngusTakesForThem() throws MessagingException {
        world.domain("example.com", "enforce", "mx.example.com");
        int messages = Integer.getInteger("mtasts.messages", 200);
        world.properties.put("mail.mtasts.keep.messages", String.valueOf(Math.max(1000, messages)));
        AngusTwin angus = new AngusTwin(world);
        MimeMessage message = world.message("a@example.com");
        message.setText("0123456789".repeat(7) + "\r\n".repeat(1) + ("x".repeat(70) + "\r\n").repeat(277));
        message.saveChanges();

        try (MtaStsTransport transport = world.connected()) {
            for (int i = 0; i < messages; i++) {
                World.send(transport, message);
            }
        }
        List<String> ours = AngusTwin.lastDialogue(mx);
        int connections = mx.connections().size();
        try (Transport transport = angus.connected(mx)) {
            for (int i = 0; i < messages; i++) {
                transport.sendMessage(message, message.getAllRecipients());
            }
        }

        assertThat(connections).isEqualTo(1);
        assertThat(mx.connections()).hasSize(2);
        assertThat(ours).hasSameSizeAs(AngusTwin.lastDialogue(mx)).hasSize(3 + 3 * messages + 1);
        assertThat(mx.mails())
                .hasSize(2 * messages)
                .allMatch(mail -> mail.content().length() >= 20_000);
    }
}
