package io.github.mtasts.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.MtaSts;
import io.github.mtasts.javamail.MtaStsDeliveryException;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import jakarta.mail.Session;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.simplejavamail.api.email.Email;
import org.simplejavamail.api.mailer.Mailer;
import org.simplejavamail.email.EmailBuilder;
import org.simplejavamail.mailer.MailerBuilder;

/** Simple Java Mail over the transport: what docs/simple-java-mail.md shows, on the small internet. */
class SimpleJavaMailTest {
    private final SmallInternet net = new SmallInternet();
    private final MtaSts engine = MtaSts.builder()
            .dnsServer(net.dns().address())
            .httpsPort(net.httpsPort())
            .trustAnchors(net.ca().trustStore())
            .allowPrivateAddresses(true)
            .build();

    @BeforeEach
    void domain() {
        net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
    }

    @AfterEach
    void close() {
        engine.close();
        net.close();
    }

    // spotless:off
    private Mailer mailer(Properties world) {
        Properties properties = new Properties();
        properties.put("mail.transport.protocol", "mtasts");
        properties.put("mail.transport.protocol.rfc822", "mtasts");
        properties.put("mail.mtasts.localhost", "sender.example"); // the name this machine has in DNS
        properties.putAll(world); // not in the docs

        Mailer mailer = MailerBuilder.usingSession(Session.getInstance(properties)).buildMailer();
        return mailer;
    }
    // spotless:on

    private Properties world() {
        Properties world = new Properties();
        world.put("mail.mtasts.engine", engine);
        world.put("mail.mtasts.port", String.valueOf(net.smtpPort()));
        return world;
    }

    private static Email email() {
        return EmailBuilder.startingBlank()
                .from("a@sender.example")
                .to("b@example.com")
                .withSubject("hello")
                .withPlainText("hello")
                .buildEmail();
    }

    @Test
    void mailGoesToTheMxHostThatThePolicyLists() {
        mailer(world()).sendMail(email(), false).join();

        assertThat(net.mx("mx.example.com").mails()).hasSize(1);
    }

    @Test
    @Tag("S-5-1")
    void whatThePolicyKeepsBackIsTheCauseOfTheFailure() {
        net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        assertThatThrownBy(() -> mailer(world()).sendMail(email(), false).join())
                .hasRootCauseInstanceOf(MtaStsDeliveryException.class);

        assertThat(net.mx("mx.example.com").mails()).isEmpty();
    }
}
