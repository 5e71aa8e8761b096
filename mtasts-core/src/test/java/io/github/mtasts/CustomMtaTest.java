package io.github.mtasts;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.Conclusion;
import io.github.mtasts.delivery.DeliveryAttempt;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How a mail server of one's own uses the engine: a delivery over real sockets, written with nothing but the core. */
class CustomMtaTest {
    private final SmallInternet net = new SmallInternet();
    private MtaSts mtaSts;

    @BeforeEach
    void openEngine() {
        mtaSts = MtaSts.builder()
                .dnsServer(net.dns().address())
                .httpsPort(net.httpsPort())
                .trustAnchors(net.ca().trustStore())
                .allowPrivateAddresses(true)
                .build();
    }

    @AfterEach
    void close() {
        mtaSts.close();
        net.close();
    }

    @Test
    @Tag("S-4-1")
    void deliversToAListedHostOverVerifiedTls() {
        net.domain("example.com").sts("enforce", "*.example.com").mx(10, "mx1.example.com");

        String outcome = deliver("example.com");

        assertThat(outcome).isEqualTo("VERIFIED_TLS mx1.example.com");
        assertThat(net.mx("mx1.example.com").mails()).hasSize(1);
    }

    @Test
    @Tag("S-5-1")
    void keepsBackWhenStartTlsIsStripped() {
        net.domain("example.com").sts("enforce", "*.example.com").mx(10, "mx1.example.com");
        net.mx("mx1.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        String outcome = deliver("example.com");

        assertThat(outcome).startsWith("TryAgain 4.7.4");
        assertThat(net.mx("mx1.example.com").sawMailFrom()).isFalse();
    }

    @Test
    @Tag("S-5-2")
    void goesOnToTheNextHostWhenTheFirstHasABadCertificate() {
        net.domain("example.com")
                .sts("enforce", "*.example.com")
                .mx(10, "mx1.example.com")
                .mx(20, "mx2.example.com");
        net.mx("mx1.example.com").certificate(CertificateFault.EXPIRED);

        String outcome = deliver("example.com");

        assertThat(outcome).isEqualTo("VERIFIED_TLS mx2.example.com");
        assertThat(net.mx("mx1.example.com").sawMailFrom()).isFalse();
    }

    private String deliver(String domain) {
        DeliveryAttempt attempt = mtaSts.attempt(PolicyDomain.of(domain));
        for (Candidate mx : attempt) {
            try (Peer peer = new Peer(new Socket(mx.addresses().get(0), net.smtpPort()))) {
                Clearance clearance =
                        peer.offersStartTls() ? peer.startTls(mx) : mx.tls().notOffered();
                if (clearance != Clearance.NEXT_HOST) {
                    peer.send();
                    return clearance + " " + mx.host();
                }
            } catch (IOException e) {
                mx.unreachable(String.valueOf(e.getMessage()));
            }
        }
        Conclusion conclusion = attempt.conclude();
        return conclusion.getClass().getSimpleName() + " " + conclusion.status() + " " + conclusion.text();
    }

    /** The least SMTP client that can start TLS. */
    private static final class Peer implements AutoCloseable {
        private Socket socket;
        private String ehlo = "";

        Peer(Socket socket) throws IOException {
            this.socket = socket;
            read();
            ehlo = say("EHLO client.example");
        }

        boolean offersStartTls() {
            return ehlo.contains("STARTTLS");
        }

        Clearance startTls(Candidate mx) throws IOException {
            say("STARTTLS");
            var terms = mx.tls();
            try {
                SSLSocket secure = (SSLSocket)
                        terms.socketFactory().createSocket(socket, mx.host().name(), socket.getPort(), true);
                secure.startHandshake();
                socket = secure;
                return terms.established(secure.getSession());
            } catch (IOException e) {
                return terms.handshakeFailed(e);
            }
        }

        void send() throws IOException {
            for (String line : List.of(
                    "EHLO client.example",
                    "MAIL FROM:<a@client.example>",
                    "RCPT TO:<b@example.com>",
                    "DATA",
                    "hello\r\n.",
                    "QUIT")) {
                say(line);
            }
        }

        private String say(String line) throws IOException {
            OutputStream out = socket.getOutputStream();
            out.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
            out.flush();
            return read();
        }

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
                    if (reply.charAt(lineStart + 3) == ' ') {
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
}
