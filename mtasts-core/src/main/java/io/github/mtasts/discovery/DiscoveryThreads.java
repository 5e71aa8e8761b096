package io.github.mtasts.discovery;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** Daemon threads with a name that begins with {@code mtasts-}. */
final class DiscoveryThreads implements ThreadFactory {
    private final String name;
    private final AtomicInteger made = new AtomicInteger();

    DiscoveryThreads(String name) {
        this.name = name;
    }

    @Override
    public Thread newThread(Runnable task) {
        Thread thread = new Thread(task, "mtasts-" + name + "-" + made.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }
}
