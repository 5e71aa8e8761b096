package io.github.mtasts.bench;

import io.github.mtasts.delivery.MxDecision;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/** How cost grows with domains and threads. */
final class GrowthPart implements Part {
    private static final int[] THREADS = {1, 8, 64, 512};

    @Override
    public void run(Page page, boolean quick) throws Exception {
        int[] sizes = quick ? new int[] {1000, 10_000, 100_000} : new int[] {1000, 10_000, 100_000, 1_000_000};
        page.heading("How cost grows");
        page.say(
                "An engine that remembers so many policies, all different, with a store elsewhere; domains are asked for at random. *p50 / p99 / p99.9* are nanoseconds of wall time for one `policyFor` and `MxDecision`, the clock's own some 25 ns included, of "
                        + (quick ? 200_000 : 1_000_000)
                        + " decisions in all; with more threads than cores, the last ones tell how the system shares its cores. "
                        + "*Refreshes* are the daily HTTPS fetches (RFC 8461 §10.2) if all domains get mail, from 0.9 to 1 days apart; their processor time is that of as many cold discoveries.");
        List<String> head = new ArrayList<>(List.of("domains", "heap MB", "refreshes a day", "a second"));
        Arrays.stream(THREADS).forEach(threads -> head.add(threads + " thread(s)"));
        page.table(head.toArray(String[]::new));
        for (int size : sizes) {
            long before = Cpu.heap();
            PolicyDiscovery engine = MemoryPart.filled(size, false, false);
            try {
                double heap = (Cpu.heap() - before) / 1e6;
                List<Object> row = new ArrayList<>(List.of(
                        Page.number(size),
                        Page.number(heap),
                        Page.number(size / 0.95),
                        Page.number(size / 0.95 / 86_400)));
                PolicyDomain[] domains =
                        IntStream.range(0, size).mapToObj(Policies::domain).toArray(PolicyDomain[]::new);
                measure(engine, domains, 1, 200_000); // warm-up
                for (int threads : THREADS) {
                    int[] took = measure(engine, domains, threads, quick ? 200_000 : 1_000_000);
                    row.add(at(took, 0.5) + " / " + at(took, 0.99) + " / " + at(took, 0.999));
                }
                page.row(row.toArray());
            } finally {
                engine.close();
            }
        }
    }

    private static String at(int[] sorted, double share) {
        return Page.number(sorted[(int) (sorted.length * share)]);
    }

    private static int[] measure(PolicyDiscovery engine, PolicyDomain[] domains, int threads, int decisions)
            throws InterruptedException {
        int each = decisions / threads;
        int[] took = new int[each * threads];
        MxHost mx = MxHost.of("mx1.domain0000000.example");
        CountDownLatch ready = new CountDownLatch(threads);
        CountDownLatch go = new CountDownLatch(1);
        List<Thread> all = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int from = t * each;
            Thread thread = new Thread(() -> {
                ready.countDown();
                awaitQuietly(go);
                for (int i = from; i < from + each; i++) {
                    PolicyDomain domain = domains[ThreadLocalRandom.current().nextInt(domains.length)];
                    long began = System.nanoTime();
                    MxDecision decision = MxDecision.of(engine.policyFor(domain), mx);
                    took[i] = (int) Math.min(Integer.MAX_VALUE, System.nanoTime() - began);
                    if (decision instanceof MxDecision.Refuse refuse
                            && refuse.reason() == MxDecision.Reason.POLICY_UNDETERMINED) {
                        throw new IllegalStateException(domain + ": " + decision);
                    }
                }
            });
            all.add(thread);
            thread.start();
        }
        ready.await();
        go.countDown();
        for (Thread thread : all) {
            thread.join();
        }
        Arrays.sort(took);
        return took;
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
