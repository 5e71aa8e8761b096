package io.github.mtasts.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.javamail.MtaStsEngines;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetryLoopTest {
    private final SmallInternet net = new SmallInternet();

    @TempDir
    private Path folder;

    @TempDir
    private Path elsewhere;

    private RetryLoop loop;

    @BeforeEach
    void open() throws IOException {
        Path ca = Files.writeString(elsewhere.resolve("ca.pem"), net.ca().rootPem());
        Properties properties = new Properties();
        properties.setProperty("mail.transport.protocol.rfc822", "mtasts");
        properties.setProperty("mail.mtasts.dns", net.dnsServer());
        properties.setProperty("mail.mtasts.ca", ca.toString());
        properties.setProperty("mail.mtasts.httpsport", String.valueOf(net.httpsPort()));
        properties.setProperty("mail.mtasts.port", String.valueOf(net.smtpPort()));
        properties.setProperty("mail.mtasts.allowprivateaddresses", "true");
        loop = new RetryLoop(Session.getInstance(properties), folder);
        for (String domain : new String[] {"one.example", "two.example"}) {
            net.domain(domain).sts("enforce", "mx." + domain).mx(10, "mx." + domain);
        }
        Files.writeString(
                folder.resolve("1.eml"),
                "From: a@sender.example\r\nTo: b@one.example, c@two.example\r\nSubject: x\r\n\r\nhello\r\n");
    }

    @AfterEach
    void close() {
        MtaStsEngines.closeAll();
        net.close();
    }

    @Test
    void triesWhatWasKeptBackAgainAndNothingElse() throws IOException, MessagingException {
        net.mx("mx.two.example").startTls(MxServer.StartTls.NOT_OFFERED);

        Duration wait = loop.round();
        boolean stays = Files.exists(folder.resolve("1.eml"));
        net.mx("mx.two.example").behave();
        loop.round();

        assertThat(wait).isPositive();
        assertThat(stays).isTrue();
        assertThat(folder).isEmptyDirectory();
        assertThat(net.mx("mx.one.example").mails()).hasSize(1);
        assertThat(net.mx("mx.two.example").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.to()).containsExactly("c@two.example"));
    }

    @Test
    void setsAsideWhatIsRefusedForGood() throws IOException, MessagingException {
        net.mx("mx.one.example").reply("RCPT", "550 5.1.1 unknown");
        net.mx("mx.two.example").reply("RCPT", "550 5.1.1 unknown");

        loop.round();

        assertThat(folder.resolve("1.eml.failed")).exists();
        assertThat(folder.resolve("1.eml")).doesNotExist();
    }
}
