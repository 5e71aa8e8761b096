package io.github.mtasts.bench;

import io.github.mtasts.MtaSts;
import io.github.mtasts.discovery.PolicyInForce;
import java.time.Instant;

/** How long the first mail to a domain waits where every peer is 50 ms away. */
final class LatencyPart implements Part {
    private static final int ROUND_TRIP = 50;

    @Override
    public void run(Page page, boolean quick) throws Exception {
        int warmUps = quick ? 300 : 1000;
        int domains = quick ? 30 : 100;
        page.heading("Cold latency at a distance");
        page.say(
                "One domain at a time, with " + ROUND_TRIP
                        + " ms of round-trip time in front of the DNS server and of every policy host (a proxy holds back what passes, 25 ms in each direction). The proxy cannot hold back the TCP handshake itself, so one round trip is added to what was measured. The least possible is five: TXT, A and AAAA together, TCP, TLS 1.3, GET.");
        Samples trips = new Samples();
        Samples wall = new Samples();
        try (Net net = new Net(warmUps + domains, "serve");
                Delay delay = new Delay(ROUND_TRIP / 2, net.dns, net.httpsPort)) {
            try (MtaSts engine = net.builder().build()) {
                ColdPart.discover(engine, warmUps);
            }
            try (MtaSts engine = net.far(delay).build()) {
                for (int i = 0; i < domains; i++) {
                    long began = System.nanoTime();
                    PolicyInForce policy = engine.policyFor(Policies.domain(warmUps + i));
                    double millis = (System.nanoTime() - began) / 1e6 + ROUND_TRIP;
                    if (!(policy instanceof PolicyInForce.Enforce)) {
                        throw new IllegalStateException(policy.explain(Instant.now()));
                    }
                    wall.add(millis);
                    trips.add(millis / ROUND_TRIP);
                }
            }
        }
        page.table("domains", "ms", "round trips", "p90");
        page.row(domains, wall, trips, Page.number(trips.at(0.9)));
        page.atMost(5.3, "round trips", "cold latency at 50 ms, median", trips.median());
    }
}
