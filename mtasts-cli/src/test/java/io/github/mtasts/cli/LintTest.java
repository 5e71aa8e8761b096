package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LintTest {
    @TempDir
    private Path folder;

    private String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    private String good() throws IOException {
        return file("good.txt", "version: STSv1\nmode: enforce\nmax_age: 604800\nmx: *.example.com\n");
    }

    @Test
    void printsTheFieldsOfAValidPolicy() throws IOException {
        CommandRun run = CommandRun.of("lint", good());

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .isEqualToNormalizingNewlines(
                        folder + "/good.txt: valid\n  mode     enforce\n  max_age  604800\n  mx       *.example.com\n");
    }

    @Test
    void printsEveryErrorWithItsLine() throws IOException {
        String bad = file("bad.txt", "version: STSv1\nmode: force\nmx: *\n");

        CommandRun run = CommandRun.of("lint", bad);

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out().lines())
                .containsExactly(
                        bad + ": invalid",
                        "  line 2: bad-mode \"force\"",
                        "  line 3: bad-mx \"*\"",
                        "  missing-max-age");
    }

    @Test
    void acceptsLessWhenStrict() throws IOException {
        String file = file("blank.txt", "version: STSv1\nmode: none\n\nmax_age: 86400\n");

        CommandRun usual = CommandRun.of("lint", file);
        CommandRun strict = CommandRun.of("lint", "--strict", file);

        assertThat(usual.code()).isZero();
        assertThat(usual.out()).contains("accepted though outside the grammar: blank-line");
        assertThat(strict.code()).isEqualTo(1);
        assertThat(strict.out()).contains("line 3: outside-grammar");
    }

    @Test
    void printsAnArrayOfObjectsWhenJsonIsWanted() throws IOException {
        String bad = file("bad.txt", "version: STSv1\nmode: force\nmax_age: 1\nmx: a.example\n");

        CommandRun run = CommandRun.of("lint", "--json", good(), bad);

        assertThat(run.code()).isEqualTo(1);
        List<Map<String, Object>> reports = reports(run);
        assertThat(reports).hasSize(2);
        assertThat(reports.get(0))
                .containsOnlyKeys("file", "valid", "mode", "maxAge", "mx", "tolerances", "errors")
                .containsEntry("valid", true)
                .containsEntry("mode", "enforce")
                .containsEntry("maxAge", 604800)
                .containsEntry("mx", List.of("*.example.com"))
                .containsEntry("errors", List.of());
        assertThat(reports.get(1))
                .containsEntry("valid", false)
                .containsEntry("mode", null)
                .containsEntry("errors", List.of(Map.of("line", 2, "error", "bad-mode", "text", "\"force\"")));
    }

    @Test
    void saysWhichFileCannotBeReadAndReadsTheOthers() throws IOException {
        CommandRun run = CommandRun.of("lint", folder + "/nothing", good());

        assertThat(run.code()).isEqualTo(66);
        assertThat(run.err()).isEqualToIgnoringNewLines("mtasts: cannot read " + folder + "/nothing: no such file");
        assertThat(run.out()).contains("good.txt: valid");
    }

    @Test
    void wantsAFile() {
        CommandRun run = CommandRun.of("lint");

        assertThat(run.code()).isEqualTo(64);
        assertThat(run.err()).contains("Try 'mtasts lint --help'.");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void agreesWithTheCorpusOfPublishedPolicies(boolean strict) throws IOException {
        Path corpus = corpus();
        List<String[]> rows = Files.readAllLines(corpus.resolve("expected.tsv")).stream()
                .skip(1)
                .map(row -> row.split("\t", -1))
                .toList();
        Stream<String> files = rows.stream()
                .map(row -> corpus.resolve("policies").resolve(row[0]).toString());
        Stream<String> options = strict ? Stream.of("lint", "--json", "--strict") : Stream.of("lint", "--json");

        CommandRun run = CommandRun.of(Stream.concat(options, files).toArray(String[]::new));

        assertThat(run.code()).isEqualTo(1);
        assertThat(rows).hasSize(314);
        assertThat(reports(run).stream().map(LintTest::row).toList())
                .isEqualTo(rows.stream().map(row -> expected(row, strict)).toList());
    }

    /** What a report says, in the columns of {@code expected.tsv}. */
    private static String row(Map<String, Object> report) {
        boolean valid = Boolean.TRUE.equals(report.get("valid"));
        return String.join(
                "\t",
                String.valueOf(Path.of(String.valueOf(report.get("file"))).getFileName()),
                valid ? "valid" : "invalid",
                valid ? String.valueOf(report.get("mode")) : "",
                valid ? String.valueOf(report.get("maxAge")) : "",
                list(report, "mx").stream().map(String::valueOf).collect(Collectors.joining(",")),
                new TreeSet<>(list(report, "tolerances")).toString());
    }

    private static List<?> list(Map<String, Object> report, String key) {
        return (List<?>) Objects.requireNonNull(report.get(key), key);
    }

    private static String expected(String[] row, boolean strict) {
        boolean valid = row[strict ? 2 : 1].equals("valid");
        boolean tolerated = valid && !row[6].isEmpty();
        return String.join(
                "\t",
                row[0],
                valid ? "valid" : "invalid",
                valid ? row[3] : "",
                valid ? row[4] : "",
                valid ? row[5] : "",
                new TreeSet<>(tolerated ? Arrays.asList(row[6].split(",")) : List.of()).toString());
    }

    @SuppressWarnings("unchecked") // an array of objects is what is printed
    private static List<Map<String, Object>> reports(CommandRun run) throws IOException {
        return (List<Map<String, Object>>) JSON.std.anyFrom(run.out());
    }

    private static Path corpus() {
        String folder = System.getProperty("mtasts.corpus", "");
        if (folder.isEmpty()) {
            assertThat(System.getenv("CI"))
                    .as("mtasts.corpus must be set in CI")
                    .isNotEqualTo("true");
            assumeTrue(false, "the corpus of published policies is not here: set -Dmtasts.corpus=FOLDER");
        }
        return Path.of(folder);
    }
}
