package io.github.mtasts.bench;

import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import io.github.mtasts.discovery.PolicyInForce;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.conscrypt.Conscrypt;
import org.jspecify.annotations.Nullable;

/** Domains met for the first time, beside a bare GET of the same hosts with the JDK's sockets. The servers are in another process. */
final class ColdPart implements Part {
    private static final int IN_FLIGHT = 64;

    @Override
    public void run(Page page, boolean quick) throws Exception {
        int domains = quick ? 200 : 2000;
        int rounds = quick ? 3 : 8;
        page.heading("Cold discovery");
        page.say(Page.number(domains) + " domains, " + IN_FLIGHT
                + " in flight: TXT, A and AAAA records, a connection, a full TLS 1.3 handshake (P-256), the chain's check among the platform's trust anchors, the GET, parsing and storing. *Bare* is `SSLSocket` on "
                + IN_FLIGHT
                + " threads with the JDK's own check, addresses known beforehand, the body thrown away. Rounds alternate after a warm-up of "
                + (quick ? 1 : 2)
                + " round(s) each. Hosts and DNS are in another process: only the client's processor time counts.");
        page.table(
                "TLS",
                "bare, CPU ms per host",
                "mtasts, CPU ms per domain",
                "ratio of each pair",
                "bare, wall ms",
                "mtasts, wall ms",
                "rounds");
        try (Net net = new Net(domains, "serve")) {
            for (boolean conscrypt : List.of(false, true)) {
                Provider provider = conscrypt ? Conscrypt.newProvider() : null;
                Samples bare = new Samples();
                Samples ours = new Samples();
                Samples ratios = new Samples();
                Samples bareWall = new Samples();
                Samples oursWall = new Samples();
                for (int round = quick ? -1 : -2; round < rounds; round++) {
                    double[] first = timed(domains, () -> bare(net, provider));
                    double[] second = ours(net, provider);
                    if (round >= 0) {
                        bare.add(first[0]);
                        ours.add(second[0]);
                        ratios.add(second[0] / first[0]);
                        bareWall.add(first[1]);
                        oursWall.add(second[1]);
                    }
                }
                String name = conscrypt ? "Conscrypt" : "JDK";
                page.row(name, bare, ours, ratios, bareWall, oursWall, rounds);
                page.atMost(conscrypt ? 1.3 : 1.15, "× bare", "cold discovery, " + name, ratios.median());
                if (conscrypt) {
                    page.atMost(3.0, "ms CPU", "cold discovery, Conscrypt", ours.median());
                }
            }
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    /** Processor time and wall time for each, in milliseconds. */
    private static double[] timed(int count, Work work) throws Exception {
        long cpu = Cpu.nanos();
        long wall = System.nanoTime();
        work.run();
        return new double[] {(Cpu.nanos() - cpu) / 1e6 / count, (System.nanoTime() - wall) / 1e6 / count};
    }

    private static double[] ours(Net net, @Nullable Provider provider) throws Exception {
        MtaStsBuilder builder = net.builder();
        if (provider != null) {
            builder.tlsProvider(provider);
        }
        try (MtaSts engine = builder.build()) {
            return timed(net.hosts.size(), () -> discover(engine, net.hosts.size()));
        }
    }

    /** Asks for all domains, so many at a time. */
    static void discover(MtaSts engine, int domains) throws InterruptedException {
        Semaphore places = new Semaphore(IN_FLIGHT);
        AtomicInteger good = new AtomicInteger();
        for (int i = 0; i < domains; i++) {
            places.acquire();
            engine.policyForAsync(Policies.domain(i)).whenComplete((policy, bug) -> {
                if (policy instanceof PolicyInForce.Enforce) {
                    good.incrementAndGet();
                }
                places.release();
            });
        }
        places.acquire(IN_FLIGHT);
        if (good.get() != domains) {
            throw new IllegalStateException(good + " of " + domains + " policies found");
        }
    }

    private static void bare(Net net, @Nullable Provider provider) throws Exception {
        // one context for a round, so that no session is resumed
        SSLContext context = provider == null ? SSLContext.getInstance("TLS") : SSLContext.getInstance("TLS", provider);
        context.init(null, provider == null ? net.trust() : AnyAuthType.over(net.trust()), null);
        AtomicInteger good = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(IN_FLIGHT);
        for (Net.Host host : net.hosts) {
            threads.execute(() -> {
                try {
                    get(context, host, net.httpsPort);
                    good.incrementAndGet();
                } catch (IOException | GeneralSecurityException e) {
                    throw new IllegalStateException(host.name(), e);
                }
            });
        }
        threads.shutdown();
        if (!threads.awaitTermination(10, TimeUnit.MINUTES) || good.get() != net.hosts.size()) {
            throw new IllegalStateException(good + " of " + net.hosts.size() + " files fetched");
        }
    }

    private static void get(SSLContext context, Net.Host host, int port) throws IOException, GeneralSecurityException {
        try (Socket plain = new Socket()) {
            plain.setTcpNoDelay(true);
            plain.connect(new InetSocketAddress(host.address(), port));
            SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(plain, host.name(), port, true);
            SSLParameters parameters = tls.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            tls.setSSLParameters(parameters);
            OutputStream out = tls.getOutputStream();
            out.write(
                    ("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " + host.name() + "\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            InputStream in = tls.getInputStream();
            String response = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            if (!response.startsWith("HTTP/1.1 200 ")) {
                throw new IOException(response);
            }
            tls.close();
        }
    }
}
