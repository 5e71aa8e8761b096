package io.github.mtasts.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a store holds for a domain, wherever it keeps it: to the very instant at which each thing ends. */
class HoldingTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final LocalDate DAY = LocalDate.parse("2026-03-01");
    private static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");
    private static final StsPolicy TEXT = text("mx.example.com", 604_800);

    private static StsPolicy text(String mx, long maxAge) {
        String text = "version: STSv1\nmode: enforce\nmx: " + mx + "\nmax_age: " + maxAge + "\n";
        return ((PolicyResult.Valid) StsPolicyParser.parse(text.getBytes(StandardCharsets.UTF_8))).policy();
    }

    private static CachedPolicy policy(Instant at) {
        return CachedPolicy.fetched(DOMAIN, TEXT, "a", at);
    }

    private static OperatorRule exempt(String reason, Instant until) {
        return new OperatorRule.Exempt(DOMAIN, reason, NOON, until);
    }

    /** RFC 8461 §3.2: max_age. */
    @Nested
    class Policies {

        @Test
        void applyToTheLastInstantOfTheirLife() {
            CachedPolicy policy = policy(NOON);

            assertThat(policy.expiresAt()).isEqualTo(NOON.plus(Duration.ofDays(7)));
            assertThat(policy.appliesAt(policy.expiresAt())).isTrue();
            assertThat(policy.appliesAt(policy.expiresAt().plusMillis(1))).isFalse();
        }

        @Test
        void withALifeOfNothingNeverApply() {
            CachedPolicy zero = CachedPolicy.fetched(DOMAIN, text("mx.example.com", 0), "a", NOON);

            assertThat(zero.isSpent()).isTrue();
            assertThat(zero.appliesAt(NOON)).isFalse();
            assertThat(policy(NOON).isSpent()).isFalse();
            assertThat(policy(NOON).spent())
                    .isEqualTo(new CachedPolicy(DOMAIN, TEXT, "a", NOON, NOON))
                    .returns(false, spent -> spent.appliesAt(NOON));
        }

        @Test
        void neverEndBeforeTheyBeginNorLaterThanTheirTextAllows() {
            assertThat(new CachedPolicy(DOMAIN, TEXT, "a", NOON, NOON.minusSeconds(1)).expiresAt())
                    .isEqualTo(NOON);
            assertThat(new CachedPolicy(DOMAIN, TEXT, "a", NOON, NOON.plus(Duration.ofDays(8))).expiresAt())
                    .isEqualTo(NOON.plus(Duration.ofDays(7)));
        }

        @Test
        void keepTheirLifetimeWhenTheTimeOfTheirFetchIsAnother() {
            CachedPolicy policy = new CachedPolicy(DOMAIN, TEXT, "a", NOON, NOON.plusSeconds(100));

            assertThat(policy.fetchedAt(NOON.plusSeconds(5)))
                    .isEqualTo(new CachedPolicy(DOMAIN, TEXT, "a", NOON.plusSeconds(5), NOON.plusSeconds(105)));
        }

        @Test
        void areEqualWhenAllOfThemIs() {
            CachedPolicy policy = new CachedPolicy(DOMAIN, TEXT, "a", NOON, NOON.plusSeconds(100));

            assertThat(policy)
                    .isEqualTo(new CachedPolicy(DOMAIN, TEXT, "a", NOON, NOON.plusSeconds(100)))
                    .hasSameHashCodeAs(new CachedPolicy(DOMAIN, TEXT, "a", NOON, NOON.plusSeconds(100)))
                    .isNotEqualTo(new CachedPolicy(DOMAIN, TEXT, "b", NOON, NOON.plusSeconds(100)))
                    .isNotEqualTo(new CachedPolicy(DOMAIN, TEXT, "a", NOON, NOON.plusSeconds(101)))
                    .isNotEqualTo(new CachedPolicy(DOMAIN, TEXT, "a", NOON.plusSeconds(1), NOON.plusSeconds(100)))
                    .isNotEqualTo(new CachedPolicy(
                            DOMAIN, text("mx2.example.com", 604_800), "a", NOON, NOON.plusSeconds(100)))
                    .isNotEqualTo(
                            new CachedPolicy(PolicyDomain.of("example.org"), TEXT, "a", NOON, NOON.plusSeconds(100)))
                    .isNotEqualTo("a policy")
                    .hasToString("example.com: mode=enforce max_age=604800 mx=[mx.example.com] id=a"
                            + " fetched=2026-03-01T12:00:00Z expires=2026-03-01T12:01:40Z");
            assertThat(policy.hashCode())
                    .isNotEqualTo(policy(NOON.plusSeconds(1)).hashCode());
        }

        @Test
        void ofAnOperatorApplyAsLongAsHisPin() {
            CachedPolicy pinned =
                    CachedPolicy.pinned(new OperatorRule.Pin(DOMAIN, TEXT, "reason", NOON, NOON.plusSeconds(60)));

            assertThat(pinned.recordId()).isEmpty();
            assertThat(pinned.fetchedAt()).isEqualTo(NOON);
            assertThat(pinned.appliesAt(NOON.plusMillis(59_999))).isTrue();
            assertThat(pinned.appliesAt(NOON.plusSeconds(60))).isFalse();
        }
    }

    @Nested
    class Rules {

        @Test
        void bindUpToTheInstantOfTheirEnd() {
            OperatorRule rule = exempt("reason", NOON.plusSeconds(60));

            assertThat(rule.bindsAt(NOON.plusMillis(59_999))).isTrue();
            assertThat(rule.bindsAt(NOON.plusSeconds(60))).isFalse();
        }

        @Test
        void haveAReasonOfOneLineAndAnEndAfterTheirBeginning() {
            assertThat(exempt("x".repeat(500), NOON.plusMillis(1)).reason()).hasSize(500);
            assertThatThrownBy(() -> exempt("x".repeat(501), NOON.plusSeconds(1)))
                    .hasMessageContaining("500");
            assertThatThrownBy(() -> exempt(" ", NOON.plusSeconds(1))).hasMessageContaining("needs a reason");
            assertThatThrownBy(() -> exempt("a\nb", NOON.plusSeconds(1))).hasMessageContaining("one line");
            assertThatThrownBy(() -> exempt("reason", NOON)).hasMessageContaining("ends after it begins");
            assertThatThrownBy(() -> new OperatorRule.Pin(DOMAIN, TEXT, "", NOON, NOON.plusSeconds(1)))
                    .hasMessageContaining("needs a reason");
        }
    }

    @Nested
    class Purges {

        @Test
        void areToldAsLongAsAnEngineMayRememberThePolicy() {
            Holding held = Holding.nothing(DOMAIN).with(policy(NOON), DAY, NOON);

            assertThat(held.purged(NOON.plusSeconds(5)).purge())
                    .contains(new Holding.Purge(NOON.plusSeconds(5), NOON.plus(Duration.ofDays(7))));
            assertThat(Holding.nothing(DOMAIN).purged(NOON).purge())
                    .contains(new Holding.Purge(NOON, NOON.plusSeconds(31_557_600)));
        }

        @Test
        void fromTheFutureGiveWayBecauseTheClockWasSetBack() {
            Holding purged = Holding.nothing(DOMAIN).purged(NOON.plusSeconds(10));

            assertThat(purged.with(policy(NOON), DAY, NOON.plusSeconds(10)).policy())
                    .isEmpty();
            assertThat(purged.with(policy(NOON), DAY, NOON.plusSeconds(9)).policy())
                    .isPresent();
        }
    }

    @Nested
    class Discarding {

        @Test
        void takesAwayWhatEndedBeforeAndNothingElse() {
            OperatorRule rule = exempt("reason", NOON.plusSeconds(60));
            Holding held = Holding.nothing(DOMAIN).with(policy(NOON), DAY, NOON).with(rule);
            Holding purged =
                    Holding.nothing(DOMAIN).with(policy(NOON), DAY, NOON).purged(NOON);
            Instant end = NOON.plus(Duration.ofDays(7));

            assertThat(held.without(NOON.plusSeconds(60))).isSameAs(held);
            assertThat(held.without(NOON.plusSeconds(61)).rule()).isEmpty();
            assertThat(held.without(NOON.plusSeconds(61)).policy()).isPresent();
            assertThat(held.without(NOON.plusSeconds(61)).lastUsed()).contains(DAY);
            assertThat(held.without(end).policy()).isPresent();
            assertThat(held.without(end.plusMillis(1)).isEmpty()).isTrue();
            assertThat(held.without(end.plusMillis(1)).lastUsed()).isEmpty();
            assertThat(purged.without(end)).isSameAs(purged);
            assertThat(purged.without(end.plusMillis(1)).isEmpty()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0})
    void aDayOfMailThatIsNoLaterChangesNothing(int days) {
        Holding held = Holding.nothing(DOMAIN).with(policy(NOON), DAY, NOON);

        assertThat(held.used(DAY.plusDays(days))).isSameAs(held);
        assertThat(held.used(DAY.plusDays(1)).lastUsed()).contains(DAY.plusDays(1));
    }

    @Test
    void allOfItIsWrittenForPeople() {
        assertThat(Holding.nothing(DOMAIN)).hasToString("example.com: policy=null lastUsed=null purge=null rule=null");
    }
}
