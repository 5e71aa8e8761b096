package io.github.mtasts.lookup;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.ResolverConfig;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/** Asks recursive resolvers, with dnsjava for messages and sockets. */
final class ResolvingDnsClient implements DnsClient {
    private static final int MAX_NAME = 253;
    private static final int MAX_LABEL = 63;

    private final List<InetSocketAddress> servers;
    private final boolean trusted;
    private final Duration deadline;
    private final Duration retryAfter;
    // dnsjava has one selector thread for the whole JVM: nothing of ours runs there
    private final ScheduledThreadPoolExecutor executor;
    private final Set<DnsLookup> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    ResolvingDnsClient(List<InetSocketAddress> servers, boolean trusted, Duration deadline, Duration retryAfter) {
        this.servers = servers.isEmpty() ? systemServers() : List.copyOf(servers);
        this.trusted = trusted;
        this.deadline = deadline;
        this.retryAfter = retryAfter;
        AtomicInteger number = new AtomicInteger();
        this.executor = new ScheduledThreadPoolExecutor(2, task -> {
            Thread thread = new Thread(task, "mtasts-dns-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        this.executor.setRemoveOnCancelPolicy(true);
        this.executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    private static List<InetSocketAddress> systemServers() {
        List<InetSocketAddress> found = ResolverConfig.getCurrentConfig().servers().stream()
                .filter(server -> !server.isUnresolved())
                .toList();
        return found.isEmpty() ? List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 53)) : found;
    }

    @Override
    public CompletionStage<DnsAnswer<String>> txt(String name) {
        return ask(name, Type.TXT).thenApply(answer -> map(answer, record -> join((TXTRecord) record)));
    }

    @Override
    public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
        return ask(name, Type.MX)
                .thenApply(answer -> map(answer, record -> {
                    MXRecord mx = (MXRecord) record;
                    return new MxRecord(mx.getPriority(), DnsLookup.text(mx.getTarget()));
                }));
    }

    @Override
    public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
        CompletableFuture<DnsAnswer<Record>> v6 = ask(host, Type.AAAA);
        CompletableFuture<DnsAnswer<Record>> v4 = ask(host, Type.A);
        return v6.thenCombine(v4, DnsLookup::together)
                .thenApply(answer -> map(answer, record -> address(host, record)));
    }

    private CompletableFuture<DnsAnswer<Record>> ask(String text, int type) {
        if (tooLong(text)) {
            // no such name can exist (RFC 1035 §2.3.4), so its absence is proven
            return CompletableFuture.completedFuture(new DnsAnswer.Absent<>(false, Duration.ZERO, Security.UNKNOWN));
        }
        DnsLookup lookup = new DnsLookup(absolute(text), type, servers, trusted, deadline, retryAfter, executor);
        open.add(lookup);
        CompletableFuture<DnsAnswer<Record>> result = lookup.result();
        CompletableFuture<DnsAnswer<Record>> forgotten = result.whenComplete((answer, never) -> open.remove(lookup));
        try {
            lookup.start();
        } catch (RejectedExecutionException e) {
            lookup.close();
        }
        if (closed) {
            lookup.close();
        }
        return forgotten;
    }

    private static boolean tooLong(String name) {
        if (name.length() > MAX_NAME) {
            return true;
        }
        for (String label : name.split("\\.", -1)) {
            if (label.length() > MAX_LABEL) {
                return true;
            }
        }
        return false;
    }

    private static Name absolute(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (!letter && c != '-' && c != '_' && c != '.') {
                throw new IllegalArgumentException("not a name of A-labels: " + Quote.remote(name));
            }
        }
        if (name.isEmpty() || name.startsWith(".") || name.endsWith(".") || name.contains("..")) {
            throw new IllegalArgumentException("empty label in the name " + Quote.remote(name));
        }
        try {
            return Name.fromString(name, Name.root);
        } catch (TextParseException e) {
            throw new IllegalArgumentException("not a name: " + Quote.remote(name), e);
        }
    }

    private static <T> DnsAnswer<T> map(DnsAnswer<Record> answer, Function<Record, T> data) {
        if (answer instanceof DnsAnswer.Found<Record> found) {
            List<T> records = new ArrayList<>(found.records().size());
            found.records().forEach(record -> records.add(data.apply(record)));
            return new DnsAnswer.Found<>(records, found.ttl(), found.security(), found.owner());
        }
        if (answer instanceof DnsAnswer.Absent<Record> absent) {
            return new DnsAnswer.Absent<>(absent.nameExists(), absent.ttl(), absent.security());
        }
        DnsAnswer.Unavailable<Record> unavailable = (DnsAnswer.Unavailable<Record>) answer;
        return new DnsAnswer.Unavailable<>(unavailable.reason(), unavailable.detail(), unavailable.security());
    }

    // RFC 8461 §3.1 by way of RFC 7208 §3.3: the strings of one record are one text, nothing between
    private static String join(TXTRecord record) {
        StringBuilder text = new StringBuilder();
        for (byte[] string : record.getStringsAsByteArrays()) {
            text.append(new String(string, StandardCharsets.ISO_8859_1));
        }
        return text.toString();
    }

    private static InetAddress address(String host, Record record) {
        byte[] bytes = record.rdataToWireCanonical();
        String name = host.toLowerCase(Locale.ROOT);
        try {
            // kept as the family it came in: InetAddress would make an IPv4 address of ::ffff:10.0.0.1
            return bytes.length == 16
                    ? Inet6Address.getByAddress(name, bytes, -1)
                    : InetAddress.getByAddress(name, bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        open.forEach(DnsLookup::close);
        executor.shutdown();
    }
}
