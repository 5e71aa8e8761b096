package users;

import io.github.mtasts.MtaSts;
import io.github.mtasts.javamail.MtaStsDeliveryException;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.util.Properties;

/** Sends with Jakarta Mail from a module of its own: what the policy allows arrives, what it forbids comes back. */
public final class ModulePathUser {
    private ModulePathUser() {}

    public static void main(String[] arguments) throws MessagingException {
        check(MtaSts.class.getModule().isNamed(), "the core is a module");
        check(MtaStsDeliveryException.class.getModule().isNamed(), "the transport is a module");
        try (SmallInternet net = new SmallInternet();
                MtaSts engine = MtaSts.builder()
                        .dnsServer(net.dns().address())
                        .httpsPort(net.httpsPort())
                        .trustAnchors(net.ca().trustStore())
                        .allowPrivateAddresses(true)
                        .build()) {
            Properties properties = new Properties();
            properties.put("mail.transport.protocol.rfc822", "mtasts");
            properties.put("mail.mtasts.engine", engine);
            properties.put("mail.mtasts.port", String.valueOf(net.smtpPort()));
            properties.put("mail.mtasts.localhost", "sender.example");
            MimeMessage message = new MimeMessage(Session.getInstance(properties));
            message.setFrom("a@sender.example");
            message.setRecipients(Message.RecipientType.TO, "b@example.com");
            message.setText("hello");
            net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");

            Transport.send(message);
            check(net.mx("mx.example.com").mails().size() == 1, "the message arrived");

            net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);
            String status = "sent";
            try {
                Transport.send(message);
            } catch (MtaStsDeliveryException e) {
                status = e.status();
            }
            check(status.equals("4.7.4"), "a message without TLS comes back, but: " + status);
            check(net.mx("mx.example.com").mails().size() == 1, "the second message stayed here");
        }
        System.out.println("module path: good");
    }

    private static void check(boolean good, String what) {
        if (!good) {
            throw new IllegalStateException("not so: " + what);
        }
    }
}
