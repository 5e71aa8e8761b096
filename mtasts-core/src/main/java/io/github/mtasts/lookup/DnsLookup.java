package io.github.mtasts.lookup;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.ExtendedErrorCodeOption;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;
import org.xbill.DNS.WireParseException;

/**
 * One look-up: a name and a type, asked of the resolvers in turn until one gives an answer, along its CNAMEs, within one deadline.
 * All state is guarded by this object's monitor, which {@link #step} takes; nothing blocks while holding it.
 */
final class DnsLookup {
    /** RFC 6891 leaves the size to us; this one passes everywhere unfragmented. */
    private static final int UDP_SIZE = 1232;

    private static final int MAX_LINKS = 16;
    private static final int TRIES_AFTER_NETWORK_ERROR = 2;
    private static final long MAX_TTL = Integer.MAX_VALUE;

    private final int type;
    private final List<Server> servers;
    private final boolean trusted;
    private final Duration deadline;
    private final Duration retryAfter;
    private final ScheduledExecutorService executor;
    private final long started = System.nanoTime();
    private final CompletableFuture<DnsAnswer<Record>> result = new CompletableFuture<>();

    private final Set<Name> passed = new HashSet<>();
    private Name name;
    private long ttl = MAX_TTL;
    private Security security = Security.SECURE;
    private int question;
    private int turn;
    private DnsAnswer.@Nullable Unavailable<Record> failure;
    private @Nullable DnsAnswer<Record> answer;
    private @Nullable Future<?> deadlineTimer;
    private @Nullable Future<?> retryTimer;

    DnsLookup(
            Name name,
            int type,
            List<InetSocketAddress> servers,
            boolean trusted,
            Duration deadline,
            Duration retryAfter,
            ScheduledExecutorService executor) {
        this.name = name;
        this.type = type;
        this.servers = servers.stream().map(Server::new).toList();
        this.trusted = trusted;
        this.deadline = deadline;
        this.retryAfter = retryAfter;
        this.executor = executor;
    }

    CompletableFuture<DnsAnswer<Record>> result() {
        return result;
    }

    synchronized void start() {
        deadlineTimer =
                executor.schedule(() -> step(() -> conclude(failed())), deadline.toNanos(), TimeUnit.NANOSECONDS);
        passed.add(name);
        executor.execute(() -> step(this::ask));
    }

    void close() {
        step(() -> conclude(unavailable(DnsFailure.CLOSED, "the DNS client was closed")));
    }

    /** Runs one step under the monitor; tells the answer, if there is one now, outside of it. */
    private void step(Runnable step) {
        DnsAnswer<Record> found;
        synchronized (this) {
            if (answer == null) {
                step.run();
            }
            found = answer;
        }
        if (found != null) {
            result.complete(found);
        }
    }

    /** Puts the question for the present name to the next resolver, and arms the next try. */
    private void ask() {
        Server server = next(true);
        if (server == null) {
            conclude(failed());
            return;
        }
        send(server);
        if (retryTimer != null) {
            retryTimer.cancel(false);
        }
        retryTimer = executor.schedule(() -> step(this::ask), retryAfter.toNanos(), TimeUnit.NANOSECONDS);
    }

    private @Nullable Server next(boolean evenIfPending) {
        for (int i = 0; i < servers.size(); i++) {
            Server server = servers.get((turn + i) % servers.size());
            if (!server.out && (evenIfPending || server.pending == 0)) {
                turn = (turn + i + 1) % servers.size();
                return server;
            }
        }
        return null;
    }

    private void send(Server server) {
        long left = deadline.toNanos() - (System.nanoTime() - started);
        SimpleResolver resolver = new SimpleResolver(server.address);
        resolver.setTimeout(Duration.ofNanos(Math.max(1_000_000, Math.min(left, 2 * retryAfter.toNanos()))));
        resolver.setEDNS(0, UDP_SIZE, ExtendedFlags.DO, List.of());
        Message query = Message.newQuery(Record.newRecord(name, type, DClass.IN));
        query.getHeader().setFlag(Flags.AD);
        int asked = question;
        server.pending++;
        resolver.sendAsync(query, executor)
                .whenComplete((reply, error) -> step(() -> arrived(asked, server, reply, error)));
    }

    private void arrived(int asked, Server server, @Nullable Message reply, @Nullable Throwable error) {
        if (asked != question) {
            return;
        }
        server.pending--;
        if (reply == null) {
            DnsAnswer.Unavailable<Record> why = broken(server, error);
            // a slow answer is no reason to hurry: the timer asks again
            if (why.reason() != DnsFailure.TIMEOUT) {
                server.failures++;
                server.out = server.failures >= TRIES_AFTER_NETWORK_ERROR;
                failedTry(why);
            }
            return;
        }
        DnsAnswer.Unavailable<Record> refusal = refusal(server, reply);
        if (refusal == null) {
            read(server, reply);
        } else if (refusal.reason() == DnsFailure.BOGUS) {
            // another resolver that does not validate would pass off the forgery: this word is final
            conclude(refusal);
        } else {
            server.out = true;
            failedTry(refusal);
        }
    }

    private void failedTry(DnsAnswer.Unavailable<Record> why) {
        failure = why;
        Server other = next(false);
        if (other != null) {
            send(other);
        } else if (servers.stream().allMatch(server -> server.out && server.pending == 0)) {
            conclude(why);
        }
    }

    private static DnsAnswer.Unavailable<Record> broken(Server server, @Nullable Throwable error) {
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        DnsFailure reason;
        if (cause instanceof WireParseException) {
            reason = DnsFailure.MALFORMED;
        } else if (cause instanceof SocketTimeoutException) {
            reason = DnsFailure.TIMEOUT;
        } else if (cause instanceof IOException) {
            reason = DnsFailure.NETWORK;
        } else {
            // dnsjava stumbles over some broken messages with an unchecked exception
            reason = DnsFailure.MALFORMED;
        }
        return unavailable(reason, server + ": " + cause);
    }

    /** Why a reply says nothing about the name, if so. */
    private DnsAnswer.@Nullable Unavailable<Record> refusal(Server server, Message reply) {
        if (!reply.getHeader().getFlag(Flags.QR)
                || reply.getHeader().getOpcode() != Opcode.QUERY
                || reply.getHeader().getFlag(Flags.TC)) {
            return unavailable(DnsFailure.MALFORMED, server + ": no reply to a query, or cut short");
        }
        int rcode = reply.getRcode();
        if (rcode == Rcode.SERVFAIL) {
            int code = bogusCode(reply);
            return code < 0
                    ? unavailable(DnsFailure.SERVER_FAILURE, server + ": SERVFAIL for " + text(name))
                    : new DnsAnswer.Unavailable<>(
                            DnsFailure.BOGUS,
                            Quote.plain(server + ": SERVFAIL for " + text(name) + ", "
                                    + ExtendedErrorCodeOption.text(code)),
                            Security.BOGUS);
        }
        if (rcode != Rcode.NOERROR && rcode != Rcode.NXDOMAIN) {
            return unavailable(DnsFailure.REFUSED, server + ": " + Rcode.string(rcode) + " for " + text(name));
        }
        return null;
    }

    private static int bogusCode(Message reply) {
        if (reply.getOPT() != null) {
            for (EDNSOption option : reply.getOPT().getOptions(EDNSOption.Code.EDNS_EXTENDED_ERROR)) {
                if (option instanceof ExtendedErrorCodeOption extended
                        && extended.getErrorCode() >= ExtendedErrorCodeOption.DNSSEC_BOGUS
                        && extended.getErrorCode() <= ExtendedErrorCodeOption.NSEC_MISSING) {
                    return extended.getErrorCode();
                }
            }
        }
        return -1;
    }

    /** Walks the reply from the present name along its CNAMEs; asks again where the reply stops at one. */
    private void read(Server server, Message reply) {
        security = weaker(security, security(reply));
        boolean moved = false;
        while (true) {
            List<Record> found = records(reply, name, type);
            if (!found.isEmpty()) {
                found.forEach(record -> shorten(record.getTTL()));
                conclude(new DnsAnswer.Found<>(found, Duration.ofSeconds(ttl), security, text(name)));
                return;
            }
            List<Record> aliases = records(reply, name, Type.CNAME);
            if (aliases.isEmpty()) {
                break;
            }
            Name target = ((CNAMERecord) aliases.get(0)).getTarget();
            if (aliases.stream()
                    .anyMatch(alias -> !((CNAMERecord) alias).getTarget().equals(target))) {
                conclude(unavailable(DnsFailure.MALFORMED, "several CNAMEs at " + text(name)));
                return;
            }
            shorten(aliases.get(0).getTTL());
            // RFC 1034 §3.6.2 wants loops signalled as an error: never as an absence
            if (!passed.add(target) || passed.size() > MAX_LINKS + 1) {
                conclude(unavailable(
                        DnsFailure.CNAME_CHAIN,
                        passed.size() > MAX_LINKS + 1
                                ? "more than " + MAX_LINKS + " CNAMEs on the way to " + text(target)
                                : "CNAME loop at " + text(target)));
                return;
            }
            name = target;
            moved = true;
        }
        SOARecord soa = soa(reply);
        if (reply.getRcode() == Rcode.NXDOMAIN || soa != null) {
            absent(reply.getRcode() != Rcode.NXDOMAIN, soa);
        } else if (moved) {
            askOn();
        } else if (reply.getSection(Section.AUTHORITY).stream().anyMatch(record -> record.getType() == Type.NS)) {
            // RFC 2308 §2.2: a referral, no statement about the name
            server.out = true;
            failedTry(unavailable(DnsFailure.REFUSED, "a referral instead of an answer for " + text(name)));
        } else {
            absent(true, null);
        }
    }

    private void absent(boolean nameExists, @Nullable SOARecord soa) {
        if (soa == null) {
            ttl = 0;
        } else {
            shorten(soa.getTTL());
            shorten(soa.getMinimum());
        }
        conclude(new DnsAnswer.Absent<>(nameExists, Duration.ofSeconds(ttl), security));
    }

    private void askOn() {
        question++;
        turn = 0;
        for (Server server : servers) {
            server.pending = 0;
            server.failures = 0;
            server.out = false;
        }
        failure = null;
        ask();
    }

    private static List<Record> records(Message reply, Name owner, int type) {
        List<Record> found = new ArrayList<>();
        for (Record record : reply.getSection(Section.ANSWER)) {
            if (record.getType() == type
                    && record.getDClass() == DClass.IN
                    && record.getName().equals(owner)) {
                found.add(record);
            }
        }
        return found;
    }

    private static @Nullable SOARecord soa(Message reply) {
        for (Record record : reply.getSection(Section.AUTHORITY)) {
            if (record instanceof SOARecord soa) {
                return soa;
            }
        }
        return null;
    }

    private Security security(Message reply) {
        if (!trusted) {
            return Security.UNKNOWN;
        }
        return reply.getHeader().getFlag(Flags.AD) ? Security.SECURE : Security.INSECURE;
    }

    private void shorten(long seconds) {
        // RFC 2181 §8: with the highest bit set it counts as zero
        ttl = Math.min(ttl, seconds < 0 || seconds > MAX_TTL ? 0 : seconds);
    }

    private DnsAnswer.Unavailable<Record> failed() {
        if (failure != null) {
            return failure;
        }
        return unavailable(
                DnsFailure.TIMEOUT,
                "no answer for " + text(name) + " from " + servers + " within " + deadline.toMillis() + " ms");
    }

    private void conclude(DnsAnswer<Record> conclusion) {
        answer = conclusion;
        if (deadlineTimer != null) {
            deadlineTimer.cancel(false);
        }
        if (retryTimer != null) {
            retryTimer.cancel(false);
        }
    }

    private static DnsAnswer.Unavailable<Record> unavailable(DnsFailure reason, String detail) {
        return new DnsAnswer.Unavailable<>(reason, Quote.plain(detail), Security.UNKNOWN);
    }

    /** A name as this package shows it: presentation form (odd bytes escaped), lower case, no trailing dot; empty for the root. */
    static String text(Name name) {
        return name.equals(Name.root) ? "" : name.toString(true).toLowerCase(Locale.ROOT);
    }

    /** The answers for the two address families of a host, as one. */
    static DnsAnswer<Record> together(DnsAnswer<Record> six, DnsAnswer<Record> four) {
        if (six instanceof DnsAnswer.Found<Record> one && four instanceof DnsAnswer.Found<Record> two) {
            List<Record> records = new ArrayList<>(one.records());
            records.addAll(two.records());
            return new DnsAnswer.Found<>(
                    records, shorter(one.ttl(), two.ttl()), weaker(one.security(), two.security()), one.owner());
        }
        if (six instanceof DnsAnswer.Found<Record> found) {
            return four instanceof DnsAnswer.Unavailable<Record> ? once(found) : found;
        }
        if (four instanceof DnsAnswer.Found<Record> found) {
            return six instanceof DnsAnswer.Unavailable<Record> ? once(found) : found;
        }
        if (six instanceof DnsAnswer.Absent<Record> one && four instanceof DnsAnswer.Absent<Record> two) {
            return new DnsAnswer.Absent<>(
                    one.nameExists() || two.nameExists(),
                    shorter(one.ttl(), two.ttl()),
                    weaker(one.security(), two.security()));
        }
        boolean tellFour = six instanceof DnsAnswer.Absent<Record> || four.security() == Security.BOGUS;
        return tellFour ? four : six;
    }

    /** Half an answer: not to be used again. */
    private static DnsAnswer<Record> once(DnsAnswer.Found<Record> found) {
        return new DnsAnswer.Found<>(found.records(), Duration.ZERO, found.security(), found.owner());
    }

    private static Duration shorter(Duration one, Duration two) {
        return one.compareTo(two) <= 0 ? one : two;
    }

    private static Security weaker(Security one, Security two) {
        return one.compareTo(two) >= 0 ? one : two;
    }

    private static final class Server {
        private final InetSocketAddress address;
        private int pending;
        private int failures;
        private boolean out;

        Server(InetSocketAddress address) {
            this.address = address;
        }

        @Override
        public String toString() {
            return address.getAddress().getHostAddress() + ":" + address.getPort();
        }
    }
}
