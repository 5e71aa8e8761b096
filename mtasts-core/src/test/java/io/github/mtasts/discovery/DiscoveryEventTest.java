package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.policy;
import static io.github.mtasts.discovery.World.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.PolicyResult.PolicyError;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.policy.ReportType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is told of discovery, and what went wrong, can be sorted by domain and read by people. */
class DiscoveryEventTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final CachedPolicy POLICY = CachedPolicy.fetched(
            DOMAIN, policy(text("enforce", Duration.ofDays(7), "mx.example.com")), "20260101", NOON);
    private static final DiscoveryFailure FAILURE = new DiscoveryFailure.Fetch(FetchFailure.CONNECT, "refused");
    private static final OperatorRule RULE =
            new OperatorRule.Exempt(DOMAIN, "reason", NOON, NOON.plus(Duration.ofDays(1)));

    static Stream<DiscoveryEvent> eventsOfADomain() {
        return Stream.of(
                new DiscoveryEvent.PolicyAppeared(POLICY),
                new DiscoveryEvent.PolicyChanged(POLICY, POLICY),
                new DiscoveryEvent.PolicyRenewed(POLICY),
                new DiscoveryEvent.PolicyExpired(POLICY, null),
                new DiscoveryEvent.PolicyKept(POLICY, FAILURE, Duration.ofDays(1)),
                new DiscoveryEvent.RefreshFailed(POLICY, FAILURE, Duration.ofDays(1), DiscoveryEvent.Urgency.WARNING),
                new DiscoveryEvent.FetchFailed(DOMAIN, "20260101", FAILURE),
                new DiscoveryEvent.PolicyEvicted(POLICY),
                new DiscoveryEvent.PolicyPurged(DOMAIN),
                new DiscoveryEvent.RuleBegan(RULE),
                new DiscoveryEvent.RuleEnded(RULE),
                new DiscoveryEvent.StoreFailed(DiscoveryEvent.StoreCall.SAVE, DOMAIN, "No space left on device"));
    }

    @ParameterizedTest
    @MethodSource("eventsOfADomain")
    void eventTellsItsDomain(DiscoveryEvent event) {
        assertThat(event.about()).contains(DOMAIN);
    }

    @Test
    void eventsOfNoDomainTellNone() {
        assertThat(new DiscoveryEvent.ClockSetBack(Duration.ofDays(2)).about()).isEmpty();
        assertThat(new DiscoveryEvent.StoreFailed(DiscoveryEvent.StoreCall.LIST, null, "gone").about())
                .isEmpty();
    }

    @Test
    void failuresAreToldInWords() {
        assertThat(FAILURE.describe()).isEqualTo("policy fetch failed: CONNECT (refused)");
        assertThat(new DiscoveryFailure.RecordAbsent().describe()).isEqualTo("no MTA-STS record");
        assertThat(new DiscoveryFailure.Dns(DnsFailure.TIMEOUT, "no reply").describe())
                .isEqualTo("TXT look-up failed: TIMEOUT (no reply)");
        assertThat(new DiscoveryFailure.BadRecord(RecordResult.Reason.NO_ID, "'x'").describe())
                .isEqualTo("unusable MTA-STS record: NO_ID 'x'");
    }

    @Test
    void invalidPolicyTellsItsFirstErrorAndHowManyMore() {
        PolicyResult.Reason reason = PolicyResult.Reason.BAD_MX;
        PolicyError whole = new PolicyError(reason, 0, "");
        PolicyError line = new PolicyError(reason, 2, "'mx: -'");

        assertThat(new DiscoveryFailure.BadPolicy(List.of(whole)).describe()).isEqualTo("invalid policy: " + reason);
        assertThat(new DiscoveryFailure.BadPolicy(List.of(line, whole, whole)).describe())
                .isEqualTo("invalid policy: " + reason + " in line 2: 'mx: -' (and 2 more)");
    }

    @Test
    void failuresAreReportedByTheirType() {
        assertThat(FAILURE.reportType()).contains(ReportType.STS_POLICY_FETCH_ERROR);
        assertThat(new DiscoveryFailure.BadPolicy(List.of(new PolicyError(PolicyResult.Reason.BAD_MX, 0, "")))
                        .reportType())
                .contains(ReportType.STS_POLICY_INVALID);
        assertThat(new DiscoveryFailure.RecordAbsent().reportType()).isEmpty();
        assertThat(new DiscoveryFailure.Dns(DnsFailure.TIMEOUT, "").reportType())
                .isEmpty();
    }

    @Test
    void answersTellWhatTheyRestOnAndWhatTheyMet() {
        CachedPolicy none = CachedPolicy.fetched(
                DOMAIN, policy(text("none", Duration.ofDays(7), "mx.example.com")), "20260101", NOON);

        assertThat(new PolicyInForce.NotInForce(DOMAIN, PolicyInForce.NotInForce.Reason.MODE_NONE, none, FAILURE))
                .satisfies(answer -> assertThat(answer.known()).contains(none))
                .satisfies(answer -> assertThat(answer.failure()).contains(FAILURE));
        assertThat(new PolicyInForce.Undetermined(DOMAIN, PolicyInForce.Undetermined.Reason.DEADLINE, FAILURE))
                .satisfies(answer -> assertThat(answer.known()).isEmpty())
                .satisfies(answer -> assertThat(answer.failure()).contains(FAILURE));
    }
}
