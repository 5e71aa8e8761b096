package io.github.mtasts.bench;

import io.github.mtasts.MtaSts;
import io.github.mtasts.lookup.FetchResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Thousands of fetches in flight at once: their memory, and no threads for them. */
final class CrowdPart implements Part {
    @Override
    public void run(Page page, boolean quick) throws Exception {
        int fetches = quick ? 500 : 5000;
        page.heading("Many fetches in flight");
        page.say(
                "Heap after garbage collection, with minus without the fetches. *Silent* hosts accept the connection and say nothing; *holding* hosts have finished the handshake and read the request, and hold the answer back.");
        page.table("hosts", "in flight", "threads more", "heap kB for each", "deadline");
        for (String behaviour : List.of("silent", "hold")) {
            try (Net net = new Net(fetches, behaviour);
                    MtaSts engine =
                            net.builder().fetchDeadline(Duration.ofMinutes(10)).build()) {
                double[] each = inFlight(net, engine, fetches, behaviour.equals("hold"));
                page.row(
                        behaviour.equals("hold") ? "holding" : behaviour,
                        Page.number(fetches),
                        (int) each[1],
                        Page.number(each[0]),
                        "10 min");
                page.atMost(
                        60,
                        "kB heap",
                        "a fetch in flight, " + (behaviour.equals("hold") ? "answer awaited" : "silent host"),
                        each[0]);
            }
        }
    }

    private static double[] inFlight(Net net, MtaSts engine, int fetches, boolean hold) throws Exception {
        // what is loaded and started once
        Thread.sleep(1000);
        long before = Cpu.heap();
        int threads = Thread.activeCount();
        List<CompletableFuture<FetchResult>> all = new ArrayList<>();
        for (int i = 0; i < fetches; i++) {
            all.add(engine.fetcher().fetch(Policies.domain(i)).toCompletableFuture());
        }
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(9);
        while (Integer.parseInt(net.server.ask(hold ? "held" : "connections")) < fetches) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not all in flight");
            }
            Thread.sleep(200);
        }
        double each = (Cpu.heap() - before) / 1000.0 / fetches;
        int more = Thread.activeCount() - threads;
        if (all.stream().anyMatch(CompletableFuture::isDone)) {
            throw new IllegalStateException("a fetch ended");
        }
        return new double[] {each, more};
    }
}
