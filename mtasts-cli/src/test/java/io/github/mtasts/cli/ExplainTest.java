package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicyParser;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplainTest {
    private static SmallInternet net;

    @TempDir
    static Path folder;

    private static Path ca;

    @TempDir
    private Path cache;

    @BeforeAll
    static void openNetwork() throws IOException {
        net = new SmallInternet();
        ca = Files.writeString(folder.resolve("ca.pem"), net.ca().rootPem());
    }

    @AfterAll
    static void closeNetwork() {
        net.close();
    }

    @BeforeEach
    void publishAnew() {
        net.dns().remove("example.com");
        net.dns().remove("_mta-sts.example.com");
        net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        net.mx("mx.example.com").behave();
    }

    private static CommandRun explain(String... arguments) {
        String[] all = Stream.concat(Stream.of("explain"), Stream.of(arguments)).toArray(String[]::new);
        return CommandRun.of(CommandRun.into(net, ca, all));
    }

    private void remember(String id, Instant fetchedAt) throws IOException {
        PolicyResult policy =
                StsPolicyParser.parse("version: STSv1\nmode: enforce\nmax_age: 604800\nmx: mx.example.com\n"
                        .getBytes(StandardCharsets.US_ASCII));
        try (PolicyStore store = PolicyStore.inDirectory(cache)) {
            assertThat(store.save(
                            CachedPolicy.fetched(
                                    PolicyDomain.of("example.com"),
                                    ((PolicyResult.Valid) policy).policy(),
                                    id,
                                    fetchedAt),
                            LocalDate.of(2026, 1, 1),
                            Instant.now()))
                    .isTrue();
        }
    }

    @Test
    void saysThatNothingHoldsTheMail() {
        CommandRun run = explain("example.com");

        assertThat(run.code()).isZero();
        assertThat(run.out().lines())
                .contains("1. Operator's rule: there is none")
                .contains("3. TXT record now: id 20260101, and no policy is remembered: it has to be fetched")
                .contains("Decision: It delivers to mx.example.com over verified TLS.");
        assertThat(run.out())
                .contains("6. MX host mx.example.com: the policy lists it; it has to offer TLS with a certificate valid"
                        + " for its name; at 127.")
                .contains("certificate verified for mx.example.com over TLSv1.3: mail may go there");
    }

    @Test
    void saysWhichHostHoldsTheMailAndWhy() {
        net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        CommandRun run = explain("example.com");

        assertThat(run.code()).isEqualTo(75);
        assertThat(run.out())
                .contains("STARTTLS is not offered: mail may not go there")
                .contains("Decision: It holds mail and tries again");
    }

    @Test
    void looksAtTheHostOfTheLogAlone() {
        CommandRun listed = explain("example.com", "--mx", "mx.example.com");
        CommandRun other = explain("example.com", "--mx", "mx.attacker.example");

        assertThat(listed.code()).isZero();
        assertThat(other.code()).isEqualTo(75);
        assertThat(other.out()).contains("MX host mx.attacker.example: the policy does not list it; it is passed over");
    }

    @Test
    void saysThatTheRememberedPolicyHoldsWithoutARecord() throws IOException {
        net.dns().remove("_mta-sts.example.com");
        net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        CommandRun without = explain("example.com");
        remember("1", Instant.now());
        CommandRun with = explain("example.com", "--policies", cache.toString());

        assertThat(without.code()).isZero();
        assertThat(with.code()).isEqualTo(75);
        assertThat(with.out())
                .contains("2. Remembered policy: mode enforce, id 1, mx [mx.example.com], fetched ")
                .contains("3. TXT record now: there is none, so the remembered policy holds (RFC 8461 section 5.1)")
                .contains("4. Policy host now: not asked");
    }

    @Test
    void saysThatAnExpiredPolicyCountsNoMore() throws IOException {
        net.dns().remove("_mta-sts.example.com");
        net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);
        remember("1", Instant.now().minus(Duration.ofDays(8)));

        CommandRun run = explain("example.com", "--policies", cache.toString());

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("and counts no more")
                .contains("Decision: It delivers to mx.example.com in clear text");
    }

    @Test
    void saysThatAnotherIdCallsForAFetch() throws IOException {
        remember("1", Instant.now());

        CommandRun run = explain("example.com", "--policies", cache.toString());

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("3. TXT record now: id 20260101, another than the remembered policy's: it has to be fetched")
                .contains("4. Policy host now: it serves mode=enforce");
    }

    @Test
    void tellsTheOperatorsRule() throws IOException {
        net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);
        try (PolicyStore store = PolicyStore.inDirectory(cache)) {
            store.setRule(new OperatorRule.Exempt(
                    PolicyDomain.of("example.com"),
                    "ticket 17",
                    Instant.now().minusSeconds(60),
                    Instant.now().plusSeconds(3600)));
        }

        CommandRun run = explain("example.com", "--policies", cache.toString());

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("1. Operator's rule: the domain is exempt, no policy of it is enforced until ")
                .contains("ticket 17");
    }

    @Test
    void changesNothingInTheCache() throws IOException {
        remember("1", Instant.now());
        Map<String, String> before = contents();

        CommandRun run = explain("example.com", "--policies", cache.toString());

        assertThat(run.out()).contains("it has to be fetched");
        assertThat(contents()).isEqualTo(before).isNotEmpty();
    }

    private Map<String, String> contents() throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(cache)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(file.toString(), Files.readString(file));
            }
        }
        return contents;
    }

    @Test
    void saysThatTheDomainTakesNoMail() {
        net.dns().remove("example.com");
        net.dns().mx("example.com", 0, ".");

        CommandRun run = explain("example.com");

        assertThat(run.code()).isEqualTo(69);
        assertThat(run.out()).contains("Decision: It hands mail back: the domain accepts no mail (null MX).");
    }

    @Test
    void printsTheStepsAsJson() throws IOException {
        CommandRun run = explain("example.com", "--json");

        assertThat(JSON.std.mapFrom(run.out()))
                .containsEntry("domain", "example.com")
                .containsEntry("outcome", "delivered")
                .containsEntry("decision", "It delivers to mx.example.com over verified TLS.")
                .containsKeys("inForce", "steps");
    }

    @Test
    void doesNotMakeAFolderThatIsNotThere() {
        Path nothing = folder.resolve("nothing");

        CommandRun run = explain("example.com", "--policies", nothing.toString());

        assertThat(run.code()).isEqualTo(66);
        assertThat(run.err()).contains("cannot read the policies in " + nothing + ": no such folder");
        assertThat(nothing).doesNotExist();
    }

    @Test
    void refusesWhatIsNoDomainAndNoHost() {
        assertThat(CommandRun.of("explain", "a b").code()).isEqualTo(64);
        assertThat(CommandRun.of("explain", "example.com", "--mx", "a b").code())
                .isEqualTo(64);
    }
}
