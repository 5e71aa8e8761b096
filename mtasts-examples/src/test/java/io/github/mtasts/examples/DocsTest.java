package io.github.mtasts.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The pages for people: their Java is compiled somewhere, and their links lead somewhere. */
class DocsTest {
    private static final Path TOP = Path.of("..");
    private static final Pattern JAVA = Pattern.compile("^```java\\R(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern TEST = Pattern.compile("`([A-Z][A-Za-z]+Test)`");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+)(?:#[^)]*)?\\)");

    @TestFactory
    Stream<DynamicTest> everyJavaBlockStandsInASourceThatIsCompiled() throws IOException {
        List<String> sources = sources();
        return pages().flatMap(page -> JAVA.matcher(read(page))
                .results()
                .map(block -> DynamicTest.dynamicTest(
                        page.getFileName() + ": "
                                + block.group(1).lines().findFirst().orElse(""),
                        () -> assertThat(sources.stream().anyMatch(source -> source.contains(lines(block.group(1)))))
                                .as("a source has these lines:%n%s", block.group(1))
                                .isTrue())));
    }

    @TestFactory
    Stream<DynamicTest> everyLinkLeadsToAFile() throws IOException {
        return pages().map(page -> DynamicTest.dynamicTest(String.valueOf(page.getFileName()), () -> {
            Matcher links = LINK.matcher(read(page));
            while (links.find()) {
                assertThat(page.resolveSibling(links.group(1))).exists();
            }
        }));
    }

    @TestFactory
    Stream<DynamicTest> everyTestThatIsNamedExists() throws IOException {
        try (Stream<Path> files = Files.walk(TOP)) {
            Set<String> tests = files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.endsWith("Test.java"))
                    .collect(Collectors.toSet());
            return pages().flatMap(page -> TEST.matcher(read(page))
                    .results()
                    .map(name -> DynamicTest.dynamicTest(
                            page.getFileName() + ": " + name.group(1),
                            () -> assertThat(tests).contains(name.group(1) + ".java"))));
        }
    }

    /** Words that the page on errors quotes, and that the code puts together or the JDK says. */
    private static final Set<String> PUT_TOGETHER = Set.of(
            "not a domain name:", "not a host name:", "no connection within 30 s", "NoClassDefFoundError: jdk/net/");

    @TestFactory
    Stream<DynamicTest> everyErrorThatIsQuotedIsSaidSomewhere() throws IOException {
        String sources;
        try (Stream<Path> files = Files.walk(TOP)) {
            sources = files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> file.toString().contains("/src/main/"))
                    .map(DocsTest::read)
                    .collect(Collectors.joining())
                    .replaceAll("\"\\s*\\+\\s*\"", "");
        }
        return read(TOP.resolve("docs/troubleshooting.md"))
                .lines()
                .filter(line -> line.startsWith("| `"))
                .flatMap(row -> CODE.matcher(row.split(" \\| ")[0]).results())
                .flatMap(code -> Stream.of(code.group(1).split("…")))
                .map(part -> part.replaceAll("^[]\":\\s]+|[\\[\"\\s]+$", ""))
                .filter(part -> !part.isEmpty() && !PUT_TOGETHER.contains(part))
                .map(part -> DynamicTest.dynamicTest(
                        part,
                        () -> assertThat(sources.contains(part) || sources.contains(constant(part)))
                                .as("the code says this, or has the constant %s", constant(part))
                                .isTrue()));
    }

    private static String constant(String word) {
        return word.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    private static Stream<Path> pages() throws IOException {
        try (Stream<Path> top = Files.list(TOP);
                Stream<Path> docs = Files.list(TOP.resolve("docs"))) {
            return Stream.concat(top, docs).filter(file -> file.toString().endsWith(".md")).sorted().toList().stream();
        }
    }

    private static List<String> sources() throws IOException {
        try (Stream<Path> files = Files.walk(TOP)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.toString().contains("/target/"))
                    .map(file -> lines(read(file)))
                    .toList();
        }
    }

    /** Without indentation, blank lines, and what a test needs that a reader does not. */
    private static String lines(String code) {
        return code.lines()
                .filter(line -> !line.contains("// not in the "))
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .collect(Collectors.joining("\n"));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
