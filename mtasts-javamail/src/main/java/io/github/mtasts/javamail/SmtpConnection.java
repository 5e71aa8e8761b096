package io.github.mtasts.javamail;

import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.ConnectionInfo;
import io.github.mtasts.delivery.TlsTerms;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.jspecify.annotations.Nullable;

/**
 * One SMTP connection to an address of an MX host: Angus's dialogue, our TLS. It never sends {@code MAIL FROM} unless the terms cleared the very connection at hand.
 *
 * <p>Its session is a private one, made from our own settings: nothing in a user's properties is seen here.
 */
final class SmtpConnection extends SMTPTransport {
    private final Socket raw;
    private final TlsTerms terms;
    private final Captured captured = new Captured();
    private @Nullable Clearance clearance;
    private String ehloReply = "";
    private boolean dataEnded;

    private SmtpConnection(Session session, URLName url, Socket raw, TlsTerms terms) {
        super(session, url, "smtp", false);
        this.raw = raw;
        this.terms = terms;
        session.getProperties().put("mail.smtp.ssl.socketFactory", captured);
    }

    /**
     * Greets the server at the other end of a connected socket, and starts TLS as the terms have it.
     *
     * @param skipTls true after {@link Clearance#RECONNECT_IN_CLEAR} only
     * @throws MessagingException if no session came about; {@link #clearance()} says whether for a reason of TLS
     */
    static SmtpConnection open(SmtpSettings settings, Socket socket, TlsTerms terms, boolean skipTls)
            throws MessagingException, RefusedByTerms {
        Session session = settings.privateSession(!skipTls);
        URLName url = new URLName("smtp", socket.getInetAddress().getHostName(), socket.getPort(), null, null, null);
        SmtpConnection connection = new SmtpConnection(session, url, socket, terms);
        if (skipTls) {
            connection.clearance = Clearance.CLEARTEXT;
        }
        try {
            connection.connect(new LineSocket(socket));
        } catch (MessagingException e) {
            if (connection.clearance != null && !connection.clearance.maySend()) {
                throw new RefusedByTerms(connection.clearance, e);
            }
            throw e;
        }
        if (connection.clearance == null) {
            connection.clearance = connection.known().notOffered();
        }
        Clearance cleared = connection.clearance;
        if (!cleared.maySend()) {
            connection.close();
            throw new RefusedByTerms(cleared, null);
        }
        return connection;
    }

    /** Ends a connection that the terms did not clear. */
    static final class RefusedByTerms extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient Clearance clearance;

        RefusedByTerms(Clearance clearance, @Nullable Throwable cause) {
            super(cause);
            this.clearance = clearance;
        }

        Clearance clearance() {
            return clearance;
        }
    }

    /** What the terms allowed. */
    Clearance clearance() {
        Clearance cleared = clearance;
        if (cleared == null) {
            throw new IllegalStateException("not connected");
        }
        return cleared;
    }

    /** The TLS version in use; empty in clear text. */
    String tlsVersion() {
        SSLSocket tls = captured.socket;
        return tls == null ? "" : tls.getSession().getProtocol();
    }

    private TlsTerms known() {
        return terms.on(new ConnectionInfo(raw.getLocalAddress(), raw.getInetAddress(), ehloReply));
    }

    @Override
    protected boolean ehlo(String domain) throws MessagingException {
        boolean accepted = super.ehlo(domain);
        String reply = getLastServerResponse();
        if (accepted && reply != null && reply.length() > 4) {
            ehloReply = reply.substring(4).split("[\\s]", 2)[0];
        }
        return accepted;
    }

    @Override
    protected void startTLS() throws MessagingException {
        try {
            super.startTLS();
        } catch (MessagingException e) {
            SSLSocket started = captured.socket;
            int code = getLastReturnCode();
            if (started == null && code >= 400 && code < 600 && !captured.asked) {
                // RFC 3207 §4.2: the command was refused; the session goes on without TLS, if the terms let it
                clearance = known().notOffered();
                if (clearance.maySend()) {
                    return;
                }
                throw e;
            }
            clearance = known().handshakeFailed(e);
            throw e;
        }
        SSLSocket tls = captured.socket;
        if (tls == null) {
            throw new MessagingException("TLS was started on a socket that is not ours");
        }
        clearance = known().established(tls.getSession());
        if (!clearance.maySend()) {
            throw new MessagingException("the TLS session does not pass");
        }
    }

    @Override
    protected void mailFrom() throws MessagingException {
        Clearance cleared = clearance;
        SSLSocket tls = captured.socket;
        boolean overTls = tls != null && tls.isConnected() && !tls.isClosed();
        if (cleared == null || !cleared.maySend() || (cleared != Clearance.CLEARTEXT && !overTls)) {
            throw new MessagingException("this connection is not cleared for mail");
        }
        super.mailFrom();
    }

    /** Whether the end of the message was sent: from then on the server may have taken it, and it must not be handed to another. */
    boolean dataEnded() {
        return dataEnded;
    }

    @Override
    protected void finishData() throws IOException, MessagingException {
        dataEnded = true;
        super.finishData();
    }

    @Override
    protected void finishBdat() throws IOException, MessagingException {
        dataEnded = true;
        super.finishBdat();
    }

    /** Lays TLS over the raw socket, and keeps what it made. */
    private final class Captured extends SSLSocketFactory {
        private @Nullable SSLSocket socket;
        private boolean asked;

        @Override
        public Socket createSocket(Socket under, String host, int port, boolean autoClose) throws IOException {
            asked = true;
            Socket plain = under instanceof LineSocket lines ? lines.plain() : under;
            if (plain != raw) {
                throw new SSLException("TLS is started on another connection than the one opened");
            }
            if (plain.getInputStream().available() > 0) {
                // RFC 3207 §6: nothing may come between the reply and the handshake
                throw new SSLException("the server sent plain text behind its reply to STARTTLS");
            }
            SSLSocketFactory factory = terms.socketFactory();
            SSLSocket tls = (SSLSocket) factory.createSocket(plain, host, port, autoClose);
            socket = tls;
            return tls; // Angus starts the handshake
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            throw new IOException("connections are opened elsewhere");
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
            throw new IOException("connections are opened elsewhere");
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            throw new IOException("connections are opened elsewhere");
        }

        @Override
        public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
                throws IOException {
            throw new IOException("connections are opened elsewhere");
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return terms.socketFactory().getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return terms.socketFactory().getSupportedCipherSuites();
        }
    }
}
