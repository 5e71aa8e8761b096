package io.github.mtasts.cli;

import java.io.PrintWriter;

/** One line on a terminal that says how far the work is, and is gone when it is done. Safe for any number of threads. */
final class Progress {
    private final PrintWriter terminal;
    private final boolean shown;
    private final int total;
    private int done;

    /** @param shown false where nobody watches: then nothing is written */
    Progress(PrintWriter terminal, boolean shown, int total) {
        this.terminal = terminal;
        this.shown = shown;
        this.total = total;
    }

    synchronized void begin(String what) {
        write(what);
    }

    synchronized void done(String what) {
        done++;
        write(done + " of " + total + ": " + what);
    }

    synchronized void end() {
        write("");
    }

    private void write(String text) {
        if (shown) {
            // back to the start of the line, and what was there is erased
            terminal.print("\r\u001b[K" + text);
            terminal.flush();
        }
    }
}
