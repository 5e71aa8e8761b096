package io.github.mtasts.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.testkit.MxServer.StartTls;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Policy hosts and MX hosts, seen by a client that knows nothing of the library. */
class HostsTest {
    private final SmallInternet net = new SmallInternet();

    @AfterEach
    void close() {
        net.close();
    }

    private Socket connect(InetAddress address, int port) throws IOException {
        Socket socket = new Socket(address, port);
        socket.setSoTimeout(60_000);
        return socket;
    }

    private SSLSocket secure(Socket socket, String name) throws IOException, GeneralSecurityException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(net.ca().trustStore());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        SSLSocket secure = (SSLSocket) context.getSocketFactory().createSocket(socket, name, socket.getPort(), true);
        SSLParameters parameters = secure.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(name)));
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        secure.setSSLParameters(parameters);
        secure.startHandshake();
        return secure;
    }

    private static String say(Socket socket, String line) throws IOException {
        socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        return hear(socket);
    }

    /** One reply of an SMTP server. */
    private static String hear(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder reply = new StringBuilder();
        int lineStart = 0;
        for (int b = in.read(); b >= 0; b = in.read()) {
            reply.append((char) b);
            if (b == '\n') {
                if (reply.charAt(lineStart + 3) != '-') {
                    break;
                }
                lineStart = reply.length();
            }
        }
        return reply.toString();
    }

    @Test
    void theClockMovesWhenMoved() {
        TestClock clock = new TestClock(Instant.EPOCH);

        clock.advance(Duration.ofDays(1));
        assertThat(clock.instant()).isEqualTo("1970-01-02T00:00:00Z");
        clock.set(Instant.EPOCH);
        assertThat(clock.instant()).isEqualTo(Instant.EPOCH);
    }

    @Nested
    class PolicyHosts {
        private final PolicyHost host = net.policyHost("example.com");

        private String get() throws IOException, GeneralSecurityException {
            try (SSLSocket secure = secure(connect(host.address(), net.httpsPort()), host.name())) {
                secure.getOutputStream()
                        .write("GET /x HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                return new String(secure.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            }
        }

        @Test
        void serveAPolicyOrAnythingElse() throws Exception {
            net.policyHost("other.example").policy("the other's");
            host.policy("a policy");
            assertThat(get()).startsWith("HTTP/1.1 200").contains("text/plain").endsWith("\r\n\r\na policy");

            host.respond(404, "text/html", "<gone>");
            assertThat(get()).startsWith("HTTP/1.1 404").contains("text/html").endsWith("<gone>");

            host.script((request, out) -> out.write("garbage".getBytes(StandardCharsets.US_ASCII)));
            assertThat(get()).isEqualTo("garbage");
            assertThat(host.requests()).hasSize(3).allSatisfy(request -> {
                assertThat(request.sni()).isEqualTo("mta-sts.example.com");
                assertThat(request.target()).isEqualTo("/x");
                assertThat(request.header("HOST")).isEqualTo("h");
            });
        }

        /** Which looks like its end to whoever does not count (RFC 8446 §6.1). */
        @Test
        void cutAConnectionInTheMiddle() throws Exception {
            host.script((request, out) -> {
                out.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".getBytes(StandardCharsets.US_ASCII));
                throw new IOException("cut");
            });

            assertThat(get()).endsWith("\r\n\r\nhalf");
        }

        @Test
        void chooseAnOldTls() {
            host.greeting(PolicyHost.Greeting.OLD_TLS);

            assertThatThrownBy(this::get).isInstanceOf(SSLException.class).hasMessageContaining("TLS11");
        }

        @Test
        void answerInClear() {
            host.greeting(PolicyHost.Greeting.PLAIN_HTTP);

            assertThatThrownBy(this::get).isInstanceOf(SSLException.class);
        }

        @Test
        void resetOrRefuseConnectionsUntilUpAgain() throws Exception {
            host.greeting(PolicyHost.Greeting.RESET);
            assertThatThrownBy(this::get).isInstanceOf(IOException.class);

            host.greeting(PolicyHost.Greeting.TLS);
            host.down();
            assertThatThrownBy(this::get).isInstanceOf(ConnectException.class);

            host.up();
            assertThat(get()).startsWith("HTTP/1.1 404");
        }

        @ParameterizedTest
        @EnumSource(names = {"EXPIRED", "UNTRUSTED", "WRONG_NAME"})
        void presentBadCertificates(CertificateFault fault) throws Exception {
            host.certificate(fault);
            assertThatThrownBy(this::get).isInstanceOf(SSLException.class);

            host.certificate(CertificateFault.NONE);
            assertThat(get()).startsWith("HTTP/1.1 404");
        }

        @Test
        void sayWhenConnectionsAreClosed() throws Exception {
            host.greeting(PolicyHost.Greeting.SILENT);
            Socket socket = connect(host.address(), net.httpsPort());
            host.awaitOpenConnections(count -> count == 1);

            socket.close();

            host.awaitOpenConnections(count -> count == 0);
            assertThat(host.connections()).isEqualTo(1);
        }
    }

    @Nested
    class MxHosts {
        private final MxServer mx = net.mx("mx.example.com");

        private Socket greeted() throws IOException {
            Socket socket = connect(mx.address(), net.smtpPort());
            assertThat(hear(socket)).startsWith("220 mx.example.com");
            return socket;
        }

        @Test
        void takeMailOverTls() throws Exception {
            try (Socket plain = greeted()) {
                assertThat(say(plain, "EHLO client")).contains("STARTTLS");
                assertThat(say(plain, "STARTTLS")).startsWith("220");
                SSLSocket secure = secure(plain, "mx.example.com");
                assertThat(say(secure, "EHLO client")).doesNotContain("STARTTLS");
                say(secure, "MAIL FROM:<a@client.example>");
                say(secure, "RCPT TO:<b@example.com>");
                say(secure, "DATA");
                assertThat(say(secure, "Subject: x\r\n\r\n..dot\r\n.")).startsWith("250");
            }

            assertThat(mx.mails())
                    .containsExactly(new MxServer.Mail(
                            "a@client.example", List.of("b@example.com"), "Subject: x\r\n\r\n.dot\r\n", true));
            assertThat(mx.connections()).singleElement().satisfies(connection -> {
                assertThat(connection.sni()).isEqualTo("mx.example.com");
                assertThat(connection.protocol()).startsWith("TLSv1.");
                assertThat(connection.saw("mail from")).isTrue();
            });
        }

        @Test
        void answerAsTold() throws Exception {
            mx.reply("RCPT:no@example.com", "550 5.1.1 unknown");
            mx.drop("RSET");
            try (Socket socket = greeted()) {
                assertThat(say(socket, "MAIL FROM:<>")).startsWith("250");
                assertThat(say(socket, "RCPT TO:<yes@example.com>")).startsWith("250");
                assertThat(say(socket, "RCPT TO:<no@example.com>")).startsWith("550");
                assertThat(say(socket, "RSET")).isEmpty();
            }
        }

        private String startTls(StartTls how) throws IOException {
            mx.startTls(how);
            try (Socket socket = greeted()) {
                say(socket, "EHLO client");
                return say(socket, "STARTTLS");
            }
        }

        @Test
        void refuseStartTls() throws IOException {
            assertThat(startTls(StartTls.REFUSED_454)).startsWith("454");
            assertThat(startTls(StartTls.REFUSED_502)).startsWith("502");
            assertThat(startTls(StartTls.NOT_OFFERED)).startsWith("502");
            assertThat(startTls(StartTls.GARBAGE_REPLY)).doesNotContainPattern("^[0-9]");
        }

        @Test
        void injectPlaintextInTheSameSegment() throws IOException {
            mx.startTls(StartTls.INJECTED);
            try (Socket socket = greeted()) {
                say(socket, "EHLO client");
                socket.getOutputStream().write("STARTTLS\r\n".getBytes(StandardCharsets.US_ASCII));
                byte[] segment = new byte[1000];
                int length = socket.getInputStream().read(segment);

                assertThat(new String(segment, 0, length, StandardCharsets.US_ASCII))
                        .isEqualTo("220 2.0.0 go on\r\n250 2.0.0 injected\r\n");
            }
        }

        @ParameterizedTest
        @EnumSource(names = {"INJECTED_LATER", "GARBAGE_HANDSHAKE", "OLD_TLS", "CLOSED"})
        void failAfterStartTls(StartTls how) throws Exception {
            mx.startTls(how);
            try (Socket socket = greeted()) {
                say(socket, "EHLO client");
                assertThat(say(socket, "STARTTLS")).startsWith("220").doesNotContain("injected");

                assertThatThrownBy(() -> secure(socket, "mx.example.com")).isInstanceOf(SSLException.class);
            }
        }

        @Test
        void areSilentAfterStartTls() throws IOException {
            mx.startTls(StartTls.SILENT);
            try (Socket socket = greeted()) {
                say(socket, "EHLO client");
                say(socket, "STARTTLS");
                socket.setSoTimeout(200);

                assertThatThrownBy(() -> secure(socket, "mx.example.com"))
                        .isInstanceOfAny(SocketTimeoutException.class, SSLException.class);
            }
        }

        @Test
        void areDownAndUpAgain() throws IOException {
            mx.down();
            assertThatThrownBy(() -> connect(mx.address(), net.smtpPort())).isInstanceOf(ConnectException.class);

            mx.up();
            greeted().close();
        }
    }
}
