package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.MtaSts;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The README's first example, as it stands there, run on the small internet. */
class ReadmeTest {
    private final SmallInternet net = new SmallInternet();
    private final MtaSts engine = MtaSts.builder()
            .dnsServer(net.dns().address())
            .httpsPort(net.httpsPort())
            .trustAnchors(net.ca().trustStore())
            .allowPrivateAddresses(true)
            .build();
    private final List<Address> queue = new ArrayList<>();

    @AfterEach
    void close() {
        engine.close();
        net.close();
    }

    // spotless:off
    private void example(Properties world) throws MessagingException {
        // README
        Properties properties = new Properties();
        properties.put("mail.transport.protocol.rfc822", "mtasts"); // the one property that counts
        properties.put("mail.mtasts.localhost", "sender.example"); // the name this machine has in DNS
        properties.putAll(world); // not in the README

        MimeMessage message = new MimeMessage(Session.getInstance(properties));
        message.setFrom("a@sender.example");
        message.setRecipients(Message.RecipientType.TO, "b@example.com");
        message.setText("hello");
        try {
            Transport.send(message); // straight to example.com's MX hosts, as its policy demands
        } catch (MtaStsDeliveryException e) {
            e.retryable().ifPresent(retry -> later(message, retry.recipients(), retry.delay()));
        }
        // end
    }
    // spotless:on

    @Test
    void theExampleDelivers() throws MessagingException {
        net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");

        example(world());

        assertThat(net.mx("mx.example.com").mails()).hasSize(1);
        assertThat(queue).isEmpty();
    }

    @Test
    void theExampleQueuesWhatThePolicyKeepsBack() throws MessagingException {
        net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        example(world());

        assertThat(net.mx("mx.example.com").mails()).isEmpty();
        assertThat(queue).hasSize(1);
    }

    @Test
    void theReadmeQuotesTheExample() throws IOException {
        String readme = Files.readString(Path.of("../README.md"));
        String here = Files.readString(Path.of("src/test/java/io/github/mtasts/javamail/ReadmeTest.java"));

        String example = here.substring(here.indexOf("// README\n") + 10, here.indexOf("        // end"))
                .lines()
                .filter(line -> !line.contains("not in the README"))
                .map(line -> line.isEmpty() ? line : line.substring(8))
                .collect(Collectors.joining("\n"));

        assertThat(readme).contains("```java\n" + example + "\n```");
    }

    private Properties world() {
        Properties world = new Properties();
        world.put("mail.mtasts.engine", engine);
        world.put("mail.mtasts.port", String.valueOf(net.smtpPort()));
        return world;
    }

    private void later(MimeMessage message, List<Address> recipients, Duration delay) {
        assertThat(message).isNotNull();
        assertThat(delay).isPositive();
        queue.addAll(recipients);
    }
}
