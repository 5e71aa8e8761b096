package io.github.mtasts.bench;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.MxDecision;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import java.nio.file.Path;

/** In a process of its own: one decision under a policy from a directory, and nothing else. */
public final class FirstDecision {
    static final String SAID = "#took ";

    private FirstDecision() {}

    /**
     * Decides.
     *
     * @param args the policy directory; the DNS server; the domain; the MX host
     */
    public static void main(String[] args) {
        long began = System.nanoTime();
        MtaSts engine = MtaSts.builder()
                .policyDirectory(Path.of(args[0]))
                .dnsServer(args[1])
                .build();
        PolicyInForce policy = engine.policyFor(PolicyDomain.of(args[2]));
        MxDecision decision = MxDecision.of(policy, MxHost.of(args[3]));
        long took = System.nanoTime() - began;
        if (!(policy instanceof PolicyInForce.Enforce) || !(decision instanceof MxDecision.DeliverWith)) {
            throw new IllegalStateException(policy + " " + decision);
        }
        System.out.println(SAID + took / 1e6 + " " + Cpu.nanos() / 1e6);
        System.exit(0);
    }
}
