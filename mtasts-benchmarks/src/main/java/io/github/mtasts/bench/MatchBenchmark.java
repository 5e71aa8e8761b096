package io.github.mtasts.bench;

import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.MxPattern;
import io.github.mtasts.policy.StsPolicy;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Whether a policy lists a host, beside a look at one pattern after the other. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class MatchBenchmark {
    /** How many patterns. */
    @Param({"20", "200"})
    public int patterns;

    private StsPolicy policy = Policies.parsed(Policies.file(2));
    private List<MxPattern> list = policy.mx();
    private final MxHost first = MxHost.of("mail0.example.com");
    private MxHost wildcard = first;
    private final MxHost none = MxHost.of("mail.attacker.example");

    /** Makes the policy; the wildcard is its last pattern. */
    @Setup
    public void make() {
        policy = Policies.parsed(Policies.file(patterns));
        list = policy.mx();
        wildcard = MxHost.of("a.mx" + (patterns - 1) + ".example.net");
    }

    /** The first pattern, exact. */
    @Benchmark
    public boolean exact() {
        return policy.lists(first);
    }

    /** A wildcard, the last pattern. */
    @Benchmark
    public boolean wildcard() {
        return policy.lists(wildcard);
    }

    /** No pattern. */
    @Benchmark
    public boolean none() {
        return policy.lists(none);
    }

    /** No pattern, found out one by one. */
    @Benchmark
    public boolean noneOneByOne() {
        String name = none.name();
        String parent = name.substring(name.indexOf('.') + 1);
        for (MxPattern pattern : list) {
            if (pattern.domain().equals(pattern.wildcard() ? parent : name)) {
                return true;
            }
        }
        return false;
    }
}
