package io.github.mtasts.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.cache.contract.PolicyStoreContract;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class MemoryStoreTest extends PolicyStoreContract {
    @Override
    protected PolicyStore open() {
        return PolicyStore.inMemory(1000);
    }

    @Test
    void tellsThatAllIsForgottenAtTheEnd() {
        assertThat(store().inMemoryOnly()).isTrue();
    }

    @Test
    @Tag("S-10-2")
    void fullStoreRefusesTheNewcomerAndKeepsWhatItHas() throws IOException {
        PolicyStore store = PolicyStore.inMemory(2);
        CachedPolicy first = policy(PolicyDomain.of("a.example"), "a", "mx.example", NOON);
        CachedPolicy second = policy(PolicyDomain.of("b.example"), "a", "mx.example", NOON);
        CachedPolicy third = policy(PolicyDomain.of("c.example"), "a", "mx.example", NOON);
        assertThat(store.save(first, DAY, NOON)).isTrue();
        assertThat(store.save(second, DAY, NOON)).isTrue();

        assertThatThrownBy(() -> assertThat(store.save(third, DAY, NOON)).isTrue())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("full");

        assertThat(store.domains(null, 10)).containsExactly(first.domain(), second.domain());
    }

    @Test
    void fullStoreStillReplacesAPolicyOfADomainItHolds() throws IOException {
        PolicyStore store = PolicyStore.inMemory(1);
        assertThat(store.save(policy("a", NOON), DAY, NOON)).isTrue();

        assertThat(store.save(policy("b", NOON.plusSeconds(1)), DAY, NOON.plusSeconds(1)))
                .isTrue();

        assertThat(store.load(DOMAIN).policy().orElseThrow().recordId()).isEqualTo("b");
    }

    @Test
    @Tag("S-10-2")
    void expiredPolicyMakesRoom() throws IOException {
        PolicyStore store = PolicyStore.inMemory(1);
        assertThat(store.save(policy("a", NOON), DAY, NOON)).isTrue();
        CachedPolicy other = policy(PolicyDomain.of("b.example"), "a", "mx.example", NOON.plus(Duration.ofDays(8)));

        assertThat(store.save(other, DAY, other.fetchedAt())).isTrue();

        assertThat(store.domains(null, 10)).containsExactly(other.domain());
    }

    @Test
    @Tag("S-10-2")
    void policyOfModeNoneMakesRoom() throws IOException {
        PolicyStore store = PolicyStore.inMemory(2);
        CachedPolicy none =
                CachedPolicy.fetched(DOMAIN, parse("version: STSv1\nmode: none\nmax_age: 604800\n"), "a", NOON);
        CachedPolicy first = policy(PolicyDomain.of("b.example"), "a", "mx.example", NOON);
        CachedPolicy second = policy(PolicyDomain.of("c.example"), "a", "mx.example", NOON);
        assertThat(store.save(none, DAY, NOON)).isTrue();
        assertThat(store.save(first, DAY, NOON)).isTrue();

        assertThat(store.save(second, DAY, NOON)).isTrue();

        assertThat(store.domains(null, 10)).containsExactly(first.domain(), second.domain());
    }

    @Test
    void roomIsLookedForOnceAMinuteAtTheMost() throws IOException {
        PolicyStore store = PolicyStore.inMemory(1);
        CachedPolicy last = policy("a", NOON.minus(Duration.ofDays(7)));
        CachedPolicy other = policy(PolicyDomain.of("b.example"), "a", "mx.example", NOON.minusSeconds(1));
        assertThat(store.save(last, DAY, NOON.minus(Duration.ofDays(7)))).isTrue();
        assertThatThrownBy(() -> assertThat(store.save(other, DAY, NOON)).isTrue())
                .isInstanceOf(IOException.class);

        assertThatThrownBy(() ->
                        assertThat(store.save(other, DAY, NOON.plusSeconds(59))).isTrue())
                .isInstanceOf(IOException.class);

        assertThat(store.save(other, DAY, NOON.plusSeconds(60))).isTrue();
    }

    @Test
    @Tag("S-10-2")
    void fullStoreRefusesARuleForANewcomerAndTakesOneForADomainItHolds() throws IOException {
        PolicyStore store = PolicyStore.inMemory(1);
        assertThat(store.save(policy("a", NOON), DAY, NOON)).isTrue();
        PolicyDomain newcomer = PolicyDomain.of("b.example");

        assertThatThrownBy(() -> store.setRule(new OperatorRule.Exempt(newcomer, "reason", NOON, NOON.plusSeconds(60))))
                .isInstanceOf(IOException.class)
                .hasMessage("the memory store is full: it holds 1 domains");
        OperatorRule rule = new OperatorRule.Exempt(DOMAIN, "reason", NOON, NOON.plusSeconds(60));
        store.setRule(rule);

        assertThat(store.load(newcomer).isEmpty()).isTrue();
        assertThat(store.load(DOMAIN).rule()).contains(rule);
        assertThat(store.load(DOMAIN).policy()).isPresent();
    }

    @Test
    @Tag("S-10-2")
    void ruleStaysAndAPurgeMakesRoom() throws IOException {
        PolicyStore store = PolicyStore.inMemory(2);
        OperatorRule rule = new OperatorRule.Exempt(DOMAIN, "reason", NOON, NOON.plusSeconds(60));
        store.setRule(rule);
        store.purge(PolicyDomain.of("purged.example"), NOON);
        CachedPolicy newcomer = policy(PolicyDomain.of("b.example"), "a", "mx.example", NOON);

        assertThat(store.save(newcomer, DAY, NOON)).isTrue();

        assertThat(store.domains(null, 10)).containsExactly(newcomer.domain(), DOMAIN);
        assertThat(store.load(DOMAIN).rule()).contains(rule);
    }

    @Test
    void holdsOneDomainAtTheLeast() {
        assertThatThrownBy(() -> PolicyStore.inMemory(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
