package io.github.mtasts;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What is logged from now until this is closed: to be read by a test, and kept out of the way of those that make a hundred thousand lines of it. */
public final class TestLog implements AutoCloseable {
    private final PrintStream before = System.err;
    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();

    private TestLog() {
        System.setErr(new PrintStream(lines, true, StandardCharsets.UTF_8));
    }

    /** Begins. */
    public static TestLog begin() {
        return new TestLog();
    }

    /** All lines since the beginning, or since they were forgotten. */
    public String text() {
        return lines.toString(StandardCharsets.UTF_8);
    }

    /** Forgets the lines up to here. */
    public void forget() {
        lines.reset();
    }

    @Override
    public void close() {
        System.setErr(before);
    }
}
