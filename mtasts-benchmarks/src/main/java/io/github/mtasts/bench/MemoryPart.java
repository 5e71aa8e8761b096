package io.github.mtasts.bench;

import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.PolicyDomain;
import java.lang.ref.WeakReference;
import java.util.List;

/** Heap for each policy that an engine remembers. */
final class MemoryPart implements Part {
    /** So many of ten domains use one of the twenty providers' policies. */
    private static final int SHARING = 9;

    @Override
    public void run(Page page, boolean quick) throws InterruptedException {
        page.heading("Memory for each cached policy");
        page.say(
                "Heap after garbage collection, with minus without the policies, divided by their number: domain, id, times, policy and its raw text (two `mx` lines, some 110 bytes), and the cache around them."
                        + " *Different*: every domain has a policy of its own. *Shared*: nine domains of ten have one of twenty providers' policies, under the provider's id."
                        + " With a store on disk (or a shared one) the engine's memory is all there is; the default store keeps a second index in memory.");
        page.table("domains", "mix", "store", "bytes for each policy");
        for (int domains : quick ? List.of(100_000) : List.of(100_000, 1_000_000)) {
            for (boolean shared : List.of(false, true)) {
                for (boolean memoryStore : List.of(false, true)) {
                    double bytes = bytesEach(domains, shared, memoryStore);
                    page.row(
                            Page.number(domains),
                            shared ? "shared" : "different",
                            memoryStore ? "in memory" : "elsewhere",
                            Page.number(bytes));
                    page.atMost(
                            shared ? 350 : 800,
                            "bytes",
                            Page.number(domains) + " policies, " + (shared ? "90 % of 20 texts" : "all different")
                                    + (memoryStore ? ", store in memory too" : ""),
                            bytes);
                }
            }
        }
    }

    private static double bytesEach(int domains, boolean shared, boolean memoryStore) throws InterruptedException {
        long before = Cpu.heap();
        PolicyDiscovery engine = filled(domains, shared, memoryStore);
        double bytes = (Cpu.heap() - before) / (double) domains;
        engine.close();
        WeakReference<PolicyDiscovery> closed = new WeakReference<>(engine);
        engine = null;
        Cpu.awaitGone(closed);
        return bytes;
    }

    /** An engine that remembers so many domains' policies. */
    static PolicyDiscovery filled(int domains, boolean shared, boolean memoryStore) {
        PolicyDiscovery engine = PolicyDiscovery.builder(
                        Stub.dns(name -> isShared(number(name), shared) ? "20240507" : "2024" + number(name)),
                        Stub.fetcher(domain -> {
                            int n = number(domain.name());
                            return isShared(n, shared) ? Policies.ofProvider(n % 20) : Policies.own(n);
                        }))
                .store(memoryStore ? PolicyStore.inMemory(domains) : new StoreElsewhere())
                .mostPolicies(domains)
                .build();
        for (int i = 0; i < domains; i++) {
            PolicyDomain domain = Policies.domain(i);
            if (!(engine.policyFor(domain) instanceof PolicyInForce.Enforce)) {
                throw new IllegalStateException("no policy for " + domain);
            }
        }
        return engine;
    }

    private static boolean isShared(int number, boolean shared) {
        return shared && number % 10 < SHARING;
    }

    /** The number in {@code domain0000017.example} and in the name of its record. */
    private static int number(String name) {
        int at = name.indexOf("domain") + 6;
        return Integer.parseInt(name.substring(at, at + 7));
    }
}
