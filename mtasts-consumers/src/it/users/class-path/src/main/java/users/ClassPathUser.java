package users;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.MxDecision;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.javamail.DeliveryOutcome;
import io.github.mtasts.javamail.MtaStsDeliveryException;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.SmallInternet;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.util.List;
import java.util.Properties;

/** Judges MX hosts and sends with Jakarta Mail, without modules: one domain gets its mail, the other's stays here. */
public final class ClassPathUser {
    private ClassPathUser() {}

    public static void main(String[] arguments) throws MessagingException {
        check(!MtaSts.class.getModule().isNamed(), "there are no modules");
        try (SmallInternet net = new SmallInternet();
                MtaSts engine = MtaSts.builder()
                        .dnsServer(net.dns().address())
                        .httpsPort(net.httpsPort())
                        .trustAnchors(net.ca().trustStore())
                        .allowPrivateAddresses(true)
                        .build()) {
            net.domain("example.com").sts("enforce", "*.example.com").mx(10, "mx.example.com");
            net.domain("example.net").sts("enforce", "*.example.net").mx(10, "mx.example.net");
            net.mx("mx.example.net").certificate(CertificateFault.EXPIRED);

            PolicyInForce policy = engine.policyFor(PolicyDomain.of("example.com"));
            check(MxDecision.of(policy, MxHost.of("mx.example.com")) instanceof MxDecision.DeliverWith, "its own host");
            check(MxDecision.of(policy, MxHost.of("mx.evilexample.com")) instanceof MxDecision.Refuse, "a stranger");

            Properties properties = new Properties();
            properties.put("mail.transport.protocol.rfc822", "mtasts");
            properties.put("mail.mtasts.engine", engine);
            properties.put("mail.mtasts.port", String.valueOf(net.smtpPort()));
            properties.put("mail.mtasts.localhost", "sender.example");
            MimeMessage message = new MimeMessage(Session.getInstance(properties));
            message.setFrom("a@sender.example");
            message.setRecipients(Message.RecipientType.TO, "b@example.com, c@example.net");
            message.setText("hello");
            List<DeliveryOutcome> outcomes = List.of();
            try {
                Transport.send(message);
            } catch (MtaStsDeliveryException e) {
                outcomes = e.outcomes();
            }
            check(outcomes.size() == 2, "one outcome for each domain, but: " + outcomes);
            check(outcomes.get(0) instanceof DeliveryOutcome.Delivered, "the first is delivered, but: " + outcomes);
            check(outcomes.get(1) instanceof DeliveryOutcome.Deferred, "the second is deferred, but: " + outcomes);
            check(net.mx("mx.example.com").mails().size() == 1, "the first domain has its mail");
            check(net.mx("mx.example.net").mails().isEmpty(), "the second has none");
        }
        System.out.println("class path: good");
    }

    private static void check(boolean good, String what) {
        if (!good) {
            throw new IllegalStateException("not so: " + what);
        }
    }
}
