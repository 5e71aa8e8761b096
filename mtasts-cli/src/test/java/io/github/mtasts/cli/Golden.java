package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Output kept as files, to be read by people. {@code -Dmtasts.golden=write} writes them anew. */
final class Golden {
    private static final Path FOLDER = Path.of("src/test/resources/io/github/mtasts/cli");

    private Golden() {}

    /** The output is as in the file, but for what differs from run to run: addresses, ports, dates, times. */
    static void assertSame(String file, String output) {
        String actual = normal(output);
        Path path = FOLDER.resolve(file);
        try {
            if (System.getProperty("mtasts.golden", "").equals("write")) {
                Files.createDirectories(path.getParent());
                Files.writeString(path, actual);
            }
            assertThat(actual).as(file).isEqualTo(Files.readString(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String normal(String output) {
        return output.replace("\r\n", "\n")
                .replaceAll("127\\.\\d+\\.\\d+\\.\\d+", "ADDRESS")
                .replaceAll("ADDRESS:\\d+", "ADDRESS:PORT")
                .replaceAll("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "INSTANT")
                .replaceAll("\\d{4}-\\d\\d-\\d\\d", "DATE")
                .replaceAll("\\d+\\.\\d\\d s", "TIME s")
                .replaceAll("(\"milliseconds\" : )\\d+", "$1TIME");
    }
}
