package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every policy file of the corpus gets the verdict, the fields and the tolerances that {@code expected.tsv} gives it. */
class CorpusTest {

    @TestFactory
    @Tag("S-3.2-23")
    Stream<DynamicTest> everyPublishedPolicyGetsItsVerdict() throws IOException {
        Path corpus = corpus();

        List<String> rows = Files.readAllLines(corpus.resolve("expected.tsv"));

        assertThat(rows).hasSizeGreaterThan(300);
        return rows.stream()
                .skip(1)
                .map(row -> row.split("\t", -1))
                .map(row -> DynamicTest.dynamicTest(row[0], () -> {
                    byte[] body = Files.readAllBytes(corpus.resolve("policies").resolve(row[0]));

                    PolicyResult byDefault = StsPolicyParser.parse(body);
                    PolicyResult strict = StsPolicyParser.parseStrict(body);

                    assertThat(verdict(byDefault)).as("default: %s", byDefault).isEqualTo(row[1]);
                    assertThat(verdict(strict)).as("strict: %s", strict).isEqualTo(row[2]);
                    if (byDefault instanceof PolicyResult.Valid valid) {
                        StsPolicy policy = valid.policy();
                        assertThat(policy.mode().text()).isEqualTo(row[3]);
                        assertThat(policy.maxAge().toSeconds()).isEqualTo(Long.parseLong(row[4]));
                        assertThat(policy.mx().stream().map(MxPattern::toString).collect(Collectors.joining(",")))
                                .isEqualTo(row[5]);
                        Set<String> tolerances = policy.tolerances().stream()
                                .map(PolicyTolerance::text)
                                .collect(Collectors.toSet());
                        assertThat(tolerances).isEqualTo(row[6].isEmpty() ? Set.of() : Set.of(row[6].split(",")));
                    }
                }));
    }

    private static String verdict(PolicyResult result) {
        return result instanceof PolicyResult.Valid ? "valid" : "invalid";
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
