package io.github.mtasts.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.TestLog;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.lookup.PolicyFetcher;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.testkit.TestCa;
import io.github.mtasts.testkit.TestClock;
import io.github.mtasts.tls.PeerVerifier;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random sequences of what networks, clocks, stores, attackers and operators do, run against the engine and against the {@link Model}. The seeds are fixed;
 * {@code -Dmtasts.model.seed=N} runs one, {@code -Dmtasts.model.seeds=N} and {@code -Dmtasts.model.socketSeeds=N} run so many; the profile {@code long} runs 1,000 over sockets.
 */
class ModelTest {
    private static final boolean LONG = Boolean.getBoolean("mtasts.long");
    private static final int STEPS = 20;

    @Test
    @Timeout(300)
    @Tag("S-3.3-14")
    @Tag("S-10-2")
    @Tag("S-10-3")
    void engineAgreesWithTheModelInMemory() {
        int seeds = count("mtasts.model.seeds", 2_500);
        for (long seed = first(); seed < first() + seeds; seed++) {
            assertThat(new Run(seed, new InMemory()).play()).isEqualTo(STEPS);
        }
    }

    @Test
    @Timeout(900)
    @Tag("sockets")
    void engineAgreesWithTheModelOverSockets() {
        try (Sockets sockets = new Sockets()) {
            int seeds = count("mtasts.model.socketSeeds", LONG ? 1_000 : 50);
            for (long seed = first(); seed < first() + seeds; seed++) {
                assertThat(new Run(seed, sockets).play()).isEqualTo(STEPS);
            }
        }
    }

    private static long first() {
        return Long.getLong("mtasts.model.seed", 1);
    }

    private static int count(String property, int otherwise) {
        return Long.getLong("mtasts.model.seed") == null ? Integer.getInteger(property, otherwise) : 1;
    }

    /** What a record can be. */
    enum Txt {
        FOUND,
        GONE,
        BROKEN,
        UNAVAILABLE,
        BOGUS
    }

    /** What a policy host can be. */
    enum Https {
        GOOD,
        NOT_FOUND,
        INVALID,
        REFUSED,
        BAD_CERTIFICATE,
        REDIRECT,
        CUT_SHORT,
        WRONG_TYPE,
        TOO_LARGE,
        NO_ADDRESS,
        TIMED_OUT
    }

    /** Where a run takes place. */
    interface Net {
        void txt(PolicyDomain domain, Txt what, String id, Duration ttl);

        void https(PolicyDomain domain, Https what, String text);

        DnsClient dns();

        PolicyFetcher fetcher();
    }

    /** No sockets. */
    static final class InMemory implements Net {
        private final World.Dns dns = new World.Dns();
        private final World.Hosts hosts = new World.Hosts();

        @Override
        public void txt(PolicyDomain domain, Txt what, String id, Duration ttl) {
            DnsAnswer<String> answer = switch (what) {
                case FOUND -> World.found(ttl, "v=STSv1; id=" + id + ";");
                case GONE -> World.absent(ttl);
                case BROKEN -> World.found(ttl, "v=STSv1; id=-;");
                case UNAVAILABLE -> World.unavailable(DnsFailure.SERVER_FAILURE);
                case BOGUS -> World.unavailable(DnsFailure.BOGUS);
            };
            dns.answers.put(domain.recordName(), () -> CompletableFuture.completedFuture(answer));
        }

        @Override
        public void https(PolicyDomain domain, Https what, String text) {
            FetchResult result = switch (what) {
                case GOOD -> World.fetched(text);
                case INVALID -> World.fetched("<html>");
                case NOT_FOUND -> World.failed(FetchFailure.HTTP_STATUS);
                case REFUSED -> World.failed(FetchFailure.CONNECT);
                case BAD_CERTIFICATE -> World.failed(FetchFailure.CERTIFICATE);
                case REDIRECT -> World.failed(FetchFailure.REDIRECT);
                case CUT_SHORT -> World.failed(FetchFailure.TRUNCATED);
                case WRONG_TYPE -> World.failed(FetchFailure.MEDIA_TYPE);
                case TOO_LARGE -> World.failed(FetchFailure.TOO_LARGE);
                case NO_ADDRESS -> World.failed(FetchFailure.DNS_ABSENT);
                case TIMED_OUT -> World.failed(FetchFailure.TIMEOUT);
            };
            hosts.answers.put(domain, () -> CompletableFuture.completedFuture(result));
        }

        @Override
        public DnsClient dns() {
            return dns;
        }

        @Override
        public PolicyFetcher fetcher() {
            return hosts;
        }
    }

    /** The testkit's small internet. */
    static final class Sockets implements Net, AutoCloseable {
        private final SmallInternet internet = new SmallInternet();
        private final DnsClient dns =
                DnsClient.builder().server(internet.dns().address()).build();
        private final PolicyFetcher fetcher = PolicyFetcher.builder(
                        dns,
                        PeerVerifier.builder()
                                .trustAnchors(internet.ca().trustStore())
                                .build())
                .port(internet.httpsPort())
                .allowPrivateAddresses(true)
                .build();

        @Override
        public void txt(PolicyDomain domain, Txt what, String id, Duration ttl) {
            internet.dns().remove(domain.recordName());
            internet.dns().negativeTtl(ttl);
            switch (what) {
                case FOUND -> internet.dns().txt(domain.recordName(), ttl, "v=STSv1; id=" + id + ";");
                case GONE -> internet.dns().exists(domain.name());
                case BROKEN -> internet.dns().txt(domain.recordName(), ttl, "v=STSv1; id=-;");
                case UNAVAILABLE -> internet.dns().fail(domain.recordName(), "TXT", "SERVFAIL");
                case BOGUS -> internet.dns().failExtended(domain.recordName(), "TXT", 6);
            }
        }

        @Override
        public void https(PolicyDomain domain, Https what, String text) {
            PolicyHost host = internet.policyHost(domain.name());
            host.greeting(PolicyHost.Greeting.TLS);
            internet.dns().remove(host.name());
            internet.dns().address(host.name(), host.address());
            if (what != Https.BAD_CERTIFICATE) {
                host.certificate(identity(domain, CertificateFault.NONE));
            }
            switch (what) {
                case GOOD -> host.policy(text);
                case NOT_FOUND -> host.respond(404, "text/plain", text);
                case INVALID -> host.policy("<html>");
                // a deadline would be waited for: over sockets it is a reset too
                case REFUSED, TIMED_OUT -> host.greeting(PolicyHost.Greeting.RESET);
                case NO_ADDRESS -> internet.dns().remove(host.name());
                case TOO_LARGE -> host.policy(text + "x-pad: p\n".repeat(8_000));
                case BAD_CERTIFICATE -> {
                    host.policy(text);
                    host.certificate(identity(domain, CertificateFault.WRONG_NAME));
                }
                case REDIRECT -> host.respond(302, "text/plain", text);
                case CUT_SHORT ->
                    host.script((request, out) -> {
                        out.write(("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n\r\n" + text)
                                .getBytes(StandardCharsets.UTF_8));
                    });
                case WRONG_TYPE -> host.respond(200, "text/html", text);
            }
        }

        private final Map<String, TestCa.Identity> identities = new ConcurrentHashMap<>();

        private TestCa.Identity identity(PolicyDomain domain, CertificateFault fault) {
            return identities.computeIfAbsent(
                    domain + " " + fault, key -> internet.ca().issue(domain.policyHost(), fault));
        }

        @Override
        public DnsClient dns() {
            return dns;
        }

        @Override
        public PolicyFetcher fetcher() {
            return fetcher;
        }

        @Override
        public void close() {
            fetcher.close();
            dns.close();
            internet.close();
        }
    }

    /** One sequence. */
    static final class Run {
        private static final List<PolicyDomain> DOMAINS = List.of(
                PolicyDomain.of("one.example"), PolicyDomain.of("two.example"), PolicyDomain.of("three.example"));

        private final long seed;
        private final Random random;
        private final Net net;
        private final boolean smallMemory;
        private final TestClock clock = new TestClock(Instant.parse("2026-03-01T12:00:00Z"));
        private final Map<PolicyDomain, Model> models = new LinkedHashMap<>();
        private final List<String> story = new ArrayList<>();
        private final List<PolicyDomain> evicted = new CopyOnWriteArrayList<>();
        private final SeenStore store;
        private PolicyDiscovery discovery;
        private int ids;

        Run(long seed, Net net) {
            this.seed = seed;
            this.random = new Random(seed);
            this.net = net;
            this.smallMemory = random.nextInt(4) == 0;
            this.store = new SeenStore(PolicyStore.inMemory(smallMemory ? 6 : 1000));
            for (PolicyDomain domain : DOMAINS) {
                models.put(domain, new Model());
                net.txt(domain, Txt.FOUND, "id0", Duration.ofMinutes(5));
                net.https(domain, Https.GOOD, text());
            }
            discovery = begin();
        }

        private PolicyDiscovery begin() {
            evicted.clear();
            return PolicyDiscovery.builder(new SeenDns(), new SeenFetcher())
                    .clock(clock)
                    .store(store)
                    .listener(event -> {
                        if (event instanceof DiscoveryEvent.PolicyEvicted gone) {
                            evicted.add(gone.policy().domain());
                        }
                    })
                    .mostPolicies(smallMemory ? 2 : 1000)
                    .withoutTimer()
                    .build();
        }

        int play() {
            try (TestLog log = TestLog.begin()) {
                try {
                    for (int step = 0; step < STEPS; step++) {
                        story.add(step());
                        Until.holds("nothing is under way", discovery.engine::isIdle);
                        models.values().forEach(Model::attemptIsOver);
                        for (PolicyDomain domain : DOMAINS) {
                            noteEvictions();
                            PolicyInForce answer = discovery.policyFor(domain);
                            noteEvictionsBut(domain);
                            model(domain).check(answer, clock.instant(), smallMemory);
                        }
                    }
                    return STEPS;
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError(
                            "seed " + seed + " after " + story + "\n" + models + "\n" + e.getMessage() + "\n"
                                    + log.text(),
                            e);
                } finally {
                    discovery.close();
                }
            }
        }

        private void noteEvictions() {
            noteEvictionsBut(null);
        }

        /** A policy that was evicted right after it was told has served its look-up. */
        private void noteEvictionsBut(@Nullable PolicyDomain asked) {
            long counted = discovery.counters().get(DiscoveryCount.POLICIES_EVICTED);
            Until.holds("all evictions are told", () -> evicted.size() + forgotten >= counted);
            for (PolicyDomain domain : List.copyOf(evicted)) {
                if (asked == null || !domain.equals(asked)) {
                    evicted.remove(domain);
                    forgotten++;
                    Model model = models.get(domain);
                    if (model != null) {
                        model.forget();
                    }
                }
            }
        }

        private long forgotten;

        private String step() {
            PolicyDomain domain = DOMAINS.get(random.nextInt(DOMAINS.size()));
            Model model = model(domain);
            int kind = random.nextInt(100);
            if (kind < 20) {
                Txt what = pick(Txt.FOUND, Txt.FOUND, Txt.GONE, Txt.BROKEN, Txt.UNAVAILABLE, Txt.BOGUS);
                String id = "id" + (random.nextInt(3) == 0 ? ids : ++ids);
                Duration ttl = pick(Duration.ZERO, Duration.ofMinutes(1), Duration.ofMinutes(30), Duration.ofDays(9));
                net.txt(domain, what, id, ttl);
                return domain + " txt " + what + " " + id + " " + ttl;
            }
            if (kind < 40) {
                Https what = random.nextBoolean() ? Https.GOOD : pick(Https.values());
                String text = text();
                net.https(domain, what, text);
                return domain + " https " + what + " " + text.replace('\n', '|');
            }
            if (kind < 65) {
                Duration time = pick(
                        Duration.ofSeconds(1 + random.nextInt(120)),
                        Duration.ofMinutes(5),
                        Duration.ofHours(1),
                        Duration.ofDays(1),
                        Duration.ofDays(1 + random.nextInt(8)));
                clock.advance(time);
                return "passes " + time;
            }
            if (kind < 72) {
                return clockJumps();
            }
            if (kind < 77) {
                discovery.close();
                models.values().forEach(Model::restart);
                forgotten = 0;
                discovery = begin();
                return "restart";
            }
            if (kind < 80) {
                for (int i = 0; i < 20; i++) {
                    PolicyDomain junk = PolicyDomain.of("junk" + random.nextInt(60) + ".example");
                    if (random.nextBoolean()) {
                        net.txt(junk, Txt.FOUND, "a", Duration.ofMinutes(5));
                        net.https(junk, Https.GOOD, text());
                    }
                    PolicyInForce unused = discovery.policyFor(junk);
                }
                return "junk";
            }
            if (kind < 84) {
                if (smallMemory) {
                    return "store works on"; // what was pushed out of memory is in the store alone
                }
                store.fails = !store.fails;
                store.failedOnce = true;
                return "store " + (store.fails ? "fails" : "works");
            }
            if (kind < 90) {
                return operator(domain, model);
            }
            if (kind < 94) {
                PolicyInForce used = discovery.policyFor(domain);
                return domain + " recheck " + discovery.recheck(used);
            }
            discovery.tick();
            return "tick";
        }

        private String clockJumps() {
            Duration jump = pick(Duration.ofHours(1), Duration.ofDays(2), Duration.ofDays(400));
            if (random.nextBoolean()) {
                clock.advance(jump);
                return "clock forward " + jump;
            }
            if (smallMemory || store.failedOnce) {
                // what was pushed out of memory, or could not be written, is known by the store's times alone
                return "clock stays";
            }
            clock.advance(jump.negated());
            models.values().forEach(model -> model.setBack(jump));
            PolicyInForce unused = discovery.policyFor(PolicyDomain.of("notices.example"));
            return "clock back " + jump;
        }

        private String operator(PolicyDomain domain, Model model) {
            Instant until = clock.instant().plus(Duration.ofHours(1 + random.nextInt(48)));
            switch (random.nextInt(5)) {
                case 0 -> {
                    boolean kept = discovery.purge(domain);
                    clock.advance(Duration.ofSeconds(1)); // what is fetched in the same instant counts as purged
                    model.forget();
                    return domain + " purge " + kept;
                }
                case 1 -> {
                    StsPolicy policy = World.policy(text());
                    boolean kept = discovery.pin(domain, policy, "reason", until);
                    model.ruled(new OperatorRule.Pin(domain, policy, "reason", clock.instant(), until), kept);
                    return domain + " pin " + kept;
                }
                case 2 -> {
                    boolean kept = discovery.exempt(domain, "reason", until);
                    model.ruled(new OperatorRule.Exempt(domain, "reason", clock.instant(), until), kept);
                    return domain + " exempt " + kept;
                }
                case 3 -> {
                    boolean kept = discovery.lift(domain);
                    model.ruled(null, kept);
                    return domain + " lift " + kept;
                }
                default -> {
                    PolicyInForce unused = discovery.refresh(domain);
                    return domain + " refresh";
                }
            }
        }

        private String text() {
            Duration maxAge = pick(
                    Duration.ZERO,
                    Duration.ofSeconds(90),
                    Duration.ofHours(3),
                    Duration.ofDays(1),
                    Duration.ofDays(7),
                    Duration.ofDays(365));
            return World.text(
                    pick("enforce", "enforce", "testing", "none"), maxAge, "mx" + random.nextInt(1000) + ".example");
        }

        @SafeVarargs
        private <T> T pick(T... choices) {
            return choices[random.nextInt(choices.length)];
        }

        private Model model(PolicyDomain domain) {
            return models.computeIfAbsent(domain, unknown -> new Model());
        }

        /** Tells the models what DNS answered. */
        final class SeenDns implements DnsClient {
            @Override
            public CompletionStage<DnsAnswer<String>> txt(String name) {
                PolicyDomain domain = PolicyDomain.of(name.substring("_mta-sts.".length()));
                return net.dns().txt(name).thenApply(answer -> {
                    if (DOMAINS.contains(domain)) {
                        model(domain).asked(answer);
                    }
                    return answer;
                });
            }

            @Override
            public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
                return net.dns().mx(name);
            }

            @Override
            public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
                return net.dns().addresses(host);
            }

            @Override
            public void close() {}
        }

        /** Tells the models what policy hosts answered. */
        final class SeenFetcher implements PolicyFetcher {
            @Override
            public CompletionStage<FetchResult> fetch(PolicyDomain domain) {
                return net.fetcher().fetch(domain).thenApply(result -> {
                    if (DOMAINS.contains(domain)) {
                        model(domain).fetched(result, clock.instant(), !smallMemory);
                    }
                    return result;
                });
            }

            @Override
            public void close() {}
        }

        /** Tells the models what the store answered. */
        final class SeenStore extends FaultyStore {
            private boolean failedOnce;

            SeenStore(PolicyStore store) {
                super(store);
            }

            @Override
            public Holding load(PolicyDomain domain) throws IOException {
                Holding holding = super.load(domain);
                if (DOMAINS.contains(domain)) {
                    model(domain).loaded(holding, clock.instant());
                }
                return holding;
            }

            @Override
            public boolean inMemoryOnly() {
                return true;
            }

            /** The next engine goes on with it. */
            @Override
            public void close() {}
        }
    }
}
