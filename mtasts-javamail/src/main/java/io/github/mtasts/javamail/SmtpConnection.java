package io.github.mtasts.javamail;

import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.ConnectionInfo;
import io.github.mtasts.delivery.TlsTerms;
import io.github.mtasts.policy.MxHost;
import jakarta.mail.Address;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import jakarta.mail.internet.InternetAddress;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.jspecify.annotations.Nullable;

/**
 * One SMTP connection to one address of an MX host or relay: Angus's dialogue over our own {@link Wire}. TLS is started as the {@link TlsTerms} have it, in the middle of
 * {@code EHLO}, and nothing of a message is said before they cleared the very connection at hand.
 *
 * <p>The dialogue's session is a private one, made from {@link SmtpSettings} alone: no property of a user's session is seen here, and none concerns TLS.
 */
class SmtpConnection extends SMTPTransport {
    private static final Duration FAREWELL = Duration.ofSeconds(5);

    /** What may be said before the connection is cleared for mail. */
    private static final Set<String> HARMLESS = Set.of("EHLO", "HELO", "STARTTLS", "NOOP", "RSET", "QUIT");

    private final SmtpSettings settings;
    private final MxHost host;
    private final InetAddress address;
    private final int port;
    private final TlsTerms terms;
    private final boolean implicitTls;
    private final @Nullable PasswordAuthentication credentials;
    private final Duration timeout;
    private final Duration mostIdle;
    private final int mostMessages;
    private @Nullable Wire wire;
    private boolean opening;
    private @Nullable Clearance clearance;
    private @Nullable Peer clearedPeer;
    private @Nullable TlsTerms securedBy;
    private String localName;
    private String ehloReply = "";
    private int handedOver;
    private long lastUse;

    // one message's dialogue
    private Mailbox.@Nullable Path reversePath;
    private String verb = "";
    private @Nullable Reply mail;
    private final List<@Nullable Reply> recipientReplies = new ArrayList<>();
    private @Nullable Reply data;
    private @Nullable Reply end;
    private boolean dataBegan;
    private boolean dataEnded;
    private boolean inTransaction;

    /**
     * A connection yet to be made.
     *
     * @param dialogue a private session ({@link SmtpSettings#dialogue})
     * @param terms of this connection
     * @param implicitTls whether TLS begins with the first byte
     * @param credentials offered over verified TLS only; null for none
     */
    SmtpConnection(
            SmtpSettings settings,
            Session dialogue,
            MxHost host,
            InetAddress address,
            int port,
            TlsTerms terms,
            boolean implicitTls,
            @Nullable PasswordAuthentication credentials) {
        super(dialogue, new URLName("smtp", host.name(), port, null, null, null));
        this.settings = settings;
        this.host = host;
        this.address = named(host, address);
        this.port = port;
        this.terms = credentials == null ? terms : terms.strict();
        this.implicitTls = implicitTls;
        this.credentials = credentials;
        this.timeout = settings.duration(Setting.TIMEOUT);
        this.mostIdle = settings.duration(Setting.KEEP_IDLE);
        this.mostMessages = settings.number(Setting.KEEP_MESSAGES);
        this.localName = settings.ehloName();
    }

    /** Without a name of its own an address would be looked up backwards, and TLS would be asked for another name. */
    private static InetAddress named(MxHost host, InetAddress address) {
        try {
            return InetAddress.getByAddress(host.name(), address.getAddress());
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e); // an InetAddress has 4 or 16 bytes
        }
    }

    /** The terms did not clear the connection for mail. */
    static final class RefusedException extends MessagingException {
        private static final long serialVersionUID = 1L;

        private final String status;

        RefusedException(String status, String message, IOException cause) {
            super(message, cause);
            this.status = status;
        }

        /** The enhanced status code (RFC 3463): never of class 5 (RFC 8461 §5). */
        String status() {
            return status;
        }
    }

    /** Who is at the other end of a TLS session, and over what: the same as long as nobody renegotiates. */
    private record Peer(String protocol, String cipherSuite, List<Certificate> certificates) {
        static Peer of(SSLSession session) {
            List<Certificate> certificates;
            try {
                certificates = List.of(session.getPeerCertificates());
            } catch (SSLPeerUnverifiedException e) {
                certificates = List.of();
            }
            return new Peer(session.getProtocol(), session.getCipherSuite(), certificates);
        }
    }

    MxHost host() {
        return host;
    }

    InetAddress address() {
        return address;
    }

    int port() {
        return port;
    }

    /** Whether Angus is on its way through {@link #connect}. */
    final boolean isOpening() {
        return opening;
    }

    /** What the terms allowed when the connection was made. */
    Clearance clearance() {
        Clearance cleared = clearance;
        if (cleared == null) {
            throw new IllegalStateException("not connected");
        }
        return cleared;
    }

    /** The TLS version in use; empty in clear text. */
    String tlsVersion() {
        Peer peer = clearedPeer;
        return peer == null ? "" : peer.protocol();
    }

    /**
     * Connects: whatever host, port and credentials a caller names, it is to the host and address of this object, and with its own credentials.
     *
     * @throws RefusedException if the terms do not clear the connection for mail
     * @throws MessagingException if there is no connection, or no dialogue
     */
    @Override
    public synchronized void connect(@Nullable String host, int port, @Nullable String user, @Nullable String password)
            throws MessagingException {
        if (opening) {
            super.connect(host, port, null, null); // Angus comes back here when it is given the socket
            return;
        }
        if (wire != null) {
            // Angus would connect by itself now, to whatever address the name has
            throw new IllegalStateException("a connection is made once");
        }
        try {
            open();
        } catch (RefusedException e) {
            if (clearance != Clearance.RECONNECT_IN_CLEAR) {
                throw e;
            }
            // RFC 7435: nothing demands TLS here, and the terms said so
            clearance = Clearance.CLEARTEXT;
            open();
        }
    }

    /** Does nothing but refuse: nobody else's socket is used here. */
    @Override
    public synchronized void connect(Socket socket) throws MessagingException {
        throw new MessagingException("the connection is made here, to " + this);
    }

    private void open() throws MessagingException {
        Wire made;
        try {
            made = Wire.connect(
                    settings.localAddress(),
                    address,
                    port,
                    settings.duration(Setting.CONNECTION_TIMEOUT),
                    settings.duration(Setting.WRITE_TIMEOUT));
        } catch (IOException e) {
            throw new MessagingException(address.getHostAddress() + ": " + e.getMessage(), e);
        }
        wire = made;
        boolean connected = false;
        try {
            if (implicitTls) {
                startTls(made);
            }
            opening = true;
            super.connect(made.socket());
            connected = true;
            lastUse = System.nanoTime();
        } catch (RefusedException | AuthenticationFailedException e) {
            throw e;
        } catch (MessagingException e) {
            // Angus keeps what the server said to itself
            IOException cause =
                    e.getNextException() instanceof IOException io ? io : new IOException(e.getMessage(), e);
            throw new MessagingException(getLastReturnCode() >= 400 ? "it said " + said() : text(e), cause);
        } finally {
            opening = false;
            if (!connected) {
                abandon();
                wire = null;
            }
        }
    }

    @Override
    protected synchronized boolean protocolConnect(
            @Nullable String host, int port, @Nullable String user, @Nullable String password)
            throws MessagingException {
        // never those of a session or a caller: a host that DNS named would get them
        return credentials == null
                ? super.protocolConnect(host, port, null, null)
                : super.protocolConnect(host, port, credentials.getUserName(), credentials.getPassword());
    }

    @Override
    public synchronized void setLocalHost(@Nullable String name) {
        localName = name == null ? "" : name;
    }

    /** The name for EHLO; where there is none, the address connected from (RFC 5321 §4.1.4). */
    @Override
    public synchronized String getLocalHost() {
        if (!localName.isEmpty()) {
            return localName;
        }
        InetAddress local = wire().localAddress();
        return "[" + (local instanceof Inet6Address ? "IPv6:" : "") + withoutZone(local.getHostAddress()) + "]";
    }

    private static String withoutZone(String literal) {
        int zone = literal.indexOf('%');
        return zone < 0 ? literal : literal.substring(0, zone);
    }

    private Wire wire() {
        Wire made = wire;
        if (made == null) {
            throw new IllegalStateException("not connected");
        }
        return made;
    }

    private TlsTerms known() {
        return terms.on(new ConnectionInfo(wire().localAddress(), address, ehloReply));
    }

    /** Says hello, and starts TLS where it is offered: what is said from then on is said again (RFC 3207 §4.2). */
    @Override
    protected boolean ehlo(@Nullable String domain) throws MessagingException {
        if (!hello(domain)) {
            return false;
        }
        if (clearance != null) {
            return true; // TLS from the first byte, or the terms said to go without
        }
        if (!supportsExtension("STARTTLS")) {
            clear(known().notOffered(), "4.7.4", "STARTTLS is not offered");
            return true;
        }
        int code;
        try {
            code = simpleCommand("STARTTLS");
        } catch (MessagingException e) {
            IOException cause =
                    e.getNextException() instanceof IOException io ? io : new SSLException(e.getMessage(), e);
            throw failed(cause);
        }
        if (code == 421) {
            throw new MessagingException(said());
        }
        if (code >= 400 && code < 600) {
            // RFC 3207 §4.2: the command was refused; the session goes on without TLS, if the terms let it
            clear(known().notOffered(), "4.7.4", "STARTTLS is refused: " + said());
            return true;
        }
        if (code != 220) {
            throw failed(new SSLException("the reply to STARTTLS is " + said()));
        }
        startTls(wire());
        if (!helloOverTls(domain)) {
            // what the server offered before TLS must be forgotten (RFC 3207 §4.2), and it offers nothing anew
            throw new MessagingException("EHLO over TLS is refused: " + said());
        }
        return true;
    }

    /** TLS 1.3 lets a host refuse the client's handshake after the client has a session: its alert comes in place of the reply. */
    private boolean helloOverTls(@Nullable String domain) throws MessagingException {
        try {
            return hello(domain);
        } catch (MessagingException e) {
            TlsTerms secured = securedBy;
            if (secured != null && e.getNextException() != null) {
                secured.broke(e.getNextException());
                if (!implicitTls
                        && secured.clearTextAllowed()
                        && e.getNextException() instanceof SSLException refusal) {
                    // RFC 7435: as where the handshake failed before the client had a session
                    clearance = Clearance.RECONNECT_IN_CLEAR;
                    clearedPeer = null;
                    securedBy = null;
                    throw new RefusedException("4.7.5", String.valueOf(refusal.getMessage()), refusal);
                }
            }
            throw e;
        }
    }

    private void startTls(Wire connected) throws MessagingException {
        SSLSession session;
        try {
            session = connected.startTls(terms.socketFactory(), timeout);
        } catch (IOException e) {
            throw failed(e);
        }
        clearedPeer = Peer.of(session);
        TlsTerms secured = known();
        securedBy = secured;
        clear(secured.established(session), "4.7.5", "the TLS session does not pass");
    }

    /** TLS was offered and came to nothing: the connection is dead. */
    private MessagingException failed(IOException cause) {
        if (!Thread.currentThread().isInterrupted()) { // which is no fault of the host's
            clearance = known().handshakeFailed(cause);
            // a port for TLS from the first byte knows no clear text
            if (!implicitTls || clearance == Clearance.NEXT_HOST) {
                return new RefusedException("4.7.5", String.valueOf(cause.getMessage()), cause);
            }
        }
        return new MessagingException("TLS failed: " + cause.getMessage(), cause);
    }

    /** Takes note of what the terms allow, and ends the dialogue unless that is to send. */
    private void clear(Clearance allowed, String status, String why) throws RefusedException {
        clearance = allowed;
        if (!allowed.maySend()) {
            throw new RefusedException(status, why, new SSLException(why));
        }
    }

    private boolean hello(@Nullable String domain) throws MessagingException {
        if (super.ehlo(domain)) {
            String[] words = getLastServerResponse().substring(4).split("\\s", 2);
            ehloReply = words[0];
            return true;
        }
        int code = getLastReturnCode();
        if (code < 500 || code > 599) {
            // RFC 5321 §3.2: only a refusal for good calls for HELO; anything else is no answer to what is offered
            throw new MessagingException("EHLO is answered by " + said());
        }
        return false;
    }

    /** EHLO was refused for good: without it, there is no STARTTLS. */
    @Override
    protected void helo(@Nullable String domain) throws MessagingException {
        if (clearance == null) {
            clear(known().notOffered(), "4.7.4", "EHLO is refused, so STARTTLS is not offered");
        }
        super.helo(domain);
    }

    /** Does nothing: TLS is started with EHLO, once (RFC 3207 §4.2). */
    @Override
    protected void startTLS() {}

    private String said() {
        String response = getLastServerResponse();
        return Form.quote(response == null ? "" : response.strip());
    }

    /** Refuses to say anything of a message, or any credential, unless the connection at hand is the one that the terms cleared. */
    @Override
    protected void sendCommand(String asked) throws MessagingException {
        String line = reversePath == null ? asked : reversePath.inPlace(asked);
        verb = verbOf(line);
        if (!HARMLESS.contains(verb)) {
            requireClearance(verb);
        }
        if (line.equals(".") || (verb.equals("BDAT") && line.endsWith(" LAST"))) {
            dataEnded = true; // from here on the server may have taken the message
        }
        super.sendCommand(line);
    }

    private static String verbOf(String line) {
        int end = 0;
        while (end < line.length() && line.charAt(end) != ' ' && line.charAt(end) != ':') {
            end++;
        }
        return line.substring(0, end).toUpperCase(Locale.ROOT);
    }

    private void requireClearance(String verb) throws MessagingException {
        SSLSession session = wire().session();
        Peer peer = session == null ? null : Peer.of(session);
        boolean same = peer == null ? clearedPeer == null : peer.equals(clearedPeer);
        boolean enough = clearance == Clearance.CLEARTEXT || (peer != null && clearance != null && clearance.maySend());
        boolean verified = credentials != null && clearance == Clearance.VERIFIED_TLS;
        if (!same || !enough || (verb.equals("AUTH") && !verified)) {
            throw new MessagingException("this connection is not cleared for " + verb);
        }
    }

    @Override
    protected int readServerResponse() throws MessagingException {
        wire().expectReply(
                        verb.equals("QUIT")
                                ? FAREWELL.compareTo(timeout) < 0 ? FAREWELL : timeout
                                : dataEnded
                                        // RFC 5321 §4.5.3.2.6: patience here spares the recipient a second copy
                                        ? timeout.multipliedBy(2)
                                        : timeout);
        int code = super.readServerResponse();
        Reply reply = code < 200 || code > 599 ? null : Reply.of(code, getLastServerResponse());
        switch (verb) {
            case "MAIL" -> {
                mail = reply;
                inTransaction = reply == null || reply.isPositive();
            }
            case "RSET" -> inTransaction = code != 250;
            case "RCPT" -> recipientReplies.add(reply);
            case "DATA" -> {
                data = reply;
                dataBegan = code == 354;
            }
            case "BDAT", "." -> {
                dataBegan = true;
                if (dataEnded) {
                    end = reply;
                    inTransaction = reply == null; // RFC 5321 §4.1.1.4: any reply to the end of the data clears all
                } else {
                    data = reply;
                }
            }
            default -> {}
        }
        return code;
    }

    /**
     * Hands a message over.
     *
     * @param recipients at least one, all different
     * @return the fate of each recipient, in their order
     */
    synchronized List<Fate> handOver(Envelope envelope, List<Recipient> recipients) {
        forgetDialogue();
        reversePath = envelope.sender();
        session.getProperties().setProperty("mail.smtp.from", reversePath.written()); // read at once, by this thread
        Address[] addresses = new Address[recipients.size()];
        for (int i = 0; i < addresses.length; i++) {
            InternetAddress wireAddress = new InternetAddress();
            wireAddress.setAddress(recipients.get(i).mailbox().toString());
            addresses[i] = wireAddress;
        }
        Exception failure = null;
        boolean ready = false;
        try {
            Message message = envelope.messageFor(this);
            ready = true;
            sendMessage(message, addresses);
        } catch (MessagingException e) {
            failure = e;
        } catch (RuntimeException e) {
            // from the content, which is the caller's code; what became of his other recipients has to be told all the
            // same
            failure = e;
        }
        handedOver++;
        lastUse = System.nanoTime();
        List<Fate> fates = new ArrayList<>();
        for (int i = 0; i < addresses.length; i++) {
            fates.add(ready ? fate(i, failure) : unreadable(failure));
        }
        if (!isSound()) {
            abandon();
        }
        return fates;
    }

    private static Fate unreadable(@Nullable Exception failure) {
        return new Fate.Held("4.6.0", "the message cannot be read: " + text(failure));
    }

    private void forgetDialogue() {
        mail = null;
        recipientReplies.clear();
        data = null;
        end = null;
        dataBegan = false;
        dataEnded = false;
    }

    private Fate fate(int recipient, @Nullable Exception failure) {
        Reply told = mail;
        boolean ofRecipient = told != null && told.isPositive();
        if (ofRecipient) {
            told = recipient < recipientReplies.size() ? recipientReplies.get(recipient) : null;
        }
        if (told == null) {
            return new Fate.NotTaken(Fate.NotTaken.Kind.LOST, "4.4.2", "the connection was lost: " + text(failure));
        }
        return told.isPositive() ? fateOfMessage(failure) : refusal(told, ofRecipient);
    }

    /** What became of those recipients that the server took. */
    private Fate fateOfMessage(@Nullable Exception failure) {
        if (end != null && end.code() >= 400) {
            return refusal(end, false);
        }
        if (end != null && end.isPositive()) {
            return new Fate.Taken();
        }
        if (dataEnded) {
            return new Fate.Held(
                    "4.4.2",
                    "the connection was lost when the whole message was sent; it may have been delivered ("
                            + text(failure) + ")");
        }
        if (data != null && data.code() >= 400) {
            return refusal(data, false);
        }
        if (failure != null && !(failure instanceof SMTPSendFailedException) && !wire().isBroken()) {
            // neither the server nor the connection failed: it is the content, and would be with any other server
            return unreadable(failure);
        }
        return new Fate.NotTaken(Fate.NotTaken.Kind.LOST, "4.4.2", "the connection was lost: " + text(failure));
    }

    private Fate refusal(Reply reply, boolean ofRecipient) {
        boolean wantsTls = (reply.code() == 530 || reply.code() == 538) && clearance == Clearance.CLEARTEXT;
        // RFC 5321 §4.5.3.1.10: 452, or in its place 552, means too many recipients
        boolean tooMany = ofRecipient && (reply.code() == 452 || reply.code() == 552);
        if (reply.isPermanent() && !wantsTls && !tooMany) {
            return new Fate.Refused(reply);
        }
        Fate.NotTaken.Kind kind = tooMany
                ? Fate.NotTaken.Kind.TOO_MANY
                : reply.code() == 421 ? Fate.NotTaken.Kind.LOST : Fate.NotTaken.Kind.ANSWERED;
        return new Fate.NotTaken(kind, "4" + reply.status().substring(1), "it said " + reply.text());
    }

    private static String text(@Nullable Exception failure) {
        if (failure == null) {
            return "";
        }
        Throwable cause =
                failure instanceof MessagingException wrapped && wrapped.getNextException() instanceof IOException
                        ? wrapped.getNextException()
                        : failure;
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : Form.quote(message.strip());
    }

    /** Whether another message may be sent here. */
    synchronized boolean isUsable() {
        return isSound() && handedOver < mostMessages;
    }

    /** Whether the server still listens to commands. */
    private boolean isSound() {
        Wire made = wire;
        return made != null
                && !made.isBroken()
                && !made.socket().isClosed()
                && !isInMessage()
                && getLastReturnCode() > 0
                && getLastReturnCode() != 421;
    }

    /** Whether the server would read commands as content. */
    private boolean isInMessage() {
        return dataBegan && end == null;
    }

    /** Whether it was idle for so long that it should not be used again. */
    synchronized boolean isStale() {
        return System.nanoTime() - lastUse > mostIdle.toNanos();
    }

    /** Makes ready for another message: the one before is forgotten, and the server is there still, as far as can be told without asking. */
    synchronized boolean reset() {
        forgetDialogue();
        try {
            return wire().isQuiet() && (!inTransaction || simpleCommand("RSET") == 250);
        } catch (MessagingException e) {
            return false;
        }
    }

    /** Ends the connection without a word. */
    final void abandon() {
        Wire made = wire;
        if (made != null) {
            try {
                made.cut();
            } catch (IOException e) {
                // it is gone either way
            }
        }
    }

    @Override
    public synchronized void close() throws MessagingException {
        Wire made = wire;
        if (made == null) {
            return;
        }
        try {
            if (!isSound()) {
                abandon(); // QUIT would be read by nobody, or as content
            }
            super.close();
        } finally {
            abandon();
        }
    }

    @Override
    public String toString() {
        return host + "[" + address.getHostAddress() + "]:" + port;
    }
}
