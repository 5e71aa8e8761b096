package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each {@code policies/NN-name.txt} is read as {@code NN-name.expect} beside it says, by default and strictly. */
class OddPoliciesTest {

    static List<String> names() throws IOException, URISyntaxException {
        try (Stream<Path> files = Files.list(folder())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".txt"))
                    .map(name -> name.substring(0, name.length() - ".txt".length()))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    @Tag("S-3.2-23")
    void eachIsReadAsExpected(String name) throws IOException, URISyntaxException {
        byte[] body = Files.readAllBytes(folder().resolve(name + ".txt"));
        String expected = Files.readString(folder().resolve(name + ".expect"));

        String read = "by default: " + text(StsPolicyParser.parse(body)) + "strictly: "
                + text(StsPolicyParser.parseStrict(body));

        assertThat(read).isEqualTo(expected);
    }

    private static String text(PolicyResult result) {
        if (result instanceof PolicyResult.Valid valid) {
            StsPolicy policy = valid.policy();
            String tolerated = policy.tolerances().stream()
                    .map(tolerance -> "  tolerated " + tolerance.text() + "\n")
                    .collect(Collectors.joining());
            String mx = policy.mx().stream()
                    .map(pattern -> "  mx " + pattern + "\n")
                    .collect(Collectors.joining());
            return "valid\n  mode " + policy.mode().text() + "\n  max_age "
                    + policy.maxAge().toSeconds() + "\n" + mx + tolerated;
        }
        return ((PolicyResult.Invalid) result)
                .errors().stream()
                        .map(error -> "  line " + error.line() + " " + error.reason() + " " + error.offending())
                        .map(String::stripTrailing)
                        .collect(Collectors.joining("\n", "invalid\n", "\n"));
    }

    private static Path folder() throws URISyntaxException {
        URL folder = Objects.requireNonNull(OddPoliciesTest.class.getResource("/policies"));
        return Path.of(folder.toURI());
    }
}
