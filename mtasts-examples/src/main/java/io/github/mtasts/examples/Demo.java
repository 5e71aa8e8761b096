package io.github.mtasts.examples;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.DeliveryObserver;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.examples.Scenario.Verdict;
import io.github.mtasts.javamail.DeliveryOutcome;
import io.github.mtasts.javamail.MtaStsDeliveryException;
import io.github.mtasts.javamail.MtaStsTransport;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;

/**
 * Plays deliveries against an attacker on a small internet in this process, over real sockets, and prints what came of each. Exit code 0 only if every verdict is the right
 * one. With {@code --serve} it keeps that internet up for the {@code mtasts} command.
 */
public final class Demo implements DeliveryObserver {
    private static final String ROW = "%-33s %-26s %-38s %-9s %s%n";

    private final List<SessionResult> failures = new ArrayList<>();

    Demo() {}

    /** Runs the demo. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        // the table tells it all
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "off");
        boolean serve = List.of(arguments).contains("--serve");
        if (arguments.length > 0 && !serve) {
            System.err.println("usage: java -jar demo.jar [--serve]");
            System.exit(64);
        }
        if (serve) {
            serve();
        }
        System.exit(new Demo().play(System.out) ? 0 : 1);
    }

    boolean play(PrintStream out) {
        out.printf(ROW, "CASE", "POLICY", "WHAT THE NETWORK DOES", "VERDICT", "WHY");
        boolean right = true;
        int number = 0;
        for (Scenario scenario : Scenarios.all()) {
            number++;
            try (SmallInternet net = new SmallInternet();
                    MtaSts engine = MtaSts.builder()
                            .dnsServer(net.dns().address())
                            .httpsPort(net.httpsPort())
                            .trustAnchors(net.ca().trustStore())
                            .allowPrivateAddresses(true)
                            .clock(net.clock())
                            .observer(this)
                            .build()) {
                right &= play(scenario, "d" + number + ".example", net, engine, out);
            }
        }
        out.println(right ? "\nEvery verdict is the right one." : "\nNot every verdict is the right one.");
        return right;
    }

    private boolean play(Scenario scenario, String domain, SmallInternet net, MtaSts engine, PrintStream out) {
        Properties properties = new Properties();
        properties.put("mail.transport.protocol.rfc822", "mtasts");
        properties.put("mail.mtasts.engine", engine);
        properties.put("mail.mtasts.port", String.valueOf(net.smtpPort()));
        properties.put("mail.mtasts.localhost", "sender.example");
        scenario.world().build(net, domain);
        Scenario.World learnt = scenario.learnt();
        if (learnt != null) {
            send(properties, domain);
            learnt.build(net, domain);
        }
        failures.clear();
        Result result = send(properties, domain);
        boolean attackerGotIt = net.mx("mx.attacker-" + domain).sawMailFrom();
        boolean right = result.verdict() == scenario.verdict() && !attackerGotIt;
        String why = result.why();
        if (result.verdict() == Verdict.TLS && !failures.isEmpty()) {
            why += "; reported: " + failures.get(0).failures().get(0).type().text();
        }
        out.printf(
                ROW,
                scenario.name(),
                scenario.policy(),
                scenario.network(),
                result.verdict(),
                why + (right ? "" : "   <-- WRONG, " + scenario.verdict() + " was due"));
        return right;
    }

    private record Result(Verdict verdict, String why) {}

    private static Result send(Properties properties, String domain) {
        try {
            MimeMessage message = new MimeMessage(Session.getInstance(properties));
            message.setFrom("sender@sender.example");
            message.setRecipients(Message.RecipientType.TO, "user@" + domain);
            message.setSubject("hello");
            message.setText("hello");
            message.saveChanges();
            try (MtaStsTransport transport =
                    (MtaStsTransport) message.getSession().getTransport("mtasts")) {
                transport.connect();
                transport.sendMessage(message, message.getAllRecipients());
                DeliveryOutcome.Delivered delivered =
                        (DeliveryOutcome.Delivered) transport.outcomes().get(0);
                Verdict verdict = delivered.verified()
                        ? Verdict.VERIFIED
                        : delivered.tls().isEmpty() ? Verdict.CLEAR : Verdict.TLS;
                return new Result(verdict, delivered.describe());
            }
        } catch (MtaStsDeliveryException e) {
            DeliveryOutcome outcome = e.outcomes().get(0);
            return new Result(
                    outcome instanceof DeliveryOutcome.Deferred ? Verdict.HELD : Verdict.REFUSED,
                    shorten(outcome.describe()));
        } catch (MessagingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String shorten(String text) {
        return text.length() > 150 ? text.substring(0, 150) + "…" : text;
    }

    @Override
    public void session(SessionResult result) {
        if (!result.complied()) {
            failures.add(result);
        }
    }

    /** Keeps the small internet up until the process is ended, with a few domains to send to. */
    private static void serve() throws IOException, InterruptedException {
        try (SmallInternet net = new SmallInternet()) {
            net.domain("good.example").sts("enforce", "mx.good.example").mx(10, "mx.good.example");
            net.domain("stripped.example").sts("enforce", "mx.stripped.example").mx(10, "mx.stripped.example");
            net.mx("mx.stripped.example").startTls(MxServer.StartTls.NOT_OFFERED);
            net.domain("nopolicy.example").mx(10, "mx.nopolicy.example");
            net.dns().exists("nomail.example");
            net.dns().mx("nomail.example", 0, ".");
            Path ca = Files.createTempFile("mtasts-demo-ca", ".pem");
            ca.toFile().deleteOnExit();
            Files.writeString(ca, net.ca().rootPem());
            Path message = Files.createTempFile("mtasts-demo-message", ".eml");
            message.toFile().deleteOnExit();
            Files.writeString(message, "From: a@sender.example\r\nSubject: hello\r\n\r\nhello\r\n");
            System.out.println(
                    "DNS " + net.dnsServer() + ", HTTPS port " + net.httpsPort() + ", SMTP port " + net.smtpPort());
            System.out.println("CA file " + ca);
            System.out.println("Domains: good.example stripped.example nopolicy.example nomail.example");
            System.out.println("Try:");
            System.out.println(
                    "  java -jar mtasts-cli/target/mtasts.jar send --from a@sender.example --to b@good.example,c@stripped.example \\");
            System.out.println("    --dns " + net.dnsServer() + " --ca " + ca + " --https-port " + net.httpsPort()
                    + " --smtp-port " + net.smtpPort() + " --allow-private-addresses " + message);
            System.out.println("Ctrl-C ends it.");
            new CountDownLatch(1).await();
        }
    }
}
