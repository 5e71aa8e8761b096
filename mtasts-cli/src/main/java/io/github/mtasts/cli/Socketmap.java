package io.github.mtasts.cli;

import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.cli.socketmap.SocketmapServer;
import io.github.mtasts.discovery.DiscoveryCount;
import io.github.mtasts.discovery.DiscoveryCounters;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Serves Postfix's TLS policy table from the policies in force, until it is told to stop. */
@Command(
        name = "socketmap",
        description = {
            "Answer Postfix's TLS policy look-ups from the MTA-STS policies in force, until stopped (SIGTERM, SIGINT).",
            "",
            "In Postfix's main.cf:%n  smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:mtasts%n"
                    + "or, for Postfix 3.10 and later:%n  smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:mtasts-tlsrpt",
            "",
            "A policy of mode enforce becomes 'secure match=... servername=hostname'; testing, none and no policy are not found; where nothing is known for certain, Postfix defers.",
            ""
        },
        footer = {
            "",
            "Postfix before 3.10.5 cannot check that the policy lists the name of an MX host; it checks that the host's certificate bears a listed name."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:it was interrupted in this process, and has ended in order",
            "64:wrong usage",
            "69:an address cannot be listened at",
            "130:stopped by SIGINT, in order",
            "143:stopped by SIGTERM, in order"
        })
final class Socketmap implements Callable<Integer> {
    /** Less than the 100 seconds after which Postfix gives up a question. */
    private static final Duration TIMEOUT = Duration.ofSeconds(75);

    private static final Duration LONGEST_TIMEOUT = Duration.ofSeconds(95);

    /** Postfix closes a connection that it has not used for 10 seconds. */
    private static final Duration IDLE = Duration.ofMinutes(2);

    private static final Duration LONGEST_END = Duration.ofSeconds(20);

    @Option(
            names = "--listen",
            paramLabel = "ADDRESS",
            defaultValue = "inet:127.0.0.1:8461",
            converter = AddressConverter.class,
            description =
                    "Where Postfix asks: inet:HOST:PORT or unix:PATH; several are given one by one (default ${DEFAULT-VALUE}).")
    private List<SocketAddress> addresses = List.of();

    @Option(
            names = "--policies",
            paramLabel = "DIRECTORY",
            description = "Where policies are kept beyond a restart. Without it they are forgotten.")
    private @Nullable Path policies;

    @Option(names = "--strict", description = "Defer also where DNS cannot say whether there is a policy.")
    private boolean strict;

    @Option(
            names = "--health",
            paramLabel = "HOST:PORT",
            converter = HostAndPortConverter.class,
            description = "Where GET /health and GET /metrics are answered over HTTP.")
    private @Nullable InetSocketAddress health;

    private int threads = 2;
    private int mostConnections = 5_000;

    @Mixin
    private NetworkOptions network = new NetworkOptions();

    @Mixin
    private JsonOption json = new JsonOption();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private Socketmap() {}

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "2",
            description = "How many threads serve all connections (default ${DEFAULT-VALUE}).")
    void threads(int threads) {
        this.threads = between("--threads", threads, 1, 64);
    }

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            defaultValue = "5000",
            description = "How many connections may be open; more are closed at once (default ${DEFAULT-VALUE}).")
    void mostConnections(int most) {
        this.mostConnections = between("--max-connections", most, 1, 100_000);
    }

    private int between(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(spec.commandLine(), option + " takes " + least + " to " + most + ": " + value);
        }
        return value;
    }

    @Override
    public Integer call() {
        Duration timeout = network.timeout(TIMEOUT);
        if (timeout.compareTo(LONGEST_TIMEOUT) > 0) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--timeout takes at most " + LONGEST_TIMEOUT.toSeconds() + " here: Postfix waits 100 seconds");
        }
        MtaStsBuilder builder = network.engine().strictDiscovery(strict);
        Path directory = policies;
        CountDownLatch ended = new CountDownLatch(1);
        try (PolicyStore store = directory == null ? PolicyStore.inMemory() : PolicyStore.inDirectory(directory);
                MtaSts mtaSts = builder.policyStore(store).build();
                SocketmapServer server = new SocketmapServer(
                        domain -> mtaSts.discovery().policyForAsync(domain, timeout), threads, mostConnections, IDLE)) {
            start(server, mtaSts.discovery().counters());
            untilStopped(ended);
            return Main.ExitCode.OK;
        } catch (IOException e) {
            spec.commandLine().getErr().println("mtasts: " + e.getMessage());
            return Main.ExitCode.UNAVAILABLE;
        } finally {
            ended.countDown();
        }
    }

    private void start(SocketmapServer server, DiscoveryCounters counters) throws IOException {
        List<String> listening = new ArrayList<>();
        for (SocketAddress address : addresses) {
            listening.add(AddressConverter.text(server.listen(address)));
        }
        InetSocketAddress wanted = health;
        String healthAt = wanted == null
                ? null
                : NetworkOptions.ServerConverter.text(server.listenForHealth(wanted, () -> all(counters)));
        PrintWriter out = spec.commandLine().getOut();
        if (json.isOn()) {
            Map<String, Object> report = new LinkedHashMap<>();
            report.put("listening", listening);
            report.put("health", healthAt);
            out.println(Json.of(report));
        } else {
            listening.forEach(address -> out.println("listening at " + address));
            if (healthAt != null) {
                out.println("health at http://" + healthAt + "/health");
            }
        }
        out.flush();
        if (policies == null) {
            spec.commandLine()
                    .getErr()
                    .println(
                            "mtasts: policies are forgotten at the end of this process; --policies DIRECTORY keeps them");
        }
    }

    private static Map<String, Long> all(DiscoveryCounters counters) {
        Map<String, Long> all = new LinkedHashMap<>();
        for (DiscoveryCount count : DiscoveryCount.values()) {
            all.put("discovery_" + count.name().toLowerCase(Locale.ROOT), counters.get(count));
        }
        return all;
    }

    /**
     * Returns when this thread is interrupted or the process is told to end.
     *
     * @param ended the end of the process waits until this is counted down
     */
    private static void untilStopped(CountDownLatch ended) {
        CountDownLatch stop = new CountDownLatch(1);
        Thread atEnd = new Thread(
                () -> {
                    stop.countDown();
                    awaitEnd(ended);
                },
                "mtasts-stop");
        Runtime.getRuntime().addShutdownHook(atEnd);
        try {
            stop.await();
        } catch (InterruptedException e) {
            Runtime.getRuntime().removeShutdownHook(atEnd);
        }
    }

    private static void awaitEnd(CountDownLatch ended) {
        try {
            if (!ended.await(LONGEST_END.toSeconds(), TimeUnit.SECONDS)) {
                System.err.println("mtasts: not all was closed in order");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** {@code inet:127.0.0.1:8461}, {@code inet:[::1]:8461}, {@code unix:/run/mtasts/socketmap}: as Postfix writes them. */
    static final class AddressConverter implements ITypeConverter<SocketAddress> {
        @Override
        public SocketAddress convert(String text) {
            if (text.startsWith("inet:")) {
                return new HostAndPortConverter().convert(text.substring(5));
            }
            if (text.startsWith("unix:/")) {
                try {
                    return UnixDomainSocketAddress.of(text.substring(5));
                } catch (InvalidPathException e) {
                    throw new TypeConversionException("not a path: \"" + text.substring(5) + "\"");
                }
            }
            throw new TypeConversionException(
                    "an address is written as inet:HOST:PORT or unix:/PATH: \"" + text + "\"");
        }

        static String text(SocketAddress address) {
            return address instanceof InetSocketAddress inet
                    ? "inet:" + NetworkOptions.ServerConverter.text(inet)
                    : "unix:" + address;
        }
    }

    /** {@code 127.0.0.1:8462}, {@code [::1]:8462}; port 0 is any free one. */
    static final class HostAndPortConverter implements ITypeConverter<InetSocketAddress> {
        @Override
        public InetSocketAddress convert(String text) {
            int colon = text.lastIndexOf(':');
            String host = colon < 0 ? "" : text.substring(0, colon);
            boolean bare = host.indexOf(':') >= 0 && !host.startsWith("[");
            try {
                int port = Integer.parseInt(text.substring(colon + 1));
                if (!host.isEmpty() && !bare && port >= 0 && port <= 65_535) {
                    return new InetSocketAddress(InetAddress.getByName(host), port);
                }
            } catch (NumberFormatException e) {
                // told below
            } catch (UnknownHostException e) {
                throw new TypeConversionException("the address is not known: \"" + host + "\"");
            }
            throw new TypeConversionException("host and port are written as HOST:PORT: \"" + text + "\"");
        }
    }
}
