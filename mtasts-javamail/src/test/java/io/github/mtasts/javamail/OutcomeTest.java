package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.MtaSts;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.event.ConnectionAdapter;
import jakarta.mail.event.ConnectionEvent;
import jakarta.mail.event.TransportEvent;
import jakarta.mail.event.TransportListener;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a sender is told: arrays, outcomes, codes, words and events. */
class OutcomeTest {
    private final World world = new World();

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void aFaultOnTheWayToOneDomainLosesNothingOfAnother() throws MessagingException {
        world.domain("good.example", "enforce", "mx.good.example").mx(10, "mx.good.example");
        world.domain("also.example", "enforce", "mx.good.example").mx(10, "mx.good.example");
        try (DnsClient dns = new Throwing(
                        DnsClient.builder().server(world.net.dns().address()).build());
                MtaSts engine = MtaSts.builder()
                        .dnsClient(dns)
                        .httpsPort(world.net.httpsPort())
                        .trustAnchors(world.net.ca().trustStore())
                        .clock(world.net.clock())
                        .allowPrivateAddresses(true)
                        .build()) {
            world.properties.put("mail.mtasts.engine", engine);

            MtaStsDeliveryException told = world.refusal("a@good.example", "b@" + Throwing.FAULTY, "c@also.example");

            assertThat(told.getValidSentAddresses())
                    .containsExactlyInAnyOrder(World.addresses("a@good.example", "c@also.example"));
            assertThat(told.getValidUnsentAddresses()).containsExactly(World.addresses("b@" + Throwing.FAULTY));
            assertThat(told.outcomes())
                    .filteredOn(DeliveryOutcome.Deferred.class::isInstance)
                    .singleElement()
                    .returns(
                            "deferred 4.3.0: faulty.example: a fault within this sender: \"java.lang.IllegalStateException: broken\"",
                            DeliveryOutcome::describe);
        }
    }

    /** A DNS client of somebody's that has a bug. */
    private record Throwing(DnsClient client) implements DnsClient {
        static final String FAULTY = "faulty.example";

        @Override
        public CompletionStage<DnsAnswer<String>> txt(String name) {
            return client.txt(name);
        }

        @Override
        public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
            if (name.equals(FAULTY)) {
                throw new IllegalStateException("broken");
            }
            return client.mx(name);
        }

        @Override
        public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
            return client.addresses(host);
        }

        @Override
        public void close() {
            client.close();
        }
    }

    @Test
    void everyRecipientIsInOneArrayAndOneOutcome() throws MessagingException {
        world.domain("good.example", "enforce", "mx.good.example").mx(10, "mx.good.example");
        world.domain("bad.example", "enforce", "mx.bad.example").mx(10, "mx.bad.example");
        world.mx("mx.bad.example").certificate(CertificateFault.EXPIRED);
        world.mx("mx.good.example").reply("RCPT:no@good.example", "550 5.1.1 unknown");
        world.mx("mx.good.example").reply("RCPT:later@good.example", "451 4.7.1 greylisted");

        MtaStsDeliveryException told = world.refusal(
                "a@good.example", "no@good.example", "later@good.example", "b@bad.example", "c@none.example");

        assertThat(told.getValidSentAddresses()).containsExactly(World.addresses("a@good.example"));
        assertThat(told.getValidUnsentAddresses())
                .containsExactlyInAnyOrder(World.addresses("later@good.example", "b@bad.example"));
        assertThat(told.getInvalidAddresses())
                .containsExactlyInAnyOrder(World.addresses("no@good.example", "c@none.example"));
        assertThat(told.outcomes())
                .flatExtracting(DeliveryOutcome::recipients)
                .containsExactlyInAnyOrder(World.addresses(
                        "a@good.example", "no@good.example", "later@good.example", "b@bad.example", "c@none.example"));
        assertThat(told.retryable()).hasValueSatisfying(retry -> {
            assertThat(retry.recipients())
                    .containsExactlyInAnyOrder(World.addresses("later@good.example", "b@bad.example"));
            assertThat(retry.delay()).isEqualTo(Duration.ofMinutes(30));
        });
        assertThat(told.getNextException()).isInstanceOfSatisfying(SMTPAddressFailedException.class, failed -> {
            assertThat(failed.getAddress().getAddress()).isEqualTo("no@good.example");
            assertThat(failed.getReturnCode()).isEqualTo(550);
        });
    }

    @Test
    @Tag("S-5-8")
    void aValidatedHostsRefusalIsPermanent() {
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
        world.mx("mx.example.com").reply("RCPT", "550 5.1.1 unknown");

        MtaStsDeliveryException told = world.refusal("a@example.com");

        assertThat(told.status()).isEqualTo("5.1.1");
        assertThat(told.retryable()).isEmpty();
        assertThat(told.getInvalidAddresses()).hasSize(1);
    }

    @Test
    @Tag("M-7505-1")
    void nullMxIsPermanentAndNobodyIsAsked() {
        world.domain("example.com", "enforce", "mx.example.com");
        world.net.dns().mx("example.com", 0, ".");

        MtaStsDeliveryException told = world.refusal("a@example.com");

        assertThat(told.status()).isEqualTo("5.1.10");
        assertThat(told.retryable()).isEmpty();
        assertThat(world.net.policyHost("example.com").requests()).isEmpty();
    }

    @Test
    @Tag("M-5.1-2")
    void aDomainThatDoesNotExistIsPermanentAndOneThatCannotBeAskedForIsNot() {
        world.net.dns().fail("down.example", "MX", "SERVFAIL");

        MtaStsDeliveryException gone = world.refusal("a@gone.example");
        MtaStsDeliveryException down = world.refusal("a@down.example");

        assertThat(gone.status()).isEqualTo("5.1.2");
        assertThat(down.status()).isEqualTo("4.4.3");
    }

    @Test
    @Tag("M-5.1-9")
    void aLoopIsPermanent() throws MessagingException {
        try (World here = new World(
                builder -> builder.ownNames(java.util.Set.of(io.github.mtasts.policy.MxHost.of("mx.example.com"))))) {
            here.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");

            MtaStsDeliveryException told = here.refusal("a@example.com");

            assertThat(told.status()).isEqualTo("5.4.6");
            assertThat(here.mx("mx.example.com").connections()).isEmpty();
        }
    }

    @Test
    @Tag("M-5.1-6")
    void theNextAddressOfAHostIsTried() throws MessagingException {
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
        world.net.mx("other.example.com").down();
        world.net.dns().address("mx.example.com", world.mx("other.example.com").address());

        world.send("a@example.com");

        assertThat(world.mx("mx.example.com").mails()).hasSize(1);
    }

    @Test
    void anOperatorReadsDomainHostRuleAndWhatWasSeen() {
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
        world.mx("mx.example.com").certificate(CertificateFault.EVERYTHING);
        assertThat(world.engine.policyFor(PolicyDomain.of("example.com"))).isInstanceOf(PolicyInForce.Enforce.class);
        world.net.clock().advance(Duration.ofMinutes(125));

        String told = world.refusal("a@example.com").getMessage();

        assertThat(told)
                .contains("example.com: deferred 4.7.5: example.com: mx.example.com: ")
                .contains("expired at ")
                .contains("its DNS names are [other.example.com]")
                .containsOnlyOnce("CN=Unknown Root")
                .containsPattern("\\(certificate valid \\d{4}-\\d\\d-\\d\\d to \\d{4}-\\d\\d-\\d\\d\\)")
                .containsPattern(
                        "policy enforce, id 20260101, fetched 20[^ ]+Z, 2 h 5 min old, mx \\[mx\\.example\\.com]");
    }

    @Test
    void anOperatorReadsThatStartTlsIsMissing() {
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
        world.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        MtaStsDeliveryException told = world.refusal("a@example.com");

        assertThat(told.status()).isEqualTo("4.7.4");
        assertThat(told).hasMessageContaining("mx.example.com: STARTTLS is not offered");
    }

    @Test
    @Tag("S-5-4")
    void aPolicyThatChangedMeanwhileIsTriedOnceMoreAtOnce() throws MessagingException {
        world.domain("example.com", "enforce", "old.example.com").mx(10, "mx.example.com");
        assertThat(world.refusal("a@example.com").status()).isEqualTo("4.7.5");
        world.domain("example.com", "enforce", "mx.example.com"); // under the same id

        world.net.clock().advance(Duration.ofMinutes(10));
        world.send("b@example.com");

        assertThat(world.mx("mx.example.com").mails()).hasSize(1);
    }

    @Test
    @Tag("S-5-4")
    void aPolicyThatIsTheSameHoldsTheMessage() {
        world.domain("example.com", "enforce", "old.example.com").mx(10, "mx.example.com");
        assertThat(world.refusal("a@example.com").status()).isEqualTo("4.7.5");
        int fetched = world.net.policyHost("example.com").requests().size();

        world.net.clock().advance(Duration.ofMinutes(10));
        MtaStsDeliveryException told = world.refusal("b@example.com");

        assertThat(told.status()).isEqualTo("4.7.5");
        assertThat(world.net.policyHost("example.com").requests()).hasSizeGreaterThan(fetched);
    }

    @Test
    void whatIsNoAddressIsInvalid() {
        world.domain("example.com", "absent").mx(10, "mx.example.com");

        MtaStsDeliveryException told = world.refusal("a@example.com", "b@-bad-.example", "nobody");

        assertThat(told.getValidSentAddresses()).hasSize(1);
        assertThat(told.getInvalidAddresses()).containsExactlyInAnyOrder(World.addresses("b@-bad-.example", "nobody"));
        assertThat(told.status()).isEqualTo("5.1.3");
    }

    @Test
    void aMailboxThatIsNamedTwiceGetsItOnce() throws MessagingException {
        world.domain("example.com", "absent").mx(10, "mx.example.com");

        world.send("a@example.com", "a@EXAMPLE.com", "a@example.com");

        assertThat(world.mx("mx.example.com").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.to()).containsExactly("a@example.com"));
    }

    @Test
    void theExceptionKeepsItsWordsWhenItIsSerialized() throws Exception {
        world.domain("example.com", "enforce", "other.example.com").mx(10, "mx.example.com");
        MtaStsDeliveryException told = world.refusal("a@example.com");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(told);
        }

        MtaStsDeliveryException read = read(bytes.toByteArray());

        assertThat(read.outcomes()).isEmpty(); // as the arrays, which Jakarta Mail does not write
        assertThat(read.retryable()).isEmpty();
        assertThat(read).hasMessage(told.getMessage());
    }

    private static MtaStsDeliveryException read(byte[] bytes) throws IOException, ClassNotFoundException {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return (MtaStsDeliveryException) in.readObject();
        }
    }

    @Test
    void listenersHearWhatBecameOfEachMessage() throws Exception {
        world.domain("good.example", "enforce", "mx.good.example").mx(10, "mx.good.example");
        world.domain("bad.example", "enforce", "other.example").mx(10, "mx.bad.example");
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        MtaStsTransport transport = world.transport();
        transport.addConnectionListener(new ConnectionAdapter() {
            @Override
            public void opened(ConnectionEvent event) {
                heard.add("opened");
            }

            @Override
            public void closed(ConnectionEvent event) {
                heard.add("closed");
            }
        });
        transport.addTransportListener(new TransportListener() {
            @Override
            public void messageDelivered(TransportEvent event) {
                heard.add("delivered " + texts(event.getValidSentAddresses()));
            }

            @Override
            public void messageNotDelivered(TransportEvent event) {
                heard.add("not delivered " + texts(event.getValidUnsentAddresses()));
            }

            @Override
            public void messagePartiallyDelivered(TransportEvent event) {
                heard.add("partially delivered " + texts(event.getValidSentAddresses()) + ", not "
                        + texts(event.getValidUnsentAddresses()));
            }
        });

        transport.connect();
        World.send(transport, world.message("a@good.example"));
        assertThat(world.refusal(transport, "b@bad.example")).isNotNull();
        assertThat(world.refusal(transport, "a@good.example", "b@bad.example")).isNotNull();
        transport.close();

        for (String wanted : List.of(
                "opened",
                "delivered [a@good.example]",
                "not delivered [b@bad.example]",
                "partially delivered [a@good.example], not [b@bad.example]",
                "closed")) {
            assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo(wanted);
        }
        assertThat(transport.outcomes()).hasSize(2);
    }

    private static String texts(Address[] addresses) {
        return List.of(addresses).toString();
    }
}
