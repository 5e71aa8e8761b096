package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SendTest {
    private static final String MESSAGE =
            "From: a@sender.example\r\nTo: b@good.example\r\nSubject: hello\r\n\r\nhello there\r\n";

    private static SmallInternet net;

    @TempDir
    static Path folder;

    private static Path ca;
    private static String message;

    @BeforeAll
    static void openNetwork() throws IOException {
        net = new SmallInternet();
        ca = Files.writeString(folder.resolve("ca.pem"), net.ca().rootPem());
        message = Files.writeString(folder.resolve("message.eml"), MESSAGE).toString();
        for (String domain : List.of("good.example", "stripped.example", "refusing.example", "busy.example")) {
            net.domain(domain).sts("enforce", "mx." + domain).mx(10, "mx." + domain);
        }
        net.mx("mx.stripped.example").startTls(MxServer.StartTls.NOT_OFFERED);
        net.mx("mx.refusing.example").reply("RCPT", "550 5.1.1 unknown");
        net.mx("mx.busy.example").reply("RCPT", "451 4.3.0 later");
        net.dns().exists("nomail.example");
        net.dns().mx("nomail.example", 0, ".");
    }

    @AfterAll
    static void closeNetwork() {
        net.close();
    }

    private static CommandRun send(String to, String... more) {
        String[] all = Stream.concat(Stream.of("send", "--from", "bounces@sender.example", "--to", to), Stream.of(more))
                .toArray(String[]::new);
        return CommandRun.of(CommandRun.into(net, ca, all));
    }

    @Test
    void deliversAMessageFromAFile() {
        int before = net.mx("mx.good.example").mails().size();

        CommandRun run = send("b@good.example", message);

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .isEqualToIgnoringNewLines("good.example: delivered to mx.good.example over TLSv1.3, verified");
        assertThat(net.mx("mx.good.example").mails()).hasSize(before + 1);
        assertThat(net.mx("mx.good.example").mails().get(before)).satisfies(mail -> {
            assertThat(mail.from()).isEqualTo("bounces@sender.example");
            assertThat(mail.to()).containsExactly("b@good.example");
            assertThat(mail.content()).contains("Subject: hello").contains("hello there");
            assertThat(mail.encrypted()).isTrue();
        });
    }

    @Test
    void deliversAMessageFromStandardInput() {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(MESSAGE.getBytes(StandardCharsets.US_ASCII)));
        try {
            assertThat(send("c@good.example").code()).isZero();
        } finally {
            System.setIn(before);
        }

        assertThat(net.mx("mx.good.example").mails())
                .anySatisfy(mail -> assertThat(mail.to()).containsExactly("c@good.example"));
    }

    @Test
    void saysEhloWithTheNameThatIsGiven() {
        int before = net.mx("mx.good.example").connections().size();

        CommandRun run = send("b@good.example", "--ehlo", "mail.sender.example", message);

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(net.mx("mx.good.example").connections().get(before).commands())
                .contains("EHLO mail.sender.example");
    }

    @Test
    void keepsBackWhatAPolicyForbids() {
        CommandRun run = send("b@stripped.example", message);

        assertThat(run.code()).isEqualTo(75);
        assertThat(run.out())
                .startsWith(
                        "stripped.example: deferred 4.7.4: stripped.example: mx.stripped.example: STARTTLS is not offered");
        assertThat(net.mx("mx.stripped.example").sawMailFrom()).isFalse();
    }

    @Test
    void printsALineForEachDomain() {
        CommandRun run = send("b@good.example,c@nomail.example", message);

        assertThat(run.code()).isEqualTo(69);
        assertThat(run.out().lines())
                .satisfiesExactlyInAnyOrder(
                        line -> assertThat(line).startsWith("good.example: delivered"),
                        line -> assertThat(line).startsWith("nomail.example: failed 5.1.10"));
    }

    @Test
    void tellsARefusalOfTheServerFromADomainWithoutMail() {
        CommandRun run = send("b@refusing.example", message);

        assertThat(run.code()).isEqualTo(65);
        assertThat(run.out()).startsWith("refusing.example: failed 5.1.1");
    }

    @Test
    void tryAgainOutweighsWhatIsForGood() {
        CommandRun run = send("b@refusing.example,c@busy.example", message);

        assertThat(run.code()).isEqualTo(75);
    }

    @Test
    void printsAnObjectForEachDomainWhenJsonIsWanted() throws IOException {
        CommandRun delivered = send("b@good.example", message, "--json");
        CommandRun held = send("b@stripped.example", message, "--json");

        assertThat(report(delivered))
                .containsEntry("domain", "good.example")
                .containsEntry("recipients", List.of("b@good.example"))
                .containsEntry("outcome", "delivered")
                .containsEntry("mx", "mx.good.example")
                .containsEntry("tls", "TLSv1.3")
                .containsEntry("verified", true);
        assertThat(report(held))
                .containsEntry("outcome", "deferred")
                .containsEntry("status", "4.7.4")
                .containsKey("reason");
    }

    @SuppressWarnings("unchecked") // an array of objects is what is printed
    private static Map<String, Object> report(CommandRun run) throws IOException {
        List<Map<String, Object>> reports = (List<Map<String, Object>>) JSON.std.anyFrom(run.out());
        assertThat(reports).hasSize(1);
        return reports.get(0);
    }

    @Test
    void doesNotConnectToLoopbackUnlessAllowed() {
        net.domain("private.example").sts("enforce", "mx.private.example").mx(10, "mx.private.example");

        CommandRun run = CommandRun.of(
                "send",
                "--from",
                "a@sender.example",
                "--to",
                "b@private.example",
                "--dns",
                net.dnsServer(),
                "--smtp-port",
                String.valueOf(net.smtpPort()),
                message);

        assertThat(run.code()).isEqualTo(75);
        assertThat(net.mx("mx.private.example").connections()).isEmpty();
    }

    @Test
    void waitsNoLongerThanToldForAReply() {
        net.domain("silent.example").mx(10, "mx.silent.example");
        net.mx("mx.silent.example").silent(true);

        CommandRun run = send("b@silent.example", message, "--timeout", "1");

        assertThat(run.code()).isEqualTo(75);
        assertThat(run.out()).contains("no answer in time");
    }

    @Test
    void refusesWhatIsNoAddress() {
        CommandRun run = send("b@@good.example", message);

        assertThat(run.code()).isEqualTo(64);
        assertThat(run.err()).contains("not a mail address: \"b@@good.example\"");
    }

    @Test
    void wantsASenderAndRecipients() {
        CommandRun run = CommandRun.of("send", message);

        assertThat(run.code()).isEqualTo(64);
        assertThat(run.err()).contains("--from").contains("--to");
    }

    @Test
    void refusesATimeoutThatIsNone() {
        assertThat(send("b@good.example", "--timeout", "0").code()).isEqualTo(64);
    }

    @Test
    void saysThatTheMessageCannotBeRead() {
        CommandRun run = send("b@good.example", folder + "/nothing");

        assertThat(run.code()).isEqualTo(66);
        assertThat(run.err()).contains("cannot read " + folder + "/nothing: no such file");
    }
}
