package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.TTL;
import static io.github.mtasts.discovery.World.absent;
import static io.github.mtasts.discovery.World.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.discovery.PolicyInForce.Enforce;
import io.github.mtasts.discovery.PolicyInForce.NotInForce;
import io.github.mtasts.discovery.PolicyInForce.Source;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An operator's word in place of a domain's. */
@Timeout(60)
class OperatorRuleTest {
    private static final Duration WEEK = Duration.ofDays(7);
    private static final Duration DAY = Duration.ofDays(1);

    private final World world = new World();

    @AfterEach
    void close() {
        world.close();
    }

    private Instant in(Duration time) {
        return world.clock.instant().plus(time);
    }

    private void exempt(Duration time) {
        assertThat(world.discovery().exempt(DOMAIN, "their certificate is broken", in(time)))
                .isTrue();
    }

    private void pin(String mode, Duration time) {
        assertThat(world.discovery()
                        .pin(DOMAIN, World.policy(text(mode, WEEK, "pinned.example.com")), "we know better", in(time)))
                .isTrue();
    }

    private void cachePolicy() {
        world.record("a").serves("enforce", WEEK, "mx.example.com");
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void exemptedDomainHasNoPolicyInForce() {
        cachePolicy();

        exempt(DAY);

        assertThat(world.policy()).isInstanceOfSatisfying(NotInForce.class, no -> {
            assertThat(no.reason()).isEqualTo(NotInForce.Reason.EXEMPT);
            assertThat(no.exempt())
                    .isNotNull()
                    .satisfies(rule -> assertThat(rule.reason()).isEqualTo("their certificate is broken"));
        });
    }

    @Test
    void exemptionEndsByItself() {
        cachePolicy();
        exempt(DAY);

        world.passes(DAY.minusMillis(1));
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        world.passes(Duration.ofMillis(1));

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void exemptionEndsOnTheOperatorsWord() {
        cachePolicy();
        exempt(DAY);

        assertThat(world.discovery().lift(DOMAIN)).isTrue();

        assertThat(world.policy()).isInstanceOf(Enforce.class);
        assertThat(world.events(DiscoveryEvent.RuleEnded.class, 1)).hasSize(1);
    }

    @Test
    void theEndIsToldWithoutAnyMail() {
        cachePolicy();
        exempt(Duration.ofHours(3));
        world.passes(Duration.ofHours(4));

        world.discovery().tick();

        assertThat(world.events(DiscoveryEvent.RuleEnded.class, 1)).hasSize(1);
    }

    @Test
    void beginAndEndAreToldOnceEach() {
        cachePolicy();
        exempt(Duration.ofHours(3));
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        world.passes(Duration.ofHours(2));
        world.discovery().tick();
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        world.passes(Duration.ofHours(2));
        world.discovery().tick();
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.close();

        assertThat(world.events)
                .filteredOn(DiscoveryEvent.RuleBegan.class::isInstance)
                .hasSize(1);
        assertThat(world.events)
                .filteredOn(DiscoveryEvent.RuleEnded.class::isInstance)
                .hasSize(1);
    }

    @Test
    void ruleIsToldDailyWhileItBinds() {
        exempt(Duration.ofDays(3));
        for (int hour = 0; hour < 72; hour++) {
            world.discovery().tick();
            world.passes(Duration.ofHours(1));
        }
        world.close();

        assertThat(world.events)
                .filteredOn(DiscoveryEvent.RuleBegan.class::isInstance)
                .hasSize(3);
    }

    @Test
    void policyIsStillRenewedBeneathAnExemption() {
        cachePolicy();
        exempt(Duration.ofDays(3));
        int fetched = world.fetched();

        world.passes(DAY);
        world.discovery().tick();

        assertThat(world.fetched()).isEqualTo(fetched + 1);
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        world.txt(absent(TTL)).breaks(FetchFailure.CONNECT);
        world.passes(Duration.ofDays(2));
        assertThat(world.policy().known().orElseThrow().fetchedAt()).isEqualTo(in(Duration.ofDays(-2)));
    }

    @Test
    void failedRenewalBeneathAnExemptionLeavesItInForce() {
        cachePolicy();
        exempt(Duration.ofDays(3));
        world.breaks(FetchFailure.CONNECT);

        world.passes(DAY);
        world.discovery().tick();

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        world.passes(Duration.ofDays(2));
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void pinnedPolicyHoldsWhateverTheDomainPublishes() {
        world.record("a").serves("version: STSv1\nmode: none\nmax_age: 86400\n");
        assertThat(world.policy()).isInstanceOf(NotInForce.class);

        pin("enforce", DAY);

        assertThat(world.policy()).isInstanceOfSatisfying(Enforce.class, enforce -> {
            assertThat(enforce.source()).isEqualTo(Source.PINNED);
            assertThat(enforce.cached().policy().mx()).hasToString("[pinned.example.com]");
        });
        world.passes(DAY);
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void pinnedPolicyHoldsLongerThanItsOwnMaxAge() {
        assertThat(world.discovery()
                        .pin(DOMAIN, World.policy(text("enforce", Duration.ZERO, "mx.example.com")), "why", in(DAY)))
                .isTrue();

        world.passes(DAY.minusMillis(1));

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void pinReplacesAnExemption() {
        exempt(DAY);

        pin("enforce", DAY);

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void ruleOutlivesARestart() {
        cachePolicy();
        exempt(DAY);

        world.restart();

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        world.passes(DAY);
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void ruleSetByAnotherProcessIsSeenWhenTheRecordIsNextDue() throws IOException {
        cachePolicy();
        world.store.setRule(new OperatorRule.Exempt(DOMAIN, "reason", world.clock.instant(), in(DAY)));

        world.passes(TTL);

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void ruleLiftedByAnotherProcessIsSeenWithinAnHour() throws IOException {
        cachePolicy();
        exempt(DAY);
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        world.store.removeRule(DOMAIN);

        world.passes(Duration.ofHours(1));

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void ruleSetByAnotherProcessBindsOnceTheStoreIsRead() throws IOException {
        cachePolicy();
        world.store.setRule(new OperatorRule.Exempt(DOMAIN, "reason", world.clock.instant(), in(DAY)));

        world.discovery().tick();

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void ruleLiftedByAnotherProcessBindsNoMoreOnceTheStoreIsRead() throws IOException {
        cachePolicy();
        exempt(DAY);
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        world.store.removeRule(DOMAIN);

        world.discovery().tick();

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void ruleInTheStoreIsToldAfterARestartThoughNoMailAsks() {
        exempt(DAY);
        world.restart();
        world.events.clear();

        world.discovery().tick();

        assertThat(world.events(DiscoveryEvent.RuleBegan.class, 1)).hasSize(1);
    }

    @Test
    void ruleDecidedDuringALookUpHolds() {
        CompletableFuture<DnsAnswer<String>> record = new CompletableFuture<>();
        world.txt(() -> record).serves("enforce", WEEK, "mx.example.com");
        CompletableFuture<PolicyInForce> answer = world.discovery().policyForAsync(DOMAIN);

        exempt(DAY);
        record.complete(World.found(TTL, "v=STSv1; id=a;"));

        assertThat(answer.join()).isInstanceOf(NotInForce.class);
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void ruleDecidedDuringAFetchHolds() {
        CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
        world.record("a").serves(() -> fetch);
        CompletableFuture<PolicyInForce> answer = world.discovery().policyForAsync(DOMAIN);

        exempt(DAY);
        fetch.complete(World.fetched(text("enforce", WEEK, "mx.example.com")));

        assertThat(answer.join()).isInstanceOf(NotInForce.class);
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        assertThat(world.discovery().lift(DOMAIN)).isTrue();
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        assertThat(world.fetched()).isOne();
    }

    @Test
    void purgedPolicyIsForgotten() {
        cachePolicy();
        world.txt(absent(TTL));

        assertThat(world.discovery().purge(DOMAIN)).isTrue();

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
        assertThat(world.events(DiscoveryEvent.PolicyPurged.class, 1)).hasSize(1);
        world.restart();
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void notPurgedPolicyIsNot() {
        cachePolicy();
        world.txt(absent(TTL));

        world.passes(TTL);

        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void purgeByAnotherProcessIsSeenWhenTheRecordIsNextDue() throws IOException {
        cachePolicy();
        world.txt(absent(TTL));
        world.store.purge(DOMAIN, world.clock.instant());

        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.passes(TTL);

        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void purgeByAnotherProcessIsTold() throws IOException {
        cachePolicy();
        world.store.purge(DOMAIN, world.clock.instant());
        world.passes(TTL);

        assertThat(world.policy()).isInstanceOf(Enforce.class);

        assertThat(world.events(DiscoveryEvent.PolicyPurged.class, 1))
                .singleElement()
                .satisfies(event -> assertThat(event.domain()).isEqualTo(DOMAIN));
    }

    @Test
    void exemptionOfADomainNeverSeenNeedsNoQuestion() {
        exempt(DAY);

        assertThat(world.policy()).isInstanceOf(NotInForce.class);

        assertThat(world.asked()).isZero();
    }

    @Test
    void liftingFromADomainNeverSeenTakesNoMemory() {
        assertThat(world.discovery().lift(DOMAIN)).isTrue();

        assertThat(world.discovery().engine.memory.get(DOMAIN)).isNull();
    }

    @Test
    void purgeDuringAFetchForgetsWhatWasKnownBefore() {
        cachePolicy();
        CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
        world.record("b").serves(() -> fetch);
        world.passes(TTL);
        CompletableFuture<PolicyInForce> answer = world.discovery().policyForAsync(DOMAIN);

        assertThat(world.discovery().purge(DOMAIN)).isTrue();
        fetch.complete(World.failed(FetchFailure.CONNECT));

        assertThat(answer.join()).isInstanceOf(NotInForce.class);
        assertThat(world.policy()).isInstanceOf(NotInForce.class);
    }

    @Test
    void policyFetchedAfterAPurgeIsKept() {
        cachePolicy();
        world.passes(Duration.ofMillis(1));
        assertThat(world.discovery().purge(DOMAIN)).isTrue();
        world.passes(Duration.ofMillis(1));
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.txt(absent(TTL));

        world.passes(TTL);

        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.restart();
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void ruleWithoutAReasonOrAnEndAfterItsBeginIsRefused() {
        assertThatThrownBy(() -> new OperatorRule.Exempt(DOMAIN, " ", in(Duration.ZERO), in(DAY)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new OperatorRule.Exempt(DOMAIN, "two\nlines", in(Duration.ZERO), in(DAY)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new OperatorRule.Exempt(DOMAIN, "x".repeat(501), in(Duration.ZERO), in(DAY)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new OperatorRule.Exempt(DOMAIN, "reason", in(DAY), in(DAY)))
                .isInstanceOf(IllegalArgumentException.class);

        OperatorRule fine =
                new OperatorRule.Exempt(DOMAIN, "x".repeat(500), in(Duration.ZERO), in(Duration.ofMillis(1)));
        assertThat(fine.bindsAt(in(Duration.ZERO))).isTrue();
    }
}
