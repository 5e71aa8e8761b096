package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.policy;
import static io.github.mtasts.discovery.World.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.discovery.PolicyInForce.Enforce;
import io.github.mtasts.discovery.PolicyInForce.NotInForce;
import io.github.mtasts.discovery.PolicyInForce.Source;
import io.github.mtasts.discovery.PolicyInForce.Testing;
import io.github.mtasts.discovery.PolicyInForce.Undetermined;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.policy.RecordResult;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** An answer explains itself in one line: what is in force, where it came from, its id, age and time left, and what went wrong on the way. */
class ExplanationTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final DiscoveryFailure BLOCKED =
            new DiscoveryFailure.Fetch(FetchFailure.CONNECT, "connection refused");

    private static CachedPolicy cached(String mode) {
        return CachedPolicy.fetched(DOMAIN, policy(text(mode, Duration.ofDays(7), "mx.example.com")), "20260101", NOON);
    }

    @ParameterizedTest
    @CsvSource({"FETCHED_NOW,fetched now", "CACHE,cached", "STORE,from the store", "PINNED,pinned by the operator"})
    void enforceTellsItsSourceIdAgeAndTimeLeft(Source source, String words) {
        PolicyInForce answer = new Enforce(cached("enforce"), source, null);

        assertThat(answer.explain(NOON.plus(Duration.ofHours(25))))
                .isEqualTo("example.com: enforce (" + words + ", id 20260101, 1 d 1 h old, 5 d 23 h left)");
    }

    @Test
    void testingTellsTheFailureMet() {
        PolicyInForce answer = new Testing(cached("testing"), Source.CACHE, BLOCKED);

        assertThat(answer.explain(NOON.plusSeconds(3_725)))
                .isEqualTo("example.com: testing (cached, id 20260101, 1 h 2 min old, 6 d 22 h left); "
                        + "policy fetch failed: CONNECT (connection refused)");
    }

    @Test
    void pinHasNoId() {
        OperatorRule.Pin pin =
                new OperatorRule.Pin(DOMAIN, cached("enforce").policy(), "reason", NOON, NOON.plus(Duration.ofDays(2)));
        PolicyInForce answer = new Enforce(CachedPolicy.pinned(pin), Source.PINNED, null);

        assertThat(answer.explain(NOON))
                .isEqualTo("example.com: enforce (pinned by the operator, 0 s old, 1 d 23 h left)");
    }

    @Test
    void refusalTellsTheIdTheAgeAndThePatterns() {
        Instant later = NOON.plus(Duration.ofMinutes(125));

        assertThat(new Enforce(cached("enforce"), Source.STORE, null).describe(later))
                .isEqualTo(
                        "policy enforce, id 20260101, fetched 2026-03-01T12:00:00Z, 2 h 5 min old, mx [mx.example.com]");
        assertThat(new Enforce(cached("enforce"), Source.PINNED, null).describe(later))
                .isEqualTo(
                        "policy enforce, pinned by the operator at 2026-03-01T12:00:00Z, 2 h 5 min old, mx [mx.example.com]");
    }

    @Test
    void policyAtItsLastInstantIsNotExpiredAndOneLaterIs() {
        PolicyInForce answer = new Enforce(cached("enforce"), Source.CACHE, null);

        assertThat(answer.explain(NOON.plus(Duration.ofDays(7)))).endsWith("7 d 0 h old, 0 s left)");
        assertThat(answer.explain(NOON.plus(Duration.ofDays(7)).plusMillis(1))).endsWith("7 d 0 h old, expired)");
    }

    @ParameterizedTest
    @CsvSource({
        "0,0 s",
        "59,59 s",
        "60,1 min 0 s",
        "3599,59 min 59 s",
        "3600,1 h 0 min",
        "86399,23 h 59 min",
        "86400,1 d 0 h",
        "31557600,365 d 6 h",
        "-1,0 s"
    })
    void spanIsToldInItsTwoGreatestUnits(long seconds, String words) {
        assertThat(Explanation.span(Duration.ofSeconds(seconds))).isEqualTo(words);
    }

    @Test
    void modeNoneTellsItsPolicy() {
        PolicyInForce answer = new NotInForce(DOMAIN, NotInForce.Reason.MODE_NONE, cached("none"), null);

        assertThat(answer.explain(NOON))
                .isEqualTo(
                        "example.com: no policy in force: its policy says mode none (id 20260101, 0 s old, 7 d 0 h left)");
    }

    @Test
    void exemptionTellsItsReasonAndItsEnd() {
        OperatorRule.Exempt rule =
                new OperatorRule.Exempt(DOMAIN, "asked by their postmaster", NOON, NOON.plusSeconds(60));
        PolicyInForce answer = new NotInForce(DOMAIN, NotInForce.Reason.EXEMPT, null, null, rule);

        assertThat(answer.explain(NOON))
                .isEqualTo("example.com: no policy in force: exempted by the operator until 2026-03-01T12:01:00Z: "
                        + "asked by their postmaster");
    }

    @Test
    void failedFetchTellsWhatFailed() {
        PolicyInForce answer = new NotInForce(DOMAIN, NotInForce.Reason.FETCH_FAILED, null, BLOCKED);

        assertThat(answer.explain(NOON))
                .isEqualTo("example.com: no policy in force: it has an MTA-STS record, but its policy could not be "
                        + "obtained; policy fetch failed: CONNECT (connection refused)");
    }

    @Test
    void unusableRecordIsQuoted() {
        DiscoveryFailure failure = new DiscoveryFailure.BadRecord(RecordResult.Reason.BAD_ID, "\"v=STSv1\"");
        PolicyInForce answer = new NotInForce(DOMAIN, NotInForce.Reason.BAD_RECORD, null, failure);

        assertThat(answer.explain(NOON))
                .contains("its MTA-STS record is unusable; ")
                .endsWith("\"v=STSv1\"");
    }

    @ParameterizedTest
    @EnumSource(NotInForce.Reason.class)
    void everyReasonForNoPolicyIsOneLineOfWords(NotInForce.Reason reason) {
        PolicyInForce answer = new NotInForce(DOMAIN, reason, null, null);

        assertThat(answer.explain(NOON))
                .startsWith("example.com: no policy in force: ")
                .doesNotContain(reason.name())
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @EnumSource(Undetermined.Reason.class)
    void everyReasonForNotKnowingIsOneLineOfWords(Undetermined.Reason reason) {
        PolicyInForce answer =
                new Undetermined(DOMAIN, reason, new DiscoveryFailure.Dns(DnsFailure.TIMEOUT, "no answer in 5 s"));

        assertThat(answer.explain(NOON))
                .startsWith("example.com: not known whether a policy is in force: ")
                .endsWith("; TXT look-up failed: TIMEOUT (no answer in 5 s)")
                .doesNotContain(reason.name());
    }

    @Test
    void theSameIsThereAsData() {
        PolicyInForce answer = new Enforce(cached("enforce"), Source.STORE, BLOCKED);

        CachedPolicy known = answer.known().orElseThrow();
        assertThat(answer.domain()).isEqualTo(DOMAIN);
        assertThat(known.recordId()).isEqualTo("20260101");
        assertThat(known.fetchedAt()).isEqualTo(NOON);
        assertThat(known.expiresAt()).isEqualTo(NOON.plus(Duration.ofDays(7)));
        assertThat(answer.failure()).contains(BLOCKED);
        assertThat(((Enforce) answer).source()).isEqualTo(Source.STORE);
    }
}
