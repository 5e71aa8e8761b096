package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A mail server with routing of its own, that does what Apache James's RemoteDelivery does with Angus's transport, delivers as the policies demand. */
class GuardedSmtpTest {
    private final World world = new World();
    private final RemoteDelivery james = new RemoteDelivery();

    @BeforeEach
    void network() {
        world.domain("example.com", "enforce", "*.example.com").mx(10, "mx1.example.com");
        world.net.domain("example.com").mx(20, "mx2.example.com");
    }

    @AfterEach
    void close() {
        world.close();
    }

    /** One host of the routing's list: a name, and an address that was looked up long before. */
    private record HostAddress(String name, InetAddress address) {}

    /** What became of a mail: sent, to be tried again, or bounced. */
    private enum Result {
        SENT,
        TEMPORARY,
        PERMANENT
    }

    /**
     * What RemoteDelivery of Apache James 3 does with a transport, call by call: the only line that differs is the one that gets it. A host is passed over only if the exception
     * nests an {@link IOException}, a failure is for good if its text begins with a 5, an empty list of hosts is for good, and what is no {@code ….SMTPTransport} is given 7 bit.
     */
    private final class RemoteDelivery {
        private final List<String> failures = new ArrayList<>();
        private boolean recoded;

        Result deliver(MimeMessage message, String domain, InternetAddress... addresses) throws MessagingException {
            Iterator<HostAddress> hosts = hosts(domain).iterator();
            if (!hosts.hasNext()) {
                return Result.PERMANENT;
            }
            MessagingException last = null;
            try {
                while (hosts.hasNext()) {
                    try {
                        toHost(message, domain, addresses, hosts.next());
                        return Result.SENT;
                    } catch (SendFailedException e) {
                        if (e.getValidSentAddresses() != null && e.getValidSentAddresses().length > 0) {
                            return Result.SENT;
                        }
                        throw e;
                    } catch (MessagingException e) {
                        last = e;
                        failures.add(String.valueOf(e.getMessage()));
                        if (!(e.getNextException() instanceof IOException)) {
                            throw e;
                        }
                    }
                }
                throw last;
            } catch (MessagingException e) {
                return String.valueOf(e.getMessage()).charAt(0) == '5' ? Result.PERMANENT : Result.TEMPORARY;
            }
        }

        private void toHost(MimeMessage message, String domain, InternetAddress[] addresses, HostAddress host)
                throws MessagingException {
            SMTPTransport transport = null;
            try {
                transport = transport(domain, host); // in James: (SMTPTransport) session.getTransport(host)
                transport.setLocalHost("james.example");
                transport.connect(host.name(), "user", "secret"); // as it does when it is told a user
                transport.sendMessage(adapted(message, transport), addresses);
            } finally {
                if (transport != null) {
                    transport.close();
                }
            }
        }

        private MimeMessage adapted(MimeMessage message, SMTPTransport transport) {
            recoded |= !transport.getClass().getName().endsWith(".SMTPTransport")
                    || !transport.supportsExtension("8BITMIME");
            return message;
        }

        private List<HostAddress> hosts(String domain) {
            return List.of("mx1." + domain, "mx2." + domain).stream()
                    .map(name -> new HostAddress(name, world.mx(name).address()))
                    .toList();
        }
    }

    private SMTPTransport transport(String domain, HostAddress host) throws MessagingException {
        GuardedSmtp guarded = new GuardedSmtp(world.engine, world.session());
        return guarded.transport(
                world.engine.policyFor(PolicyDomain.of(domain)), MxHost.of(host.name()), host.address());
    }

    private Result deliver(String... recipients) throws MessagingException {
        return james.deliver(
                world.message(recipients), "example.com", InternetAddress.parse(String.join(",", recipients)));
    }

    @Test
    void deliversOverVerifiedTlsToTheAddressGivenUnderTheNameOfTheHost() throws MessagingException {
        world.net.dns().address("mx1.example.com", world.mx("mx2.example.com").address()); // is not asked again
        world.mx("mx1.example.com").announce("8BITMIME");

        Result result = deliver("a@example.com");

        assertThat(result).isEqualTo(Result.SENT);
        MxServer.Connection connection =
                world.mx("mx1.example.com").connections().get(0);
        assertThat(connection.sni()).isEqualTo("mx1.example.com");
        assertThat(connection.commands()).contains("EHLO james.example").last().isEqualTo("QUIT");
        assertThat(connection.saw("AUTH")).isFalse();
        assertThat(world.mx("mx1.example.com").mails()).hasSize(1);
        assertThat(james.recoded).isFalse();
        assertThat(world.sessions)
                .singleElement()
                .satisfies(session -> assertThat(session.complied()).isTrue());
    }

    @ParameterizedTest
    @EnumSource(
            value = MxServer.StartTls.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"OFFERED", "SILENT"})
    @Tag("S-5-2")
    void goesOnToTheNextHostWhateverIsWrongWithStartTls(MxServer.StartTls fault) throws MessagingException {
        world.mx("mx1.example.com").startTls(fault);

        Result result = deliver("a@example.com");

        assertThat(result).isEqualTo(Result.SENT);
        assertThat(world.mx("mx1.example.com").sawMailFrom()).isFalse();
        assertThat(world.mx("mx2.example.com").mails()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(
            value = CertificateFault.class,
            names = {"EXPIRED", "WRONG_NAME", "SELF_SIGNED", "UNTRUSTED"})
    @Tag("S-5-3")
    void whatThePolicyKeepsBackIsTemporaryWhereNoHostIsLeft(CertificateFault fault) throws MessagingException {
        world.mx("mx1.example.com").certificate(fault);
        world.mx("mx2.example.com").certificate(fault);

        Result result = deliver("a@example.com");

        assertThat(result).isEqualTo(Result.TEMPORARY);
        assertThat(world.mx("mx1.example.com").sawMailFrom()).isFalse();
        assertThat(world.mx("mx2.example.com").sawMailFrom()).isFalse();
        assertThat(james.failures)
                .hasSize(2)
                .allSatisfy(text -> assertThat(text)
                        .startsWith("4.7.5 example.com: mx")
                        .contains("policy enforce, id 20260101, fetched "));
    }

    @Test
    void aHostThatThePolicyDoesNotListIsPassedOverWithoutConnecting() throws MessagingException {
        world.domain("example.com", "enforce", "mx2.example.com");

        Result result = deliver("a@example.com");

        assertThat(result).isEqualTo(Result.SENT);
        assertThat(world.mx("mx1.example.com").connections()).isEmpty();
        assertThat(james.failures)
                .singleElement()
                .satisfies(text -> assertThat(text)
                        .startsWith("4.7.5 example.com: mx1.example.com: the policy does not list this MX host"));
    }

    @Test
    void aDomainThatBeginsWithADigitIsNoPermanentFailure() throws MessagingException {
        world.domain("5stars.example", "enforce", "other.example");
        world.net.mx("mx1.5stars.example");
        world.net.mx("mx2.5stars.example");

        Result result = james.deliver(
                world.message("a@5stars.example"), "5stars.example", new InternetAddress("a@5stars.example"));

        assertThat(result).isEqualTo(Result.TEMPORARY);
    }

    @Test
    @Tag("S-5.1-4")
    void aHostThatIsDownIsPassedOver() throws MessagingException {
        world.mx("mx1.example.com").down();

        Result result = deliver("a@example.com");

        assertThat(result).isEqualTo(Result.SENT);
        assertThat(james.failures)
                .singleElement()
                .satisfies(text -> assertThat(text).startsWith("4.4.1 example.com: mx1.example.com: "));
        assertThat(world.sessions)
                .singleElement()
                .satisfies(session -> assertThat(session.complied()).isTrue());
    }

    @Test
    @Tag("S-5-8")
    void aHostsOwnWordIsPermanent() throws MessagingException {
        world.mx("mx1.example.com").reply("MAIL", "550 5.7.1 no");

        Result result = deliver("a@example.com");

        assertThat(result).isEqualTo(Result.PERMANENT);
    }

    @Test
    void underTestingItIsDeliveredAsThoughThereWereNoPolicy() throws MessagingException {
        world.domain("example.com", "testing", "other.example.com");
        world.mx("mx1.example.com").startTls(MxServer.StartTls.CLOSED);

        Result result = deliver("a@example.com");

        assertThat(result).isEqualTo(Result.SENT);
        assertThat(world.mx("mx1.example.com").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.encrypted()).isFalse());
        assertThat(world.sessions)
                .singleElement()
                .satisfies(session -> assertThat(session.complied()).isFalse());
    }

    @Test
    void nothingThatAngusOffersLeadsAroundThePolicy() throws Exception {
        SMTPTransport transport = transport(
                "example.com",
                new HostAddress("mx1.example.com", world.mx("mx1.example.com").address()));
        transport.setStartTLS(false);
        transport.setRequireStartTLS(false);
        transport.setSASLEnabled(true);
        world.mx("mx1.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        try (Socket own = new Socket(world.mx("mx1.example.com").address(), world.net.smtpPort())) {
            assertThatThrownBy(() -> transport.connect(own)).isInstanceOf(MessagingException.class);
        }
        assertThatThrownBy(() -> transport.connect("mx2.example.com", world.net.smtpPort(), "user", "secret"))
                .isInstanceOf(MessagingException.class)
                .hasMessageStartingWith("4.7.4 ");
        assertThatThrownBy(
                        () -> transport.sendMessage(world.message("a@example.com"), World.addresses("a@example.com")))
                .isInstanceOf(IllegalStateException.class);

        assertThat(world.mx("mx1.example.com").sawMailFrom()).isFalse();
        assertThat(world.mx("mx2.example.com").connections()).isEmpty();
    }

    @Test
    void itConnectsOnce() throws MessagingException {
        SMTPTransport transport = transport(
                "example.com",
                new HostAddress("mx1.example.com", world.mx("mx1.example.com").address()));
        transport.connect();
        transport.close();

        assertThatThrownBy(transport::connect).isInstanceOf(IllegalStateException.class);

        assertThat(transport.isConnected()).isFalse();
        assertThat(world.mx("mx1.example.com").connections()).hasSize(1);
    }

    @Test
    void theSenderIsWhatThePropertiesOrTheMessageSay() throws MessagingException {
        world.properties.put("mail.mtasts.from", "bounces@sender.example");

        Result result = deliver("a@example.com");

        assertThat(result).isEqualTo(Result.SENT);
        assertThat(world.mx("mx1.example.com").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.from()).isEqualTo("bounces@sender.example"));
    }
}
