package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.policy;
import static io.github.mtasts.discovery.World.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.TestLog;
import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.discovery.DiscoveryEvent.StoreCall;
import io.github.mtasts.discovery.DiscoveryEvent.Urgency;
import io.github.mtasts.lookup.FetchFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an operator reads in the log, and how the listener is told. */
@Timeout(60)
class ReportingTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final long NOW = NOON.toEpochMilli();
    private static final DiscoveryFailure BLOCKED =
            new DiscoveryFailure.Fetch(FetchFailure.CONNECT, "connection refused");
    private static final String WHY = ": policy fetch failed: CONNECT (connection refused)";

    private static CachedPolicy cached(String mode) {
        return CachedPolicy.fetched(DOMAIN, policy(text(mode, Duration.ofDays(7), "mx.example.com")), "a", NOON);
    }

    /** Only warnings: how much more is logged is left to who runs the tests. */
    @Nested
    class Warnings {
        private final Reporting reporting = new Reporting(null, new DiscoveryCounters());

        private String warnings(Runnable what) {
            try (TestLog log = TestLog.begin()) {
                what.run();
                return log.text()
                        .lines()
                        .filter(line -> line.contains("WARN"))
                        .reduce("", (all, line) -> all + line + "\n");
            }
        }

        private String warnings(DiscoveryEvent event) {
            return warnings(() -> reporting.tell(event, NOW));
        }

        @Test
        void expiredEnforceIsWarnedOf() {
            assertThat(warnings(new DiscoveryEvent.PolicyExpired(cached("enforce"), null)))
                    .endsWith("example.com: its policy has expired, mail is no longer protected by it\n");
        }

        @Test
        void expiredEnforceIsWarnedOfWithWhatWasMet() {
            assertThat(warnings(new DiscoveryEvent.PolicyExpired(cached("enforce"), BLOCKED)))
                    .endsWith("example.com: its policy has expired, mail is no longer protected by it" + WHY + "\n");
        }

        @Test
        void expiredTestingIsNotSinceItProtectedNothing() {
            assertThat(warnings(new DiscoveryEvent.PolicyExpired(cached("testing"), BLOCKED)))
                    .isEmpty();
        }

        @Test
        void policyKeptThoughTheRecordCallsForAnotherIsWarnedOf() {
            assertThat(warnings(new DiscoveryEvent.PolicyKept(cached("enforce"), BLOCKED, Duration.ofHours(25))))
                    .endsWith("example.com: the record calls for a new policy, which could not be had; "
                            + "the old one holds for 1 d 1 h" + WHY + "\n");
        }

        private DiscoveryEvent refreshFailed(Urgency urgency) {
            return new DiscoveryEvent.RefreshFailed(cached("enforce"), BLOCKED, Duration.ofHours(25), urgency);
        }

        @Test
        void firstFailedRenewalsAreNot() {
            assertThat(warnings(refreshFailed(Urgency.NOTICE))).isEmpty();
        }

        @Test
        void laterFailedRenewalIsWarnedOf() {
            assertThat(warnings(refreshFailed(Urgency.WARNING)))
                    .endsWith("example.com: its policy could not be refreshed and expires in 1 d 1 h" + WHY + "\n");
        }

        @Test
        void lastFailedRenewalsSayThatProtectionEnds() {
            assertThat(warnings(refreshFailed(Urgency.URGENT)))
                    .endsWith("example.com: PROTECTION ENDS SOON: its policy could not be refreshed and expires in "
                            + "1 d 1 h" + WHY + "\n");
        }

        @Test
        void failedRenewalThatBecomesUrgentIsWarnedOfAgain() {
            assertThat(warnings(() -> {
                        reporting.tell(refreshFailed(Urgency.WARNING), NOW);
                        reporting.tell(refreshFailed(Urgency.URGENT), NOW);
                    }))
                    .hasLineCount(2);
        }

        @Test
        void overloadIsWarnedOf() {
            assertThat(warnings(() -> reporting.overload(NOW)))
                    .endsWith("discovery: too many policy fetches are under way: mail goes without policy\n");
        }

        private String storeFailed(StoreCall call, boolean ofADomain) {
            return warnings(new DiscoveryEvent.StoreFailed(call, ofADomain ? DOMAIN : null, "disk full"));
        }

        @Test
        void failedStoreIsWarnedOfWithTheDomain() {
            assertThat(storeFailed(StoreCall.SAVE, true))
                    .endsWith("policy store: SAVE failed for example.com: disk full\n");
        }

        @Test
        void failedStoreIsWarnedOfWithoutADomain() {
            assertThat(storeFailed(StoreCall.DISCARD, false)).endsWith("policy store: DISCARD failed: disk full\n");
        }

        @Test
        void clockSetBackIsWarnedOf() {
            assertThat(warnings(new DiscoveryEvent.ClockSetBack(Duration.ofDays(2))))
                    .endsWith("the clock was set back by 2 d 0 h: policies keep their age and are fetched again\n");
        }

        private OperatorRule.Exempt exemption() {
            return new OperatorRule.Exempt(DOMAIN, "asked by their postmaster", NOON, NOON.plusSeconds(60));
        }

        @Test
        void exemptionThatBeginsIsWarnedOfWithItsEndAndItsReason() {
            assertThat(warnings(new DiscoveryEvent.RuleBegan(exemption())))
                    .endsWith("example.com: EXEMPT from enforcement by the operator until 2026-03-01T12:01:00Z: "
                            + "asked by their postmaster\n");
        }

        @Test
        void exemptionThatEndsIsWarnedOf() {
            assertThat(warnings(new DiscoveryEvent.RuleEnded(exemption())))
                    .endsWith("example.com: no longer EXEMPT from enforcement by the operator until "
                            + "2026-03-01T12:01:00Z: asked by their postmaster\n");
        }

        @Test
        void pinIsWarnedOfWithItsPolicy() {
            OperatorRule.Pin pin = new OperatorRule.Pin(
                    DOMAIN, cached("enforce").policy(), "we know better", NOON, NOON.plusSeconds(60));

            assertThat(warnings(new DiscoveryEvent.RuleBegan(pin)))
                    .contains("example.com: PINNED to ", "mx.example.com")
                    .endsWith(" by the operator until 2026-03-01T12:01:00Z: we know better\n");
        }
    }

    @Nested
    class ListenerThatHangs {
        private final DiscoveryEvent event = new DiscoveryEvent.PolicyRenewed(cached("enforce"));
        private final DiscoveryCounters counters = new DiscoveryCounters();
        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);
        private final Reporting reporting = new Reporting(this::hang, counters);
        private volatile @Nullable InterruptedException interrupted;

        private void hang(DiscoveryEvent told) {
            entered.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                interrupted = e;
            }
        }

        @AfterEach
        void release() {
            released.countDown();
            reporting.close(Duration.ZERO);
        }

        @Test
        void whatIsTooMuchForItIsDroppedAndCounted() throws Exception {
            reporting.tell(event, NOW);
            entered.await();

            for (int i = 0; i < 10_003; i++) {
                reporting.tell(event, NOW);
            }

            assertThat(counters.get(DiscoveryCount.EVENTS_DROPPED)).isEqualTo(3);
        }

        @Test
        void closingInterruptsIt() throws Exception {
            reporting.tell(event, NOW);
            entered.await();

            reporting.close(Duration.ofMillis(1));

            Until.holds("the listener is interrupted", () -> interrupted != null);
        }

        @Test
        void interruptedClosingKeepsTheFlag() throws Exception {
            reporting.tell(event, NOW);
            entered.await();
            Thread.currentThread().interrupt();

            reporting.close(Duration.ofSeconds(50));

            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
