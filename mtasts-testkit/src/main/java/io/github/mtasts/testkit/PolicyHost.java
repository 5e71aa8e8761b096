package io.github.mtasts.testkit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * The policy host of one domain: HTTPS at a loopback address of its own, with any behaviour. Made by {@link SmallInternet}. Safe for any number of threads.
 */
public final class PolicyHost {
    private final String name;
    private final TestCa ca;
    private final InetAddress address;
    private final Listeners listeners;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private volatile TestCa.Identity identity;
    private volatile @Nullable SSLContext tls;
    private volatile Script script;
    private volatile Greeting greeting = Greeting.TLS;
    private volatile String @Nullable [] cipherSuites;
    private @Nullable ServerSocketChannel listening;

    private static final int MOST_OF_BODY = 1 << 24;

    /** What a host does once a request is read. The connection is closed in an orderly way when it returns, and cut, without a word of TLS, when it throws. */
    public interface Script {
        /** Reads on and never answers, until the client goes away. */
        Script SILENCE = (request, out) -> {};

        /**
         * Answers.
         *
         * @param request the request
         * @param out takes the answer, from the status line on
         * @throws IOException if the client has gone
         */
        void answer(Request request, OutputStream out) throws IOException;
    }

    /**
     * A request as it came.
     *
     * @param sni the name in the handshake
     * @param method for example {@code GET}
     * @param target path and query
     * @param headers names in lower case
     * @param body empty where the request gives no length
     */
    public record Request(String sni, String method, String target, Map<String, String> headers, byte[] body) {
        /**
         * A header's value; names in lower case.
         *
         * @param name the name, in any case of letters
         * @return the value, or null
         */
        public @Nullable String header(String name) {
            return headers.get(name.toLowerCase(Locale.ROOT));
        }
    }

    /** What a host does with a new connection. */
    public enum Greeting {
        /** TLS, as it should be. */
        TLS,
        /** Nothing at all: the connection stays open and silent. */
        SILENT,
        /** It resets the connection. */
        RESET,
        /** It answers any handshake with the ServerHello of a server that knows only older versions of TLS. */
        OLD_TLS,
        /** It takes the handshake for a bad request, and says so in HTTP without TLS. */
        PLAIN_HTTP
    }

    PolicyHost(String name, TestCa ca, Listeners listeners, InetAddress address) {
        this.name = name;
        this.ca = ca;
        this.listeners = listeners;
        this.address = address;
        this.identity = ca.issue(name, CertificateFault.NONE);
        this.script = status(404, "text/plain", "no policy here\n");
        up();
    }

    /** {@return the host's name: {@code mta-sts.} and the domain} */
    public String name() {
        return name;
    }

    /** {@return the address it listens at} */
    public InetAddress address() {
        return address;
    }

    /**
     * Serves a policy: status 200, {@code text/plain}.
     *
     * @param text the whole body
     */
    public void policy(String text) {
        script = status(200, "text/plain", text);
    }

    /**
     * Serves another status, media type and body.
     *
     * @param status for example 404
     * @param contentType the media type; empty for none
     * @param body the body, sent as UTF-8 with its length
     */
    public void respond(int status, String contentType, String body) {
        script = status(status, contentType, body);
    }

    /**
     * Serves whatever the script writes, from the status line on.
     *
     * @param script what it does once a request is read
     */
    public void script(Script script) {
        this.script = script;
    }

    /**
     * What happens on connecting.
     *
     * @param greeting what happens from now on
     */
    public void greeting(Greeting greeting) {
        this.greeting = greeting;
    }

    /**
     * Presents a certificate with a fault.
     *
     * @param fault what is wrong with it
     */
    public void certificate(CertificateFault fault) {
        certificate(ca.issue(name, fault));
    }

    /**
     * Presents any certificate.
     *
     * @param identity the certificate with its key and chain
     */
    public void certificate(TestCa.Identity identity) {
        this.identity = identity;
        this.tls = null;
    }

    /**
     * Only these cipher suites, in TLS 1.2.
     *
     * @param suites names as the JDK has them, for example {@code TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
     */
    public void cipherSuites(String... suites) {
        this.cipherSuites = suites;
    }

    /** Stops listening: connections are refused. */
    public synchronized void down() {
        if (listening != null) {
            listeners.stop(listening);
            listening = null;
        }
    }

    /** Listens again. */
    public synchronized void up() {
        if (listening == null) {
            listening = listeners.listen(address, this::accept);
        }
    }

    /** {@return every request so far} */
    public List<Request> requests() {
        return List.copyOf(requests);
    }

    /** {@return how many connections were made so far} */
    public int connections() {
        return connections.get();
    }

    /** {@return how many connections the other side has not closed yet} */
    public long openConnections() {
        return open.stream().filter(SocketChannel::isOpen).count();
    }

    /**
     * Waits until the number of open connections is as wanted; fails after a minute.
     *
     * @param wanted the condition
     */
    public void awaitOpenConnections(LongPredicate wanted) {
        Await.until("open connections of " + name, () -> wanted.test(openConnections()), this::openConnections);
    }

    /**
     * Waits until the number of requests has reached a count; fails after a minute.
     *
     * @param count how many
     */
    public void awaitRequests(int count) {
        Await.until(count + " requests to " + name, () -> requests.size() >= count, this::requests);
    }

    private static Script status(int status, String contentType, String body) {
        byte[] content = body.getBytes(StandardCharsets.UTF_8);
        String type = contentType.isEmpty() ? "" : "Content-Type: " + contentType + "\r\n";
        String head = "HTTP/1.1 " + status + " Status\r\n" + type + "Content-Length: " + content.length
                + "\r\nConnection: close\r\n\r\n";
        return (request, out) -> {
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            out.write(content);
        };
    }

    private void accept(SocketChannel channel) {
        connections.incrementAndGet();
        open.add(channel);
        switch (greeting) {
            case SILENT -> watch(channel);
            case RESET -> {
                try {
                    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
                } catch (IOException e) {
                    // it is gone already
                }
                close(channel);
            }
            default -> Threads.start("policy-host", () -> serve(channel));
        }
    }

    /** Keeps a silent connection without a thread, and notes when the client closes it. */
    private void watch(SocketChannel channel) {
        listeners.watch(channel, () -> close(channel));
    }

    private void serve(SocketChannel channel) {
        try (channel;
                Socket plain = channel.socket()) {
            plain.setSoTimeout(60_000);
            if (greeting == Greeting.OLD_TLS) {
                RawTls.awaitClientHello(plain.getInputStream());
                RawTls.sayLast(plain, RawTls.SERVER_HELLO_OF_TLS_1_1);
                return;
            }
            if (greeting == Greeting.PLAIN_HTTP) {
                RawTls.awaitClientHello(plain.getInputStream());
                script.answer(new Request("", "", "", Map.of(), new byte[0]), plain.getOutputStream());
                RawTls.hangUp(plain);
                return;
            }
            SSLContext context = tls;
            if (context == null) {
                context = ServerTls.of(identity);
                tls = context;
            }
            SSLSocket secure = ServerTls.accept(context, plain, cipherSuites);
            talk(secure, ServerTls.sni(secure));
            secure.close();
        } catch (IOException e) {
            // the client went away, or did not like what it saw
        } finally {
            open.remove(channel);
        }
    }

    private void talk(Socket socket, String sni) throws IOException {
        InputStream in = new BufferedInputStream(socket.getInputStream());
        Request request = read(in, sni);
        if (request != null) {
            requests.add(request);
            OutputStream out = socket.getOutputStream();
            while (script == Script.SILENCE) {
                if (in.read() < 0) {
                    return;
                }
            }
            script.answer(request, out);
            out.flush();
        }
    }

    private static @Nullable Request read(InputStream in, String sni) throws IOException {
        List<String> lines = new ArrayList<>();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0; b = in.read()) {
            if (b != '\n') {
                line.write(b);
                continue;
            }
            String text = line.toString(StandardCharsets.ISO_8859_1).strip();
            line.reset();
            if (!text.isEmpty()) {
                lines.add(text);
                continue;
            }
            String[] first = lines.get(0).split(" ", -1);
            Map<String, String> headers = new TreeMap<>();
            for (String header : lines.subList(1, lines.size())) {
                int colon = header.indexOf(':');
                headers.put(
                        header.substring(0, colon).toLowerCase(Locale.ROOT),
                        header.substring(colon + 1).strip());
            }
            int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
            return new Request(sni, first[0], first[1], headers, in.readNBytes(Math.min(length, MOST_OF_BODY)));
        }
        return null;
    }

    private void close(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // as good as closed
        }
        open.remove(channel);
    }
}
