package io.github.mtasts.bench;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.TestDns;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;

/** From nothing to the first decision, with a directory of policies. */
final class StartPart implements Part {
    private static final int POLICIES = 100_000;

    @Override
    public void run(Page page, boolean quick) throws Exception {
        int runs = quick ? 5 : 15;
        page.heading("Start");
        page.say(
                "A fresh JVM makes an engine over a directory, looks one domain up (its policy is on disk, its record is asked for over DNS), decides on an MX host and ends. *First answer* runs from the entry of `main`; *whole process* from before the start of the JVM to its end. "
                        + "With class data sharing, the classes come from an archive made once (`-XX:ArchiveClassesAtExit`).");
        page.table("policies in the directory", "classes", "first answer, ms", "whole process, ms", "CPU, ms", "runs");
        Path archive = Files.createTempDirectory("mtasts-cds").resolve("classes.jsa");
        try (TestDns dns = new TestDns()) {
            dns.txt(domain(0).recordName(), "v=STSv1; id=20240507;");
            InetSocketAddress server = dns.address();
            String address = server.getAddress().getHostAddress() + ":" + server.getPort();
            Path one = directory(1);
            Path many = directory(POLICIES);
            once(List.of("-XX:ArchiveClassesAtExit=" + archive), one, address);
            for (boolean shared : List.of(false, true)) {
                List<String> options = shared
                        ? List.of("-XX:SharedArchiveFile=" + archive, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
                        : List.of();
                for (Path directory : List.of(one, many)) {
                    Samples answer = new Samples();
                    Samples whole = new Samples();
                    Samples cpu = new Samples();
                    for (int run = 0; run < runs; run++) {
                        double[] took = once(options, directory, address);
                        answer.add(took[0]);
                        cpu.add(took[1]);
                        whole.add(took[2]);
                    }
                    String policies = Page.number(directory.equals(one) ? 1 : POLICIES);
                    page.row(policies, shared ? "shared" : "from jars", answer, whole, cpu, runs);
                    if (directory.equals(many)) {
                        String how = shared ? ", class data sharing" : "";
                        page.atMost(50, "ms", "first answer over 100,000 policies on disk" + how, answer.median());
                        page.atMost(400, "ms", "process with one decision" + how, whole.median());
                    }
                }
            }
        }
    }

    private static double[] once(List<String> options, Path directory, String dns)
            throws IOException, InterruptedException {
        long began = System.nanoTime();
        Process process = Jvm.start(
                options,
                FirstDecision.class,
                directory.toString(),
                dns,
                domain(0).name(),
                "mx1." + domain(0).name());
        String said;
        try (BufferedReader out = process.inputReader()) {
            said = out.lines()
                    .filter(line -> line.startsWith(FirstDecision.SAID))
                    .reduce("", (before, line) -> line); // to the end, or the other side cannot write
        }
        if (process.waitFor() != 0 || said.isEmpty()) {
            throw new IOException("no decision");
        }
        double whole = (System.nanoTime() - began) / 1e6;
        String[] numbers = said.substring(FirstDecision.SAID.length()).split(" ");
        return new double[] {Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1]), whole};
    }

    private static PolicyDomain domain(int n) {
        return Policies.domain(n);
    }

    /** Many policies: the text that the store wrote for the first, with other names; the store would force each to disk. */
    private static Path directory(int policies) throws IOException {
        Path directory = Files.createTempDirectory("mtasts-policies");
        try (PolicyStore store = PolicyStore.inDirectory(directory)) {
            Instant now = Instant.now();
            CachedPolicy first = CachedPolicy.fetched(domain(0), Policies.parsed(Policies.own(0)), "20240507", now);
            if (!store.save(first, LocalDate.ofInstant(now, ZoneOffset.UTC), now)) {
                throw new IllegalStateException("not kept");
            }
        }
        Path written;
        try (Stream<Path> files = Files.walk(directory)) {
            written = files.filter(file -> file.toString().endsWith(".policy"))
                    .findFirst()
                    .orElseThrow();
        }
        String text = Files.readString(written);
        for (int i = 1; i < policies; i++) {
            String name = domain(i).name();
            Path folder = Files.createDirectories(directory.resolve(folder(name)));
            Files.writeString(
                    folder.resolve(name + ".policy"), text.replace(domain(0).name(), name));
        }
        try (PolicyStore store = PolicyStore.inDirectory(directory)) {
            if (store.load(domain(policies - 1)).policy().isEmpty()) {
                throw new IllegalStateException("the store does not read what was written");
            }
        }
        return directory;
    }

    private static String folder(String name) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.US_ASCII));
            return String.format("%02x", hash[0] & 0xff);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
