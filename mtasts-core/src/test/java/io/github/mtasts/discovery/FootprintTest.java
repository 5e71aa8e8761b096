package io.github.mtasts.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.delivery.MxDecision;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an engine may allocate and keep: counted in bytes, so that a decline shows on any machine. docs/performance.md has the times. */
class FootprintTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final MxHost MX = MxHost.of("mx1.example.com");
    private static final int DOMAINS = 5_000;

    private final World world = new World();

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void aDecisionUnderAKnownPolicyAllocatesNoMoreThan128Bytes() {
        world.record("1").serves("enforce", Duration.ofDays(7), MX.name());
        assertThat(decide()).isInstanceOf(MxDecision.DeliverWith.class);

        long each = allocatedForEachDecision();

        assertThat(world.asked()).isOne();
        assertThat(each).isLessThanOrEqualTo(128);
    }

    @Test
    void aDecisionWithoutAPolicyKnownAsAbsentAllocatesNoMoreThan128Bytes() {
        assertThat(decide()).isInstanceOf(MxDecision.DeliverWith.class);

        long each = allocatedForEachDecision();

        assertThat(world.asked()).isOne();
        assertThat(each).isLessThanOrEqualTo(128);
    }

    @Test
    void aPolicyLikeNoOtherIsRememberedIn800Bytes() {
        assertThat(bytesForEachPolicy(Integer::toString, FootprintTest::domain)).isLessThanOrEqualTo(800);
    }

    @Test
    void aPolicyThatManyDomainsShareIsRememberedIn350Bytes() {
        assertThat(bytesForEachPolicy(
                        n -> n % 10 == 0 ? Integer.toString(n) : "20240507",
                        n -> n % 10 == 0 ? domain(n) : "provider" + n % 20))
                .isLessThanOrEqualTo(350);
    }

    private MxDecision decide() {
        return MxDecision.of(world.discovery().policyFor(World.DOMAIN), MX);
    }

    private long allocatedForEachDecision() {
        int decisions = 20_000;
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < decisions; i++) {
                assertThatItDelivers(decide());
            }
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return least / decisions;
    }

    private static void assertThatItDelivers(MxDecision decision) {
        if (!(decision instanceof MxDecision.DeliverWith)) {
            throw new AssertionError(decision);
        }
    }

    private static String domain(int n) {
        return String.format("domain%07d.example", n);
    }

    /** Heap that an engine keeps for a domain with a policy of two patterns and some 110 bytes, the store's own not counted. */
    private long bytesForEachPolicy(IntFunction<String> idOf, IntFunction<String> ownerOf) {
        for (int i = 0; i < DOMAINS; i++) {
            PolicyDomain domain = PolicyDomain.of(domain(i));
            String id = idOf.apply(i);
            String owner = ownerOf.apply(i);
            world.dns.answers.put(
                    domain.recordName(),
                    () -> CompletableFuture.completedFuture(World.found(World.TTL, "v=STSv1; id=" + id + ";")));
            world.hosts.answers.put(
                    domain,
                    () -> CompletableFuture.completedFuture(World.fetched("version: STSv1\r\nmode: enforce\r\nmx: mx1."
                            + owner + ".example\r\nmx: *.mail." + owner + ".example\r\nmax_age: 604800\r\n")));
        }
        PolicyDiscovery engine = world.discovery(PolicyDiscovery.builder(world.dns, world.hosts)
                .clock(world.clock)
                .store(new StoreElsewhere())
                .mostPolicies(DOMAINS)
                .withoutTimer());
        long before = heap();
        for (int i = 0; i < DOMAINS; i++) {
            assertThat(engine.policyFor(PolicyDomain.of(domain(i)))).isInstanceOf(PolicyInForce.Enforce.class);
        }
        world.dns.asked.clear();
        world.hosts.asked.clear();
        return (heap() - before) / DOMAINS;
    }

    private static long heap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(
                    least,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }

    /** Takes every policy and keeps none in this process, as a store on disk does; it answers at once. */
    private static final class StoreElsewhere implements PolicyStore {
        @Override
        public Holding load(PolicyDomain domain) {
            return Holding.nothing(domain);
        }

        @Override
        public boolean save(CachedPolicy policy, LocalDate lastUsed, Instant now) {
            return true;
        }

        @Override
        public void used(PolicyDomain domain, LocalDate day) {}

        @Override
        public void purge(PolicyDomain domain, Instant at) {}

        @Override
        public void setRule(OperatorRule rule) {}

        @Override
        public void removeRule(PolicyDomain domain) {}

        @Override
        public List<PolicyDomain> domains(@Nullable PolicyDomain after, int atMost) {
            return List.of();
        }

        @Override
        public void discard(Instant endedBefore) {}

        @Override
        public boolean inMemoryOnly() {
            return true;
        }

        @Override
        public void close() {}
    }
}
