package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.DOMAIN;
import static io.github.mtasts.discovery.World.TTL;
import static io.github.mtasts.discovery.World.absent;
import static io.github.mtasts.discovery.World.fetched;
import static io.github.mtasts.discovery.World.text;
import static io.github.mtasts.discovery.World.unavailable;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.discovery.PolicyInForce.Enforce;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Looking again before a refusal is told (RFC 8461 §5.1). */
@Timeout(60)
class RecheckTest {
    private static final Duration WEEK = Duration.ofDays(7);

    private final World world = new World();

    @BeforeEach
    void cachePolicy() {
        world.record("a").serves("enforce", WEEK, "old.example.com");
        assertThat(world.policy()).isInstanceOf(Enforce.class);
        world.passes(Duration.ofMinutes(5));
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @AfterEach
    void close() {
        world.close();
    }

    private Recheck recheck() {
        return world.discovery().recheck(world.policy());
    }

    @Test
    void policyRotatedUnderTheSameIdIsSeen() {
        world.serves("enforce", WEEK, "new.example.com");

        Recheck recheck = recheck();

        assertThat(recheck).isEqualTo(Recheck.CHANGED);
        assertThat(world.policy().known().orElseThrow().policy().mx()).hasToString("[new.example.com]");
    }

    @Test
    void samePolicyIsUnchanged() {
        Recheck recheck = recheck();

        assertThat(recheck).isEqualTo(Recheck.UNCHANGED);
        assertThat(world.fetched()).isEqualTo(2);
    }

    @Test
    void recordIsAskedForThoughItHolds() {
        int asked = world.asked();

        assertThat(recheck()).isEqualTo(Recheck.UNCHANGED);

        assertThat(world.asked()).isEqualTo(asked + 1);
    }

    @Test
    void newIdIsFollowed() {
        world.record("b").serves("testing", WEEK, "old.example.com");

        assertThat(recheck()).isEqualTo(Recheck.CHANGED);

        assertThat(world.policy()).isInstanceOf(PolicyInForce.Testing.class);
    }

    @Test
    void newIdWithTheSamePolicyIsUnchanged() {
        world.record("b");

        assertThat(recheck()).isEqualTo(Recheck.UNCHANGED);
    }

    @Test
    void modeNoneIsAChange() {
        world.record("b").serves("version: STSv1\nmode: none\nmax_age: 600\n");

        assertThat(recheck()).isEqualTo(Recheck.CHANGED);
    }

    @Test
    void deadPolicyHostCannotTell() {
        world.breaks(FetchFailure.CONNECT);

        assertThat(recheck()).isEqualTo(Recheck.COULD_NOT_TELL);
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void deadDnsDoesNotMatterWhenThePolicyHostAnswers() {
        world.txt(unavailable(DnsFailure.TIMEOUT));

        assertThat(recheck()).isEqualTo(Recheck.UNCHANGED);
    }

    @Test
    void goneRecordDoesNotMatterWhenThePolicyHostAnswers() {
        world.txt(absent(TTL)).serves("enforce", WEEK, "new.example.com");

        assertThat(recheck()).isEqualTo(Recheck.CHANGED);
        assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("a");
    }

    @Test
    void goneRecordAndDeadPolicyHostCannotTell() {
        world.txt(absent(TTL)).breaks(FetchFailure.CONNECT);

        assertThat(recheck()).isEqualTo(Recheck.COULD_NOT_TELL);
        assertThat(world.policy()).isInstanceOf(Enforce.class);
    }

    @Test
    void backOffOfAFailedFetchIsObeyed() {
        world.breaks(FetchFailure.CONNECT);
        assertThat(recheck()).isEqualTo(Recheck.COULD_NOT_TELL);
        world.serves("enforce", WEEK, "new.example.com");
        int fetched = world.fetched();

        world.passes(Duration.ofMinutes(5).minusMillis(1));
        assertThat(recheck()).isEqualTo(Recheck.COULD_NOT_TELL);
        assertThat(world.fetched()).isEqualTo(fetched);
        world.passes(Duration.ofMillis(1));

        assertThat(recheck()).isEqualTo(Recheck.CHANGED);
    }

    @Test
    void fetchOfTheLastFiveMinutesCountsAsItsOwn() {
        assertThat(recheck()).isEqualTo(Recheck.UNCHANGED);
        world.serves("enforce", WEEK, "new.example.com");
        int fetched = world.fetched();

        world.passes(Duration.ofMinutes(5).minusMillis(1));
        assertThat(recheck()).isEqualTo(Recheck.UNCHANGED);
        assertThat(world.fetched()).isEqualTo(fetched);
        world.passes(Duration.ofMillis(1));

        assertThat(recheck()).isEqualTo(Recheck.CHANGED);
    }

    @Test
    void afterARestartThePolicyIsFetchedThoughTheStoreHasIt() {
        PolicyInForce used = world.policy();
        world.restart();
        world.serves("enforce", WEEK, "new.example.com");

        Recheck recheck = world.discovery().recheck(used);

        assertThat(recheck).isEqualTo(Recheck.CHANGED);
    }

    @Test
    void policyThatAnotherDeliveryReplacedMeanwhileIsAChange() {
        PolicyInForce used = world.policy();
        world.record("b").serves("enforce", WEEK, "new.example.com");
        world.passes(TTL);
        assertThat(world.policy().known().orElseThrow().recordId()).isEqualTo("b");

        Recheck recheck = world.discovery().recheck(used);

        assertThat(recheck).isEqualTo(Recheck.CHANGED);
        assertThat(world.fetched()).isEqualTo(2);
    }

    @Test
    void deliveriesDoNotWaitForARecheck() {
        CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
        world.serves(() -> fetch);
        PolicyInForce used = world.policy();
        CompletableFuture<Recheck> recheck = world.discovery().recheckAsync(used);
        world.passes(TTL);

        PolicyInForce meanwhile = world.policy();
        assertThat(recheck).isNotDone();
        fetch.complete(fetched(text("enforce", WEEK, "new.example.com")));

        assertThat(meanwhile.known()).isEqualTo(used.known());
        assertThat(recheck.join()).isEqualTo(Recheck.CHANGED);
    }

    @Test
    void manyRechecksShareOneFetch() {
        CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
        world.serves(() -> fetch);
        PolicyInForce used = world.policy();
        int fetched = world.fetched();

        CompletableFuture<Recheck> one = world.discovery().recheckAsync(used);
        CompletableFuture<Recheck> other = world.discovery().recheckAsync(used);
        fetch.complete(fetched(text("enforce", WEEK, "new.example.com")));

        assertThat(one.join()).isEqualTo(Recheck.CHANGED);
        assertThat(other.join()).isEqualTo(Recheck.CHANGED);
        assertThat(world.fetched()).isEqualTo(fetched + 1);
        assertThat(world.count(DiscoveryCount.RECHECKS)).isEqualTo(2);
        assertThat(world.count(DiscoveryCount.RECHECKS_CHANGED)).isEqualTo(2);
    }

    @Test
    void recheckBehindALookUpLooksAgainByItself() {
        CompletableFuture<FetchResult> fetch = new CompletableFuture<>();
        PolicyInForce used = world.policy();
        world.record("b").serves(() -> fetch);
        world.passes(TTL);
        CompletableFuture<PolicyInForce> lookUp = world.discovery().policyForAsync(DOMAIN);

        CompletableFuture<Recheck> recheck = world.discovery().recheckAsync(used);
        assertThat(recheck).isNotDone();
        int asked = world.asked();
        fetch.complete(fetched(text("enforce", WEEK, "new.example.com")));

        assertThat(lookUp.join().known().orElseThrow().recordId()).isEqualTo("b");
        assertThat(recheck.join()).isEqualTo(Recheck.CHANGED);
        assertThat(world.asked()).isEqualTo(asked + 1);
    }

    @Test
    void interruptCannotTellAndKeepsTheFlag() {
        PolicyInForce used = world.policy();
        world.serves(CompletableFuture::new);

        Thread.currentThread().interrupt();
        Recheck recheck = world.discovery().recheck(used);
        boolean flag = Thread.interrupted();

        assertThat(recheck).isEqualTo(Recheck.COULD_NOT_TELL);
        assertThat(flag).isTrue();
    }

    @Test
    void cancellingCannotTell() {
        PolicyInForce used = world.policy();
        world.serves(CompletableFuture::new);
        CompletableFuture<Recheck> recheck = world.discovery().recheckAsync(used);

        recheck.cancel(true);

        assertThat(recheck.join()).isEqualTo(Recheck.COULD_NOT_TELL);
    }
}
