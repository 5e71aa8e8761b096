package io.github.mtasts.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.lang.ref.WeakReference;
import java.util.concurrent.TimeUnit;

/** What this process has used. */
final class Cpu {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private Cpu() {}

    /** Processor time of all threads, with the compiler's and the collector's, in nanoseconds. */
    static long nanos() {
        return SYSTEM.getProcessCpuTime();
    }

    /** Waits until something is no longer in the heap: a thread that ends may hold on to it for a while. */
    static void awaitGone(WeakReference<?> something) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        do {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("still held: " + something.get());
            }
            Thread.sleep(500); // a collection stops that thread, too
            System.gc();
        } while (something.get() != null);
    }

    /** Heap in use once the garbage is gone, in bytes. */
    static long heap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
            least = Math.min(least, heap.getUsed());
        }
        return least;
    }
}
