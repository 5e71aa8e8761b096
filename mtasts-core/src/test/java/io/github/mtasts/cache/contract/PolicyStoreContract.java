package io.github.mtasts.cache.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every {@link PolicyStore} does. Extend it for your own, in a class whose name ends in {@code Test}. It is in the jar {@code mtasts-core} of type {@code test-jar}, and needs
 * JUnit Jupiter and AssertJ beside it.
 */
@Timeout(120)
public abstract class PolicyStoreContract {
    /** A time to count from. */
    protected static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

    /** The day of {@link #NOON}. */
    protected static final LocalDate DAY = LocalDate.of(2026, 3, 1);

    /** A domain. */
    protected static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");

    private PolicyStore store;

    /** For subclasses. */
    protected PolicyStoreContract() {}

    /** An empty store, which is closed after the test. */
    protected abstract PolicyStore open() throws IOException;

    /** The store under test. */
    protected final PolicyStore store() {
        return store;
    }

    @BeforeEach
    final void openStore() throws IOException {
        store = open();
    }

    @AfterEach
    final void closeStore() {
        store.close();
    }

    /** A policy of a week. */
    protected static CachedPolicy policy(PolicyDomain domain, String id, String mx, Instant fetchedAt) {
        return CachedPolicy.fetched(
                domain, parse("version: STSv1\nmode: enforce\nmx: " + mx + "\nmax_age: 604800\n"), id, fetchedAt);
    }

    /** A policy of a week for {@link #DOMAIN}. */
    protected static CachedPolicy policy(String id, Instant fetchedAt) {
        return policy(DOMAIN, id, id + ".example.com", fetchedAt);
    }

    /** Reads a valid policy. */
    protected static StsPolicy parse(String text) {
        PolicyResult result = StsPolicyParser.parse(text.getBytes(StandardCharsets.UTF_8));
        assertThat(result).isInstanceOf(PolicyResult.Valid.class);
        return ((PolicyResult.Valid) result).policy();
    }

    private boolean save(CachedPolicy policy) throws IOException {
        return store.save(policy, DAY, policy.fetchedAt());
    }

    private CachedPolicy held() throws IOException {
        return store.load(DOMAIN).policy().orElseThrow();
    }

    @Test
    void holdsNothingAtFirst() throws IOException {
        Holding holding = store.load(DOMAIN);

        assertThat(holding.isEmpty()).isTrue();
        assertThat(holding.domain()).isEqualTo(DOMAIN);
        assertThat(store.domains(null, 10)).isEmpty();
    }

    @Test
    @Tag("S-10-1")
    void keepsAPolicyWithAllThatBelongsToIt() throws IOException {
        CachedPolicy policy = policy("a", NOON.plusMillis(123));

        assertThat(save(policy)).isTrue();

        Holding holding = store.load(DOMAIN);
        assertThat(holding.policy()).contains(policy);
        assertThat(holding.lastUsed()).contains(DAY);
        assertThat(holding.purge()).isEmpty();
        assertThat(holding.rule()).isEmpty();
    }

    @Test
    void keepsDomainsApart() throws IOException {
        PolicyDomain other = PolicyDomain.of("sub.example.com");

        assertThat(save(policy("a", NOON))).isTrue();

        assertThat(store.load(other).isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 604800\r\n",
                "version: STSv1\nmode: none\nmax_age: 1",
                "\uFEFFversion: STSv1\n\n\nmode:  testing \nmx: *.example.com\nx-note: grüße\nmax_age: 0\n",
                "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\nbytes: 3\n\nmtasts-policy: 1\n\n"
            })
    void keepsTheTextByteForByte(String text) throws IOException {
        CachedPolicy policy = CachedPolicy.fetched(DOMAIN, parse(text), "a", NOON);

        assertThat(save(policy)).isTrue();

        assertThat(held().policy().body()).isEqualTo(text);
        assertThat(held()).isEqualTo(policy);
    }

    @Test
    void keepsTheLongestPolicy() throws IOException {
        StringBuilder text = new StringBuilder("version: STSv1\nmode: enforce\nmax_age: 604800\nmx: mx.example.com\n");
        while (text.length() < 65_536 - 100) {
            text.append("x: ").append("y".repeat(90)).append('\n');
        }
        text.append("z:").append("y".repeat(65_536 - text.length()));
        CachedPolicy policy = CachedPolicy.fetched(DOMAIN, parse(text.toString()), "a", NOON);

        assertThat(save(policy)).isTrue();

        assertThat(held().policy().body()).hasSize(65_536);
    }

    @Test
    void keepsAnExpiredPolicyAsWell() throws IOException {
        CachedPolicy policy = new CachedPolicy(DOMAIN, policy("a", NOON).policy(), "a", NOON, NOON);

        assertThat(save(policy)).isTrue();

        assertThat(held().expiresAt()).isEqualTo(NOON);
    }

    @Test
    void laterPolicyReplacesTheHeldOneAsAWhole() throws IOException {
        assertThat(save(policy("a", NOON))).isTrue();
        CachedPolicy later = policy("b", NOON.plusSeconds(1));

        assertThat(save(later)).isTrue();

        assertThat(held()).isEqualTo(later);
    }

    @Test
    void earlierPolicyDoesNot() throws IOException {
        CachedPolicy later = policy("b", NOON.plusSeconds(1));
        assertThat(save(later)).isTrue();

        assertThat(store.save(policy("a", NOON), DAY, NOON.plusSeconds(2))).isFalse();

        assertThat(held()).isEqualTo(later);
    }

    @Test
    @Tag("S-10-3")
    void policyFromTheFutureGivesWayBecauseTheClockWasSetBack() throws IOException {
        assertThat(save(policy("b", NOON.plusSeconds(100)))).isTrue();
        CachedPolicy now = policy("a", NOON);

        assertThat(store.save(now, DAY, NOON)).isTrue();

        assertThat(held()).isEqualTo(now);
    }

    @Test
    void samePolicyMayBeSavedTwice() throws IOException {
        CachedPolicy policy = policy("a", NOON);
        assertThat(save(policy)).isTrue();

        assertThat(save(policy)).isTrue();

        assertThat(held()).isEqualTo(policy);
    }

    @Test
    void keepsTheLaterDayOfMail() throws IOException {
        assertThat(store.save(policy("a", NOON), DAY, NOON)).isTrue();

        store.used(DOMAIN, DAY.plusDays(2));
        store.used(DOMAIN, DAY.plusDays(1));
        assertThat(store.save(policy("b", NOON.plusSeconds(1)), DAY, NOON.plusSeconds(1)))
                .isTrue();

        assertThat(store.load(DOMAIN).lastUsed()).contains(DAY.plusDays(2));
    }

    @Test
    void refusedPolicyStillTellsTheDayOfMail() throws IOException {
        assertThat(save(policy("b", NOON.plusSeconds(1)))).isTrue();

        assertThat(store.save(policy("a", NOON), DAY.plusDays(1), NOON.plusSeconds(2)))
                .isFalse();

        assertThat(store.load(DOMAIN).lastUsed()).contains(DAY.plusDays(1));
    }

    @Test
    void dayOfMailWithoutAPolicyIsNothing() throws IOException {
        store.used(DOMAIN, DAY);

        assertThat(store.load(DOMAIN).isEmpty()).isTrue();
        assertThat(store.domains(null, 10)).isEmpty();
    }

    @Test
    void purgeForgetsThePolicyAndTellsSo() throws IOException {
        CachedPolicy policy = policy("a", NOON);
        assertThat(save(policy)).isTrue();

        store.purge(DOMAIN, NOON.plusSeconds(5));

        Holding holding = store.load(DOMAIN);
        assertThat(holding.policy()).isEmpty();
        assertThat(holding.purge()).contains(new Holding.Purge(NOON.plusSeconds(5), policy.expiresAt()));
    }

    @Test
    void purgeIsToldThoughNothingWasHeld() throws IOException {
        store.purge(DOMAIN, NOON);

        assertThat(store.load(DOMAIN).purge().orElseThrow().at()).isEqualTo(NOON);
    }

    @Test
    void policyFetchedBeforeAPurgeIsRefused() throws IOException {
        store.purge(DOMAIN, NOON.plusSeconds(5));

        assertThat(store.save(policy("a", NOON.plusSeconds(5)), DAY, NOON.plusSeconds(6)))
                .isFalse();

        assertThat(store.load(DOMAIN).policy()).isEmpty();
    }

    @Test
    void policyFetchedAfterAPurgeIsKept() throws IOException {
        store.purge(DOMAIN, NOON.plusSeconds(5));
        CachedPolicy policy = policy("a", NOON.plusSeconds(6));

        assertThat(save(policy)).isTrue();

        assertThat(held()).isEqualTo(policy);
        assertThat(store.load(DOMAIN).purge()).isEmpty();
    }

    @Test
    void keepsAPin() throws IOException {
        OperatorRule pin = new OperatorRule.Pin(
                DOMAIN,
                policy("a", NOON).policy(),
                "their host is down: see ticket 7, grüße",
                NOON,
                NOON.plusSeconds(60));

        store.setRule(pin);

        assertThat(store.load(DOMAIN).rule()).contains(pin);
        assertThat(store.load(DOMAIN).policy()).isEmpty();
    }

    @Test
    void keepsAnExemptionBesideThePolicy() throws IOException {
        OperatorRule exempt = new OperatorRule.Exempt(DOMAIN, "agreed with them", NOON, NOON.plusSeconds(60));
        assertThat(save(policy("a", NOON))).isTrue();

        store.setRule(exempt);
        assertThat(save(policy("b", NOON.plusSeconds(1)))).isTrue();

        assertThat(store.load(DOMAIN).rule()).contains(exempt);
        assertThat(held().recordId()).isEqualTo("b");
    }

    @Test
    void ruleReplacesTheFormerOneAndCanBeRemoved() throws IOException {
        OperatorRule first = new OperatorRule.Exempt(DOMAIN, "first", NOON, NOON.plusSeconds(60));
        OperatorRule second = new OperatorRule.Exempt(DOMAIN, "second", NOON, NOON.plusSeconds(60));

        store.setRule(first);
        store.setRule(second);
        assertThat(store.load(DOMAIN).rule()).contains(second);
        store.removeRule(DOMAIN);

        assertThat(store.load(DOMAIN).isEmpty()).isTrue();
        assertThat(store.domains(null, 10)).isEmpty();
    }

    @Test
    void ruleStaysWhenThePolicyIsPurged() throws IOException {
        OperatorRule rule = new OperatorRule.Exempt(DOMAIN, "first", NOON, NOON.plusSeconds(60));
        assertThat(save(policy("a", NOON))).isTrue();
        store.setRule(rule);

        store.purge(DOMAIN, NOON.plusSeconds(1));

        assertThat(store.load(DOMAIN).rule()).contains(rule);
    }

    @Test
    void policyStaysWhenTheRuleIsRemoved() throws IOException {
        assertThat(save(policy("a", NOON))).isTrue();
        store.setRule(new OperatorRule.Exempt(DOMAIN, "first", NOON, NOON.plusSeconds(60)));

        store.removeRule(DOMAIN);

        assertThat(store.load(DOMAIN).rule()).isEmpty();
        assertThat(held()).isEqualTo(policy("a", NOON));
        assertThat(store.load(DOMAIN).lastUsed()).contains(DAY);
    }

    @Test
    void removingWhatIsNotThereDoesNothing() throws IOException {
        store.removeRule(DOMAIN);

        assertThat(store.load(DOMAIN).isEmpty()).isTrue();
    }

    @Test
    void listsAllDomainsPageByPage() throws IOException {
        Set<PolicyDomain> all = new TreeSet<>();
        for (int i = 0; i < 100; i++) {
            PolicyDomain domain = PolicyDomain.of("d" + i + ".example");
            all.add(domain);
            if (i % 10 == 0) {
                store.setRule(new OperatorRule.Exempt(domain, "reason", NOON, NOON.plusSeconds(60)));
            }
            if (i % 10 != 5) {
                assertThat(save(policy(domain, "a", "mx.example", NOON))).isTrue();
            } else {
                store.purge(domain, NOON);
            }
        }

        List<PolicyDomain> listed = new ArrayList<>();
        List<PolicyDomain> page = store.domains(null, 7);
        while (!page.isEmpty()) {
            listed.addAll(page);
            page = store.domains(page.get(page.size() - 1), 7);
        }

        assertThat(listed).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(all);
        assertThat(store.domains(null, 100)).hasSize(100);
        assertThat(store.domains(null, 99)).hasSize(99);
    }

    @Test
    void listGoesOnAfterADomainThatIsNoLongerHeld() throws IOException {
        for (int i = 0; i < 20; i++) {
            assertThat(save(policy(PolicyDomain.of("d" + i + ".example"), "a", "mx.example", NOON)))
                    .isTrue();
        }
        List<PolicyDomain> before = store.domains(null, 20);

        store.discard(NOON.plus(Duration.ofDays(400)));
        for (PolicyDomain domain : before.subList(11, 20)) {
            assertThat(store.save(policy(domain, "a", "mx.example", NOON), DAY, NOON))
                    .isTrue();
        }

        assertThat(store.domains(before.get(10), 20)).isEqualTo(before.subList(11, 20));
    }

    @Test
    void takesAnyDomain() throws IOException {
        String label = "a".repeat(63);
        Set<String> names = new HashSet<>(List.of(
                "a.b",
                "_dmarc.example",
                "under_score.example",
                "con.example",
                "aux",
                "nul.b",
                "lpt1.example",
                "xn--strae-oqa.example",
                "policy",
                "rule",
                "example.policy",
                "example.rule",
                "tmp",
                "set-aside",
                "0-0.example",
                label + ".example",
                label + "." + label + "." + label + "." + "b".repeat(61),
                label + "." + label + "." + label + "." + "c".repeat(61)));
        for (String name : names) {
            assertThat(save(policy(PolicyDomain.of(name), "a", "mx.example", NOON)))
                    .isTrue();
        }

        for (String name : names) {
            PolicyDomain domain = PolicyDomain.of(name);
            assertThat(store.load(domain).policy().orElseThrow().domain()).isEqualTo(domain);
        }
        assertThat(store.domains(null, 100)).extracting(PolicyDomain::name).containsExactlyInAnyOrderElementsOf(names);
    }

    @Test
    @Tag("S-10-2")
    void discardsOnlyWhatEndedBefore() throws IOException {
        PolicyDomain gone = PolicyDomain.of("gone.example");
        PolicyDomain purged = PolicyDomain.of("purged.example");
        PolicyDomain ruled = PolicyDomain.of("ruled.example");
        assertThat(save(policy("a", NOON.plusSeconds(1)))).isTrue();
        assertThat(save(policy(gone, "a", "mx.example", NOON.minusSeconds(1)))).isTrue();
        assertThat(save(policy(purged, "a", "mx.example", NOON.minusSeconds(1))))
                .isTrue();
        store.purge(purged, NOON);
        store.setRule(new OperatorRule.Exempt(ruled, "over", NOON, NOON.plus(Duration.ofDays(6))));
        OperatorRule rule = new OperatorRule.Exempt(DOMAIN, "not over", NOON, NOON.plus(Duration.ofDays(7)));
        store.setRule(rule);

        store.discard(NOON.plus(Duration.ofDays(7)));

        assertThat(store.domains(null, 10)).containsExactly(DOMAIN);
        assertThat(held()).isEqualTo(policy("a", NOON.plusSeconds(1)));
        assertThat(store.load(DOMAIN).rule()).contains(rule);
    }

    @Test
    void discardsAPolicyAndLeavesItsRule() throws IOException {
        OperatorRule rule = new OperatorRule.Exempt(DOMAIN, "not over", NOON, NOON.plus(Duration.ofDays(30)));
        assertThat(save(policy("a", NOON))).isTrue();
        store.setRule(rule);

        store.discard(NOON.plus(Duration.ofDays(8)));

        assertThat(store.load(DOMAIN).policy()).isEmpty();
        assertThat(store.load(DOMAIN).rule()).contains(rule);
    }

    @Test
    @Tag("S-5.1-3")
    void idAndPolicyAreNeverSeenApart() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        AtomicBoolean over = new AtomicBoolean();
        List<Future<?>> readers = new ArrayList<>();
        for (int reader = 0; reader < 2; reader++) {
            readers.add(threads.submit(() -> {
                while (!over.get()) {
                    store.load(DOMAIN)
                            .policy()
                            .ifPresent(policy -> assertThat(policy.policy().body())
                                    .contains("mx: " + policy.recordId() + ".example.com\n"));
                }
                return null;
            }));
        }
        List<Future<?>> writers = new ArrayList<>();
        for (int writer = 0; writer < 2; writer++) {
            int begin = writer;
            writers.add(threads.submit(() -> {
                for (int i = begin; i < 200; i += 2) {
                    boolean unused = store.save(policy("id" + i, NOON.plusSeconds(i)), DAY, NOON.plusSeconds(1000));
                }
                return null;
            }));
        }

        for (Future<?> writer : writers) {
            writer.get(60, TimeUnit.SECONDS);
        }
        over.set(true);
        for (Future<?> reader : readers) {
            reader.get(60, TimeUnit.SECONDS);
        }

        assertThat(held()).isEqualTo(policy("id199", NOON.plusSeconds(199)));
        threads.shutdown();
    }
}
