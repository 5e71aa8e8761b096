package io.github.mtasts.lookup;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tls.ClientTls;
import io.github.mtasts.tls.TlsCheck;
import io.github.mtasts.tls.TlsFault;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.message.BasicHttpRequest;
import org.apache.hc.core5.http.nio.AsyncClientExchangeHandler;
import org.apache.hc.core5.http.nio.CapacityChannel;
import org.apache.hc.core5.http.nio.DataStreamChannel;
import org.apache.hc.core5.http.nio.RequestChannel;
import org.apache.hc.core5.http.nio.command.RequestExecutionCommand;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.http.protocol.HttpCoreContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.reactor.Command;
import org.apache.hc.core5.reactor.IOEventHandler;
import org.apache.hc.core5.reactor.IOReactorShutdownException;
import org.apache.hc.core5.reactor.IOSession;
import org.apache.hc.core5.reactor.ProtocolIOSession;
import org.apache.hc.core5.reactor.ssl.SSLBufferMode;
import org.apache.hc.core5.reactor.ssl.TlsDetails;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * One fetch: addresses, a place, a connection, TLS, one exchange. Whatever happens, it concludes once; the deadline at the latest
 * concludes it, and the connection is closed then. All state is guarded by this object's monitor, which {@link #step} takes; nothing blocks
 * while holding it.
 */
final class PolicyFetch implements HandshakePlaces.Entrant {
    private static final String PATH = "/.well-known/mta-sts.txt";
    private static final int MAX_ADDRESSES = 8;
    private static final int MAX_RECEIVED = 2 * 1024 * 1024;

    /** For each address but the last one: enough for a lost SYN to be sent again. */
    private static final Duration CONNECT_SLICE = Duration.ofSeconds(2);

    private static final Duration FAREWELL = Duration.ofSeconds(1);
    private static final Set<TlsFault> NOT_OF_THE_CERTIFICATE =
            EnumSet.of(TlsFault.HANDSHAKE, TlsFault.IO, TlsFault.WEAK_SESSION);

    private enum Phase {
        WAITING("a turn among the fetches under way"),
        DNS("the addresses of the policy host"),
        PLACE("a place among the handshakes under way"),
        CONNECT("the connection"),
        TLS("the TLS handshake"),
        HEAD("the response"),
        BODY("the rest of the body");

        private final String awaited;

        Phase(String awaited) {
            this.awaited = awaited;
        }
    }

    private final HttpsPolicyFetcher fetcher;
    private final String policyHost;
    private final CompletableFuture<FetchResult> result = new CompletableFuture<>();

    private Phase phase = Phase.WAITING;
    private long started = System.nanoTime();
    private @Nullable FetchResult conclusion;
    private boolean told;
    private @Nullable Future<?> deadlineTimer;
    private HandshakePlaces.@Nullable Place place;

    private List<InetAddress> addresses = List.of();
    private Iterator<InetAddress> untried = addresses.iterator();
    private @Nullable Attempt attempt;
    private @Nullable TlsCheck tlsCheck;
    private @Nullable Integer status;
    private @Nullable String contentType;
    private @Nullable ResponseBody body;

    PolicyFetch(HttpsPolicyFetcher fetcher, PolicyDomain domain) {
        this.fetcher = fetcher;
        this.policyHost = domain.policyHost();
    }

    /** The caller's future: when it ends by another hand than ours, so does the fetch. */
    CompletableFuture<FetchResult> result() {
        return result;
    }

    /** Waits for a turn, as long as a fetch may take at most. */
    void begin() {
        step(this::armDeadline);
        CompletableFuture<FetchResult> unused = result.whenComplete((ended, cause) ->
                step(() -> fail(FetchFailure.CANCELLED, "cancelled while waiting for " + phase.awaited)));
    }

    /** Has its turn: the time runs from here. Asks nothing when the fetch ended while its turn was on the way. */
    void start() {
        step(() -> {
            phase = Phase.DNS;
            started = System.nanoTime();
            armDeadline();
        });
        synchronized (this) {
            if (phase != Phase.DNS) {
                return;
            }
        }
        fetcher.settings
                .dns
                .addresses(policyHost)
                .whenComplete((answer, broken) -> step(() -> resolved(answer, broken)));
    }

    private void armDeadline() {
        if (deadlineTimer != null) {
            deadlineTimer.cancel(false);
        }
        deadlineTimer = fetcher.executor.schedule(
                () -> step(this::deadline), fetcher.settings.deadline.toNanos(), TimeUnit.NANOSECONDS);
    }

    void close() {
        step(() -> fail(FetchFailure.CLOSED, "the policy fetcher was closed"));
    }

    /** Runs one step under the monitor, unless the fetch is over; makes the conclusion known outside of it. */
    private void step(Runnable step) {
        boolean tell;
        boolean wantsPlace;
        synchronized (this) {
            Phase before = phase;
            if (conclusion == null) {
                step.run();
            }
            wantsPlace = phase == Phase.PLACE && before != Phase.PLACE && conclusion == null;
            tell = conclusion != null && !told;
            told |= tell;
        }
        if (tell) {
            tell();
        } else if (wantsPlace) {
            fetcher.places.await(this);
        }
    }

    private void resolved(@Nullable DnsAnswer<InetAddress> answer, @Nullable Throwable broken) {
        if (answer instanceof DnsAnswer.Found<InetAddress> found) {
            pass(found.records());
        } else if (answer instanceof DnsAnswer.Absent<InetAddress> absent) {
            fail(
                    FetchFailure.DNS_ABSENT,
                    absent.nameExists() ? policyHost + " has no address" : policyHost + " does not exist");
        } else if (answer instanceof DnsAnswer.Unavailable<InetAddress> unavailable) {
            fail(FetchFailure.DNS_UNAVAILABLE, "DNS " + unavailable.reason() + ": " + unavailable.detail());
        } else {
            fail(FetchFailure.DNS_UNAVAILABLE, "the DNS client failed: " + broken);
        }
    }

    private void pass(List<InetAddress> found) {
        List<InetAddress> passed = new ArrayList<>();
        String objections = "";
        for (InetAddress candidate : found) {
            Optional<String> objection = fetcher.settings.guard.objection(candidate);
            if (objection.isEmpty()) {
                passed.add(candidate);
            } else {
                objections +=
                        (objections.isEmpty() ? "" : ", ") + candidate.getHostAddress() + " (" + objection.get() + ")";
            }
        }
        if (passed.isEmpty()) {
            fail(FetchFailure.ADDRESS_FORBIDDEN, policyHost + " has no address that may be used: " + objections);
            return;
        }
        addresses = alternating(passed);
        untried = addresses.iterator();
        phase = Phase.PLACE;
    }

    /** IPv6 and IPv4 in turn (RFC 8305 §4), each in the order given; no more than we would ever try. */
    private static List<InetAddress> alternating(List<InetAddress> mixed) {
        List<InetAddress> six = new ArrayList<>(mixed);
        six.removeIf(candidate -> !(candidate instanceof Inet6Address));
        List<InetAddress> four = new ArrayList<>(mixed);
        four.removeIf(Inet6Address.class::isInstance);
        List<InetAddress> order = new ArrayList<>();
        for (int i = 0; i < Math.max(six.size(), four.size()) && order.size() < MAX_ADDRESSES; i++) {
            if (i < six.size()) {
                order.add(six.get(i));
            }
            if (i < four.size()) {
                order.add(four.get(i));
            }
        }
        return order.subList(0, Math.min(order.size(), MAX_ADDRESSES));
    }

    @Override
    public void enter(HandshakePlaces.Place entered) {
        step(() -> {
            place = entered;
            phase = Phase.CONNECT;
            connect();
        });
        synchronized (this) {
            if (place == entered && conclusion == null) {
                return;
            }
        }
        entered.giveUp();
    }

    /** Tries the next address. */
    private void connect() {
        Attempt next = new Attempt(untried.next());
        attempt = next;
        next.begin(untried.hasNext());
    }

    private void failed(Throwable cause) {
        for (Throwable at = cause; at != null; at = at.getCause()) {
            if (at instanceof RefusedException refused) {
                fail(refused.reason(), String.valueOf(refused.getMessage()));
                return;
            }
        }
        ClientTls tls = attempt == null ? null : attempt.tls;
        if (phase == Phase.TLS && tls != null) {
            TlsCheck check = tlsCheck != null && !tlsCheck.passed() ? tlsCheck : tls.check(cause);
            tlsCheck = check;
            boolean certificate =
                    !NOT_OF_THE_CERTIFICATE.containsAll(check.faults().keySet());
            fail(certificate ? FetchFailure.CERTIFICATE : FetchFailure.TLS_HANDSHAKE, check.describeFaults());
        } else if (phase == Phase.HEAD && cause instanceof SSLException) {
            // with TLS 1.3 the peer may refuse the handshake after its end on our side
            fail(FetchFailure.TLS_HANDSHAKE, String.valueOf(cause.getMessage()));
        } else if (cause instanceof MessageConstraintException) {
            fail(FetchFailure.TOO_LARGE, "response head: " + cause.getMessage());
        } else if (cause instanceof HttpException || !(cause instanceof IOException)) {
            fail(FetchFailure.HTTP_MALFORMED, "no proper response: " + cause.getMessage());
        } else {
            fail(FetchFailure.TRUNCATED, "the connection broke: " + cause.getMessage());
        }
    }

    private void ended() {
        if (phase == Phase.TLS) {
            fail(FetchFailure.TLS_HANDSHAKE, "the connection ended within the TLS handshake");
        } else {
            fail(FetchFailure.TRUNCATED, body == null ? "the connection ended without a response" : body.missing());
        }
    }

    private void deadline() {
        boolean queued = phase == Phase.WAITING || phase == Phase.PLACE;
        fail(
                queued ? FetchFailure.OVERLOAD : FetchFailure.TIMEOUT,
                "not done within " + fetcher.settings.deadline.toMillis() + " ms: still waiting for " + phase.awaited
                        + (attempt == null ? "" : ", " + attempt.address.getHostAddress()));
    }

    private void fail(FetchFailure reason, String detail) {
        conclusion = new FetchResult.Failed(reason, Quote.plain(detail), trace());
    }

    private FetchTrace trace() {
        return new FetchTrace(
                addresses,
                attempt == null || attempt.session == null ? null : attempt.address,
                tlsCheck == null || tlsCheck.protocol().isEmpty() ? null : tlsCheck.protocol(),
                tlsCheck,
                status,
                contentType,
                body == null ? 0 : body.size(),
                Duration.ofNanos(System.nanoTime() - started));
    }

    /** Releases all that the fetch holds, then tells the caller, on a thread that is not the I/O's. */
    private void tell() {
        FetchResult outcome;
        Attempt last;
        HandshakePlaces.Place used;
        synchronized (this) {
            outcome = conclusion;
            last = attempt;
            used = place;
            if (deadlineTimer != null) {
                deadlineTimer.cancel(false);
            }
        }
        if (last != null) {
            last.end(outcome instanceof FetchResult.Fetched);
        }
        if (used != null) {
            used.giveUp();
        }
        fetcher.places.forget(this);
        fetcher.over(this);
        try {
            fetcher.executor.execute(() -> result.complete(outcome));
        } catch (RejectedExecutionException e) {
            result.complete(outcome);
        }
    }

    /** One connection, from the SYN on, and what happens on it. Only the fetch's present attempt is heard. */
    final class Attempt implements FutureCallback<IOSession>, IOEventHandler {
        private final InetAddress address;
        private @Nullable Future<?> timer;
        private @Nullable Future<IOSession> connecting;
        private @Nullable IOSession session;
        private @Nullable ClientTls tls;
        private @Nullable IOEventHandler http;

        Attempt(InetAddress address) {
            this.address = address;
        }

        private void begin(boolean othersLeft) {
            int port = fetcher.settings.port;
            try {
                connecting = fetcher.http()
                        .reactor
                        .connect(
                                new HttpHost("https", address, policyHost, port),
                                new InetSocketAddress(address, port),
                                null,
                                Timeout.DISABLED,
                                this,
                                this);
            } catch (IOReactorShutdownException e) {
                fail(FetchFailure.CONNECT, "the I/O threads have ended");
                return;
            }
            if (othersLeft) {
                timer = fetcher.executor.schedule(
                        () -> ifPresent(this::slow), CONNECT_SLICE.toNanos(), TimeUnit.NANOSECONDS);
            }
        }

        private void ifPresent(Runnable step) {
            step(() -> {
                if (attempt == this) {
                    step.run();
                }
            });
        }

        private void slow() {
            if (phase == Phase.CONNECT) {
                end(false);
                connect();
            }
        }

        @Override
        public void failed(Exception cause) {
            ifPresent(() -> {
                if (phase != Phase.CONNECT) {
                    PolicyFetch.this.failed(cause);
                } else if (untried.hasNext()) {
                    end(false);
                    connect();
                } else {
                    fail(
                            FetchFailure.CONNECT,
                            "connection to " + address.getHostAddress() + " failed: " + cause.getMessage());
                }
            });
        }

        @Override
        public void cancelled() {
            // by us, who know why
        }

        /** On the I/O thread: TCP is connected. What is returned handles the connection's events. */
        IOEventHandler connected(ProtocolIOSession connection) {
            ifPresent(() -> {
                phase = Phase.TLS;
                session = connection;
                ClientTls strict = fetcher.settings.verifier.strict(policyHost);
                tls = strict;
                connection.startTls(
                        new PeerContext(strict, MAX_RECEIVED),
                        null,
                        SSLBufferMode.DYNAMIC,
                        null,
                        (endpoint, engine) -> handshaken(strict, engine),
                        null);
            });
            synchronized (PolicyFetch.this) {
                http = fetcher.http().on(connection);
                if (session == null || conclusion != null) {
                    connection.close(CloseMode.IMMEDIATE);
                }
            }
            return this;
        }

        /** The connection is there: the request is given to it, and is sent when the handshake is over. */
        @Override
        public void completed(IOSession connection) {
            connection.enqueue(
                    new RequestExecutionCommand(new Exchange(this), HttpCoreContext.create()), Command.Priority.NORMAL);
        }

        /** On the I/O thread: the handshake is over. A resumed session would not have been seen by the trust manager. */
        private @Nullable TlsDetails handshaken(ClientTls strict, SSLEngine engine) throws SSLException {
            TlsCheck check = strict.check(engine.getSession());
            HandshakePlaces.Place used;
            synchronized (PolicyFetch.this) {
                tlsCheck = check;
                phase = check.passed() ? Phase.HEAD : phase;
                used = place;
            }
            if (used != null) {
                used.giveUp();
            }
            if (!check.passed()) {
                throw new SSLPeerUnverifiedException(check.describeFaults());
            }
            return null;
        }

        private void end(boolean politely) {
            Future<?> slice;
            Future<IOSession> pending;
            IOSession connection;
            synchronized (PolicyFetch.this) {
                slice = timer;
                pending = connecting;
                connection = session;
            }
            if (slice != null) {
                slice.cancel(false);
            }
            if (connection != null) {
                leave(connection, politely);
            } else if (pending != null) {
                pending.cancel(true);
            }
        }

        private void leave(IOSession connection, boolean politely) {
            if (politely) {
                try {
                    // a peer that does not answer our close_notify is not waited for
                    timer = fetcher.executor.schedule(
                            () -> connection.close(CloseMode.IMMEDIATE), FAREWELL.toNanos(), TimeUnit.NANOSECONDS);
                    connection.close(CloseMode.GRACEFUL);
                    return;
                } catch (RejectedExecutionException e) {
                    // the fetcher is closing, and with it goes courtesy
                }
            }
            connection.close(CloseMode.IMMEDIATE);
        }

        private IOEventHandler http() {
            return Objects.requireNonNull(http);
        }

        @Override
        public void connected(IOSession ready) throws IOException {
            http().connected(ready);
        }

        @Override
        public void inputReady(IOSession ready, @Nullable ByteBuffer bytes) throws IOException {
            http().inputReady(ready, bytes);
        }

        @Override
        public void outputReady(IOSession ready) throws IOException {
            http().outputReady(ready);
        }

        @Override
        public void timeout(IOSession idle, Timeout timeout) throws IOException {
            http().timeout(idle, timeout);
        }

        @Override
        public void exception(IOSession broken, Exception cause) {
            ifPresent(() -> PolicyFetch.this.failed(cause));
            http().exception(broken, cause);
        }

        @Override
        public void disconnected(IOSession closed) {
            ifPresent(PolicyFetch.this::ended);
            http().disconnected(closed);
        }
    }

    /** The one exchange: a request, a response. */
    private final class Exchange implements AsyncClientExchangeHandler {
        private final Attempt on;

        Exchange(Attempt on) {
            this.on = on;
        }

        @Override
        public void produceRequest(RequestChannel channel, HttpContext context) throws HttpException, IOException {
            BasicHttpRequest request = new BasicHttpRequest("GET", PATH);
            request.addHeader("Host", policyHost);
            request.addHeader("User-Agent", "mtasts");
            request.addHeader("Accept", "text/plain");
            request.addHeader("Accept-Encoding", "identity");
            request.addHeader("Connection", "close");
            channel.sendRequest(request, null, context);
        }

        @Override
        public void consumeInformation(HttpResponse interim, HttpContext context) {
            // of no use here
        }

        @Override
        public void consumeResponse(HttpResponse head, @Nullable EntityDetails entity, HttpContext context)
                throws IOException {
            Header type = head.getFirstHeader("Content-Type");
            synchronized (PolicyFetch.this) {
                status = head.getCode();
                contentType = type == null || type.getValue() == null ? null : Quote.plain(type.getValue());
            }
            ResponseBody opened =
                    PolicyResponse.open(head, fetcher.settings.maxBody, fetcher.settings.requireMediaType);
            on.ifPresent(() -> {
                body = opened;
                phase = Phase.BODY;
                concludeIfComplete(opened);
            });
        }

        @Override
        public void updateCapacity(CapacityChannel channel) throws IOException {
            channel.update(Integer.MAX_VALUE);
        }

        @Override
        public void consume(ByteBuffer bytes) throws IOException {
            ResponseBody open;
            synchronized (PolicyFetch.this) {
                open = body;
            }
            if (open != null) {
                // only this thread reads the connection
                open.accept(bytes);
                on.ifPresent(() -> concludeIfComplete(open));
            }
        }

        private void concludeIfComplete(ResponseBody read) {
            if (read.isComplete()) {
                conclusion = new FetchResult.Fetched(read.content(), trace());
            }
        }

        @Override
        public void streamEnd(@Nullable List<? extends Header> trailers) {
            on.ifPresent(PolicyFetch.this::ended);
        }

        @Override
        public int available() {
            return 0;
        }

        @Override
        public void produce(DataStreamChannel channel) throws IOException {
            channel.endStream();
        }

        @Override
        public void failed(Exception cause) {
            on.ifPresent(() -> PolicyFetch.this.failed(cause));
        }

        @Override
        public void cancel() {
            on.ifPresent(PolicyFetch.this::ended);
        }

        @Override
        public void releaseResources() {
            // held by the fetch
        }
    }
}
