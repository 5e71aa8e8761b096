package io.github.mtasts.examples;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.ConnectionInfo;
import io.github.mtasts.delivery.DeliveryAttempt;
import io.github.mtasts.delivery.TlsTerms;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/** An SMTP client over blocking sockets that delivers as MTA-STS demands. It uses mtasts-core alone. */
final class SocketMta {
    private static final int TIMEOUT = 30_000; // RFC 5321 asks for minutes

    private final MtaSts mtaSts;
    private final int port;

    SocketMta(MtaSts mtaSts, int port) {
        this.mtaSts = mtaSts;
        this.port = port;
    }

    Outcome deliver(PolicyDomain domain, Mail mail) {
        DeliveryAttempt attempt = mtaSts.attempt(domain);
        for (Candidate mx : attempt) { // in order; hosts that the policy refuses are passed over
            for (InetAddress address : mx.addresses()) {
                try {
                    Clearance clearance = offer(mx, address, mail);
                    if (clearance.maySend()) {
                        return new Outcome.Sent(mx.host(), clearance);
                    }
                } catch (IOException e) {
                    mx.unreachable(String.valueOf(e.getMessage())); // an ordinary failure, no matter of policy
                }
            }
        }
        return new Outcome.Kept(attempt.conclude()); // looks the policy up again before a refusal is final
    }

    private Clearance offer(Candidate mx, InetAddress address, Mail mail) throws IOException {
        try (Peer peer = new Peer(address)) {
            Clearance clearance = peer.secure(mx.tls());
            if (clearance.maySend()) {
                peer.send(mail);
            }
            if (clearance != Clearance.RECONNECT_IN_CLEAR) {
                return clearance;
            }
        }
        try (Peer again = new Peer(address)) { // TLS failed, and no policy demands it
            again.send(mail);
            return Clearance.CLEARTEXT;
        }
    }

    /** One connection. */
    private final class Peer implements AutoCloseable {
        private Socket socket = new Socket();
        private String ehlo = "";

        Peer(InetAddress address) throws IOException {
            socket.connect(new InetSocketAddress(address, port), TIMEOUT);
            socket.setSoTimeout(TIMEOUT);
            expect("220", read());
            ehlo = expect("250", say("EHLO client.example"));
        }

        /** Starts TLS if that can be, tells the terms what happened, and answers what they allow. */
        Clearance secure(TlsTerms unknown) throws IOException {
            String name = ehlo.substring(4).split("\\s", 2)[0];
            TlsTerms terms = unknown.on(new ConnectionInfo(socket.getLocalAddress(), socket.getInetAddress(), name));
            boolean offered = ehlo.toUpperCase(Locale.ROOT).lines().anyMatch(line -> line.endsWith("STARTTLS"));
            if (!offered || !say("STARTTLS").startsWith("220")) {
                return terms.notOffered();
            }
            try {
                if (socket.getInputStream().available() > 0) {
                    throw new SSLException("plain text behind the reply to STARTTLS"); // RFC 3207 section 6
                }
                SSLSocket tls = (SSLSocket) terms.socketFactory().createSocket(socket, "", port, true);
                tls.startHandshake();
                socket = tls;
            } catch (IOException e) {
                return terms.handshakeFailed(e);
            }
            return terms.established(((SSLSocket) socket).getSession());
        }

        void send(Mail mail) throws IOException {
            expect("250", say("EHLO client.example")); // once more: what was said in clear counts no longer
            expect("250", say("MAIL FROM:<" + mail.from() + ">"));
            expect("250", say("RCPT TO:<" + mail.to() + ">"));
            expect("354", say("DATA"));
            expect("250", say(mail.text() + "\r\n."));
            say("QUIT");
        }

        private String expect(String code, String reply) throws IOException {
            if (!reply.startsWith(code)) {
                throw new IOException("it says " + reply.strip()); // a real one tells 4yz from 5yz here
            }
            return reply;
        }

        private String say(String line) throws IOException {
            socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
            return read();
        }

        /** One reply, and not one byte more. */
        private String read() throws IOException {
            InputStream in = socket.getInputStream();
            StringBuilder reply = new StringBuilder();
            for (int start = 0; reply.length() < 64 * 1024; ) {
                int b = in.read();
                if (b < 0) {
                    throw new IOException("it closed the connection");
                }
                reply.append((char) b);
                if (b == '\n') {
                    if (reply.length() < start + 4 || reply.charAt(start + 3) != '-') {
                        return reply.toString();
                    }
                    start = reply.length();
                }
            }
            throw new IOException("its reply is too long");
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
