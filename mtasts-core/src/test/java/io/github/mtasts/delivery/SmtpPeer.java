package io.github.mtasts.delivery;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** The least SMTP client that can start TLS. */
public final class SmtpPeer implements AutoCloseable {
    static final int PATIENCE = 60_000;

    private final InetSocketAddress address;
    private Socket socket;

    private SmtpPeer(InetSocketAddress address) throws IOException {
        this.address = address;
        this.socket = connect();
    }

    /** Connects to the first address that takes the connection. */
    public static SmtpPeer open(List<InetAddress> addresses, int port) throws IOException {
        IOException refused = new IOException("no address");
        for (InetAddress address : addresses) {
            try {
                return new SmtpPeer(new InetSocketAddress(address, port));
            } catch (IOException e) {
                refused = e;
            }
        }
        throw refused;
    }

    private Socket connect() throws IOException {
        Socket connected = new Socket();
        connected.connect(address, PATIENCE);
        connected.setSoTimeout(PATIENCE);
        return connected;
    }

    InetAddress address() {
        return address.getAddress();
    }

    public boolean offersStartTls() throws IOException {
        read();
        return say("EHLO client.example").contains("STARTTLS");
    }

    /**
     * Starts TLS where it is offered, and tells the terms whatever comes of it.
     *
     * @param patience how long the server may stay silent in the handshake, in milliseconds
     */
    Clearance negotiate(TlsTerms terms, int patience) throws IOException {
        if (!offersStartTls() || !say("STARTTLS").startsWith("220")) {
            return terms.notOffered();
        }
        socket.setSoTimeout(patience);
        return secure(terms.socketFactory(), terms::established, terms::handshakeFailed);
    }

    Clearance negotiate(TlsTerms terms) throws IOException {
        return negotiate(terms, PATIENCE);
    }

    /** TLS from the first byte, as on port 465. */
    Clearance negotiateImplicitly(TlsTerms terms) throws IOException {
        Clearance clearance = secure(terms.socketFactory(), terms::established, terms::handshakeFailed);
        if (clearance.maySend()) {
            read();
        }
        return clearance;
    }

    public Clearance startTls(
            SSLSocketFactory factory,
            Function<SSLSession, Clearance> established,
            Function<Throwable, Clearance> handshakeFailed)
            throws IOException {
        String reply = say("STARTTLS");
        return reply.startsWith("220")
                ? secure(factory, established, handshakeFailed)
                : handshakeFailed.apply(new IOException("STARTTLS is refused: " + reply));
    }

    private Clearance secure(
            SSLSocketFactory factory,
            Function<SSLSession, Clearance> established,
            Function<Throwable, Clearance> handshakeFailed) {
        try {
            SSLSocket secure = (SSLSocket) factory.createSocket(socket, "ignored.example", 25, true);
            secure.startHandshake();
            socket = secure;
            return established.apply(secure.getSession());
        } catch (IOException e) {
            return handshakeFailed.apply(e);
        }
    }

    /** Sends as cleared, over the connection at hand or a new one; the last reply: to the message, or the first that refuses. */
    public String send(String message, Clearance clearance) throws IOException {
        if (clearance == Clearance.RECONNECT_IN_CLEAR) {
            socket.close();
            socket = connect();
            read();
        } else if (!clearance.maySend()) {
            throw new IllegalStateException("not cleared: " + clearance);
        }
        String reply = "";
        for (String line : List.of(
                "EHLO client.example",
                "MAIL FROM:<a@client.example>",
                "RCPT TO:<b@example.com>",
                "DATA",
                message + "\r\n.")) {
            reply = say(line);
            if (!reply.startsWith("2") && !reply.startsWith("3")) {
                break;
            }
        }
        say("QUIT");
        return reply;
    }

    private String say(String line) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
        return read();
    }

    /** One reply; a line that goes on has a hyphen behind its code (RFC 5321 §4.2.1). */
    private String read() throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder reply = new StringBuilder();
        int lineStart = 0;
        while (true) {
            int b = in.read();
            if (b < 0) {
                throw new IOException("closed");
            }
            reply.append((char) b);
            if (b == '\n') {
                if (reply.charAt(lineStart + 3) != '-') {
                    return reply.toString();
                }
                lineStart = reply.length();
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
