package io.github.mtasts.javamail;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.Deliveries;
import io.github.mtasts.delivery.NextHop;
import io.github.mtasts.delivery.TlsTerms;
import io.github.mtasts.policy.MxHost;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a connected transport sends with: settings as they were when it was connected, the engine, the relay if there is one, and the connections kept. */
final class Sender {
    private final MtaSts engine;
    private final SmtpSettings settings;
    private final Session users;
    private final Session dialogue;
    private final @Nullable Relay relay;
    private final @Nullable PasswordAuthentication credentials;
    private final Connections connections;

    /**
     * Sends with these.
     *
     * @param users the user's session; only asked who the user is, and whether to show the dialogue
     * @param relay takes all mail; null for MX hosts
     * @param credentials for the relay; null for none
     */
    Sender(
            MtaSts engine,
            SmtpSettings settings,
            Session users,
            @Nullable Relay relay,
            @Nullable PasswordAuthentication credentials) {
        this.engine = engine;
        this.settings = settings;
        this.users = users;
        this.dialogue = settings.dialogue(users);
        this.relay = relay;
        this.credentials = credentials;
        this.connections = new Connections(settings.number(Setting.KEEP));
    }

    SmtpSettings settings() {
        return settings;
    }

    Connections connections() {
        return connections;
    }

    /** A connection yet to be made. */
    SmtpConnection connection(MxHost host, InetAddress address, int port, TlsTerms terms) {
        boolean implicitTls = relay != null && settings.implicitTls(port);
        return new SmtpConnection(settings, dialogue, host, address, port, terms, implicitTls, credentials);
    }

    /** Sends a message as the policies demand: every recipient is in exactly one outcome. */
    List<DeliveryOutcome> send(MimeMessage message, Address[] recipients) throws MessagingException {
        return send(message, recipients, engine.deliveries());
    }

    /** Sends a message whatever the policies demand; see {@link Deliveries#unenforced()}. */
    List<DeliveryOutcome> sendUnenforced(MimeMessage message, Address[] recipients) throws MessagingException {
        return send(message, recipients, engine.deliveries().unenforced());
    }

    private List<DeliveryOutcome> send(MimeMessage message, Address[] recipients, Deliveries by)
            throws MessagingException {
        Envelope envelope = Envelope.of(message, settings, users);
        List<DeliveryOutcome> outcomes = new ArrayList<>();
        Map<NextHop, List<Recipient>> routes = routes(recipients, outcomes);
        int port = relay != null && relay.port() > 0 ? relay.port() : settings.number(Setting.PORT);
        routes.forEach((nextHop, whom) ->
                outcomes.addAll(new Delivery(this, by, envelope, nextHop, nextHop.toString(), port, whom).deliver()));
        return outcomes;
    }

    /** Groups recipients by where their mail goes next; each mailbox once, however often it is named and however its domain is spelled. */
    private Map<NextHop, List<Recipient>> routes(Address[] addresses, List<DeliveryOutcome> outcomes) {
        Map<NextHop, List<Recipient>> routes = new LinkedHashMap<>();
        Set<String> seen = new LinkedHashSet<>();
        for (Address address : expanded(addresses)) {
            try {
                if (!(address instanceof InternetAddress internet) || internet.getAddress() == null) {
                    throw new IllegalArgumentException("not a mail address: " + Form.quote(address.toString()));
                }
                Mailbox mailbox = Mailbox.parse(internet.getAddress());
                if (seen.add(mailbox.toString())) {
                    NextHop nextHop = relay == null ? mailbox.nextHop() : relay.nextHop();
                    routes.computeIfAbsent(nextHop, key -> new ArrayList<>()).add(new Recipient(address, mailbox));
                }
            } catch (IllegalArgumentException e) {
                String domain = String.valueOf(address).replaceFirst(".*@", "");
                outcomes.add(new DeliveryOutcome.Failed(
                        domain, List.of(address), "5.1.3", String.valueOf(e.getMessage()), null, 0));
            }
        }
        return routes;
    }

    private static List<Address> expanded(Address[] addresses) {
        List<Address> expanded = new ArrayList<>();
        for (Address address : addresses) {
            InternetAddress[] members = null;
            if (address instanceof InternetAddress internet && internet.isGroup()) {
                try {
                    members = internet.getGroup(true);
                } catch (AddressException e) {
                    // told as an address that is none
                }
            }
            expanded.addAll(members == null ? List.of(address) : List.of(members));
        }
        return expanded;
    }
}
