package io.github.mtasts.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.policy.PolicyDomain;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A policy directory whose writers are killed, or are two. The profile {@code long} runs this with the full figures. */
class StoreCrashTest {
    private static final boolean LONG = Boolean.getBoolean("mtasts.long");
    private static final int KILLS = LONG ? 200 : 20;
    private static final Duration TOGETHER = LONG ? Duration.ofMinutes(1) : Duration.ofSeconds(3);

    @TempDir
    Path folder;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Process> writers = new ArrayList<>();

    @AfterEach
    void end() throws InterruptedException {
        for (Process writer : writers) {
            writer.destroyForcibly();
            assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        threads.shutdownNow();
    }

    private Process writer(long number, long step) throws IOException {
        Process writer = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StoreWriter.class.getName(),
                        folder.resolve("policies").toString(),
                        Long.toString(number),
                        Long.toString(step))
                .redirectError(ProcessBuilder.Redirect.appendTo(errors().toFile()))
                .start();
        writers.add(writer);
        return writer;
    }

    /** SIGKILL, with what it has printed left to be read: {@code Process.destroyForcibly} would close that too. */
    private void kill(Process writer) throws IOException {
        boolean killed = writer.toHandle().destroyForcibly();
        assertThat(killed)
                .as("a writer that ended by itself said: %s", Files.readString(errors()))
                .isTrue();
    }

    private Path errors() {
        return folder.resolve("errors");
    }

    private PolicyStore store() {
        return PolicyStore.inDirectory(folder.resolve("policies"));
    }

    /** Reads what a writer's store acknowledged: into a map of the last number for each domain. */
    private static final class Acknowledged {
        final Map<PolicyDomain, Long> last = new HashMap<>();
        long highest;
        int notWritten;

        /** Reads one line; false at the end. */
        boolean read(BufferedReader lines) throws IOException {
            String line = lines.readLine();
            if (line == null) {
                return false;
            }
            String[] fields = line.split(" ");
            if (fields.length == 3
                    && (fields[2].equals("true") || fields[2].equals("false"))) { // or cut off by the kill
                long number = Long.parseLong(fields[1]);
                last.merge(PolicyDomain.of(fields[0]), number, Math::max);
                highest = Math.max(highest, number);
            } else if (fields[fields.length - 1].equals(StoreWriter.NOT_WRITTEN)) {
                notWritten++;
            }
            return true;
        }
    }

    @Test
    @Timeout(1200)
    @Tag("S-5.1-3")
    @Tag("S-10-1")
    @DisabledOnOs(OS.WINDOWS) // a process is not killed there but ended
    void killedWriterLeavesWholePoliciesAndLosesNoneThatWasAcknowledged() throws Exception {
        Random random = new Random(1);
        Acknowledged acknowledged = new Acknowledged();

        for (int kill = 0; kill < KILLS; kill++) {
            Process writer = writer(acknowledged.highest + 10_000, 1);
            try (BufferedReader lines = writer.inputReader(StandardCharsets.US_ASCII)) {
                for (int wait = 1 + random.nextInt(200); wait > 0; wait--) {
                    assertThat(acknowledged.read(lines))
                            .as("the writer goes on")
                            .isTrue();
                }
                kill(writer);
                while (acknowledged.read(lines)) {}
            }
            assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();

            allAreWholeAndThere(acknowledged);
        }
        assertThat(acknowledged.notWritten)
                .as("with nobody else there, the lock is always to be had")
                .isZero();
    }

    private void allAreWholeAndThere(Acknowledged acknowledged) throws IOException {
        try (PolicyStore next = store()) {
            List<PolicyDomain> domains = next.domains(null, 1000);
            assertThat(domains).containsAll(acknowledged.last.keySet());
            for (PolicyDomain domain : domains) {
                CachedPolicy held = next.load(domain).policy().orElseThrow();
                long number = StoreWriter.number(held);
                assertThat(held).isEqualTo(StoreWriter.policy(domain, number));
                assertThat(held.policy().body())
                        .isEqualTo(StoreWriter.policy(domain, number).policy().body());
                assertThat(number).isGreaterThanOrEqualTo(acknowledged.last.getOrDefault(domain, 0L));
            }
        }
        assertThat(folder.resolve("policies").resolve("set-aside")).doesNotExist();
    }

    @Test
    void cutFileIsNoPolicySoTheCheckAboveCanFail() throws IOException {
        PolicyDomain domain = StoreWriter.domain(1);
        try (PolicyStore store = store()) {
            assertThat(store.save(StoreWriter.policy(domain, 7), LocalDate.EPOCH, Instant.MAX))
                    .isTrue();
        }
        Path file;
        try (Stream<Path> files = Files.walk(folder)) {
            file = files.filter(one -> one.toString().endsWith(".policy"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));

        try (PolicyStore next = store()) {
            assertThat(next.load(domain).policy()).isEmpty();
        }
        assertThat(folder.resolve("policies").resolve("set-aside")).exists();
    }

    @Test
    @Timeout(300)
    void ofTwoWritersTheNewerAlwaysWins() throws Exception {
        Process first = writer(2, 2);
        Process second = writer(3, 2);
        Future<Acknowledged> even = threads.submit(() -> all(first));
        Future<Acknowledged> odd = threads.submit(() -> all(second));
        Map<PolicyDomain, Long> seen = new HashMap<>();
        int steps = 0;

        try (PolicyStore reader = store()) {
            long end = System.nanoTime() + TOGETHER.toNanos();
            while (System.nanoTime() < end || seen.size() < StoreWriter.DOMAINS) {
                PolicyDomain domain = StoreWriter.domain(steps++ % StoreWriter.DOMAINS);
                reader.load(domain).policy().ifPresent(held -> {
                    long number = StoreWriter.number(held);
                    assertThat(held).isEqualTo(StoreWriter.policy(domain, number));
                    assertThat(number).isGreaterThanOrEqualTo(seen.getOrDefault(domain, 0L));
                    seen.put(domain, number);
                });
            }
        }
        kill(first);
        kill(second);

        Acknowledged both = even.get(30, TimeUnit.SECONDS);
        Acknowledged other = odd.get(30, TimeUnit.SECONDS);
        other.last.forEach((domain, number) -> both.last.merge(domain, number, Math::max));
        both.notWritten += other.notWritten;
        assertThat(both.last).hasSize(StoreWriter.DOMAINS);
        assertThat(both.notWritten)
                .as("of both, while each has 5 s for the lock")
                .isLessThan(10);
        assertThat(seen).allSatisfy((domain, number) -> assertThat(number).isPositive());
        allAreWholeAndThere(both);
    }

    private static Acknowledged all(Process writer) throws IOException {
        Acknowledged acknowledged = new Acknowledged();
        try (BufferedReader lines = writer.inputReader(StandardCharsets.US_ASCII)) {
            while (acknowledged.read(lines)) {}
        }
        return acknowledged;
    }
}
