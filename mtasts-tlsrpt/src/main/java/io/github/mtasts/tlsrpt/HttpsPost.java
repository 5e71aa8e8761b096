package io.github.mtasts.tlsrpt;

import io.github.mtasts.lookup.AddressGuard;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.text.Quoted;
import io.github.mtasts.tls.ClientTls;
import io.github.mtasts.tls.PeerVerifier;
import io.github.mtasts.tls.TlsFault;
import io.github.mtasts.tlsrpt.report.OutgoingReport;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLSocket;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts reports (RFC 8460 §5.4). The host is a stranger's choice: its addresses are looked up here, judged, and connected to as they were judged. No redirects; one
 * connection a try; at the deadline the connection is closed, wherever it stands. Blocks.
 */
final class HttpsPost {
    private static final Logger LOG = LoggerFactory.getLogger(HttpsPost.class);
    private static final int MOST_ADDRESSES = 4;
    private static final int MOST_INTERIM = 8;
    private static final int MOST_OF_BODY = 4096;
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Set<TlsFault> NOT_OF_THE_CERTIFICATE =
            EnumSet.of(TlsFault.HANDSHAKE, TlsFault.IO, TlsFault.WEAK_SESSION);
    private static final Http1Config LIMITS = Http1Config.custom()
            .setMaxHeaderCount(100)
            .setMaxLineLength(8192)
            .setMaxEmptyLineCount(10)
            .build();

    private final DnsClient dns;
    private final PeerVerifier verifier;
    private final AddressGuard guard;
    private final boolean unverifiedAllowed;
    private final Duration deadline;
    private final ScheduledExecutorService timer;

    HttpsPost(
            DnsClient dns,
            PeerVerifier verifier,
            AddressGuard guard,
            boolean unverifiedAllowed,
            Duration deadline,
            ScheduledExecutorService timer) {
        this.dns = dns;
        this.verifier = verifier;
        this.guard = guard;
        this.unverifiedAllowed = unverifiedAllowed;
        this.deadline = deadline;
        this.timer = timer;
    }

    /** The certificate does not prove the host's name. */
    private static final class UnprovenException extends IOException {
        private static final long serialVersionUID = 1L;

        UnprovenException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Posts a report in gzip, first to a host that proves its name, then, if that is all that is wrong, to one that does not. */
    SubmissionResult post(URI uri, byte[] gzip) {
        long end = System.nanoTime() + deadline.toNanos();
        String host = uri.getHost();
        List<InetAddress> addresses = new ArrayList<>();
        SubmissionResult refused = addresses(host, addresses, end);
        if (refused != null) {
            return refused;
        }
        try {
            try {
                return exchange(uri, gzip, addresses, verifier.strict(host), end);
            } catch (UnprovenException e) {
                if (!unverifiedAllowed) {
                    return new SubmissionResult.TryAgain(seen(e));
                }
                // RFC 8460 §5.4: the certificate may be ignored: a report that is lost says nothing of what is broken
                LOG.info("{}: a report goes to a host that does not prove its name: {}", host, seen(e));
                return exchange(uri, gzip, addresses, verifier.opportunistic(host), end);
            }
        } catch (IOException | HttpException e) {
            String what = System.nanoTime() - end >= 0 ? "not complete within " + deadline.toSeconds() + " s" : seen(e);
            return new SubmissionResult.TryAgain(what);
        }
    }

    /** Fills in the addresses that may be connected to; a result if there are none. */
    private @Nullable SubmissionResult addresses(String host, List<InetAddress> addresses, long end) {
        DnsAnswer<InetAddress> answer;
        try {
            answer = dns.addresses(host.endsWith(".") ? host.substring(0, host.length() - 1) : host)
                    .toCompletableFuture()
                    .get(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (IllegalArgumentException e) {
            return new SubmissionResult.Refused("no host name: " + Quoted.quote(host));
        } catch (TimeoutException | ExecutionException | CompletionException e) {
            return new SubmissionResult.TryAgain("its addresses cannot be looked up");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new SubmissionResult.TryAgain("interrupted");
        }
        if (!(answer instanceof DnsAnswer.Found<InetAddress> found)) {
            return new SubmissionResult.TryAgain(
                    answer instanceof DnsAnswer.Absent<?> ? "it has no address" : "its addresses cannot be looked up");
        }
        String objection = "";
        for (InetAddress address : found.records()) {
            String against = guard.objection(address).orElse("");
            if (against.isEmpty() && addresses.size() < MOST_ADDRESSES) {
                addresses.add(address);
            } else if (!against.isEmpty()) {
                objection = address.getHostAddress() + " is " + against;
            }
        }
        return addresses.isEmpty() ? new SubmissionResult.Refused("it must not be connected to: " + objection) : null;
    }

    private SubmissionResult exchange(URI uri, byte[] gzip, List<InetAddress> addresses, ClientTls tls, long end)
            throws IOException, HttpException {
        int port = uri.getPort() < 0 ? 443 : uri.getPort();
        try (Socket socket = connect(addresses, port, end)) {
            Future<?> watch = timer.schedule(() -> close(socket), end - System.nanoTime(), TimeUnit.NANOSECONDS);
            try (SSLSocket secured = secure(socket, uri.getHost(), port, tls);
                    DefaultBHttpClientConnection connection = new DefaultBHttpClientConnection(LIMITS)) {
                connection.bind(secured);
                return exchange(connection, uri, gzip);
            } finally {
                watch.cancel(false);
            }
        }
    }

    private static Socket connect(List<InetAddress> addresses, int port, long end) throws IOException {
        IOException failure = new IOException("no address");
        for (InetAddress address : addresses) {
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (left <= 0) {
                break;
            }
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(address, port), (int) Math.min(left, CONNECT.toMillis()));
                socket.setTcpNoDelay(true);
                return socket;
            } catch (IOException e) {
                close(socket);
                failure = new IOException("cannot connect to " + address.getHostAddress() + ": " + e.getMessage(), e);
            }
        }
        throw failure;
    }

    private static SSLSocket secure(Socket socket, String host, int port, ClientTls tls) throws IOException {
        SSLSocket secured = (SSLSocket) tls.socketFactory().createSocket(socket, host, port, true);
        try {
            secured.startHandshake();
            return secured;
        } catch (IOException e) {
            close(socket);
            Set<TlsFault> faults = tls.check(e).faults().keySet();
            if (tls.isStrict() && faults.stream().noneMatch(NOT_OF_THE_CERTIFICATE::contains)) {
                throw new UnprovenException(tls.check(e).describe(), e);
            }
            throw e;
        }
    }

    private static SubmissionResult exchange(DefaultBHttpClientConnection connection, URI uri, byte[] gzip)
            throws IOException, HttpException {
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        BasicClassicHttpRequest request =
                new BasicClassicHttpRequest("POST", uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery());
        request.setHeader("Host", uri.getPort() < 0 ? uri.getHost() : uri.getHost() + ":" + uri.getPort());
        request.setHeader("Content-Type", OutgoingReport.GZIP_TYPE);
        request.setHeader("Content-Length", gzip.length);
        request.setHeader("User-Agent", "mtasts");
        request.setHeader("Connection", "close");
        request.setEntity(new ByteArrayEntity(gzip, ContentType.create(OutgoingReport.GZIP_TYPE)));
        connection.sendRequestHeader(request);
        connection.sendRequestEntity(request);
        connection.flush();
        for (int responses = 0; responses <= MOST_INTERIM; responses++) {
            ClassicHttpResponse response = connection.receiveResponseHeader();
            if (response == null) {
                break;
            }
            if (response.getCode() >= 200) {
                return result(connection, response);
            }
        }
        return new SubmissionResult.TryAgain("no response");
    }

    private static SubmissionResult result(DefaultBHttpClientConnection connection, ClassicHttpResponse response) {
        int status = response.getCode();
        if (status < 300) {
            drain(connection, response);
            return new SubmissionResult.Accepted();
        }
        return status == 404 || status == 410
                ? new SubmissionResult.Refused("HTTP status " + status)
                : new SubmissionResult.TryAgain("HTTP status " + status);
    }

    /** So that the end of a short answer is no broken connection to the other side; what it says is of no interest. */
    private static void drain(DefaultBHttpClientConnection connection, ClassicHttpResponse response) {
        try {
            connection.receiveResponseEntity(response);
            HttpEntity entity = response.getEntity();
            if (entity != null) {
                InputStream body = entity.getContent();
                long skipped = body.readNBytes(MOST_OF_BODY).length;
                LOG.trace("{} bytes of a response are passed over", skipped);
            }
        } catch (IOException | HttpException e) {
            LOG.debug("after the status was read: {}", e.toString());
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("while closing: {}", e.toString());
        }
    }

    private static String seen(Exception e) {
        return Quoted.quote(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
    }
}
