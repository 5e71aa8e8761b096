package io.github.mtasts.delivery;

import io.github.mtasts.discovery.DiscoveryFailure;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.FetchTrace;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.lookup.PolicyFetcher;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.TestCa;
import io.github.mtasts.tls.PeerVerifier;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/** A mail server without sockets: DNS and policy hosts answer as told, and for TLS two engines hand each other their bytes. */
final class OfflineMta implements AutoCloseable {
    static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");
    private static final TestCa CA = new TestCa();
    private static final Duration TTL = Duration.ofMinutes(5);

    private final Map<String, DnsAnswer<String>> txt = new ConcurrentHashMap<>();
    private final Map<String, DnsAnswer<MxRecord>> mx = new ConcurrentHashMap<>();
    private final Map<String, DnsAnswer<InetAddress>> addresses = new ConcurrentHashMap<>();
    private final Map<PolicyDomain, String> policies = new ConcurrentHashMap<>();
    /** For example {@code MX example.com}. */
    final List<String> asked = new CopyOnWriteArrayList<>();

    /** Questions that get no answer. */
    final Set<String> silent = ConcurrentHashMap.newKeySet();

    final List<SessionResult> sessions = new CopyOnWriteArrayList<>();
    final List<String> broken = new CopyOnWriteArrayList<>();
    final List<DiscoveryFailure> policyFailures = new CopyOnWriteArrayList<>();

    final DnsClient dns = new DnsClient() {
        @Override
        public CompletionStage<DnsAnswer<String>> txt(String name) {
            return answer("TXT", name, txt);
        }

        @Override
        public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
            return answer("MX", name, mx);
        }

        @Override
        public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
            return answer("A", host, addresses);
        }

        @Override
        public void close() {}
    };

    private final PolicyFetcher fetcher = new PolicyFetcher() {
        @Override
        public CompletionStage<FetchResult> fetch(PolicyDomain domain) {
            asked.add("GET " + domain);
            String text = policies.get(domain);
            FetchTrace trace = new FetchTrace(List.of(), null, null, null, null, null, 0, Duration.ZERO);
            return CompletableFuture.completedFuture(
                    text == null
                            ? new FetchResult.Failed(FetchFailure.CONNECT, "scripted", trace)
                            : new FetchResult.Fetched(text.getBytes(StandardCharsets.UTF_8), trace));
        }

        @Override
        public void close() {}
    };

    final PolicyDiscovery discovery = PolicyDiscovery.builder(dns, fetcher).build();

    final PeerVerifier verifier =
            PeerVerifier.builder().trustAnchors(CA.trustStore()).build();

    private <T> CompletionStage<DnsAnswer<T>> answer(String type, String name, Map<String, DnsAnswer<T>> answers) {
        asked.add(type + " " + name);
        if (silent.contains(type + " " + name)) {
            return new CompletableFuture<>();
        }
        return CompletableFuture.completedFuture(
                answers.getOrDefault(name, new DnsAnswer.Absent<>(false, TTL, Security.INSECURE)));
    }

    Deliveries.Builder deliveries() {
        return Deliveries.builder(discovery, dns, verifier).ipv6(true).observer(new DeliveryObserver() {
            @Override
            public void session(SessionResult result) {
                sessions.add(result);
            }

            @Override
            public void sessionBroke(SessionResult told, SessionFailure failure) {
                broken.add(told.mx() + " " + failure.type().text());
            }

            @Override
            public void policyFailure(PolicyInForce policy, DiscoveryFailure failure) {
                policyFailures.add(failure);
            }
        });
    }

    DeliveryAttempt attempt(String nextHop) {
        return deliveries().build().attempt(NextHop.parse(nextHop));
    }

    /** The only candidate of a delivery by the default settings. */
    Candidate candidate(String nextHop) {
        return attempt(nextHop).iterator().next();
    }

    OfflineMta publishes(String domain, String id, String mode, String pattern) {
        txt.put("_mta-sts." + domain, found("v=STSv1; id=" + id + ";"));
        policies.put(
                PolicyDomain.of(domain), "version: STSv1\nmode: " + mode + "\nmx: " + pattern + "\nmax_age: 604800\n");
        return this;
    }

    OfflineMta publishesNoFile(String domain) {
        txt.put("_mta-sts." + domain, found("v=STSv1; id=1;"));
        return this;
    }

    OfflineMta bogus(String name) {
        txt.put(name, new DnsAnswer.Unavailable<>(DnsFailure.BOGUS, "scripted", Security.BOGUS));
        return this;
    }

    /** MX records of the domain, as {@code 10 mx.example.com}. */
    OfflineMta mx(String domain, String... records) {
        List<MxRecord> parsed = new ArrayList<>();
        for (String record : records) {
            String[] parts = record.split(" ", -1);
            parsed.add(new MxRecord(Integer.parseInt(parts[0]), parts[1]));
        }
        mx.put(domain, new DnsAnswer.Found<>(parsed, TTL, Security.INSECURE, domain));
        return this;
    }

    OfflineMta mx(String domain, DnsAnswer<MxRecord> answer) {
        mx.put(domain, answer);
        return this;
    }

    OfflineMta address(String host, String... literals) {
        List<InetAddress> parsed = new ArrayList<>();
        for (String literal : literals) {
            parsed.add(ip(literal));
        }
        addresses.put(host, new DnsAnswer.Found<>(parsed, TTL, Security.INSECURE, host));
        return this;
    }

    OfflineMta addressesUnavailable(String host) {
        addresses.put(host, new DnsAnswer.Unavailable<>(DnsFailure.TIMEOUT, "scripted", Security.UNKNOWN));
        return this;
    }

    static InetAddress ip(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    static MxHost host(String name) {
        return MxHost.of(name);
    }

    private static DnsAnswer<String> found(String record) {
        return new DnsAnswer.Found<>(List.of(record), TTL, Security.INSECURE, "");
    }

    /** Shakes hands with a server that has the certificate of a host, and tells the terms what came of it. */
    static Clearance shakeHands(TlsTerms terms, String host, CertificateFault fault) {
        SSLEngine client = terms.newEngine();
        SSLEngine server = server(CA.issue(host, fault)).createSSLEngine();
        server.setUseClientMode(false);
        try {
            return terms.established(session(client, server));
        } catch (SSLException e) {
            return terms.handshakeFailed(e);
        }
    }

    private static SSLSession session(SSLEngine client, SSLEngine server) throws SSLException {
        ByteBuffer toServer = ByteBuffer.allocate(1 << 17);
        ByteBuffer toClient = ByteBuffer.allocate(1 << 17);
        for (int turn = 0; turn < 1000; turn++) {
            step(client, toClient, toServer);
            step(server, toServer, toClient);
            if (isDone(client) && isDone(server) && toServer.position() == 0 && toClient.position() == 0) {
                return client.getSession();
            }
        }
        throw new AssertionError("the handshake does not end");
    }

    private static boolean isDone(SSLEngine engine) {
        return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
    }

    private static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
        ByteBuffer none = ByteBuffer.allocate(0);
        ByteBuffer data = ByteBuffer.allocate(1 << 15);
        if (engine.getUseClientMode() && engine.getSession().getCipherSuite().equals("SSL_NULL_WITH_NULL_NULL")) {
            engine.beginHandshake();
        }
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            engine.wrap(none, out);
        } else {
            in.flip();
            engine.unwrap(in, data);
            in.compact();
        }
    }

    private static SSLContext server(TestCa.Identity identity) {
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, null);
            keys.setKeyEntry(
                    "host", identity.key(), new char[0], identity.chain().toArray(X509Certificate[]::new));
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(keys, new char[0]);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(factory.getKeyManagers(), null, null);
            return context;
        } catch (GeneralSecurityException | java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        discovery.close();
    }
}
