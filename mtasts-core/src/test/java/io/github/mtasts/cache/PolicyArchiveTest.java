package io.github.mtasts.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicyParser;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyArchiveTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final LocalDate DAY = LocalDate.of(2026, 3, 1);

    private final PolicyStore store = PolicyStore.inMemory();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    private static PolicyDomain domain(int number) {
        return PolicyDomain.of("d" + number + ".example");
    }

    private static CachedPolicy policy(int number, Instant at) {
        String text = "version: STSv1\nmode: enforce\nmx: mx" + number + ".example\nmax_age: 604800\n";
        PolicyResult.Valid parsed = (PolicyResult.Valid) StsPolicyParser.parse(text.getBytes(StandardCharsets.UTF_8));
        return CachedPolicy.fetched(domain(number), parsed.policy(), "id" + number, at);
    }

    @BeforeEach
    void fill() throws IOException {
        for (int i = 0; i < 520; i++) {
            assertThat(store.save(policy(i, NOON), DAY.minusDays(i % 10), NOON)).isTrue();
        }
        store.purge(domain(1), NOON.plusSeconds(1));
        store.setRule(new OperatorRule.Exempt(domain(2), "reason", NOON, NOON.plusSeconds(60)));
        store.setRule(
                new OperatorRule.Pin(domain(3), policy(7, NOON).policy(), "other reason", NOON, NOON.plusSeconds(60)));
    }

    private static PolicyArchive.Imported read(byte[] text, PolicyStore to) throws IOException {
        return PolicyArchive.importAll(new ByteArrayInputStream(text), to, NOON.plusSeconds(10));
    }

    @Test
    void anotherStoreHoldsAllAfterwards() throws IOException {
        PolicyStore other = PolicyStore.inDirectory(directory);

        int written = PolicyArchive.exportAll(store, out);
        PolicyArchive.Imported imported = read(out.toByteArray(), other);

        assertThat(written).isEqualTo(522);
        assertThat(imported).isEqualTo(new PolicyArchive.Imported(522, 0, null));
        assertThat(other.domains(null, 5000)).containsExactlyInAnyOrderElementsOf(store.domains(null, 5000));
        for (PolicyDomain domain : store.domains(null, 5000)) {
            assertThat(other.load(domain).policy()).isEqualTo(store.load(domain).policy());
            assertThat(other.load(domain).lastUsed())
                    .isEqualTo(store.load(domain).lastUsed());
            assertThat(other.load(domain).rule()).isEqualTo(store.load(domain).rule());
        }
        assertThat(other.load(domain(1)).purge().orElseThrow().at()).isEqualTo(NOON.plusSeconds(1));
    }

    @Test
    void archiveIsReadableAndWrittenToItsEnd() throws IOException {
        int written = PolicyArchive.exportAll(store, new BufferedOutputStream(out, 1 << 20));

        assertThat(written).isEqualTo(522);
        assertThat(out.toString(StandardCharsets.UTF_8).split("\n\nmtasts-", -1))
                .hasSize(522);
        assertThat(out.toString(StandardCharsets.UTF_8)).endsWith("max_age: 604800\n\n");
    }

    @Test
    void whatCannotBeReadIsShownQuotedEscapedAndCut() throws IOException {
        assertThat(fault("a \"b\" \u007f\u0001 ~\n")).endsWith(": \"a \\u0022b\\u0022 \\u007f\\u0001 ~\"");
        assertThat(fault("x".repeat(200) + "\n")).endsWith(": \"" + "x".repeat(200) + "\"");
        assertThat(fault("x".repeat(201) + "\n")).endsWith(": \"" + "x".repeat(200) + "…\"");
    }

    private String fault(String archive) throws IOException {
        return String.valueOf(
                read(archive.getBytes(StandardCharsets.UTF_8), store).fault());
    }

    @Test
    void laterPolicyIsNotReplaced() throws IOException {
        PolicyArchive.exportAll(store, out);
        assertThat(store.save(policy(5, NOON.plusSeconds(5)), DAY, NOON.plusSeconds(5)))
                .isTrue();

        PolicyArchive.Imported imported = read(out.toByteArray(), store);

        assertThat(imported).isEqualTo(new PolicyArchive.Imported(521, 1, null));
        assertThat(store.load(domain(5)).policy().orElseThrow().fetchedAt()).isEqualTo(NOON.plusSeconds(5));
    }

    @Test
    void policyFetchedAfterAPurgeIsNotPurged() throws IOException {
        PolicyArchive.exportAll(store, out);
        assertThat(store.save(policy(1, NOON.plusSeconds(5)), DAY, NOON.plusSeconds(5)))
                .isTrue();

        PolicyArchive.Imported imported = read(out.toByteArray(), store);

        assertThat(imported.passedOver()).isEqualTo(1);
        assertThat(store.load(domain(1)).policy()).isPresent();
    }

    @Test
    void policyFetchedBeforeAPurgeIsPurged() throws IOException {
        PolicyArchive.exportAll(store, out);
        PolicyStore other = PolicyStore.inMemory();
        assertThat(other.save(policy(1, NOON), DAY, NOON)).isTrue();

        PolicyArchive.Imported imported = read(out.toByteArray(), other);

        assertThat(imported.passedOver()).isZero();
        assertThat(other.load(domain(1)).policy()).isEmpty();
    }

    @Test
    void laterRuleIsNotReplaced() throws IOException {
        PolicyArchive.exportAll(store, out);
        OperatorRule later =
                new OperatorRule.Exempt(domain(2), "decided later", NOON.plusSeconds(5), NOON.plusSeconds(90));
        store.setRule(later);

        PolicyArchive.Imported imported = read(out.toByteArray(), store);

        assertThat(imported.passedOver()).isEqualTo(1);
        assertThat(store.load(domain(2)).rule()).contains(later);
    }

    @Test
    void earlierRuleIsReplaced() throws IOException {
        PolicyArchive.exportAll(store, out);
        store.setRule(
                new OperatorRule.Exempt(domain(2), "decided earlier", NOON.minusSeconds(5), NOON.plusSeconds(90)));

        PolicyArchive.Imported imported = read(out.toByteArray(), store);

        assertThat(imported.passedOver()).isZero();
        assertThat(store.load(domain(2)).rule().orElseThrow().reason()).isEqualTo("reason");
    }

    @Test
    void readingEndsAtAFaultAndTellsWhere() throws IOException {
        PolicyArchive.exportAll(store, out);
        byte[] text = Arrays.copyOf(out.toByteArray(), out.size() - 5);
        PolicyStore other = PolicyStore.inMemory();

        PolicyArchive.Imported imported = read(text, other);

        assertThat(imported.kept()).isEqualTo(521);
        int body = new String(text, StandardCharsets.ISO_8859_1).lastIndexOf("version: STSv1");
        assertThat(imported.fault()).isEqualTo("at byte " + body + ": it is cut short");
    }

    @Test
    void emptyArchiveIsNone() throws IOException {
        assertThat(read(new byte[0], store)).isEqualTo(new PolicyArchive.Imported(0, 0, null));
    }

    @Test
    void importedPolicyHasNoLongerLifeThanItsText() throws IOException {
        PolicyArchive.exportAll(store, out);
        String text = out.toString(StandardCharsets.UTF_8).replace("expires: 2026", "expires: 2036");
        PolicyStore other = PolicyStore.inMemory();

        assertThat(read(text.getBytes(StandardCharsets.UTF_8), other).fault()).isNull();

        assertThat(other.load(domain(0)).policy().orElseThrow().expiresAt()).isEqualTo(NOON.plus(Duration.ofDays(7)));
    }
}
