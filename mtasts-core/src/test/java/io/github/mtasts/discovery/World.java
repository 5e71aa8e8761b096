package io.github.mtasts.discovery;

import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.FetchTrace;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.lookup.PolicyFetcher;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import io.github.mtasts.testkit.TestClock;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A network without sockets, a clock to move, and an engine over both: what the engine asks is counted, and answered as told. */
final class World implements AutoCloseable {
    static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");
    static final Duration TTL = Duration.ofMinutes(5);

    final TestClock clock = new TestClock(Instant.parse("2026-03-01T12:00:00Z"));
    final Dns dns = new Dns();
    final Hosts hosts = new Hosts();
    final List<DiscoveryEvent> events = new CopyOnWriteArrayList<>();
    PolicyStore store = PolicyStore.inMemory();
    private @Nullable PolicyDiscovery discovery;

    /** Answers for TXT records, by name; NXDOMAIN for others. */
    static final class Dns implements DnsClient {
        final Map<String, Supplier<CompletionStage<DnsAnswer<String>>>> answers = new ConcurrentHashMap<>();
        final List<String> asked = new CopyOnWriteArrayList<>();

        @Override
        public CompletionStage<DnsAnswer<String>> txt(String name) {
            asked.add(name);
            return answers.getOrDefault(name, () -> CompletableFuture.completedFuture(absent(TTL)))
                    .get();
        }

        @Override
        public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
            throw new UnsupportedOperationException("discovery asks for no MX");
        }

        @Override
        public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
            throw new UnsupportedOperationException("discovery asks for no addresses");
        }

        @Override
        public void close() {}
    }

    /** Answers for policy hosts, by domain; refused for others. */
    static final class Hosts implements PolicyFetcher {
        final Map<PolicyDomain, Supplier<CompletionStage<FetchResult>>> answers = new ConcurrentHashMap<>();
        final List<PolicyDomain> asked = new CopyOnWriteArrayList<>();

        @Override
        public CompletionStage<FetchResult> fetch(PolicyDomain domain) {
            asked.add(domain);
            return answers.getOrDefault(domain, () -> CompletableFuture.completedFuture(failed(FetchFailure.CONNECT)))
                    .get();
        }

        @Override
        public void close() {}
    }

    PolicyDiscovery.Builder builder() {
        return PolicyDiscovery.builder(dns, hosts)
                .clock(clock)
                .store(store)
                .listener(events::add)
                .salt(0)
                .withoutTimer();
    }

    PolicyDiscovery discovery() {
        if (discovery == null) {
            discovery = builder().build();
        }
        return discovery;
    }

    /** An engine with other settings, closed with this. */
    PolicyDiscovery discovery(PolicyDiscovery.Builder builder) {
        close();
        discovery = builder.build();
        return discovery;
    }

    /** A process ends, and another begins, with the same store. */
    PolicyDiscovery restart() {
        return discovery(builder());
    }

    PolicyInForce policy() {
        return discovery().policyFor(DOMAIN);
    }

    /** Publishes a record. */
    World record(String id) {
        return txt(found(TTL, "v=STSv1; id=" + id + ";"));
    }

    World txt(DnsAnswer<String> answer) {
        dns.answers.put(DOMAIN.recordName(), () -> CompletableFuture.completedFuture(answer));
        return this;
    }

    World txt(Supplier<CompletionStage<DnsAnswer<String>>> answer) {
        dns.answers.put(DOMAIN.recordName(), answer);
        return this;
    }

    /** Serves a policy. */
    World serves(String mode, Duration maxAge, String mx) {
        return serves(text(mode, maxAge, mx));
    }

    World serves(String text) {
        return serves(fetched(text));
    }

    World serves(FetchResult result) {
        hosts.answers.put(DOMAIN, () -> CompletableFuture.completedFuture(result));
        return this;
    }

    World serves(Supplier<CompletionStage<FetchResult>> answer) {
        hosts.answers.put(DOMAIN, answer);
        return this;
    }

    World breaks(FetchFailure failure) {
        return serves(failed(failure));
    }

    void passes(Duration time) {
        clock.advance(time);
    }

    int asked() {
        return dns.asked.size();
    }

    int fetched() {
        return hosts.asked.size();
    }

    /** The events of one kind, once there are so many; they are told on a thread of their own. */
    <T extends DiscoveryEvent> List<T> events(Class<T> kind, int atLeast) {
        List<T> found = new ArrayList<>();
        Until.holds("there are " + atLeast + " events " + kind.getSimpleName(), () -> {
            found.clear();
            events.stream().filter(kind::isInstance).map(kind::cast).forEach(found::add);
            return found.size() >= atLeast;
        });
        return found;
    }

    long count(DiscoveryCount count) {
        return discovery().counters().get(count);
    }

    static String text(String mode, Duration maxAge, String mx) {
        return "version: STSv1\nmode: " + mode + "\nmx: " + mx + "\nmax_age: " + maxAge.toSeconds() + "\n";
    }

    static StsPolicy policy(String text) {
        return ((PolicyResult.Valid) StsPolicyParser.parse(text.getBytes(StandardCharsets.UTF_8))).policy();
    }

    static DnsAnswer<String> found(Duration ttl, String... records) {
        return new DnsAnswer.Found<>(List.of(records), ttl, Security.INSECURE, DOMAIN.recordName());
    }

    static DnsAnswer<String> absent(Duration ttl) {
        return new DnsAnswer.Absent<>(false, ttl, Security.INSECURE);
    }

    static DnsAnswer<String> unavailable(DnsFailure reason) {
        return new DnsAnswer.Unavailable<>(
                reason, "scripted", reason == DnsFailure.BOGUS ? Security.BOGUS : Security.UNKNOWN);
    }

    static FetchResult fetched(String text) {
        return new FetchResult.Fetched(text.getBytes(StandardCharsets.UTF_8), trace());
    }

    static FetchResult failed(FetchFailure reason) {
        return new FetchResult.Failed(reason, "scripted", trace());
    }

    private static FetchTrace trace() {
        return new FetchTrace(List.of(), null, null, null, null, null, 0, Duration.ZERO);
    }

    @Override
    public void close() {
        if (discovery != null) {
            discovery.close();
            discovery = null;
        }
    }
}
