package io.github.mtasts.javamail;

import io.github.mtasts.MtaSts;
import io.github.mtasts.javamail.unenforced.UnenforcedMail;
import jakarta.mail.Address;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.URLName;
import jakarta.mail.event.TransportEvent;
import jakarta.mail.internet.MimeMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers messages to the MX hosts of their recipients' domains, as the domains' MTA-STS policies demand (RFC 8461 §5): over TLS verified for the right host, or not at all.
 * What a policy keeps back is told as {@link MtaStsDeliveryException}, to be tried again; this transport does not queue.
 *
 * <p>Jakarta Mail makes it for the protocol {@code mtasts}: set {@code mail.transport.protocol.rfc822=mtasts} and use {@link Transport#send(Message)}. It is configured by
 * {@code mail.mtasts.*}, read once, when it is connected; no property of another protocol is read, and none can weaken what a policy demands. To share an engine of your own, put
 * a {@link MtaSts} into the session's properties as {@code mail.mtasts.engine}.
 *
 * <p>A host given to {@link #connect(String, int, String, String)} is a relay: it takes all mail, and its own policy decides (RFC 8461 §3.4). Credentials are offered to a relay
 * alone, over TLS verified for its name, and never to an MX host.
 *
 * <p>While it is connected, connections to MX hosts are kept open between messages; whether a message may go over one is decided anew for each message. For one thread at a time,
 * as every {@link Transport}; the engine behind it serves any number.
 */
public final class MtaStsTransport extends Transport {
    private static final Logger LOG = LoggerFactory.getLogger(MtaStsTransport.class);

    private final @Nullable URLName named;
    private @Nullable String relayHost;
    private int relayPort;
    private MtaStsEngines.@Nullable Use use;
    private @Nullable Sender sender;
    private List<DeliveryOutcome> last = List.of();

    /**
     * For Jakarta Mail.
     *
     * @param session whose properties are the settings
     * @param urlname the relay, where a URL named one
     */
    public MtaStsTransport(Session session, URLName urlname) {
        super(session, urlname);
        named = urlname; // what the superclass makes of it has defaults mixed in
    }

    /**
     * Makes this transport ready; opens no connection, since no recipient is known yet.
     *
     * @param host a relay for all mail; null to deliver to MX hosts, or to the relay that {@code mail.mtasts.relay} names
     * @param port the relay's port; -1 for the configured one
     * @param user the relay's user; of no use without a relay
     * @param password the relay's password
     * @throws MessagingException if a property is unknown or malformed
     */
    @Override
    public synchronized void connect(@Nullable String host, int port, @Nullable String user, @Nullable String password)
            throws MessagingException {
        URLName url = named;
        boolean inUrl = host == null
                && url != null
                && url.getHost() != null
                && !url.getHost().isEmpty();
        relayHost = inUrl && url != null ? url.getHost() : host;
        relayPort = inUrl && url != null ? url.getPort() : port;
        super.connect(host, port, user, password);
    }

    @Override
    protected boolean protocolConnect(@Nullable String host, int port, @Nullable String user, @Nullable String password)
            throws MessagingException {
        SmtpSettings settings = SmtpSettings.of(session.getProperties());
        Relay relay = relay(settings);
        PasswordAuthentication credentials = relay == null ? null : credentials(settings, relay, user, password);
        MtaStsEngines.Use using = MtaStsEngines.use(settings);
        warn(using.engine(), settings, relay, user != null && password != null);
        use = using;
        sender = new Sender(using.engine(), settings, session, relay, credentials);
        return true;
    }

    private @Nullable PasswordAuthentication credentials(
            SmtpSettings settings, Relay relay, @Nullable String user, @Nullable String password)
            throws MessagingException {
        PasswordAuthentication credentials =
                user == null || password == null ? null : new PasswordAuthentication(user, password);
        if (credentials == null && settings.flag(Setting.AUTH)) {
            // not left to Jakarta Mail, which would look the name up, and asks for this machine where there is none
            credentials = session.requestPasswordAuthentication(
                    null, relay.port(), "mtasts", relay.nextHop().toString(), user);
            if (credentials == null) {
                throw new AuthenticationFailedException(
                        Setting.AUTH.property() + " is true, and there are no credentials for " + relay.nextHop());
            }
        }
        if (credentials != null && !relay.isNamedHost()) {
            // DNS says who the hosts of a domain are, and DNS can be forged
            throw new MessagingException("credentials are offered only to a relay named as a host,"
                    + " as in [relay.example.com]:587, and the relay is "
                    + Form.quote(relay.nextHop().toString()));
        }
        return credentials;
    }

    private @Nullable Relay relay(SmtpSettings settings) throws MessagingException {
        String host = relayHost;
        if (host == null || host.isEmpty()) {
            return settings.relay();
        }
        try {
            return Relay.of(host, relayPort);
        } catch (IllegalArgumentException e) {
            throw new MessagingException("the relay is " + e.getMessage(), e);
        }
    }

    private void warn(MtaSts engine, SmtpSettings settings, @Nullable Relay relay, boolean credentials) {
        if (relay == null) {
            for (String key : List.of("mail.mtasts.host", "mail.host", "mail.smtp.host")) {
                String host = session.getProperty(key);
                if (host != null && MtaStsEngines.sayOnce(engine, key)) {
                    LOG.warn(
                            "{}={} is not used: mail goes to the MX hosts of its recipients; a relay is named by {}",
                            key,
                            Form.quote(host),
                            Setting.RELAY.property());
                }
            }
            if (credentials && MtaStsEngines.sayOnce(engine, "credentials")) {
                LOG.warn("user and password are not used: MX hosts are never offered credentials");
            }
        }
        String ehlo = settings.ehloName();
        if (!SmtpSettings.isQualified(ehlo) && MtaStsEngines.sayOnce(engine, "ehlo " + ehlo)) {
            LOG.warn(
                    "EHLO says {}, which is not a qualified name, so that many receivers will not take mail: set {} to this machine's name in DNS",
                    ehlo.isEmpty() ? "an address" : Form.quote(ehlo),
                    Setting.LOCALHOST.property());
        }
    }

    /**
     * Sends a message, host by host, until every recipient is served or nobody is left to ask. A mailbox that is named twice gets it once.
     *
     * @throws MtaStsDeliveryException if anybody was not served
     * @throws MessagingException if nothing was sent at all because the message is no {@link MimeMessage} or has no valid sender
     */
    @Override
    public synchronized void sendMessage(Message message, Address[] recipients) throws MessagingException {
        conclude(message, connected().send(mime(message), recipients(recipients)));
    }

    /**
     * Sends a mail that no policy keeps back, and that is not counted in any report. A call of its own, with a type of its own: see {@link UnenforcedMail} for who may make one.
     *
     * @param mail a report about TLS
     * @throws MtaStsDeliveryException if anybody was not served
     * @throws MessagingException if nothing was sent at all because the message has no valid sender
     */
    @SuppressWarnings("exports") // the type is exported to the one module that may call this
    public synchronized void sendUnenforced(UnenforcedMail mail) throws MessagingException {
        conclude(
                mail.message(),
                connected().sendUnenforced(mail.message(), mail.recipients().toArray(Address[]::new)));
    }

    /** {@return what became of the last message, domain by domain, also when all of it was delivered; empty before the first} */
    public synchronized List<DeliveryOutcome> outcomes() {
        return last;
    }

    private Sender connected() {
        Sender connected = sender;
        if (connected == null || !isConnected()) {
            throw new IllegalStateException("not connected");
        }
        return connected;
    }

    private static MimeMessage mime(Message message) throws MessagingException {
        if (message instanceof MimeMessage mime) {
            return mime;
        }
        throw new MessagingException("only messages of RFC 5322 can be sent (MimeMessage)");
    }

    private static Address[] recipients(Address @Nullable [] recipients) throws SendFailedException {
        if (recipients == null || recipients.length == 0) {
            throw new SendFailedException("no recipients");
        }
        return recipients;
    }

    private void conclude(Message message, List<DeliveryOutcome> outcomes) throws MtaStsDeliveryException {
        last = List.copyOf(outcomes);
        Address[] sent = MtaStsDeliveryException.sent(outcomes);
        Address[] unsent = MtaStsDeliveryException.unsent(outcomes);
        Address[] invalid = MtaStsDeliveryException.invalid(outcomes);
        boolean all = unsent.length == 0 && invalid.length == 0;
        notifyTransportListeners(
                all
                        ? TransportEvent.MESSAGE_DELIVERED
                        : sent.length == 0
                                ? TransportEvent.MESSAGE_NOT_DELIVERED
                                : TransportEvent.MESSAGE_PARTIALLY_DELIVERED,
                sent,
                unsent,
                invalid,
                message);
        if (!all) {
            throw new MtaStsDeliveryException(outcomes);
        }
    }

    /** Ends the connections kept. Closing twice does nothing. */
    @Override
    public synchronized void close() throws MessagingException {
        Sender ended = sender;
        MtaStsEngines.Use used = use;
        sender = null;
        use = null;
        try {
            if (ended != null) {
                ended.connections().closeAll();
            }
        } finally {
            if (used != null) {
                used.end();
            }
            if (isConnected()) {
                super.close();
            }
        }
    }
}
