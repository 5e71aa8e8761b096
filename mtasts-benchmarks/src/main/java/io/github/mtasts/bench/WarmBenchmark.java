package io.github.mtasts.bench;

import io.github.mtasts.delivery.MxDecision;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What nearly every message meets: the policy of its domain is known, or its absence is. 1,000 domains in turn. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WarmBenchmark {
    private static final int DOMAINS = 1000;

    /** An engine that has seen all domains. */
    @State(Scope.Benchmark)
    public static class Engine {
        final PolicyDiscovery discovery = PolicyDiscovery.builder(
                        Stub.dns(name -> "20240507"), Stub.fetcher(domain -> Policies.file(2)))
                .build();
        final PolicyDomain[] known = new PolicyDomain[DOMAINS];
        final PolicyDomain[] absent = new PolicyDomain[DOMAINS];
        final ConcurrentMap<PolicyDomain, Boolean> map = new ConcurrentHashMap<>();

        /** Asks for all. */
        @Setup
        public void warm() {
            for (int i = 0; i < DOMAINS; i++) {
                known[i] = Policies.domain(i);
                absent[i] = PolicyDomain.of("absent" + i + ".example");
                map.put(known[i], true);
                decide(known[i]);
                decide(absent[i]);
            }
        }

        private static final MxHost MX = MxHost.of("mail0.example.com");

        MxDecision decide(PolicyDomain domain) {
            return MxDecision.of(discovery.policyFor(domain), MX);
        }

        /** Ends it. */
        @TearDown
        public void close() {
            discovery.close();
        }
    }

    /** Goes round the domains. */
    @State(Scope.Thread)
    public static class Turn {
        private int at;

        int next() {
            at = at == DOMAINS - 1 ? 0 : at + 1;
            return at;
        }
    }

    /** A policy in force. */
    @Benchmark
    public MxDecision known(Engine engine, Turn turn) {
        return engine.decide(engine.known[turn.next()]);
    }

    /** No policy, which is known. */
    @Benchmark
    public MxDecision knownAbsent(Engine engine, Turn turn) {
        return engine.decide(engine.absent[turn.next()]);
    }

    /** The least that could be done: a map asked for the domain. */
    @Benchmark
    public boolean mapAlone(Engine engine, Turn turn) {
        return engine.map.getOrDefault(engine.known[turn.next()], false);
    }
}
