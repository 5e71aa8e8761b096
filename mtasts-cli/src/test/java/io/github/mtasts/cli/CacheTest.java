package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.mtasts.MtaSts;
import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicyParser;
import io.github.mtasts.testkit.SmallInternet;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The command {@code cache} on a directory that a sender is using, over real sockets. */
class CacheTest {
    private static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");
    private static final String POLICY = "version: STSv1\nmode: enforce\nmx: own.example.com\nmax_age: 86400\n";

    @TempDir
    Path folder;

    private final SmallInternet net = new SmallInternet();
    private MtaSts sender;

    /** What a command printed and how it ended. */
    private record Ran(int code, String out, String err) {}

    @BeforeEach
    void begin() {
        net.domain("example.com").sts("enforce", "mx.example.com");
        sender = MtaSts.builder()
                .dnsServer(net.dns().address())
                .httpsPort(net.httpsPort())
                .trustAnchors(net.ca().trustStore())
                .clock(net.clock())
                .allowPrivateAddresses(true)
                .policyDirectory(directory())
                .build();
    }

    @AfterEach
    void close() {
        sender.close();
        net.close();
    }

    private Path directory() {
        return folder.resolve("policies");
    }

    private Ran run(String command, String... arguments) {
        return runIn(directory(), command, arguments);
    }

    private static Ran runIn(Path directory, String command, String... arguments) {
        List<String> all = new ArrayList<>(List.of("cache", command, "--policies", directory.toString()));
        all.addAll(List.of(arguments));
        return runAll(all.toArray(String[]::new));
    }

    private static Ran runAll(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        int code = line.execute(arguments);
        return new Ran(code, out.toString(), err.toString());
    }

    private Ran refresh(PolicyDomain domain, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of(
                "--dns",
                net.dnsServer(),
                "--ca",
                Files.writeString(folder.resolve("root.pem"), net.ca().rootPem())
                        .toString(),
                "--https-port",
                String.valueOf(net.httpsPort()),
                "--allow-private-addresses",
                domain.name()));
        all.addAll(List.of(arguments));
        return run("refresh", all.toArray(String[]::new));
    }

    /** The sender learns a policy and keeps it. */
    private void cachePolicy() {
        assertThat(sender.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.Enforce.class);
        try (PolicyStore store = PolicyStore.inDirectory(directory())) {
            long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (store.load(DOMAIN).policy().isEmpty()) {
                assertThat(System.nanoTime()).isLessThan(end);
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A policy that was fetched an hour ago is kept. */
    private void keepPolicyOfAnHourAgo() throws IOException {
        Instant at = Instant.now().minus(Duration.ofHours(1));
        PolicyResult.Valid parsed =
                (PolicyResult.Valid) StsPolicyParser.parse(POLICY.getBytes(StandardCharsets.US_ASCII));
        try (PolicyStore store = PolicyStore.inDirectory(directory())) {
            assertThat(store.save(
                            CachedPolicy.fetched(DOMAIN, parsed.policy(), "20260101", at),
                            LocalDate.ofInstant(at, ZoneOffset.UTC),
                            Instant.now()))
                    .isTrue();
        }
    }

    /** After this the sender asks for records again, and looks into its directory. */
    private PolicyInForce anHourLater() {
        net.clock().advance(Duration.ofHours(1));
        return sender.policyFor(DOMAIN);
    }

    private Path policyFile(String text) throws IOException {
        return Files.writeString(folder.resolve("policy.txt"), text);
    }

    @Nested
    class ListAndShow {
        @Test
        void listTellsModeIdAndTimes() {
            cachePolicy();

            Ran ran = run("list");

            assertThat(ran.code()).isZero();
            assertThat(ran.out())
                    .startsWith("example.com: enforce, id 20260101, fetched "
                            + net.clock().instant())
                    .contains("expires " + net.clock().instant().plus(Duration.ofDays(7)));
        }

        @Test
        void listTellsTheSameAsData() throws IOException {
            cachePolicy();

            Ran ran = run("list", "--json");

            assertThat(JSON.std.listFrom(ran.out()))
                    .singleElement(InstanceOfAssertFactories.map(String.class, Object.class))
                    .containsEntry("domain", "example.com")
                    .containsEntry("state", "enforce")
                    .extractingByKey("policy", InstanceOfAssertFactories.map(String.class, Object.class))
                    .containsEntry("id", "20260101")
                    .containsEntry("maxAge", 604_800)
                    .containsEntry("mx", List.of("mx.example.com"))
                    .containsEntry("fetched", net.clock().instant().toString());
        }

        @Test
        void showPrintsThePolicyAsServed() {
            cachePolicy();

            Ran ran = run("show", "Example.COM.");

            assertThat(ran.code()).isZero();
            assertThat(ran.out()).contains("  mode: enforce").contains("  mx: mx.example.com");
        }

        @Test
        void domainOfWhichNothingIsHeldIsSaidAndOne() {
            cachePolicy();

            Ran ran = run("show", "other.example");

            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.out()).isEqualToIgnoringNewLines("other.example: nothing is held");
        }

        @Test
        void directoryThatIsNotThereIsNotTakenForAnEmptyStore() {
            Path wrong = folder.resolve("polices");

            Ran ran = runIn(wrong, "list");

            assertThat(ran.code()).isEqualTo(66);
            assertThat(ran.err()).contains("there is no directory " + wrong);
            assertThat(wrong).doesNotExist();
        }

        @Test
        void emptyDirectoryIsAnEmptyStore() {
            Ran ran = run("list");

            assertThat(ran.code()).isZero();
            assertThat(ran.out()).isEmpty();
            assertThat(ran.err()).isEqualToIgnoringNewLines("mtasts: nothing is held there");
            assertThat(run("list", "--json")).isEqualTo(new Ran(0, "[ ]" + System.lineSeparator(), ""));
        }
    }

    @Nested
    class Purge {
        @Test
        void senderForgetsWhatIsPurged() {
            cachePolicy();
            net.dns().remove(DOMAIN.recordName());

            Ran ran = run("purge", "example.com");

            assertThat(ran.code()).isZero();
            assertThat(ran.out()).contains("example.com: purged");
            assertThat(anHourLater()).isInstanceOf(PolicyInForce.NotInForce.class);
        }

        @Test
        void senderKeepsWhatIsNot() {
            cachePolicy();
            net.dns().remove(DOMAIN.recordName());

            Ran ran = run("purge", "other.example");

            assertThat(ran.code()).isEqualTo(1);
            assertThat(anHourLater()).isInstanceOf(PolicyInForce.Enforce.class);
        }
    }

    @Nested
    class Refresh {
        @Test
        void policyIsFetchedAgainThoughItsIdIsTheSame() throws IOException {
            keepPolicyOfAnHourAgo();

            Ran ran = refresh(DOMAIN);

            assertThat(ran.out()).contains("example.com: enforce (fetched now, id 20260101");
            assertThat(ran.code()).isZero();
            assertThat(run("show", "example.com").out()).contains("  mx: mx.example.com");
        }

        @Test
        void policyThatCannotBeFetchedStaysAndIsSeventyFive() throws IOException {
            keepPolicyOfAnHourAgo();
            net.policyHost("example.com").respond(500, "text/plain", "");

            Ran ran = refresh(DOMAIN, "--json");

            assertThat(ran.code()).isEqualTo(75);
            assertThat(ran.out()).contains("policy fetch failed: HTTP_STATUS");
            assertThat(run("show", "example.com").out()).contains("  mx: own.example.com");
        }

        @Test
        void domainWithoutAPolicyIsOne() throws IOException {
            Ran ran = refresh(PolicyDomain.of("none.example"));

            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.out()).contains("none.example: no policy in force: the domain has no MTA-STS record");
        }
    }

    @Nested
    class PinAndExempt {
        @Test
        void pinnedPolicyIsInForceInTheSender() throws IOException {
            cachePolicy();

            Ran ran = run(
                    "pin",
                    "example.com",
                    "--policy",
                    policyFile(POLICY).toString(),
                    "--reason",
                    "their policy host is down",
                    "--until",
                    "7d");

            assertThat(ran.code()).isZero();
            assertThat(ran.out()).contains("pinned to enforce since").contains(": their policy host is down");
            assertThat(anHourLater().known().orElseThrow().policy().mx()).hasToString("[own.example.com]");
        }

        @Test
        void liftedPinIsNot() throws IOException {
            pinnedPolicyIsInForceInTheSender();

            Ran ran = run("pin", "example.com", "--lift");

            assertThat(ran.code()).isZero();
            assertThat(anHourLater().known().orElseThrow().policy().mx()).hasToString("[mx.example.com]");
        }

        @Test
        void exemptDomainIsNotEnforced() {
            cachePolicy();

            Ran ran = run("exempt", "example.com", "--reason", "asked by their postmaster", "--until", "12h");

            assertThat(ran.code()).isZero();
            assertThat(anHourLater().explain(net.clock().instant()))
                    .contains("exempted by the operator until")
                    .contains("asked by their postmaster");
        }

        @Test
        void exemptionEndsByItself() {
            exemptDomainIsNotEnforced();

            net.clock().advance(Duration.ofHours(12));

            assertThat(sender.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.Enforce.class);
        }

        @Test
        void liftingWhatIsNotThereIsOne() {
            assertThat(run("exempt", "example.com", "--lift").code()).isEqualTo(1);
        }

        @Test
        void invalidPolicyIsNotPinned() throws IOException {
            Ran ran = run(
                    "pin",
                    "example.com",
                    "--policy",
                    policyFile("mode: enforce\n").toString(),
                    "--reason",
                    "x",
                    "--until",
                    "7d");

            assertThat(ran.code()).isEqualTo(65);
            assertThat(ran.err()).contains("is no valid policy");
            assertThat(run("show", "example.com").code()).isEqualTo(1);
        }

        @Test
        void policyFileThatIsNotThereIsSixtySix() {
            Ran ran = run("pin", "example.com", "--policy", "no-such-file", "--reason", "x", "--until", "7d");

            assertThat(ran.code()).isEqualTo(66);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "--reason x",
                    "--until 7d",
                    "--reason x --until 2020-01-01",
                    "--reason x --until yesterday",
                    "--lift --reason x"
                })
        void ruleWithoutReasonOrEndToComeIsRefused(String arguments) {
            List<String> all = new ArrayList<>(List.of("example.com"));
            all.addAll(List.of(arguments.split(" ")));

            Ran ran = run("exempt", all.toArray(String[]::new));

            assertThat(ran.code()).isEqualTo(64);
            assertThat(ran.err()).contains("Try 'mtasts cache exempt --help'.");
        }

        @ParameterizedTest
        @ValueSource(strings = {"2099-01-01", "2099-01-01T12:00:00Z", "90d", "36h"})
        void endsAreWrittenInSeveralWays(String end) {
            assertThat(run("exempt", "example.com", "--reason", "x", "--until", end)
                            .code())
                    .isZero();
        }

        @Test
        void directoryThatCannotBeWrittenIsSeventyFour() throws IOException {
            for (int i = 0; i < 256; i++) {
                Files.createFile(directory().resolve(String.format("%02x", i)));
            }

            Ran ran = run("exempt", "example.com", "--reason", "x", "--until", "7d");

            assertThat(ran.code()).isEqualTo(74);
            assertThat(ran.err()).startsWith("mtasts: " + directory());
        }
    }

    @Nested
    class ExportAndImport {
        @Test
        void anotherDirectoryHoldsTheSameAfterwards() {
            cachePolicy();
            Path archive = folder.resolve("archive");
            Path other = folder.resolve("other");

            Ran written = run("export", archive.toString());
            Ran read = runIn(other, "import", archive.toString());

            assertThat(written.out()).startsWith("1 written");
            assertThat(read).isEqualTo(new Ran(0, "1 kept, 0 passed over for something later\n", ""));
            assertThat(runIn(other, "list").out()).isEqualTo(run("list").out());
        }

        @Test
        void cutArchiveIsSixtyFive() throws IOException {
            cachePolicy();
            Path archive = folder.resolve("archive");
            assertThat(run("export", archive.toString()).code()).isZero();
            String text = Files.readString(archive);
            Files.writeString(archive, text.substring(0, text.length() - 10));

            Ran read = runIn(folder.resolve("other"), "import", archive.toString(), "--json");

            assertThat(read.code()).isEqualTo(65);
            assertThat(read.err()).contains("it is cut short");
            assertThat(JSON.std.mapFrom(read.out())).containsEntry("kept", 0);
        }

        @Test
        void archiveThatIsNotThereIsSixtySix() {
            assertThat(run("import", "no-such-file").code()).isEqualTo(66);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"list", "show", "purge", "refresh", "pin", "exempt", "export", "import"})
    void helpTellsOptionsAndExitCodes(String command) {
        Ran ran = runAll("cache", command, "--help");

        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .contains("--policies=DIRECTORY")
                .contains("--json")
                .contains("Exit codes:");
    }

    @Test
    void withoutACommandItIsUsage() {
        assertThat(runAll("cache").code()).isEqualTo(64);
    }

    @Test
    void wrongDomainIsUsageAndQuoted() {
        Ran ran = run("show", "exa mple.com");

        assertThat(ran.code()).isEqualTo(64);
        assertThat(ran.err()).contains("exa mple.com");
    }
}
