package io.github.mtasts.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/coverage.md} says which test shows which rule. It is made from {@code docs/requirements.tsv} and the tags of all tests; {@code -Dmtasts.coverage=write} makes it
 * anew.
 */
class CoverageTest {
    private static final Path ROOT = Path.of("..");
    private static final Path PAGE = ROOT.resolve("docs/coverage.md");

    /** A tag, or a text that begins with an id, as in the table of a parameterised test. */
    private static final Pattern ID = Pattern.compile("\"([SMNT]-[0-9A-Za-z.]+(?:-[0-9]+)?)(?=[\"\\s:,;.)])");

    private static final String NONE = "none yet";
    private static final String HEAD = """
            # Which test shows which rule of the RFCs?

            Each rule has an id, and each test carries the ids of the rules it would fail without. Ids of RFC 8461 and RFC 8460 have the section in them.
            This page is made from `docs/requirements.tsv` and the tags of the tests, and a test checks that it is up to date.
            """;

    private static final Map<String, String> PARTS = new LinkedHashMap<>();

    static {
        PARTS.put("S", "MTA-STS (RFC 8461)");
        PARTS.put("N", "Names, certificates, TLS (RFC 9525, RFC 9325, RFC 8996)");
        PARTS.put("M", "MX hosts and STARTTLS (RFC 5321, RFC 7505, RFC 3207)");
        PARTS.put("T", "TLS reports (RFC 8460)");
    }

    @Test
    void thePageNamesTestsThatCarryTheRules() throws IOException {
        Map<String, Set<String>> tags = tags();
        if (System.getProperty("mtasts.coverage", "").equals("write")) {
            Files.writeString(PAGE, page(requirements(), tags));
        }

        Map<String, Set<String>> named = named();

        String remedy = "out of date: mvn -pl mtasts-examples -am test -Dtest=CoverageTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -DargLine=-Dmtasts.coverage=write";
        assertThat(Files.readString(PAGE)).as(remedy).isEqualTo(page(requirements(), named));
        for (String id : requirements().keySet()) {
            Set<String> carrying = tags.getOrDefault(id, Set.of());
            Set<String> claimed = named.getOrDefault(id, Set.of());
            // further tests of a rule may come without a word here; the first and the last may not
            assertThat(carrying).as("%s: %s", id, remedy).containsAll(claimed);
            assertThat(claimed.isEmpty()).as("%s: %s", id, remedy).isEqualTo(carrying.isEmpty());
        }
    }

    /** For each id the test classes that the page names. */
    private static Map<String, Set<String>> named() throws IOException {
        Map<String, Set<String>> named = new TreeMap<>();
        Matcher rows = Pattern.compile("^\\| ([SMNT]-\\S+) \\|.*\\| ([^|]+) \\|$", Pattern.MULTILINE)
                .matcher(Files.readString(PAGE));
        while (rows.find()) {
            if (!rows.group(2).equals(NONE)) {
                named.put(rows.group(1), new TreeSet<>(Set.of(rows.group(2).split(", "))));
            }
        }
        return named;
    }

    private static Map<String, String> requirements() throws IOException {
        Map<String, String> requirements = new LinkedHashMap<>();
        for (String line : Files.readAllLines(ROOT.resolve("docs/requirements.tsv"))) {
            int tab = line.indexOf('\t');
            requirements.put(line.substring(0, tab), line.substring(tab + 1));
        }
        return requirements;
    }

    /** For each id the test classes that carry it. */
    private static Map<String, Set<String>> tags() throws IOException {
        Map<String, Set<String>> tags = new TreeMap<>();
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                String name = String.valueOf(folder.getFileName());
                return name.equals("target") || (name.startsWith(".") && !folder.equals(ROOT))
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String path = file.toString().replace('\\', '/');
                if (path.endsWith(".java") && path.contains("/src/test/")) {
                    String name = String.valueOf(file.getFileName()).replace(".java", "");
                    Matcher ids = ID.matcher(Files.readString(file));
                    while (ids.find()) {
                        tags.computeIfAbsent(ids.group(1), id -> new TreeSet<>())
                                .add(name);
                    }
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return tags;
    }

    private static String page(Map<String, String> requirements, Map<String, Set<String>> tags) {
        StringBuilder page = new StringBuilder(HEAD);
        for (Map.Entry<String, String> part : PARTS.entrySet()) {
            StringBuilder rows = new StringBuilder();
            int all = 0;
            int shown = 0;
            for (Map.Entry<String, String> requirement : requirements.entrySet()) {
                if (requirement.getKey().startsWith(part.getKey() + "-")) {
                    Set<String> tests = tags.getOrDefault(requirement.getKey(), Set.of());
                    all++;
                    shown += tests.isEmpty() ? 0 : 1;
                    rows.append("| ")
                            .append(requirement.getKey())
                            .append(" | ")
                            .append(requirement.getValue())
                            .append(" | ")
                            .append(tests.isEmpty() ? NONE : String.join(", ", tests))
                            .append(" |\n");
                }
            }
            page.append("\n## ")
                    .append(part.getValue())
                    .append("\n\n")
                    .append(shown)
                    .append(" of ")
                    .append(all)
                    .append(" rules are shown by a test.\n\n| id | rule | tests |\n| --- | --- | --- |\n")
                    .append(rows);
        }
        return page.toString();
    }
}
