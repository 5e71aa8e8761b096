package io.github.mtasts.lookup;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The addresses of this machine's interfaces, read anew once a minute, by whoever asks then. */
final class OwnAddresses {
    private static final Logger LOG = LoggerFactory.getLogger(OwnAddresses.class);
    private static final long KEPT = Duration.ofMinutes(1).toNanos();

    private final ReentrantLock reading = new ReentrantLock();
    private volatile Snapshot last = read(Set.of());

    private record Snapshot(Set<InetAddress> addresses, long at) {}

    boolean contains(InetAddress address) {
        // one reads, the others go by the last snapshot meanwhile
        if (System.nanoTime() - last.at > KEPT && reading.tryLock()) {
            try {
                last = read(last.addresses);
            } finally {
                reading.unlock();
            }
        }
        return last.addresses.contains(address);
    }

    private static Snapshot read(Set<InetAddress> known) {
        Set<InetAddress> addresses;
        try {
            addresses = NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .collect(Collectors.toUnmodifiableSet());
        } catch (SocketException e) {
            LOG.warn("this machine's addresses cannot be read: {}", e.toString());
            addresses = known;
        }
        return new Snapshot(addresses, System.nanoTime());
    }
}
