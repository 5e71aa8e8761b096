package io.github.mtasts.lookup;

import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.config.CharCodingConfig;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultContentLengthStrategy;
import org.apache.hc.core5.http.impl.nio.ClientHttp1IOEventHandler;
import org.apache.hc.core5.http.impl.nio.ClientHttp1StreamDuplexerFactory;
import org.apache.hc.core5.http.impl.nio.DefaultHttpRequestWriterFactory;
import org.apache.hc.core5.http.impl.nio.DefaultHttpResponseParserFactory;
import org.apache.hc.core5.http.nio.NHttpMessageParser;
import org.apache.hc.core5.http.nio.NHttpMessageParserFactory;
import org.apache.hc.core5.http.nio.SessionInputBuffer;
import org.apache.hc.core5.http.protocol.HttpProcessorBuilder;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.reactor.DefaultConnectingIOReactor;
import org.apache.hc.core5.reactor.IOEventHandler;
import org.apache.hc.core5.reactor.IOReactorConfig;
import org.apache.hc.core5.reactor.ProtocolIOSession;
import org.apache.hc.core5.util.TimeValue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches over HTTPS with HttpCore's reactor and its parser of response heads; connections and body framing are our own. No pool, no
 * state per host: a fetch leaves nothing behind.
 */
final class HttpsPolicyFetcher implements PolicyFetcher {
    private static final Logger LOG = LoggerFactory.getLogger(HttpsPolicyFetcher.class);

    private static final int MAX_HEAD = 64 * 1024;
    private static final int MAX_HEADERS = 200;
    /** A silent host costs as much memory as a good one: small, rather than fast. */
    private static final int BUFFER = 4096;

    private static final int MAX_LINE = 16 * 1024;
    private static final Duration SLICE = Duration.ofMillis(500);
    /** A connection given up while it is being made is gone from the kernel after the next select. */
    private static final TimeValue SELECT_INTERVAL = TimeValue.ofMilliseconds(100);

    private static final TimeValue CLOSE_WITHIN = TimeValue.ofSeconds(2);

    final Builder settings;
    final ScheduledThreadPoolExecutor executor;
    final HandshakePlaces places;
    // guarded by this
    private @Nullable Http http;
    private final Set<PolicyFetch> inFlight = new HashSet<>();
    private final Set<PolicyFetch> waiting = new LinkedHashSet<>();
    private boolean closed;

    HttpsPolicyFetcher(Builder settings) {
        this.settings = settings;
        this.executor = new ScheduledThreadPoolExecutor(2, threads("mtasts-fetch-"));
        this.executor.setRemoveOnCancelPolicy(true);
        this.executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.places = new HandshakePlaces(settings.places, SLICE, executor);
    }

    /** What speaks HTTP/1.1, and its threads; made with the first fetch, since a process whose policies are all known has no use for it. */
    synchronized Http http() {
        if (http == null) {
            http = new Http();
            if (closed) {
                http.reactor.close(CloseMode.IMMEDIATE);
            }
        }
        return http;
    }

    static final class Http {
        final DefaultConnectingIOReactor reactor;
        private final ClientHttp1StreamDuplexerFactory connections;

        private Http() {
            Http1Config limits = Http1Config.custom()
                    .setBufferSize(BUFFER)
                    .setMaxLineLength(MAX_LINE)
                    .setMaxHeaderCount(MAX_HEADERS)
                    .build();
            this.connections = new ClientHttp1StreamDuplexerFactory(
                    HttpProcessorBuilder.create().build(),
                    limits,
                    CharCodingConfig.DEFAULT,
                    (request, response, context) -> false,
                    boundedHeads(limits),
                    DefaultHttpRequestWriterFactory.INSTANCE,
                    response -> DefaultContentLengthStrategy.UNDEFINED,
                    DefaultContentLengthStrategy.INSTANCE,
                    null);
            this.reactor = new DefaultConnectingIOReactor(
                    (session, attachment) -> ((PolicyFetch.Attempt) attachment).connected(session),
                    IOReactorConfig.custom()
                            .setIoThreadCount(
                                    Math.max(2, Math.min(4, Runtime.getRuntime().availableProcessors())))
                            .setTcpNoDelay(true)
                            .setSelectInterval(SELECT_INTERVAL)
                            .build(),
                    threads("mtasts-fetch-io-"),
                    null,
                    failure -> LOG.warn("policy fetches: failure on an I/O thread", failure),
                    null,
                    session -> session.close(CloseMode.IMMEDIATE));
            reactor.start();
        }

        /** What handles the events of a connection. */
        IOEventHandler on(ProtocolIOSession session) {
            return new ClientHttp1IOEventHandler(connections.create(session));
        }
    }

    private static ThreadFactory threads(String prefix) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, prefix + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Heads of at most 64 KiB together, interim responses included: their number has no limit of its own. */
    private static NHttpMessageParserFactory<HttpResponse> boundedHeads(Http1Config limits) {
        NHttpMessageParserFactory<HttpResponse> parsers = new DefaultHttpResponseParserFactory(limits);
        return () -> new BoundedParser(parsers.create());
    }

    private static final class BoundedParser implements NHttpMessageParser<HttpResponse> {
        private final NHttpMessageParser<HttpResponse> parser;
        private int parsed;

        BoundedParser(NHttpMessageParser<HttpResponse> parser) {
            this.parser = parser;
        }

        @Override
        public void reset() {
            parser.reset();
        }

        @Override
        public @Nullable HttpResponse parse(SessionInputBuffer buffer, boolean endOfStream)
                throws IOException, HttpException {
            int before = buffer.length();
            HttpResponse head;
            try {
                head = parser.parse(buffer, endOfStream);
            } catch (HttpException e) {
                if (endOfStream) {
                    throw cut();
                }
                throw e;
            }
            if (endOfStream && head != null) {
                // the library takes the end of the connection for the end of the head
                throw cut();
            }
            parsed += before - buffer.length();
            if (parsed > MAX_HEAD) {
                throw new RefusedException(FetchFailure.TOO_LARGE, "response head of more than " + MAX_HEAD + " bytes");
            }
            return head;
        }

        private static RefusedException cut() {
            return new RefusedException(FetchFailure.TRUNCATED, "the connection ended within the response's head");
        }
    }

    @Override
    public CompletionStage<FetchResult> fetch(PolicyDomain domain) {
        PolicyFetch fetch = new PolicyFetch(this, domain);
        CompletableFuture<FetchResult> result = fetch.result();
        try {
            fetch.begin();
        } catch (RejectedExecutionException e) {
            fetch.close();
            return result;
        }
        boolean start;
        synchronized (this) {
            start = !closed && inFlight.size() < settings.maxInFlight;
            if (start) {
                inFlight.add(fetch);
            } else if (!closed) {
                waiting.add(fetch);
            }
        }
        if (start) {
            fetch.start();
        } else if (isClosed()) {
            fetch.close();
        }
        return result;
    }

    /** Fetches under way or waiting for their turn. */
    synchronized int underWay() {
        return inFlight.size() + waiting.size();
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /** A fetch is over: the one that has waited longest takes its turn. */
    void over(PolicyFetch fetch) {
        PolicyFetch next = null;
        synchronized (this) {
            waiting.remove(fetch);
            if (inFlight.remove(fetch) && !closed && !waiting.isEmpty()) {
                next = waiting.iterator().next();
                waiting.remove(next);
                inFlight.add(next);
            }
        }
        if (next != null) {
            begin(next);
        }
    }

    private void begin(PolicyFetch next) {
        try {
            executor.execute(next::start);
        } catch (RejectedExecutionException e) {
            next.close();
        }
    }

    @Override
    public void close() {
        Set<PolicyFetch> open = new HashSet<>();
        Http made;
        synchronized (this) {
            closed = true;
            made = http;
            open.addAll(inFlight);
            open.addAll(waiting);
        }
        open.forEach(PolicyFetch::close);
        executor.shutdown();
        if (made == null) {
            return;
        }
        made.reactor.initiateShutdown();
        try {
            made.reactor.awaitShutdown(CLOSE_WITHIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        made.reactor.close(CloseMode.IMMEDIATE);
    }
}
