package io.github.mtasts.testkit;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedErrorCodeOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * A DNS server on loopback, UDP and TCP on one port. Names without an entry are NXDOMAIN; names with entries of other types are NODATA. CNAMEs are followed within the
 * server, as a resolver does. Safe for any number of threads.
 */
public final class TestDns implements AutoCloseable {
    private static final int MOST_PORTS_TRIED = 100;

    private final Map<String, List<Record>> records = new ConcurrentHashMap<>();
    private final Map<String, Trouble> troubles = new ConcurrentHashMap<>();
    private final List<Query> queries = new CopyOnWriteArrayList<>();
    private final List<Held> held = new CopyOnWriteArrayList<>();
    private final DatagramSocket udp;
    private final ServerSocket tcp;
    private final List<Thread> threads;
    private volatile Duration negativeTtl = Duration.ofMinutes(5);
    private volatile boolean authentic;
    private volatile boolean closed;

    /** One question as it was asked: the name in lower case without trailing dot, the type as a mnemonic, for example {@code TXT}. */
    public record Query(String name, String type) {
        @Override
        public String toString() {
            return type + " " + name;
        }
    }

    /** What goes wrong for one name and type. */
    private record Trouble(Kind kind, int code) {
        enum Kind {
            RCODE,
            EXTENDED_ERROR,
            SILENCE,
            HOLD,
            TRUNCATE
        }
    }

    private record Held(String key, Reply reply, byte[] query) {}

    /** Sends an answer back where the question came from. */
    private interface Reply {
        void send(byte[] answer) throws IOException;
    }

    /** Starts a server on a free port of 127.0.0.1. */
    public TestDns() {
        try {
            tcp = new ServerSocket();
            udp = bindBoth(tcp);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads = List.of(Threads.start("dns-udp", this::serveUdp), Threads.start("dns-tcp", this::serveTcp));
    }

    /** Binds to a port that is free for both: one that is free for TCP may be taken for UDP. */
    private static DatagramSocket bindBoth(ServerSocket tcp) throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        for (int tries = 0; ; tries++) {
            DatagramSocket udp = new DatagramSocket(new InetSocketAddress(loopback, 0));
            try {
                tcp.bind(udp.getLocalSocketAddress());
                return udp;
            } catch (BindException e) {
                udp.close();
                if (tries == MOST_PORTS_TRIED) {
                    throw e;
                }
            }
        }
    }

    /** {@return where the server listens} */
    public InetSocketAddress address() {
        return new InetSocketAddress(tcp.getInetAddress(), tcp.getLocalPort());
    }

    /**
     * Publishes TXT records; each argument is one record, split into character-strings of 255 bytes. Replaces what was there.
     *
     * @param name the name, with or without trailing dot
     * @param texts one record each
     */
    public void txt(String name, String... texts) {
        put(name, Type.TXT, texts.length == 0 ? List.of() : texts(name, 300, texts));
    }

    /**
     * Publishes TXT records with a TTL. Replaces what was there.
     *
     * @param name the name, with or without trailing dot
     * @param ttl the time to live
     * @param texts one record each
     */
    public void txt(String name, Duration ttl, String... texts) {
        put(name, Type.TXT, texts(name, ttl.toSeconds(), texts));
    }

    /**
     * Publishes one TXT record made of the character-strings given. Replaces what was there.
     *
     * @param name the name, with or without trailing dot
     * @param strings the character-strings of the one record
     */
    public void txtStrings(String name, String... strings) {
        put(name, Type.TXT, List.of(new TXTRecord(name(name), DClass.IN, 300, List.of(strings))));
    }

    private static List<Record> texts(String name, long ttl, String... texts) {
        List<Record> made = new ArrayList<>();
        for (String text : texts) {
            List<String> strings = new ArrayList<>();
            for (int at = 0; at == 0 || at < text.length(); at += 255) {
                strings.add(escape(text.substring(at, Math.min(text.length(), at + 255))));
            }
            made.add(new TXTRecord(name(name), DClass.IN, ttl, strings));
        }
        return made;
    }

    /** dnsjava reads a text with escapes: bytes beyond ASCII, quotes and backslashes are written as such. */
    private static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b == '"' || b == '\\') {
                escaped.append('\\').append((char) b);
            } else if (b < ' ' || b == 0x7f) {
                escaped.append(String.format("\\%03d", b & 0xff));
            } else {
                escaped.append((char) b);
            }
        }
        return escaped.toString();
    }

    /**
     * Adds an MX record; {@code "."} for null MX.
     *
     * @param name the name, with or without trailing dot
     * @param preference 0 to 65535, lower first
     * @param exchange the host, or {@code "."}
     */
    public void mx(String name, int preference, String exchange) {
        add(
                name,
                new MXRecord(
                        name(name), DClass.IN, 300, preference, exchange.equals(".") ? Name.root : name(exchange)));
    }

    /**
     * Adds an address record.
     *
     * @param name the name, with or without trailing dot
     * @param address an IPv4 address for an A record, an IPv6 address for AAAA
     */
    public void address(String name, InetAddress address) {
        add(
                name,
                address instanceof Inet4Address
                        ? new ARecord(name(name), DClass.IN, 300, address)
                        : new AAAARecord(name(name), DClass.IN, 300, address));
    }

    /**
     * Makes a name an alias of another.
     *
     * @param name the name, with or without trailing dot
     * @param target the name it stands for
     */
    public void cname(String name, String target) {
        put(name, Type.CNAME, List.of(new CNAMERecord(name(name), DClass.IN, 300, name(target))));
    }

    /**
     * Makes a name exist, without records.
     *
     * @param name the name, with or without trailing dot
     */
    public void exists(String name) {
        records.computeIfAbsent(key(name), ignored -> new CopyOnWriteArrayList<>());
    }

    /**
     * Takes away all records of one type.
     *
     * @param name the name, with or without trailing dot
     * @param type a mnemonic, for example {@code TXT}
     */
    public void remove(String name, String type) {
        put(name, Type.value(type), List.of());
    }

    /**
     * Takes away a name: NXDOMAIN.
     *
     * @param name the name, with or without trailing dot
     */
    public void remove(String name) {
        records.remove(key(name));
    }

    /**
     * Answers with an error code, for example {@code SERVFAIL} or {@code REFUSED}.
     *
     * @param name the name, with or without trailing dot
     * @param type a mnemonic, for example {@code TXT}
     * @param rcode a mnemonic
     */
    public void fail(String name, String type, String rcode) {
        troubles.put(key(name) + "/" + type, new Trouble(Trouble.Kind.RCODE, Rcode.value(rcode)));
    }

    /**
     * Answers SERVFAIL with an extended error (RFC 8914): 6 for bogus, 22 for no reachable authority.
     *
     * @param name the name, with or without trailing dot
     * @param type a mnemonic, for example {@code TXT}
     * @param extendedError its info-code
     */
    public void failExtended(String name, String type, int extendedError) {
        troubles.put(key(name) + "/" + type, new Trouble(Trouble.Kind.EXTENDED_ERROR, extendedError));
    }

    /**
     * Never answers.
     *
     * @param name the name, with or without trailing dot
     * @param type a mnemonic, for example {@code TXT}
     */
    public void silence(String name, String type) {
        troubles.put(key(name) + "/" + type, new Trouble(Trouble.Kind.SILENCE, 0));
    }

    /**
     * Keeps answers back until {@link #release}.
     *
     * @param name the name, with or without trailing dot
     * @param type a mnemonic, for example {@code TXT}
     */
    public void hold(String name, String type) {
        troubles.put(key(name) + "/" + type, new Trouble(Trouble.Kind.HOLD, 0));
    }

    /**
     * Answers over UDP with the truncation bit only, so that a client asks again over TCP.
     *
     * @param name the name, with or without trailing dot
     * @param type a mnemonic, for example {@code TXT}
     */
    public void truncate(String name, String type) {
        troubles.put(key(name) + "/" + type, new Trouble(Trouble.Kind.TRUNCATE, 0));
    }

    /**
     * Ends any trouble of a name and type, and sends what was held back.
     *
     * @param name the name, with or without trailing dot
     * @param type a mnemonic, for example {@code TXT}
     */
    public void release(String name, String type) {
        String key = key(name) + "/" + type;
        troubles.remove(key);
        List<Held> released = held.stream().filter(one -> one.key().equals(key)).toList();
        held.removeAll(released);
        released.forEach(one -> answer(one.query(), one.reply(), true));
    }

    /**
     * The negative TTL that absent names and types are answered with.
     *
     * @param ttl the time to live
     */
    public void negativeTtl(Duration ttl) {
        negativeTtl = ttl;
    }

    /**
     * Whether answers have the AD bit, as from a validating resolver.
     *
     * @param authentic whether they have
     */
    public void authentic(boolean authentic) {
        this.authentic = authentic;
    }

    /** {@return every question so far, in order} */
    public List<Query> queries() {
        return List.copyOf(queries);
    }

    /**
     * How often a name and type were asked for.
     *
     * @param name the name, with or without trailing dot
     * @param type a mnemonic, for example {@code TXT}
     * @return the number so far
     */
    public long asked(String name, String type) {
        return queries.stream().filter(new Query(key(name), type)::equals).count();
    }

    /**
     * Waits until the questions so far are as wanted; fails after a minute, telling what was asked.
     *
     * @param wanted the condition
     */
    public void awaitQueries(Predicate<List<Query>> wanted) {
        Await.until("queries", () -> wanted.test(queries()), this::queries);
    }

    private void add(String name, Record record) {
        records.computeIfAbsent(key(name), ignored -> new CopyOnWriteArrayList<>())
                .add(record);
    }

    private void put(String name, int type, List<Record> fresh) {
        List<Record> all = new CopyOnWriteArrayList<>(records.getOrDefault(key(name), List.of()));
        all.removeIf(record -> record.getType() == type);
        all.addAll(fresh);
        records.put(key(name), all);
    }

    private static Name name(String name) {
        try {
            return Name.fromString(name.endsWith(".") ? name : name + ".");
        } catch (TextParseException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static String key(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    private void serveUdp() {
        byte[] buffer = new byte[4096];
        while (!closed) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                udp.receive(packet);
                byte[] query = new byte[packet.getLength()];
                System.arraycopy(buffer, 0, query, 0, query.length);
                receive(
                        query,
                        answer -> udp.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress())),
                        false);
            } catch (IOException e) {
                if (!closed) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void serveTcp() {
        while (!closed) {
            try {
                Socket socket = tcp.accept();
                Threads.start("dns-connection", () -> serve(socket));
            } catch (IOException e) {
                if (!closed) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setSoTimeout(30_000);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            while (true) {
                byte[] query = new byte[in.readUnsignedShort()];
                in.readFully(query);
                receive(
                        query,
                        answer -> {
                            out.writeShort(answer.length);
                            out.write(answer);
                            out.flush();
                        },
                        true);
            }
        } catch (IOException e) {
            // the client went away
        }
    }

    private void receive(byte[] query, Reply reply, boolean overTcp) throws IOException {
        Record question = new Message(query).getQuestion();
        if (question == null) {
            return;
        }
        queries.add(new Query(key(question.getName().toString()), Type.string(question.getType())));
        answer(query, reply, overTcp);
    }

    private void answer(byte[] query, Reply reply, boolean overTcp) {
        try {
            Message asked = new Message(query);
            Record question = asked.getQuestion();
            String key = key(question.getName().toString()) + "/" + Type.string(question.getType());
            Trouble trouble = troubles.get(key);
            if (trouble != null && trouble.kind() == Trouble.Kind.SILENCE) {
                return;
            }
            if (trouble != null && trouble.kind() == Trouble.Kind.HOLD) {
                held.add(new Held(key, reply, query));
                return;
            }
            Message answer = new Message(asked.getHeader().getID());
            answer.getHeader().setOpcode(Opcode.QUERY);
            answer.getHeader().setFlag(Flags.QR);
            answer.getHeader().setFlag(Flags.RD);
            answer.getHeader().setFlag(Flags.RA);
            if (authentic) {
                answer.getHeader().setFlag(Flags.AD);
            }
            answer.addRecord(question, Section.QUESTION);
            int limit = overTcp || asked.getOPT() == null
                    ? (overTcp ? 65535 : 512)
                    : asked.getOPT().getPayloadSize();
            if (trouble == null) {
                fill(answer, question);
                reply.send(answer.toWire(limit));
                return;
            }
            switch (trouble.kind()) {
                case RCODE -> answer.getHeader().setRcode(trouble.code());
                case EXTENDED_ERROR -> {
                    answer.getHeader().setRcode(Rcode.SERVFAIL);
                    answer.addRecord(
                            new OPTRecord(1232, 0, 0, 0, new ExtendedErrorCodeOption(trouble.code())),
                            Section.ADDITIONAL);
                }
                case TRUNCATE -> {
                    if (overTcp) {
                        fill(answer, question);
                    } else {
                        answer.getHeader().setFlag(Flags.TC);
                    }
                }
                default -> throw new IllegalStateException();
            }
            reply.send(answer.toWire(limit));
        } catch (IOException e) {
            // the client went away, or asked nonsense
        }
    }

    private void fill(Message answer, Record question) {
        Name name = question.getName();
        for (int links = 0; links < 40; links++) {
            List<Record> at = records.get(key(name.toString()));
            if (at == null) {
                answer.getHeader().setRcode(Rcode.NXDOMAIN);
                answer.addRecord(soa(), Section.AUTHORITY);
                return;
            }
            CNAMERecord alias = null;
            boolean any = false;
            for (Record record : at) {
                if (record.getType() == question.getType()) {
                    answer.addRecord(record.withName(name), Section.ANSWER);
                    any = true;
                } else if (record instanceof CNAMERecord cname) {
                    alias = cname;
                }
            }
            if (any || alias == null) {
                if (!any) {
                    answer.addRecord(soa(), Section.AUTHORITY);
                }
                return;
            }
            answer.addRecord(alias, Section.ANSWER);
            name = alias.getTarget();
        }
    }

    private Record soa() {
        long ttl = negativeTtl.toSeconds();
        return new SOARecord(Name.root, DClass.IN, ttl, Name.root, Name.root, 1, 3600, 600, 86400, ttl);
    }

    @Override
    public void close() {
        closed = true;
        udp.close();
        try {
            tcp.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Threads.join(threads); // the ports are free once nobody waits at them
    }
}
