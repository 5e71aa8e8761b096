package io.github.mtasts.javamail;

import io.github.mtasts.testkit.MxServer;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import java.util.List;
import java.util.Properties;

/** Angus's own transport with STARTTLS and no check of anybody, to compare with. */
final class AngusTwin {
    private final Properties properties = new Properties();

    AngusTwin(World world) {
        set("starttls.required", "true");
        set("ssl.trust", "*");
        set("ssl.checkserveridentity", "false");
        set("localhost", "sender.example");
        set("port", String.valueOf(world.net.smtpPort()));
        properties.setProperty("mail.mime.allowutf8", String.valueOf(world.properties.get("mail.mime.allowutf8")));
    }

    void set(String key, String value) {
        properties.setProperty("mail.smtp." + key, value);
    }

    /** A transport of Angus's, connected to the host. */
    Transport connected(MxServer mx) throws MessagingException {
        Transport transport = Session.getInstance(properties).getTransport("smtp");
        transport.connect(mx.address().getHostAddress(), null, null);
        return transport;
    }

    /** What was said on the last connection. */
    static List<String> lastDialogue(MxServer mx) {
        return mx.connections().get(mx.connections().size() - 1).commands();
    }
}
