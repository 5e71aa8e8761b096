package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import io.github.mtasts.delivery.DeliveryObserver;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** The small internet, an engine that lives in it, and a session's properties for it. */
final class World implements AutoCloseable {
    final SmallInternet net = new SmallInternet();
    final Properties properties = new Properties();
    final List<SessionResult> sessions = new CopyOnWriteArrayList<>();
    final MtaSts engine;

    World() {
        this(UnaryOperator.identity());
    }

    World(UnaryOperator<MtaStsBuilder> also) {
        engine = also.apply(MtaSts.builder()
                        .dnsServer(net.dns().address())
                        .httpsPort(net.httpsPort())
                        .trustAnchors(net.ca().trustStore())
                        .clock(net.clock())
                        .allowPrivateAddresses(true)
                        .observer(new DeliveryObserver() {
                            @Override
                            public void session(SessionResult result) {
                                sessions.add(result);
                            }
                        }))
                .build();
        properties.put("mail.transport.protocol.rfc822", "mtasts");
        properties.put("mail.mtasts.engine", engine);
        properties.put("mail.mtasts.port", String.valueOf(net.smtpPort()));
        properties.put("mail.mtasts.localhost", "sender.example");
        properties.put("mail.mtasts.timeout", "60000"); // what hangs fails
    }

    /** Publishes a policy of the mode for the domain; {@code absent} publishes none. */
    SmallInternet.Domain domain(String name, String mode, String... patterns) {
        SmallInternet.Domain domain = net.domain(name);
        return mode.equals("absent") ? domain : domain.sts(mode, patterns);
    }

    MxServer mx(String name) {
        return net.mx(name);
    }

    Session session() {
        return Session.getInstance(properties);
    }

    MtaStsTransport transport() throws MessagingException {
        return (MtaStsTransport) session().getTransport("mtasts");
    }

    MtaStsTransport connected() throws MessagingException {
        MtaStsTransport transport = transport();
        transport.connect();
        return transport;
    }

    MimeMessage message(String... recipients) throws MessagingException {
        MimeMessage message = new MimeMessage(session());
        message.setFrom("sender@sender.example");
        message.setRecipients(Message.RecipientType.TO, addresses(recipients));
        message.setSubject("hello");
        message.setText("hello");
        message.saveChanges();
        return message;
    }

    void send(String... recipients) throws MessagingException {
        Transport.send(message(recipients));
    }

    static void send(MtaStsTransport transport, MimeMessage message) throws MessagingException {
        transport.sendMessage(message, message.getAllRecipients());
    }

    MtaStsDeliveryException refusal(String... recipients) {
        return catchThrowableOfType(MtaStsDeliveryException.class, () -> send(recipients));
    }

    MtaStsDeliveryException refusal(MtaStsTransport transport, String... recipients) {
        return catchThrowableOfType(MtaStsDeliveryException.class, () -> send(transport, message(recipients)));
    }

    MtaStsDeliveryException refusal(MtaStsTransport transport, MimeMessage message) {
        return catchThrowableOfType(MtaStsDeliveryException.class, () -> send(transport, message));
    }

    static Address[] addresses(String... texts) {
        Address[] addresses = new Address[texts.length];
        for (int i = 0; i < texts.length; i++) {
            InternetAddress address = new InternetAddress();
            address.setAddress(texts[i]);
            addresses[i] = address;
        }
        return addresses;
    }

    @Override
    public void close() {
        engine.close();
        net.close();
    }
}
