package io.github.mtasts.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.tls.PeerVerifier;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Many policy hosts at once and one after the other. The profile {@code load} runs this, and only this, with the full figures. */
@EnabledOnOs(OS.LINUX)
class FetchCrowdTest {
    private static final Logger LOG = LoggerFactory.getLogger(FetchCrowdTest.class);
    private static final boolean LOAD = Boolean.getBoolean("mtasts.load");
    private static final int BLACK_HOLES = LOAD ? 2_000 : 300;
    private static final int HOSTS = LOAD ? 5_000 : 500;
    private static final Duration DEADLINE = LOAD ? Duration.ofSeconds(60) : Duration.ofSeconds(20);
    private static final String POLICY = "version: STSv1\nmode: none\nmax_age: 86400\n";

    private final SmallInternet internet = new SmallInternet();
    // as patient as the fetches: those that are stuck in DNS are stuck as long as the others
    private final DnsClient dns = DnsClient.builder()
            .server(internet.dns().address())
            .deadline(DEADLINE)
            .build();
    private final PeerVerifier verifier =
            PeerVerifier.builder().trustAnchors(internet.ca().trustStore()).build();
    private final HttpsPolicyFetcher fetcher = (HttpsPolicyFetcher) PolicyFetcher.builder(dns, verifier)
            .port(internet.httpsPort())
            .allowPrivateAddresses(true)
            .deadline(DEADLINE)
            .build();

    @AfterEach
    void close() {
        fetcher.close();
        dns.close();
        internet.close();
    }

    private final List<PolicyHost> hosts = new ArrayList<>();

    private PolicyHost host(String domain) {
        PolicyHost host = internet.policyHost(domain);
        hosts.add(host);
        return host;
    }

    private PolicyDomain good(String name) {
        host(name).policy(POLICY);
        return PolicyDomain.of(name);
    }

    private long openConnections() {
        return hosts.stream().mapToLong(PolicyHost::openConnections).sum();
    }

    private CompletableFuture<FetchResult> fetch(PolicyDomain domain) {
        return fetcher.fetch(domain).toCompletableFuture();
    }

    private static FetchResult await(CompletableFuture<FetchResult> fetch) throws Exception {
        return fetch.get(DEADLINE.toSeconds() + 20, TimeUnit.SECONDS);
    }

    /** Our threads, by name without number: how many. */
    private static Map<String, Long> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("mtasts-fetch") || name.startsWith("mtasts-dns"))
                .collect(Collectors.groupingBy(
                        name -> name.replaceAll("\\d+$", ""), TreeMap::new, Collectors.counting()));
    }

    @Test
    @Tag("S-3.3-12")
    void blackHolesLeaveAGoodHostUnharmedAndNothingBehind() throws Exception {
        PolicyDomain good = good("good.example");
        List<PolicyDomain> holes = new ArrayList<>();
        try (BlackHole unreachable = new BlackHole("127.77.0.9", internet.httpsPort())) {
            for (int i = 0; i < BLACK_HOLES; i++) {
                holes.add(blackHole(i, unreachable));
            }
            assertThat(await(fetch(good))).isInstanceOf(FetchResult.Fetched.class);
            Sockets.await("the first connection's end", () -> openConnections() == 0);
            long filesBefore = Sockets.openFiles();

            List<CompletableFuture<FetchResult>> stuck =
                    holes.stream().map(this::fetch).toList();
            long submitted = System.nanoTime();
            FetchResult behindAll = await(fetch(good));
            Duration behind = Duration.ofNanos(System.nanoTime() - submitted);
            Sockets.await("all to connect", () -> openConnections() >= BLACK_HOLES * 7 / 10);
            long began = System.nanoTime();
            FetchResult amongAll = await(fetch(good));
            Duration among = Duration.ofNanos(System.nanoTime() - began);

            assertThat(behindAll).isInstanceOf(FetchResult.Fetched.class);
            assertThat(amongAll).isInstanceOf(FetchResult.Fetched.class);
            assertThat(stuck).noneMatch(CompletableFuture::isDone);
            assertThat(threads().get("mtasts-fetch-io-")).isLessThanOrEqualTo(4);
            assertThat(threads().get("mtasts-fetch-")).isLessThanOrEqualTo(2);
            assertThat(threads().get("mtasts-dns-")).isLessThanOrEqualTo(2);
            assertThat(behind).isLessThan(DEADLINE.dividedBy(2));
            assertThat(among).isLessThan(DEADLINE.dividedBy(2));
            for (CompletableFuture<FetchResult> one : stuck) {
                assertThat(((FetchResult.Failed) await(one)).reason())
                        .isIn(FetchFailure.TIMEOUT, FetchFailure.DNS_UNAVAILABLE);
            }
            Duration closing = Sockets.await("every connection's end", () -> openConnections() == 0);
            Sockets.await("every socket's end", () -> Sockets.openFiles() <= filesBefore);
            assertThat(fetcher.underWay()).isZero();
            LOG.info(
                    "{} black holes: a good host took {} ms behind and {} ms among them, all closed {} ms after the last deadline",
                    BLACK_HOLES,
                    behind.toMillis(),
                    among.toMillis(),
                    closing.toMillis());
        }
    }

    /** One of those that swallow a fetch: in TLS, mostly; before the connection, in DNS, or after the request. */
    private PolicyDomain blackHole(int number, BlackHole unreachable) {
        String name = "hole" + number + ".example";
        if (number % 10 == 0) {
            internet.dns().address("mta-sts." + name, unreachable.address());
        } else if (number % 10 == 1) {
            internet.dns().silence("mta-sts." + name, "AAAA");
            internet.dns().silence("mta-sts." + name, "A");
        } else {
            PolicyHost host = host(name);
            if (number % 10 == 2) {
                host.script(PolicyHost.Script.SILENCE);
            } else {
                host.greeting(PolicyHost.Greeting.SILENT);
            }
        }
        return PolicyDomain.of(name);
    }

    @Test
    void manyHostsLeaveNoSocketNoThreadAndNoStateBehind() throws Exception {
        List<PolicyDomain> domains = new ArrayList<>();
        for (int i = 0; i < HOSTS; i++) {
            domains.add(good("host" + i + ".example"));
        }
        assertThat(await(fetch(domains.get(0)))).isInstanceOf(FetchResult.Fetched.class);
        Sockets.await("the first connection's end", () -> openConnections() == 0);
        long filesBefore = Sockets.openFiles();
        long began = System.nanoTime();

        Deque<CompletableFuture<FetchResult>> wave = new ArrayDeque<>();
        for (PolicyDomain domain : domains) {
            wave.add(fetch(domain));
            if (wave.size() == 50) {
                assertThat(await(wave.remove())).isInstanceOf(FetchResult.Fetched.class);
            }
        }
        for (CompletableFuture<FetchResult> last : wave) {
            assertThat(await(last)).isInstanceOf(FetchResult.Fetched.class);
        }
        wave.clear();

        long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
        LOG.info("{} hosts in {} ms: {} fetches a second", HOSTS, millis, HOSTS * 1000L / millis);
        Sockets.await("every connection's end", () -> openConnections() == 0);
        Sockets.await("every socket's end", () -> Sockets.openFiles() <= filesBefore);
        assertThat(fetcher.underWay()).isZero();
        assertThat(threads().values()).allMatch(count -> count <= 4);
        Sockets.await("the fetches to be collected", () -> instances("lookup.PolicyFetch") <= 10);
        assertThat(instances("hc.core5.reactor.InternalDataChannel")).isLessThanOrEqualTo(10);
        assertThat(instances("tls.ClientTls")).isLessThanOrEqualTo(20);
        assertThat(instances("lookup.MeteredEngine")).isLessThanOrEqualTo(10);
        assertThat(instances("lookup.DnsLookup")).isLessThanOrEqualTo(20);
    }

    /** How many live objects there are of a class, its inner classes included, after a collection. */
    private static long instances(String className) {
        try {
            String histogram = (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcClassHistogram",
                            new Object[] {null},
                            new String[] {String[].class.getName()});
            return histogram
                    .lines()
                    .map(line -> line.strip().split("\\s+")) // rank, instances, bytes, class
                    .filter(fields -> fields.length >= 4
                            && (fields[3].endsWith(className) || fields[3].contains(className + "$")))
                    .mapToLong(fields -> Long.parseLong(fields[1]))
                    .sum();
        } catch (JMException e) {
            throw new AssertionError(e);
        }
    }
}
