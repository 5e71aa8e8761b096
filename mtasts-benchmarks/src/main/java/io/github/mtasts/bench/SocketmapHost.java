package io.github.mtasts.bench;

import io.github.mtasts.cli.socketmap.SocketmapServer;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;

/** In a process of its own: the bridge for Postfix, over an engine that has seen all domains. */
public final class SocketmapHost {
    static final int DOMAINS = 2000;

    private SocketmapHost() {}

    /** Serves, with one thread. */
    public static void main(String[] args) throws IOException {
        PolicyDiscovery discovery = PolicyDiscovery.builder(
                        Stub.dns(name -> "20240507"), Stub.fetcher(domain -> Policies.file(2)))
                .build();
        for (int i = 0; i < DOMAINS; i++) {
            discovery.policyForAsync(Policies.domain(i)).join();
            discovery.policyForAsync(PolicyDomain.of(absent(i))).join();
        }
        SocketmapServer server = new SocketmapServer(discovery::policyForAsync, 1, 5000, Duration.ofMinutes(2));
        SocketAddress address = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Child.answer(Map.of(
                "port",
                () -> String.valueOf(((InetSocketAddress) address).getPort()),
                "cpu",
                () -> String.valueOf(Cpu.nanos())));
    }

    static String absent(int n) {
        return String.format("absent%07d.example", n);
    }
}
