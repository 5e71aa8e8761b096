package io.github.mtasts.lookup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;

/** A DNS server over UDP that says whatever a test tells it to, for all that a proper one would not say. */
final class ScriptedDns implements AutoCloseable {
    private final DatagramSocket socket;
    private final Script script;
    private final List<Message> queries = new CopyOnWriteArrayList<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    /** What goes back for a query: bytes, or null for silence. */
    interface Script {
        byte @Nullable [] answer(Message query) throws IOException;
    }

    ScriptedDns(Script script) {
        this.script = script;
        try {
            socket = new DatagramSocket(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread thread = new Thread(this::run, "scripted-dns");
        thread.setDaemon(true);
        thread.start();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    List<Message> queries() {
        return queries;
    }

    /** An empty reply to a query, as from a recursive resolver. */
    static Message reply(Message query) {
        Message reply = new Message(query.getHeader().getID());
        reply.getHeader().setFlag(Flags.QR);
        reply.getHeader().setFlag(Flags.RD);
        reply.getHeader().setFlag(Flags.RA);
        reply.addRecord(query.getQuestion(), Section.QUESTION);
        return reply;
    }

    /** A reply with records in its answer section. */
    static byte[] answer(Message query, Record... records) {
        Message reply = reply(query);
        for (Record record : records) {
            reply.addRecord(record, Section.ANSWER);
        }
        return reply.toWire();
    }

    static Name name(String text) {
        try {
            return Name.fromString(text + ".");
        } catch (TextParseException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static SOARecord soa(String zone, long ttl, long minimum) {
        return new SOARecord(
                name(zone), DClass.IN, ttl, name("ns." + zone), name("admin." + zone), 1, 2, 3, 4, minimum);
    }

    private void run() {
        byte[] buffer = new byte[4096];
        while (!closed.get()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                Message query = new Message(Arrays.copyOf(buffer, packet.getLength()));
                queries.add(query);
                byte[] answer = script.answer(query);
                if (answer != null) {
                    socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                }
            } catch (IOException e) {
                if (!closed.get()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    @Override
    public void close() {
        closed.set(true);
        socket.close();
    }
}
