package io.github.mtasts.lookup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** What the kernel knows of this process's sockets (Linux), and waiting for it. */
final class Sockets {
    private Sockets() {}

    /** How many sockets are connected, or connecting, to an IPv4 address. */
    static long connectedTo(InetAddress address) {
        byte[] bytes = address.getAddress();
        String four = String.format(Locale.ROOT, "%02X%02X%02X%02X:", bytes[3], bytes[2], bytes[1], bytes[0]);
        // the JDK's sockets are of the IPv6 kind where there is one
        return connected("/proc/net/tcp", four) + connected("/proc/net/tcp6", "0000000000000000FFFF0000" + four);
    }

    private static long connected(String table, String remote) {
        return lines(table) // slot, local, remote, state
                .map(line -> line.strip().split("\\s+"))
                .filter(fields -> fields[2].startsWith(remote))
                .filter(fields -> fields[3].equals("01") || fields[3].equals("02"))
                .count();
    }

    /** How many files and sockets this process has open. */
    static long openFiles() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of(file)).stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for a condition, a minute at most; says how long it took. */
    static Duration await(String what, BooleanSupplier condition) {
        long began = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - began > Duration.ofMinutes(1).toNanos()) {
                throw new AssertionError("waited in vain for " + what);
            }
            LockSupport.parkNanos(2_000_000);
        }
        return Duration.ofNanos(System.nanoTime() - began);
    }
}
