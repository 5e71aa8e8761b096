package io.github.mtasts.testkit;

/** Daemon threads with the testkit's name. */
final class Threads {
    private Threads() {}

    static Thread start(String name, Runnable work) {
        Thread thread = new Thread(work, "mtasts-testkit-" + name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Waits for the end of threads that are about to end. An interrupt ends the wait. */
    static void join(Iterable<Thread> threads) {
        try {
            for (Thread thread : threads) {
                thread.join(10_000);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
