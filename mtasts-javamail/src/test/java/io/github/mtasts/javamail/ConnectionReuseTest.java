package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import jakarta.mail.MessagingException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Connections that a connected transport keeps, and when one of them may carry another message. */
class ConnectionReuseTest {
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

    private void send(MtaStsTransport transport, String... recipients) throws MessagingException {
        World.send(transport, world.message(recipients));
    }

    @Test
    void messagesOfOneConnectedTransportGoOverOneConnection() throws MessagingException {
        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@example.com");
            send(transport, "b@example.com");
            send(transport, "c@example.com");
        }

        assertThat(mx.mails()).hasSize(3);
        assertThat(mx.connections()).hasSize(1);
        assertThat(mx.connections().get(0).commands()).last().isEqualTo("QUIT");
        assertThat(world.sessions).hasSize(1); // RFC 8460 counts sessions, not messages
    }

    @Test
    void aTransportThatIsConnectedAgainConnectsAgain() throws MessagingException {
        MtaStsTransport transport = world.transport();
        transport.connect();
        send(transport, "a@example.com");
        transport.close();
        transport.connect();
        send(transport, "b@example.com");
        transport.close();

        assertThat(mx.connections()).hasSize(2);
    }

    @Test
    void nothingIsLeftOfAMessageThatWasBrokenOff() throws MessagingException {
        mx.reply("RCPT:no@example.com", "550 5.1.1 unknown");

        try (MtaStsTransport transport = world.connected()) {
            assertThat(world.refusal(transport, "no@example.com").getInvalidAddresses())
                    .hasSize(1);
            send(transport, "a@example.com");
        }

        assertThat(mx.connections()).hasSize(1);
        assertThat(mx.connections().get(0).commands()).containsOnlyOnce("RSET");
        assertThat(mx.mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.to()).containsExactly("a@example.com"));
    }

    @Test
    void aConnectionCarriesNoMoreMessagesThanItMay() throws MessagingException {
        world.properties.put("mail.mtasts.keep.messages", "2");

        try (MtaStsTransport transport = world.connected()) {
            for (int i = 0; i < 5; i++) {
                send(transport, "a" + i + "@example.com");
            }
        }

        assertThat(mx.mails()).hasSize(5);
        assertThat(mx.connections()).hasSize(3);
    }

    @Test
    void nothingIsKeptWhereNothingMayBeKept() throws MessagingException {
        world.properties.put("mail.mtasts.keep", "0");

        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@example.com");
            send(transport, "b@example.com");
        }

        assertThat(mx.connections()).hasSize(2);
    }

    @Test
    void noMoreConnectionsAreKeptThanMayBe() throws MessagingException {
        world.properties.put("mail.mtasts.keep", "1");
        world.domain("other.example", "enforce", "mx.other.example").mx(10, "mx.other.example");

        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@example.com");
            send(transport, "a@other.example");
            send(transport, "b@other.example");
            send(transport, "b@example.com");
        }

        assertThat(mx.connections()).hasSize(2);
        assertThat(world.mx("mx.other.example").connections()).hasSize(1);
    }

    @Test
    void oneThatWasIdleForTooLongIsNotUsedAgain() throws MessagingException {
        world.properties.put("mail.mtasts.keep.idle", "1"); // millisecond

        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@example.com");
            long from = System.nanoTime();
            while (System.nanoTime() - from < 2_000_000) {
                Thread.onSpinWait();
            }
            send(transport, "b@example.com");
        }

        assertThat(mx.mails()).hasSize(2);
        assertThat(mx.connections()).hasSize(2);
    }

    @Test
    void aDeadOneIsReplacedAndNothingIsLostOrDoubled() throws MessagingException {
        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@example.com");
            mx.dropOnce("MAIL");
            send(transport, "b@example.com");
        }

        assertThat(mx.connections()).hasSize(2);
        assertThat(mx.mails()).extracting(mail -> mail.to().get(0)).containsExactly("a@example.com", "b@example.com");
    }

    @Test
    void oneThatTheServerEndedAt421IsReplacedWithinTheSameMessage() throws MessagingException {
        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@example.com");
            mx.replyOnce("MAIL", "421 4.4.2 too long idle");
            send(transport, "b@example.com");
        }

        assertThat(mx.connections()).hasSize(2);
        assertThat(mx.mails()).extracting(mail -> mail.to().get(0)).containsExactly("a@example.com", "b@example.com");
    }

    @Test
    void aWordThatNobodyAskedForEndsTheConnection() throws MessagingException {
        try (MtaStsTransport transport = world.connected()) {
            mx.replyOnce("BODY", "250 2.0.0 taken\r\n250 2.0.0 and more");
            send(transport, "a@example.com");
            send(transport, "b@example.com");
        }

        assertThat(mx.connections()).hasSize(2);
        assertThat(mx.connections().get(0).commands())
                .filteredOn(command -> command.startsWith("MAIL"))
                .hasSize(1);
        assertThat(mx.mails()).hasSize(2);
    }

    @Test
    void aLongReplyIsReadToItsEnd() throws MessagingException {
        String line = "250-2.0.0 " + "so much to say ".repeat(10) + "\r\n";
        try (MtaStsTransport transport = world.connected()) {
            mx.replyOnce("BODY", line.repeat(20) + "250 2.0.0 taken");
            send(transport, "a@example.com");
            send(transport, "b@example.com");
        }

        assertThat(mx.connections()).hasSize(1);
        assertThat(mx.mails()).hasSize(2);
    }

    @Test
    void oneThatDiedWithTheEndOfAMessageIsNotTriedAgainWithTheSameMessage() throws MessagingException {
        mx.drop("BODY");

        try (MtaStsTransport transport = world.connected()) {
            MtaStsDeliveryException held = world.refusal(transport, "a@example.com");

            assertThat(held.status()).isEqualTo("4.4.2");
            assertThat(held).hasMessageContaining("may have been delivered");
        }

        assertThat(mx.mails()).hasSize(1);
        assertThat(mx.connections()).hasSize(1);
    }

    @Test
    @Tag("S-5.1-1")
    void aPolicyThatWasRotatedMeanwhileClosesTheConnectionAndDecides() throws MessagingException {
        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@example.com");
            world.net.domain("example.com").record("20260102").policy("""
                    version: STSv1
                    mode: enforce
                    max_age: 604800
                    mx: elsewhere.example.com
                    """);
            world.net.clock().advance(Duration.ofHours(2));
            MtaStsDeliveryException refused = world.refusal(transport, "b@example.com");

            assertThat(refused.status()).isEqualTo("4.7.5");
        }

        assertThat(mx.mails()).hasSize(1);
    }

    @Test
    @Tag("S-8.3-1")
    void aPolicyThatBeganMeanwhileIsObeyedOnTheNextMessage() throws MessagingException {
        world.net.domain("late.example").mx(10, "mx.late.example");
        world.mx("mx.late.example").certificate(CertificateFault.SELF_SIGNED);

        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@late.example");
            world.domain("late.example", "enforce", "mx.late.example");
            world.net.clock().advance(Duration.ofHours(2));
            MtaStsDeliveryException refused = world.refusal(transport, "b@late.example");

            assertThat(refused.status()).isEqualTo("4.7.5");
        }

        assertThat(world.mx("mx.late.example").mails()).hasSize(1);
    }

    @Test
    @Tag("S-X-1")
    void whatWasMadeWithoutProofCarriesNoMailOfADomainThatWantsIt() throws MessagingException {
        world.net.domain("free.example").mx(10, "shared.example");
        world.domain("strict.example", "enforce", "shared.example").mx(10, "shared.example");

        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@free.example");
            send(transport, "b@strict.example");
            send(transport, "c@free.example");
        }

        List<MxServer.Connection> connections = world.mx("shared.example").connections();
        assertThat(connections).hasSize(2);
        assertThat(connections.get(0).commands()).noneMatch(command -> command.contains("b@strict.example"));
    }

    @Test
    @Tag("S-X-1")
    void whatWasProvedForOneDomainCarriesAnothersMailThatListsTheHost() throws MessagingException {
        world.domain("one.example", "enforce", "shared.example").mx(10, "shared.example");
        world.domain("two.example", "enforce", "shared.example").mx(10, "shared.example");

        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@one.example");
            send(transport, "b@two.example");
        }

        assertThat(world.mx("shared.example").connections()).hasSize(1);
        assertThat(world.mx("shared.example").mails()).hasSize(2);
    }

    @Test
    @Tag("S-X-1")
    void whatWasProvedForOneDomainCarriesNoMailOfADomainThatDoesNotListTheHost() throws MessagingException {
        world.domain("one.example", "enforce", "shared.example").mx(10, "shared.example");
        world.domain("two.example", "enforce", "mx.two.example").mx(10, "shared.example");

        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@one.example");
            MtaStsDeliveryException refused = world.refusal(transport, "b@two.example");

            assertThat(refused.status()).isEqualTo("4.7.5");
        }

        assertThat(world.mx("shared.example").mails()).hasSize(1);
    }

    @Test
    @Tag("S-X-2")
    void aSessionOfBeforeIsNotResumedIntoOneThatHasToBeProved() throws MessagingException {
        world.net.domain("free.example").mx(10, "shared.example");
        world.domain("strict.example", "enforce", "shared.example").mx(10, "shared.example");
        world.mx("shared.example").certificate(CertificateFault.UNTRUSTED);

        try (MtaStsTransport transport = world.connected()) {
            send(transport, "a@free.example");
            MtaStsDeliveryException refused = world.refusal(transport, "b@strict.example");

            assertThat(refused.status()).isEqualTo("4.7.5");
        }

        assertThat(world.mx("shared.example").mails()).hasSize(1);
    }
}
