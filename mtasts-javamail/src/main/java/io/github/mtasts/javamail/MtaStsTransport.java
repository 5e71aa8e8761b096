package io.github.mtasts.javamail;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.NextHop;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.URLName;
import jakarta.mail.event.TransportEvent;
import jakarta.mail.internet.InternetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers messages to the MX hosts of their recipients' domains, as the domains' MTA-STS policies demand (RFC 8461 §5): over TLS verified for the right host, or not at all.
 * What a policy keeps back is told as {@link MtaStsDeliveryException}, to be tried again; this transport does not queue.
 *
 * <p>Jakarta Mail makes it for the protocol {@code mtasts}: set {@code mail.transport.protocol.rfc822=mtasts} and use {@link Transport#send(Message)}. It is configured by
 * {@code mail.mtasts.*}; no property of another protocol is read, and none can weaken what a policy demands. To share an engine of your own, put a {@link MtaSts} into the
 * session's properties as {@code mail.mtasts.engine}.
 *
 * <p>For one thread at a time, as every {@link Transport}.
 */
public final class MtaStsTransport extends Transport {
    private static final Logger LOG = LoggerFactory.getLogger(MtaStsTransport.class);

    private @Nullable SmtpSettings settings;
    private @Nullable MtaSts engine;
    private @Nullable SmtpSettings shared;
    private @Nullable String relay;
    private List<DeliveryOutcome> last = List.of();

    /**
     * For Jakarta Mail.
     *
     * @param session whose properties are the settings
     * @param urlname the relay, where a URL named one
     */
    public MtaStsTransport(Session session, URLName urlname) {
        super(session, urlname);
    }

    /**
     * Makes this transport ready; opens no connection, since no recipient is known yet.
     *
     * @param host a relay for all mail; null to deliver to MX hosts
     */
    @Override
    public synchronized void connect(@Nullable String host, int port, @Nullable String user, @Nullable String password)
            throws MessagingException {
        relay = host == null ? null : port > 0 ? "[" + host + "]:" + port : "[" + host + "]";
        super.connect(host, port, user, password);
    }

    @Override
    protected boolean protocolConnect(@Nullable String host, int port, @Nullable String user, @Nullable String password)
            throws MessagingException {
        SmtpSettings read = SmtpSettings.of(session.getProperties());
        if (relay == null && !read.text(Setting.RELAY).isEmpty()) {
            relay = read.text(Setting.RELAY);
        }
        if (relay == null && host != null) {
            LOG.warn(
                    "mail.host or mail.mtasts.host ({}) is not used: mail goes to MX hosts; name a relay as {}",
                    host,
                    Setting.RELAY.property());
        }
        Object own = session.getProperties().get(SmtpSettings.ENGINE);
        if (own instanceof MtaSts given) {
            engine = given;
        } else if (own != null) {
            throw new MessagingException("property " + SmtpSettings.ENGINE + " has to be an MtaSts, and is a "
                    + own.getClass().getName());
        } else {
            shared = read.engine();
            engine = MtaStsEngines.acquire(shared);
        }
        settings = read;
        return true;
    }

    @Override
    public synchronized void sendMessage(Message message, Address[] recipients) throws MessagingException {
        SmtpSettings current = settings;
        MtaSts sts = engine;
        if (!isConnected() || current == null || sts == null) {
            throw new IllegalStateException("not connected");
        }
        if (recipients.length == 0) {
            throw new MessagingException("no recipients");
        }
        List<DeliveryOutcome> outcomes = new ArrayList<>();
        Map<String, List<Address>> domains = byDomain(recipients, outcomes);
        if (relay != null) {
            List<Address> all = new ArrayList<>();
            domains.values().forEach(all::addAll);
            domains.clear();
            if (!all.isEmpty()) {
                domains.put(relay, all);
            }
        }
        Delivery delivery = new Delivery(sts, current, message);
        domains.forEach((domain, addresses) -> outcomes.addAll(deliver(delivery, current, domain, addresses)));
        last = List.copyOf(outcomes);
        conclude(message, outcomes);
    }

    /** {@return what became of the last message, domain by domain, also when all of it was delivered; empty before the first} */
    public synchronized List<DeliveryOutcome> outcomes() {
        return last;
    }

    private List<DeliveryOutcome> deliver(
            Delivery delivery, SmtpSettings current, String domain, List<Address> addresses) {
        String hop = domain;
        int port = current.number(Setting.PORT);
        int colon = domain.lastIndexOf("]:");
        if (relay != null && colon > 0) {
            hop = domain.substring(0, colon + 1);
            port = Integer.parseInt(domain.substring(colon + 2));
        }
        NextHop nextHop;
        try {
            nextHop = NextHop.parse(hop);
        } catch (IllegalArgumentException e) {
            return List.of(
                    new DeliveryOutcome.Failed(domain, addresses, "5.1.2", String.valueOf(e.getMessage()), null));
        }
        return delivery.to(domain, nextHop, port, addresses);
    }

    private static Map<String, List<Address>> byDomain(Address[] recipients, List<DeliveryOutcome> outcomes) {
        Map<String, List<Address>> domains = new LinkedHashMap<>();
        for (Address recipient : recipients) {
            String address = recipient instanceof InternetAddress internet ? internet.getAddress() : null;
            int at = address == null ? -1 : address.lastIndexOf('@');
            if (address == null || at < 1 || at == address.length() - 1) {
                outcomes.add(new DeliveryOutcome.Failed(
                        "", List.of(recipient), "5.1.3", "not a mail address: \"" + recipient + "\"", null));
                continue;
            }
            String domain = address.substring(at + 1).toLowerCase(Locale.ROOT);
            List<Address> group = domains.computeIfAbsent(domain, ignored -> new ArrayList<>());
            if (!group.contains(recipient)) {
                group.add(recipient);
            }
        }
        return domains;
    }

    private void conclude(Message message, List<DeliveryOutcome> outcomes) throws MtaStsDeliveryException {
        Address[] sent = MtaStsDeliveryException.sent(outcomes);
        Address[] unsent = MtaStsDeliveryException.unsent(outcomes);
        Address[] invalid = MtaStsDeliveryException.invalid(outcomes);
        if (unsent.length == 0 && invalid.length == 0) {
            notifyTransportListeners(TransportEvent.MESSAGE_DELIVERED, sent, unsent, invalid, message);
            return;
        }
        int type = sent.length == 0 ? TransportEvent.MESSAGE_NOT_DELIVERED : TransportEvent.MESSAGE_PARTIALLY_DELIVERED;
        notifyTransportListeners(type, sent, unsent, invalid, message);
        throw new MtaStsDeliveryException(outcomes);
    }

    @Override
    public synchronized void close() throws MessagingException {
        try {
            super.close();
        } finally {
            if (shared != null) {
                MtaStsEngines.release(shared);
            }
            shared = null;
            engine = null;
            settings = null;
            relay = null;
        }
    }
}
