package io.github.mtasts.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Another process that answers questions of one line, so that its work is not counted as this one's. It ends with this one. */
final class Child implements AutoCloseable {
    private static final String ANSWER = "#answer ";

    private final Process process;
    private final BufferedReader from;
    private final BufferedWriter to;

    /** Starts it; {@code main} calls {@link #answer}. */
    Child(List<String> options, Class<?> main, String... args) throws IOException {
        process = Jvm.start(options, main, args);
        from = process.inputReader();
        to = process.outputWriter();
    }

    String ask(String question) throws IOException {
        to.write(question + "\n");
        to.flush();
        for (String line = from.readLine(); line != null; line = from.readLine()) {
            if (line.startsWith(ANSWER)) {
                return line.substring(ANSWER.length());
            }
        }
        throw new IOException("the other process ended when asked: " + question);
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        try {
            to.close();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** In the other process: answers until the input ends, then ends the process. */
    static void answer(Map<String, Supplier<String>> answers) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Supplier<String> answer = answers.get(line);
            System.out.println(ANSWER + (answer == null ? "?" : answer.get()));
        }
        System.exit(0);
    }
}
