package io.github.mtasts.tlsrpt;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.DeliveryObserver;
import io.github.mtasts.delivery.SessionFailure;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.discovery.DiscoveryFailure;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.TestClock;
import io.github.mtasts.tlsrpt.report.DkimSigner;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A process that sends mail, or reports, and is then killed: see {@link DayTest}. */
final class DaySender {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private final Map<PolicyDomain, Queue<Runnable>> lastDelivery = new ConcurrentHashMap<>();

    private DaySender() {}

    /** DNS server, HTTPS port, SMTP port, root, directory, time, then either the first domain's number and one behind the last, real sessions and all sessions of each, or nothing. */
    public static void main(String[] args) throws Exception {
        new DaySender().run(args);
    }

    private void run(String[] args) throws Exception {
        TestClock clock = new TestClock(Instant.parse(args[5]));
        Properties mail = new Properties();
        mail.setProperty("mail.mtasts.port", args[2]);
        mail.setProperty("mail.mtasts.localhost", "sender.example");
        TlsReporting reporting = TlsReporting.builder()
                .organization("Sender")
                .contact("tls-reports@sender.example")
                .signer(DkimSigner.of(
                        PolicyDomain.of("sender.example"),
                        "s",
                        KeyPairGenerator.getInstance("Ed25519")
                                .generateKeyPair()
                                .getPrivate()))
                .directory(Path.of(args[4]))
                .mailProperties(mail)
                .allowPrivateAddresses(true)
                .clock(clock)
                .submitEvery(Duration.ofDays(1))
                .build();
        MtaSts engine = MtaSts.builder()
                .dnsServer(args[0])
                .httpsPort(Integer.parseInt(args[1]))
                .trustAlso(Path.of(args[3]))
                .clock(clock)
                .allowPrivateAddresses(true)
                .observer(remembering(reporting.observer()))
                .build();
        reporting.start(engine);
        if (args.length > 6) {
            mail.put("mail.transport.protocol.rfc822", "mtasts");
            mail.put("mail.mtasts.engine", engine);
            mails(
                    Session.getInstance(mail),
                    Integer.parseInt(args[6]),
                    Integer.parseInt(args[7]),
                    Integer.parseInt(args[8]));
            reporting.flush();
            OUT.println("COUNTED");
            new CountDownLatch(1).await(); // until it is killed
        }
        reporting.submitDue();
        World.until("all is sent", () -> !reporting.isSending());
        reporting.close();
        OUT.println("SENT");
        System.exit(0);
    }

    /** Sends mails over sockets, then tells what the last one met as often as it takes to come to all sessions. */
    private void mails(Session session, int domains, int real, int all) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<?>> done = new ArrayList<>();
        for (int number = 0; number < domains; number++) {
            PolicyDomain domain = PolicyDomain.of("d" + number + ".example");
            done.add(threads.submit(() -> {
                for (int i = 0; i < real; i++) {
                    Queue<Runnable> events = new ConcurrentLinkedQueue<>();
                    lastDelivery.put(domain, events);
                    for (int tries = 0;
                            events.isEmpty() && tries < 3;
                            tries++) { // a name server may be slow on a busy machine
                        mail(session, domain);
                    }
                }
                for (int i = real; i < all; i++) {
                    lastDelivery
                            .getOrDefault(domain, new ConcurrentLinkedQueue<>())
                            .forEach(Runnable::run);
                }
                return null;
            }));
        }
        for (Future<?> one : done) {
            one.get();
        }
        threads.shutdown();
    }

    private static void mail(Session session, PolicyDomain domain) throws MessagingException {
        MimeMessage message = new MimeMessage(session);
        message.setFrom("sender@sender.example");
        message.setRecipient(MimeMessage.RecipientType.TO, new InternetAddress("a@" + domain));
        message.setText("hello");
        message.saveChanges();
        try {
            Transport.send(message);
        } catch (MessagingException e) {
            // kept back, which is what is counted; or to be tried again
        }
    }

    private DeliveryObserver remembering(DeliveryObserver observer) {
        return new DeliveryObserver() {
            @Override
            public void session(SessionResult result) {
                tell(result.policy(), () -> observer.session(result));
            }

            @Override
            public void sessionBroke(SessionResult told, SessionFailure failure) {
                tell(told.policy(), () -> observer.sessionBroke(told, failure));
            }

            @Override
            public void policyFailure(PolicyInForce policy, DiscoveryFailure failure) {
                tell(policy, () -> observer.policyFailure(policy, failure));
            }

            private void tell(PolicyInForce policy, Runnable event) {
                lastDelivery
                        .computeIfAbsent(policy.domain(), domain -> new ConcurrentLinkedQueue<>())
                        .add(event);
                event.run();
            }
        };
    }
}
