package io.github.mtasts.tlsrpt;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Another process that wants a directory, says whether it got it, and ends: see {@link ReportStoreTest}. */
final class DirectoryTaker {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private DirectoryTaker() {}

    /** The directory. */
    public static void main(String[] args) throws IOException {
        String result = "TAKEN";
        try {
            ReportStore.inDirectory(Path.of(args[0])).close();
        } catch (StoreInUseException e) {
            result = "IN USE";
        }
        OUT.println(result);
    }
}
