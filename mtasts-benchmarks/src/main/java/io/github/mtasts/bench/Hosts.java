package io.github.mtasts.bench;

import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** In a process of its own: a small internet of domains with policy hosts, each with an address and a certificate of its own, and one MX host. */
public final class Hosts {
    static final String MX = "mx1.mail.example";

    private Hosts() {}

    /**
     * Serves.
     *
     * @param args how many domains; the folder for {@code root.pem} and {@code hosts}; whether policy hosts are silent, or hold their answers back
     */
    public static void main(String[] args) throws IOException {
        int domains = Integer.parseInt(args[0]);
        Path folder = Path.of(args[1]);
        SmallInternet internet = new SmallInternet();
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger held = new AtomicInteger();
        List<PolicyHost> all = new ArrayList<>();
        StringBuilder hosts = new StringBuilder();
        for (int i = 0; i < domains; i++) {
            String domain = Policies.domain(i).name();
            String text = new String(Policies.own(i), StandardCharsets.US_ASCII);
            internet.domain(domain).record("20240507").policy(text);
            PolicyHost host = internet.policyHost(domain);
            all.add(host);
            if (args[2].equals("silent")) {
                host.greeting(PolicyHost.Greeting.SILENT);
            } else if (args[2].equals("hold")) {
                host.script((request, out) -> {
                    held.incrementAndGet();
                    awaitQuietly(release);
                });
            }
            hosts.append(host.name())
                    .append('\t')
                    .append(host.address().getHostAddress())
                    .append('\n');
        }
        internet.domain("mail.example").sts("enforce", MX).mx(10, MX);
        MxServer mx = internet.mx(MX);
        Files.writeString(folder.resolve("root.pem"), internet.ca().rootPem());
        Files.writeString(folder.resolve("hosts"), hosts);
        Child.answer(Map.of(
                "dns", internet::dnsServer,
                "https", () -> String.valueOf(internet.httpsPort()),
                "smtp", () -> String.valueOf(internet.smtpPort()),
                "mx", () -> mx.address().getHostAddress(),
                "connections",
                        () -> String.valueOf(
                                all.stream().mapToInt(PolicyHost::connections).sum()),
                "held", () -> String.valueOf(held.get()),
                "release",
                        () -> {
                            release.countDown();
                            return "";
                        },
                "smtp connections", () -> String.valueOf(mx.connections().size()),
                "smtp commands",
                        () -> String.valueOf(mx.connections().stream()
                                .mapToInt(connection -> connection.commands().size())
                                .sum())));
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
