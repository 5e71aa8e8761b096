package io.github.mtasts.testkit;

/** Daemon threads with the testkit's name. */
final class Threads {
    private Threads() {}

    static void start(String name, Runnable work) {
        Thread thread = new Thread(work, "mtasts-testkit-" + name);
        thread.setDaemon(true);
        thread.start();
    }
}
