package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.TestDns;
import jakarta.mail.Authenticator;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.URLName;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where mail goes, whose policy decides, and who is offered credentials. */
class RelayTest {
    private static final String PLAIN =
            Base64.getEncoder().encodeToString("user\0user\0secret".getBytes(StandardCharsets.UTF_8));

    private final World world = new World();

    @BeforeEach
    void network() {
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
    }

    @AfterEach
    void close() {
        world.close();
    }

    private void relayIsAHost(String mode, String pattern) {
        world.domain("relay.isp.example", mode, pattern);
        world.mx("relay.isp.example");
        world.properties.put("mail.mtasts.relay", "[relay.isp.example]");
    }

    private MxServer relay() {
        return world.mx("relay.isp.example");
    }

    private Iterable<String> policiesAskedFor() {
        return world.net.dns().queries().stream()
                .filter(query -> query.type().equals("TXT"))
                .map(TestDns.Query::name)
                .distinct()
                .toList();
    }

    @Test
    @Tag("S-3.4-2")
    @Tag("S-3.4-3")
    void aRelaysDomainIsAskedForItsPolicyAndTheRecipientsIsNot() throws MessagingException {
        world.domain("isp.example", "enforce", "*.isp.example").mx(10, "relay.isp.example");
        world.properties.put("mail.mtasts.relay", "isp.example");

        world.send("a@example.com", "b@other.example");

        assertThat(policiesAskedFor()).containsExactly("_mta-sts.isp.example");
        assertThat(relay().mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.to()).containsExactly("a@example.com", "b@other.example"));
        assertThat(world.mx("mx.example.com").connections()).isEmpty();
    }

    @Test
    @Tag("S-3.4-3")
    void aRelayNamedAsHostIsItsOwnPolicyDomain() throws MessagingException {
        relayIsAHost("enforce", "relay.isp.example");

        world.send("a@example.com");

        assertThat(policiesAskedFor()).containsExactly("_mta-sts.relay.isp.example");
        assertThat(world.net.dns().asked("relay.isp.example", "MX")).isZero();
        assertThat(relay().mails()).hasSize(1);
    }

    @Test
    @Tag("S-3.4-3")
    void aRelayNamedAsHostHasToBeListedByItsPolicy() {
        relayIsAHost("enforce", "other.isp.example");

        MtaStsDeliveryException refused = world.refusal("a@example.com");

        assertThat(refused.status()).isEqualTo("4.7.5");
        assertThat(relay().connections()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"isp.example:", "[relay.isp.example]:"})
    @Tag("S-3.4-8")
    void anotherPortIsNoOtherPolicyDomain(String relay) throws MessagingException {
        world.domain("isp.example", "enforce", "*.isp.example").mx(10, "relay.isp.example");
        world.properties.put("mail.mtasts.port", "1");
        world.properties.put("mail.mtasts.relay", relay + world.net.smtpPort());

        world.send("a@example.com");

        assertThat(policiesAskedFor())
                .containsExactly(relay.startsWith("[") ? "_mta-sts.relay.isp.example" : "_mta-sts.isp.example");
        assertThat(relay().mails()).hasSize(1);
    }

    @Test
    @Tag("S-3.4-2")
    void aHostGivenToConnectIsARelay() throws MessagingException {
        relayIsAHost("enforce", "relay.isp.example");
        world.properties.remove("mail.mtasts.relay");

        try (MtaStsTransport transport = world.transport()) {
            transport.connect("relay.isp.example", world.net.smtpPort(), null, null);
            World.send(transport, world.message("a@example.com"));
        }

        assertThat(policiesAskedFor()).containsExactly("_mta-sts.relay.isp.example");
        assertThat(relay().mails()).hasSize(1);
    }

    @Test
    @Tag("S-3.4-4")
    void anAddressHasNoPolicy() throws MessagingException {
        world.net.mx("mx.literal.example");

        world.send("a@[" + world.mx("mx.literal.example").address().getHostAddress() + "]");

        assertThat(world.mx("mx.literal.example").mails()).hasSize(1);
        assertThat(world.net.dns().queries()).isEmpty();
    }

    @Test
    @Tag("S-X-3")
    void tlsFromTheFirstByteCountsAsStartTls() throws MessagingException {
        relayIsAHost("enforce", "relay.isp.example");
        relay().implicitTls(true);
        world.properties.put("mail.mtasts.relay.implicittls", "true");

        world.send("a@example.com");

        assertThat(relay().mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.encrypted()).isTrue());
        assertThat(relay().connections().get(0).saw("STARTTLS")).isFalse();
        assertThat(relay().connections().get(0).sni()).isEqualTo("relay.isp.example");
    }

    @ParameterizedTest
    @EnumSource(
            value = CertificateFault.class,
            names = {"EXPIRED", "WRONG_NAME", "COMMON_NAME_ONLY", "UNTRUSTED", "SELF_SIGNED"})
    @Tag("S-X-3")
    void tlsFromTheFirstByteHasTheSameRulesForCertificates(CertificateFault fault) {
        relayIsAHost("enforce", "relay.isp.example");
        relay().implicitTls(true);
        relay().certificate(fault);
        world.properties.put("mail.mtasts.relay.implicittls", "true");

        MtaStsDeliveryException refused = world.refusal("a@example.com");

        assertThat(refused.status()).isEqualTo("4.7.5");
        assertThat(relay().sawMailFrom()).isFalse();
    }

    @Test
    @Tag("S-X-3")
    void aPortForTlsFromTheFirstByteIsNeverSpokenToInClear() {
        relayIsAHost("absent", "");
        world.properties.put("mail.mtasts.relay.implicittls", "true");
        world.properties.put("mail.mtasts.timeout", "1000"); // the relay waits for a command, we for its TLS

        MtaStsDeliveryException refused = world.refusal("a@example.com");

        assertThat(refused.status()).startsWith("4.");
        assertThat(relay().sawMailFrom()).isFalse();
    }

    @Test
    void port465IsImplicitTlsAndOthersAreNot() throws MessagingException {
        SmtpSettings settings = SmtpSettings.of(world.properties);

        assertThat(settings.implicitTls(465)).isTrue();
        assertThat(settings.implicitTls(587)).isFalse();
    }

    @Test
    void aRelayIsOfferedTheCredentialsOverVerifiedTls() throws MessagingException {
        relayIsAHost("absent", "");
        relay().announce("AUTH PLAIN");

        sendThroughRelay();

        assertThat(relay().mails()).hasSize(1);
        assertThat(relay().connections().get(0).commands())
                .containsSubsequence("STARTTLS", "AUTH PLAIN " + PLAIN, "MAIL FROM:<sender@sender.example>");
    }

    @ParameterizedTest
    @EnumSource(
            value = CertificateFault.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"NONE", "WILDCARD"})
    void aRelayThatDoesNotProveItsNameIsOfferedNoneWhateverItsPolicySays(CertificateFault fault) {
        relayIsAHost("absent", "");
        relay().announce("AUTH PLAIN");
        relay().certificate(fault);

        MtaStsDeliveryException refused = catchThrowableOfType(MtaStsDeliveryException.class, this::sendThroughRelay);

        assertThat(refused.status()).startsWith("4.");
        assertThat(relay().connections()).isNotEmpty().noneMatch(connection -> connection.saw("AUTH"));
        assertThat(relay().sawMailFrom()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(
            value = MxServer.StartTls.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"OFFERED", "SILENT"})
    void aRelayWithoutTlsIsOfferedNone(MxServer.StartTls fault) {
        relayIsAHost("absent", "");
        relay().announce("AUTH PLAIN");
        relay().startTls(fault);

        MtaStsDeliveryException refused = catchThrowableOfType(MtaStsDeliveryException.class, this::sendThroughRelay);

        assertThat(refused.status()).startsWith("4.");
        assertThat(relay().connections()).isNotEmpty().noneMatch(connection -> connection.saw("AUTH"));
        assertThat(relay().sawMailFrom()).isFalse();
    }

    private void sendThroughRelay() throws MessagingException {
        try (MtaStsTransport transport = world.transport()) {
            transport.connect("relay.isp.example", world.net.smtpPort(), "user", "secret");
            World.send(transport, world.message("a@example.com"));
        }
    }

    @Test
    void theAuthenticatorIsAskedForTheRelayThatAPropertyNames() throws MessagingException {
        relayIsAHost("absent", "");
        relay().announce("AUTH PLAIN");
        world.properties.put("mail.mtasts.auth", "true");
        StringBuilder asked = new StringBuilder();
        Session session = Session.getInstance(world.properties, new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                asked.append(getRequestingProtocol()).append(' ').append(getRequestingPrompt());
                return new PasswordAuthentication("user", "secret");
            }
        });

        try (Transport transport = session.getTransport("mtasts")) {
            transport.connect();
            transport.sendMessage(world.message("a@example.com"), World.addresses("a@example.com"));
        }

        assertThat(asked).hasToString("mtasts [relay.isp.example]");
        assertThat(relay().connections().get(0).commands()).contains("AUTH PLAIN " + PLAIN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"isp.example", "[127.2.0.1]"})
    void credentialsForARelayWhoseNameDnsGivesAreRefused(String relay) throws MessagingException {
        world.properties.put("mail.mtasts.relay", relay);

        try (MtaStsTransport transport = world.transport()) {
            assertThatThrownBy(() -> transport.connect("user", "secret"))
                    .isInstanceOf(MessagingException.class)
                    .hasMessageContaining("[relay.example.com]:587")
                    .hasMessageContaining(relay);
        }
    }

    @Test
    void anMxHostThatOffersAuthSeesNone() throws MessagingException {
        world.mx("mx.example.com").announce("AUTH PLAIN LOGIN");
        world.properties.put("mail.user", "user");
        world.properties.put("mail.password", "secret");
        world.properties.put("mail.mtasts.user", "user");
        world.properties.put("mail.smtp.user", "user");
        world.properties.put("mail.mtasts.auth", "true");
        world.properties.put("mail.smtp.auth", "true");
        Session session = Session.getInstance(world.properties, new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication("user", "secret");
            }
        });

        try (Transport transport = session.getTransport("mtasts")) {
            transport.connect("user", "secret");
            transport.sendMessage(world.message("a@example.com"), World.addresses("a@example.com"));
        }
        try (Transport transport = session.getTransport(new URLName("mtasts", null, -1, null, "user", "secret"))) {
            transport.connect();
            transport.sendMessage(world.message("b@example.com"), World.addresses("b@example.com"));
        }
        Transport.send(world.message("c@example.com"), "user", "secret");

        assertThat(world.mx("mx.example.com").mails()).hasSize(3);
        assertThat(world.mx("mx.example.com").connections()).noneMatch(connection -> connection.saw("AUTH"));
    }

    @Test
    void aMailHostThatIsNoRelayIsSaidOnce() throws MessagingException {
        world.properties.put("mail.host", "smtp.isp.example");
        world.properties.put("mail.smtp.host", "smtp.isp.example");
        world.properties.put("mail.mtasts.localhost", "unqualified");
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();

        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            for (int i = 0; i < 3; i++) {
                world.connected().close();
            }
        } finally {
            System.setErr(before);
        }

        assertThat(log.toString(StandardCharsets.UTF_8).lines().filter(line -> line.contains("WARN")))
                .hasSize(3)
                .satisfiesOnlyOnce(line -> assertThat(line).contains("mail.host=\"smtp.isp.example\" is not used"))
                .satisfiesOnlyOnce(line -> assertThat(line).contains("mail.smtp.host=\"smtp.isp.example\" is not used"))
                .satisfiesOnlyOnce(line -> assertThat(line).contains("EHLO says \"unqualified\""));
    }
}
