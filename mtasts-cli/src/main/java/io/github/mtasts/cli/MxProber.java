package io.github.mtasts.cli;

import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.TlsTerms;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.tls.ClientTls;
import io.github.mtasts.tls.PeerVerifier;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * Connects to MX hosts as a sender does, as far as TLS and no further: no mail is begun. Each probe ends within its time, whatever the other side does. Safe for any number of
 * threads.
 */
final class MxProber implements AutoCloseable {
    private static final int SIDE_BY_SIDE = 64;
    private static final int LONGEST_REPLY = 64 * 1024;

    private final PeerVerifier verifier;
    private final int port;
    private final Duration timeout;
    private final ExecutorService threads = Executors.newFixedThreadPool(SIDE_BY_SIDE, daemons("mtasts-probe-"));
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(daemons("mtasts-probe-timer-"));

    MxProber(PeerVerifier verifier, int port, Duration timeout) {
        this.verifier = verifier;
        this.port = port;
        this.timeout = timeout;
    }

    private static ThreadFactory daemons(String prefix) {
        AtomicInteger number = new AtomicInteger();
        return work -> {
            Thread thread = new Thread(work, prefix + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /**
     * Looks at one address of a host.
     *
     * @param candidate the host's terms under the policy in force; empty where the policy refuses it by its name: it is looked at all the same
     */
    CompletableFuture<MxProbe> probe(MxHost host, InetAddress address, Optional<Candidate> candidate) {
        return CompletableFuture.supplyAsync(
                () -> new Dialogue(host, address, candidate.map(Candidate::tls).orElse(null)).run(), threads);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        timer.shutdownNow();
    }

    /** One connection. */
    private final class Dialogue {
        private final MxHost host;
        private final InetAddress address;
        private final @Nullable TlsTerms terms;
        private MxProbe.Reached reached = MxProbe.Reached.NOTHING;
        private String ehlo = "";
        private volatile boolean late;

        Dialogue(MxHost host, InetAddress address, @Nullable TlsTerms terms) {
            this.host = host;
            this.address = address;
            this.terms = terms;
        }

        MxProbe run() {
            try (Socket socket = new Socket()) {
                ScheduledFuture<?> deadline =
                        timer.schedule(() -> end(socket), timeout.toNanos(), TimeUnit.NANOSECONDS);
                try {
                    socket.connect(new InetSocketAddress(address, port), (int) timeout.toMillis());
                    reached = MxProbe.Reached.CONNECTED;
                    return talk(socket);
                } finally {
                    deadline.cancel(false);
                }
            } catch (IOException e) {
                return seen(words(e), null, null);
            }
        }

        private void end(Socket socket) {
            late = true;
            try {
                socket.close();
            } catch (IOException e) {
                // it is of no use any more
            }
        }

        private MxProbe talk(Socket socket) throws IOException {
            List<String> greeting = read(socket);
            if (!greeting.get(0).startsWith("220")) {
                return seen("it greets with " + Words.quote(greeting.get(0)), null, null);
            }
            List<String> reply = say(socket, "EHLO " + own(socket));
            if (!reply.get(0).startsWith("250")) {
                return seen("it answers EHLO with " + Words.quote(reply.get(0)), null, null);
            }
            ehlo = Words.plain(
                    reply.get(0).substring(Math.min(4, reply.get(0).length())).split(" ", 2)[0]);
            reached = MxProbe.Reached.NO_STARTTLS;
            if (reply.stream()
                    .skip(1)
                    .noneMatch(line -> line.substring(Math.min(4, line.length()))
                            .strip()
                            .toUpperCase(Locale.ROOT)
                            .equals("STARTTLS"))) {
                say(socket, "QUIT");
                return seen("STARTTLS is not offered", null, notOffered());
            }
            reached = MxProbe.Reached.STARTTLS;
            List<String> go = say(socket, "STARTTLS");
            if (!go.get(0).startsWith("220")) {
                return seen("it answers STARTTLS with " + Words.quote(go.get(0)), null, notOffered());
            }
            return shakeHands(socket);
        }

        private MxProbe shakeHands(Socket socket) throws IOException {
            reached = MxProbe.Reached.HANDSHAKE;
            // the policy's own terms would end the handshake at the first fault: here every fault is to be told
            ClientTls tls = verifier.opportunistic(host.name());
            SSLSocket secure;
            try {
                secure = (SSLSocket) tls.socketFactory().createSocket(socket, host.name(), port, true);
                secure.startHandshake();
            } catch (IOException e) {
                if (late) {
                    return seen(words(e), tls.check(e), null);
                }
                return seen("", tls.check(e), terms == null ? null : terms.handshakeFailed(e));
            }
            MxProbe seen = seen(
                    "", tls.check(secure.getSession()), terms == null ? null : terms.established(secure.getSession()));
            try {
                say(secure, "QUIT");
                secure.close();
            } catch (IOException e) {
                // what is wanted has been seen
            }
            return seen;
        }

        private @Nullable Clearance notOffered() {
            return terms == null ? null : terms.notOffered();
        }

        private MxProbe seen(
                String problem, io.github.mtasts.tls.@Nullable TlsCheck check, @Nullable Clearance clearance) {
            return new MxProbe(address, reached, ehlo, problem, check, clearance);
        }

        private List<String> say(Socket socket, String line) throws IOException {
            socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            return read(socket);
        }

        /** One reply, byte by byte: what stands behind it must not be taken for a part of TLS, nor be lost. */
        private List<String> read(Socket socket) throws IOException {
            InputStream in = socket.getInputStream();
            List<String> lines = new ArrayList<>();
            StringBuilder line = new StringBuilder();
            for (int count = 0; count < LONGEST_REPLY; count++) {
                int b = in.read();
                if (b < 0) {
                    throw new IOException("it closed the connection");
                }
                if (b != '\n') {
                    line.append((char) b);
                    continue;
                }
                String text = line.toString().stripTrailing();
                line.setLength(0);
                lines.add(text);
                if (text.length() < 4 || text.charAt(3) != '-') {
                    return lines;
                }
            }
            throw new IOException("its reply is longer than " + LONGEST_REPLY + " bytes");
        }

        private String words(IOException failure) {
            String text = String.valueOf(failure.getMessage());
            if (late || failure instanceof SocketTimeoutException) {
                return (reached == MxProbe.Reached.NOTHING ? "no connection" : "no answer") + " within "
                        + Words.span(timeout);
            }
            if (failure instanceof ConnectException && text.contains("refused")) {
                return "the connection was refused";
            }
            if (failure instanceof NoRouteToHostException
                    || (failure instanceof ConnectException && text.contains("unreachable"))) {
                return "this machine has no way to it";
            }
            return failure instanceof SocketException
                    ? "the connection broke: " + Words.plain(text)
                    : Words.plain(text);
        }
    }

    /** This machine as an address literal, which needs no look-up (RFC 5321 §4.1.3). */
    private static String own(Socket socket) {
        InetAddress local = socket.getLocalAddress();
        String text = local.getHostAddress();
        int scope = text.indexOf('%');
        return "[" + (text.indexOf(':') < 0 ? "" : "IPv6:") + (scope < 0 ? text : text.substring(0, scope)) + "]";
    }
}
