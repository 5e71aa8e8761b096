package io.github.mtasts.testkit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * An MX host: an SMTP server at a loopback address of its own that keeps what it receives and can misbehave in every way that matters to TLS. Made by
 * {@link SmallInternet}. Safe for any number of threads.
 */
public final class MxServer {
    private final String name;
    private final TestCa ca;
    private final InetAddress address;
    private final Listeners listeners;
    private final List<Connection> connections = new CopyOnWriteArrayList<>();
    private final List<Mail> mails = new CopyOnWriteArrayList<>();
    private final Set<String> keywords = ConcurrentHashMap.newKeySet();
    private final Set<String> clearKeywords = ConcurrentHashMap.newKeySet();
    private final Map<String, String> replies = new ConcurrentHashMap<>();
    private final Set<String> drops = ConcurrentHashMap.newKeySet();
    private final Map<String, String> repliesOnce = new ConcurrentHashMap<>();
    private final Set<String> dropsOnce = ConcurrentHashMap.newKeySet();
    private volatile StartTls startTls = StartTls.OFFERED;
    private volatile boolean implicitTls;
    private volatile TestCa.Identity identity;
    private volatile @Nullable SSLContext tls;
    private volatile String @Nullable [] cipherSuites;
    private volatile boolean silent;
    private @Nullable ServerSocketChannel listening;

    /** How a host treats STARTTLS. */
    public enum StartTls {
        /** It offers STARTTLS and means it. */
        OFFERED,
        /** It does not offer it, as behind an attacker who strips it. */
        NOT_OFFERED,
        /** It offers it, and answers 454. */
        REFUSED_454,
        /** It offers it, and answers 502. */
        REFUSED_502,
        /** It offers it, and answers what is no SMTP reply. */
        GARBAGE_REPLY,
        /** It answers 220, and sends garbage instead of a ServerHello. */
        GARBAGE_HANDSHAKE,
        /** It answers 220 with another line behind it in the same segment. */
        INJECTED,
        /** It answers 220, and another line in clear, in TLS's place, once the client has begun to shake hands. */
        INJECTED_LATER,
        /** It answers 220, and closes the connection. */
        CLOSED,
        /** It answers 220, and any handshake with the ServerHello of a server that knows only older versions of TLS. */
        OLD_TLS,
        /** It shakes hands and ends the TLS session with an alert, since it wants a certificate of the client's: in TLS 1.3 the client has a session by then. */
        ALERT_AFTERWARDS,
        /** It answers 220, and nothing more. */
        SILENT
    }

    /**
     * A mail as it was handed over.
     *
     * @param from the envelope's sender
     * @param to the envelope's recipients that were accepted
     * @param content the message, with CRLF
     * @param encrypted whether it came over TLS
     */
    public record Mail(String from, List<String> to, String content, boolean encrypted) {
        /**
         * Copies the list.
         *
         * @param from the envelope's sender
         * @param to the envelope's recipients that were accepted
         * @param content the message, with CRLF
         * @param encrypted whether it came over TLS
         */
        public Mail {
            to = List.copyOf(to);
        }
    }

    /** One connection: what was said, and over what. */
    public static final class Connection {
        private final List<String> commands = new CopyOnWriteArrayList<>();
        private volatile String sni = "";
        private volatile String protocol = "";
        private volatile String cipherSuite = "";
        private volatile boolean handshakeDone;
        private volatile int sentAhead;

        private Connection() {}

        /** {@return every command line in order, without its line end} */
        public List<String> commands() {
            return List.copyOf(commands);
        }

        /** {@return the server name the client asked for in TLS; empty when none} */
        public String sni() {
            return sni;
        }

        /** {@return the TLS version; empty while in clear text} */
        public String protocol() {
            return protocol;
        }

        /** {@return the cipher suite; empty while in clear text} */
        public String cipherSuite() {
            return cipherSuite;
        }

        /** {@return whether a TLS handshake was completed} */
        public boolean encrypted() {
            return handshakeDone;
        }

        /** {@return how many bytes had come behind {@code STARTTLS} before it was answered} */
        public int sentAhead() {
            return sentAhead;
        }

        /**
         * Whether a command began so, in any case of letters.
         *
         * @param verb how the command begins
         * @return whether there was one
         */
        public boolean saw(String verb) {
            return commands.stream()
                    .anyMatch(command -> command.toUpperCase(Locale.ROOT).startsWith(verb.toUpperCase(Locale.ROOT)));
        }

        @Override
        public String toString() {
            return (handshakeDone ? protocol + " " : "clear ") + commands;
        }
    }

    MxServer(String name, TestCa ca, Listeners listeners, InetAddress address) {
        this.name = name;
        this.ca = ca;
        this.listeners = listeners;
        this.address = address;
        this.identity = ca.issue(name, CertificateFault.NONE);
        up();
    }

    /** {@return the host's name} */
    public String name() {
        return name;
    }

    /** {@return the address it listens at} */
    public InetAddress address() {
        return address;
    }

    /**
     * How it treats STARTTLS from now on.
     *
     * @param startTls what it does from now on
     */
    public void startTls(StartTls startTls) {
        this.startTls = startTls;
    }

    /**
     * TLS from the first byte, as on port 465.
     *
     * @param implicit whether it speaks TLS at once
     */
    public void implicitTls(boolean implicit) {
        this.implicitTls = implicit;
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

    /**
     * Announces an extension in its reply to EHLO, for example {@code SIZE 1000000} or {@code AUTH PLAIN}.
     *
     * @param keyword one line of the reply, without its code
     */
    public void announce(String keyword) {
        keywords.add(keyword);
    }

    /**
     * Announces an extension before TLS only.
     *
     * @param keyword one line of the reply, without its code
     */
    public void announceInClear(String keyword) {
        clearKeywords.add(keyword);
    }

    /**
     * Answers a command with a reply of the test's.
     *
     * @param verb {@code GREETING}, {@code EHLO}, {@code HELO}, {@code STARTTLS}, {@code MAIL}, {@code RCPT}, {@code RCPT:user@example.com}, {@code DATA}, {@code BODY} (the end of the data),
     *     {@code RSET}
     * @param reply for example {@code 550 5.1.1 unknown}; empty to answer as usual again
     */
    public void reply(String verb, String reply) {
        if (reply.isEmpty()) {
            replies.remove(verb);
        } else {
            replies.put(verb, reply);
        }
    }

    /**
     * Closes the connection at a command, instead of answering; see {@link #reply} for the verbs.
     *
     * @param verb the command
     */
    public void drop(String verb) {
        drops.add(verb);
    }

    /**
     * Answers the next such command with a reply of the test's: a recipient is not taken then, and a message at {@code BODY} is.
     *
     * @param verb the command
     * @param reply the reply, without its line end
     */
    public void replyOnce(String verb, String reply) {
        repliesOnce.put(verb, reply);
    }

    /**
     * Closes the connection at the next such command, and then no more.
     *
     * @param verb the command
     */
    public void dropOnce(String verb) {
        dropsOnce.add(verb);
    }

    /** Answers everything again. */
    public void behave() {
        drops.clear();
        dropsOnce.clear();
        repliesOnce.clear();
        replies.clear();
        silent = false;
        startTls = StartTls.OFFERED;
        certificate(CertificateFault.NONE);
    }

    /**
     * Accepts connections and never says a word.
     *
     * @param silent whether it does so from now on
     */
    public void silent(boolean silent) {
        this.silent = silent;
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

    /** {@return every connection so far} */
    public List<Connection> connections() {
        return List.copyOf(connections);
    }

    /** {@return every mail received so far} */
    public List<Mail> mails() {
        return List.copyOf(mails);
    }

    /** {@return whether any connection got as far as {@code MAIL FROM}} */
    public boolean sawMailFrom() {
        return connections.stream().anyMatch(connection -> connection.saw("MAIL FROM"));
    }

    private void accept(SocketChannel channel) {
        Connection connection = new Connection();
        connections.add(connection);
        if (silent) {
            listeners.watch(channel, () -> {
                try {
                    channel.close();
                } catch (IOException e) {
                    // as good as closed
                }
            });
            return;
        }
        Threads.start("mx", () -> {
            try (channel;
                    Socket socket = channel.socket()) {
                socket.setSoTimeout(60_000);
                socket.setTcpNoDelay(true);
                new Session(connection, socket).run();
            } catch (IOException e) {
                // the client went away, or did not like what it saw
            }
        });
    }

    private SSLContext context() {
        SSLContext context = tls;
        if (context == null) {
            context = ServerTls.of(identity);
            tls = context;
        }
        return context;
    }

    /** The dialogue on one connection. */
    private final class Session {
        private final Connection connection;
        private final Socket plain;
        private Socket socket;
        private InputStream in;
        private OutputStream out;
        private String from = "";
        private final Set<String> to = new LinkedHashSet<>();
        private final ByteArrayOutputStream chunks = new ByteArrayOutputStream();

        Session(Connection connection, Socket plain) throws IOException {
            this.connection = connection;
            this.plain = plain;
            this.socket = plain;
            this.in = new BufferedInputStream(plain.getInputStream());
            this.out = plain.getOutputStream();
        }

        void run() throws IOException {
            if (implicitTls) {
                secure();
            }
            if (!say("GREETING", "220 " + name + " ESMTP")) {
                return;
            }
            for (String line = readLine(); line != null; line = readLine()) {
                connection.commands.add(line);
                if (!answer(line)) {
                    break;
                }
            }
            socket.close();
        }

        private boolean answer(String line) throws IOException {
            String upper = line.toUpperCase(Locale.ROOT);
            String verb = upper.split(" ", 2)[0];
            switch (verb) {
                case "EHLO":
                    return say("EHLO", ehlo());
                case "STARTTLS":
                    return startTls();
                case "MAIL":
                    from = path(line);
                    to.clear();
                    chunks.reset();
                    return say("MAIL", "250 2.1.0 ok");
                case "RCPT":
                    String recipient = path(line);
                    String own = replies.get("RCPT:" + recipient);
                    if (own == null) {
                        own = repliesOnce.remove("RCPT");
                    }
                    if (own != null) {
                        write(own);
                        return !own.startsWith("421");
                    }
                    if (!replies.containsKey("RCPT")) {
                        to.add(recipient);
                    }
                    return say("RCPT", "250 2.1.5 ok");
                case "DATA":
                    if (to.isEmpty()) {
                        write("503 5.5.1 no recipients");
                        return true;
                    }
                    if (isDropped("DATA")) {
                        return false;
                    }
                    String go = reply("DATA", "354 go on");
                    write(go);
                    return go.startsWith("354") ? received(readData()) : !go.startsWith("421");
                case "BDAT":
                    return chunk(upper);
                case "RSET":
                    to.clear();
                    return say("RSET", "250 2.0.0 ok");
                case "AUTH":
                    write("235 2.7.0 ok");
                    return true;
                case "QUIT":
                    write("221 2.0.0 bye");
                    return false;
                default:
                    return say(verb, "250 2.0.0 ok");
            }
        }

        private boolean chunk(String upper) throws IOException {
            String[] words = upper.split(" ");
            byte[] data = in.readNBytes(Integer.parseInt(words[1]));
            chunks.write(data);
            if (words.length > 2 && words[2].equals("LAST")) {
                return received(chunks.toString(StandardCharsets.UTF_8));
            }
            write("250 2.0.0 ok");
            return true;
        }

        /** A message is taken before the reply is sent: a client that does not see the reply cannot know. */
        private boolean received(String content) throws IOException {
            if (!replies.containsKey("BODY")) {
                mails.add(new Mail(from, List.copyOf(to), content, connection.handshakeDone));
            }
            return say("BODY", "250 2.0.0 taken");
        }

        private String ehlo() {
            List<String> lines = new ArrayList<>(List.of(name));
            lines.addAll(keywords);
            if (!connection.handshakeDone) {
                lines.addAll(clearKeywords);
            }
            if (startTls != StartTls.NOT_OFFERED && !connection.handshakeDone) {
                lines.add("STARTTLS");
            }
            StringBuilder reply = new StringBuilder();
            for (int i = 0; i < lines.size(); i++) {
                reply.append(i == 0 ? "" : "\r\n")
                        .append("250")
                        .append(i < lines.size() - 1 ? '-' : ' ')
                        .append(lines.get(i));
            }
            return reply.toString();
        }

        private boolean startTls() throws IOException {
            connection.sentAhead = in.available();
            if (isDropped("STARTTLS")) {
                return false;
            }
            String own = reply("STARTTLS", "");
            if (!own.isEmpty()) {
                write(own);
                return !own.startsWith("421");
            }
            switch (startTls) {
                case OFFERED:
                    write("220 2.0.0 go on");
                    secure();
                    return true;
                case NOT_OFFERED, REFUSED_502:
                    write("502 5.5.1 no such command");
                    return true;
                case REFUSED_454:
                    write("454 4.7.0 TLS is not available now");
                    return true;
                case GARBAGE_REPLY:
                    write("hello there");
                    return true;
                case GARBAGE_HANDSHAKE:
                    write("220 2.0.0 go on");
                    RawTls.awaitClientHello(in);
                    RawTls.sayLast(plain, "this is not TLS, not at all\r\n".getBytes(StandardCharsets.US_ASCII));
                    return false;
                case INJECTED:
                    write("220 2.0.0 go on\r\n250 2.0.0 injected");
                    secure();
                    return true;
                case INJECTED_LATER:
                    write("220 2.0.0 go on");
                    RawTls.awaitClientHello(in);
                    RawTls.sayLast(plain, "250 2.0.0 injected\r\n".getBytes(StandardCharsets.US_ASCII));
                    return false;
                case CLOSED:
                    write("220 2.0.0 go on");
                    RawTls.hangUp(plain);
                    return false;
                case ALERT_AFTERWARDS:
                    write("220 2.0.0 go on");
                    ServerTls.refuse(context(), plain);
                    return false;
                case OLD_TLS:
                    write("220 2.0.0 go on");
                    RawTls.awaitClientHello(in);
                    RawTls.sayLast(plain, RawTls.SERVER_HELLO_OF_TLS_1_1);
                    return false;
                default:
                    write("220 2.0.0 go on");
                    while (in.read() >= 0) {
                        // silence
                    }
                    return false;
            }
        }

        private void secure() throws IOException {
            SSLSocket secure = ServerTls.accept(context(), plain, cipherSuites);
            connection.protocol = secure.getSession().getProtocol();
            connection.cipherSuite = secure.getSession().getCipherSuite();
            connection.sni = ServerTls.sni(secure);
            connection.handshakeDone = true;
            socket = secure;
            in = new BufferedInputStream(secure.getInputStream());
            out = secure.getOutputStream();
        }

        private boolean say(String verb, String usual) throws IOException {
            if (isDropped(verb)) {
                return false;
            }
            String reply = reply(verb, usual);
            write(reply);
            return !reply.startsWith("421");
        }

        private boolean isDropped(String verb) {
            return drops.contains(verb) || dropsOnce.remove(verb);
        }

        private String reply(String verb, String usual) {
            String once = repliesOnce.remove(verb);
            return once != null ? once : replies.getOrDefault(verb, usual);
        }

        private void write(String reply) throws IOException {
            out.write((reply + "\r\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        }

        private static String path(String line) {
            int open = line.indexOf('<');
            int close = line.indexOf('>', open);
            return open < 0 || close < 0 ? "" : line.substring(open + 1, close);
        }

        private @Nullable String readLine() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int b = in.read(); b >= 0; b = in.read()) {
                if (b == '\n') {
                    String text = line.toString(StandardCharsets.UTF_8);
                    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
                }
                line.write(b);
            }
            return null;
        }

        private String readData() throws IOException {
            StringBuilder data = new StringBuilder();
            for (String line = readLine(); !".".equals(line); line = readLine()) {
                if (line == null) {
                    throw new EOFException("the client went away within a message, which is none then");
                }
                data.append(line.startsWith(".") ? line.substring(1) : line).append("\r\n");
            }
            return data.toString();
        }
    }
}
