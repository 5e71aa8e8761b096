package io.github.mtasts.tlsrpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.tlsrpt.SentReport.Outcome;
import io.github.mtasts.tlsrpt.report.DkimSigner;
import io.github.mtasts.tlsrpt.report.ReportDestination;
import io.github.mtasts.tlsrpt.report.TlsReport;
import java.io.IOException;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Reports that are sent at once, at somebody's bidding. */
class SendNowTest {
    private final List<AutoCloseable> open = new ArrayList<>();

    /** What the next reporting is told beside the usual. */
    private Consumer<TlsReporting.Builder> settings = builder -> {};

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    /** A world at half past midnight, with a session kept of the day before, with a domain that wants reports there. */
    private World world(Function<World, String> destination) throws IOException {
        World world = new World(builder -> settings.accept(builder));
        open.add(world);
        world.wants("example.com", destination.apply(world));
        world.store.add(List.of(ReportStoreContract.counts(key(world), AppliedPolicy.NONE, 1, 0)));
        at(world, Duration.ofMinutes(30));
        return world;
    }

    private static void at(World world, Duration sinceMidnight) {
        world.net.clock().set(midnight(world).plus(sinceMidnight));
    }

    private static Instant midnight(World world) {
        return world.day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    private static ReportKey key(World world) {
        return new ReportKey(world.day, PolicyDomain.of("example.com"));
    }

    private static SentReport sendNow(World world) throws Exception {
        List<SentReport> sent = world.reporting.sendNow(world.engine, List.of(key(world)), one -> {});
        assertThat(sent).hasSize(1);
        return sent.get(0);
    }

    /** The same where it wants them at {@link World#collector}. */
    private World wantingPosts() throws IOException {
        return world(World::url);
    }

    private World wantingMail() throws IOException {
        return world(world -> World.MAILBOX);
    }

    @Test
    @Tag("T-5-9")
    void goesOutBeforeItsTimeAndNeverAgain() throws Exception {
        World world = wantingPosts();
        PolicyHost collector = world.collector();
        assertThat(world.reporting.unsent()).containsExactly(key(world));

        SentReport sent = sendNow(world);
        world.net.clock().set(world.dueAt());
        world.submit();

        assertThat(sent.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(sent.tries()).singleElement().satisfies(tried -> {
            assertThat(tried.destination()).isInstanceOf(ReportDestination.Https.class);
            assertThat(tried.result()).isInstanceOf(SubmissionResult.Accepted.class);
        });
        assertThat(World.posted(collector))
                .singleElement()
                .satisfies(report -> assertThat(report.reportId()).isEqualTo(sent.reportId()));
        assertThat(world.reporting.unsent()).isEmpty();
        assertThat(sendNow(world).outcome()).isEqualTo(Outcome.NOTHING_TO_DO);
    }

    @Test
    void aDayIsOverTenMinutesAfterItsEnd() throws Exception {
        World world = wantingPosts();
        PolicyHost collector = world.collector();

        at(world, Duration.ofMinutes(10).minusMillis(1));
        assertThat(world.reporting.unsent()).isEmpty();
        assertThatThrownBy(() -> sendNow(world))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("example.com on " + world.day);
        assertThat(collector.requests()).isEmpty();

        at(world, Duration.ofMinutes(10));
        assertThat(world.reporting.unsent()).containsExactly(key(world));
        assertThat(sendNow(world).outcome()).isEqualTo(Outcome.ACCEPTED);
    }

    @Test
    @Tag("T-5-9")
    void whatHasBegunStaysTheSameWhoeverGoesOnWithIt() throws Exception {
        World world = wantingPosts();
        PolicyHost collector = world.collector();
        collector.respond(503, "text/plain", "");
        SentReport first = sendNow(world);

        settings = builder ->
                builder.organization("Another").contact("b@another.example").signer(null);
        world.restart();
        world.store.add(List.of(ReportStoreContract.counts(key(world), AppliedPolicy.NONE, 7, 0))); // too late
        collector.respond(200, "text/plain", "");
        SentReport second = sendNow(world);

        assertThat(first.outcome()).isEqualTo(Outcome.WAITS);
        assertThat(first.nextTry()).isEqualTo(midnight(world).plus(Duration.ofMinutes(45)));
        assertThat(first.reason()).contains("503");
        assertThat(second.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(second.reportId()).isEqualTo(first.reportId());
        List<TlsReport> posted = World.posted(collector);
        assertThat(posted).hasSize(2);
        assertThat(posted.get(1)).isEqualTo(posted.get(0));
        assertThat(posted.get(1).organization()).isEqualTo("Sender");
    }

    @Test
    @Tag("T-3-10")
    void mailWaitsForASigner() throws Exception {
        settings = builder -> builder.signer(null);
        World world = wantingMail();
        SentReport without = sendNow(world);

        settings = builder -> {};
        world.restart();
        SentReport with = sendNow(world);

        assertThat(without.outcome()).isEqualTo(Outcome.WAITS);
        assertThat(without.reason()).contains("no DKIM signer");
        assertThat(with.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(World.mailed(world.mailbox())).hasSize(1);
    }

    @Test
    void mailWaitsForTheSignerOfTheContactThatItBeganWith() throws Exception {
        settings = builder -> builder.signer(null);
        World world = wantingMail();
        SentReport begun = sendNow(world);

        settings = builder -> builder.contact("b@another.example").signer(signer("another.example"));
        world.restart();
        SentReport another = sendNow(world);
        settings = builder -> {};
        world.restart();
        SentReport same = sendNow(world);

        assertThat(begun.outcome()).isEqualTo(Outcome.WAITS);
        assertThat(another.outcome()).isEqualTo(Outcome.WAITS);
        assertThat(another.reason()).contains("sender.example", "another.example");
        assertThat(same.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(World.mailed(world.mailbox()))
                .singleElement()
                .satisfies(report -> assertThat(report.contact()).isEqualTo("tls-reports@sender.example"));
    }

    private static DkimSigner signer(String domain) {
        try {
            return DkimSigner.of(
                    PolicyDomain.of(domain),
                    "s",
                    KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Tag("T-5-9")
    void whatAnotherInstanceWorksOnIsLeftToIt() throws Exception {
        World world = wantingPosts();
        PolicyHost collector = world.collector();
        Instant now = world.net.clock().instant();
        world.store.plan(Submission.planned(key(world), "id", now));
        Submission others = world.store
                .claim(key(world), "another", now, now.plusSeconds(60))
                .orElseThrow();

        SentReport whileClaimed = sendNow(world);
        assertThat(world.store.save("another", others.again(now.plusSeconds(3600))))
                .isTrue();
        SentReport whenGivenBack = sendNow(world);

        assertThat(whileClaimed.outcome()).isEqualTo(Outcome.NOTHING_TO_DO);
        assertThat(whenGivenBack.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(World.posted(collector))
                .singleElement()
                .satisfies(report -> assertThat(report.reportId()).contains(".id@"));
    }

    @Test
    @Tag("T-4-14")
    void aDomainThatAsksForNoneGetsNone() throws Exception {
        World world = wantingMail();
        world.net.dns().remove("_smtp._tls.example.com", "TXT");

        SentReport sent = sendNow(world);

        assertThat(sent.outcome()).isEqualTo(Outcome.UNWANTED);
        assertThat(sent.reason()).isEqualTo("it has no record at _smtp._tls");
        assertThat(world.mailbox().connections()).isEmpty();
        assertThat(world.reporting.unsent()).isEmpty();
    }

    @Test
    void aRecordThatCannotBeUsedIsQuoted() throws Exception {
        World world = world(any -> "ftp://example.com");

        SentReport sent = sendNow(world);

        assertThat(sent.outcome()).isEqualTo(Outcome.UNWANTED);
        assertThat(sent.reason()).contains("no destination", "ftp://example.com");
    }

    @Test
    void whereDnsDoesNotAnswerItWaits() throws Exception {
        World world = wantingPosts();
        PolicyHost collector = world.collector();
        world.net.dns().fail("_smtp._tls.example.com", "TXT", "SERVFAIL");

        SentReport mute = sendNow(world);
        world.net.dns().release("_smtp._tls.example.com", "TXT");
        SentReport answering = sendNow(world);

        assertThat(mute.outcome()).isEqualTo(Outcome.WAITS);
        assertThat(mute.reason()).contains("DNS");
        assertThat(answering.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(World.posted(collector)).hasSize(1);
    }

    @Test
    void whereNobodyTakesItItIsGivenUp() throws Exception {
        World world = wantingPosts();
        world.collector().respond(404, "text/plain", "");

        SentReport sent = sendNow(world);

        assertThat(sent.outcome()).isEqualTo(Outcome.GIVEN_UP);
        assertThat(sent.reason()).contains("404");
        assertThat(world.reporting.unsent()).isEmpty();
    }

    @Test
    void whatIsThreeDaysLateIsGivenUp() throws Exception {
        World late = wantingPosts();
        PolicyHost collector = late.collector();

        at(late, Duration.ofDays(3).plusMillis(1));
        assertThat(sendNow(late).outcome()).isEqualTo(Outcome.GIVEN_UP);
        assertThat(collector.requests()).isEmpty();

        World inTime = wantingPosts();
        inTime.collector();
        at(inTime, Duration.ofDays(3));
        assertThat(sendNow(inTime).outcome()).isEqualTo(Outcome.ACCEPTED);
    }

    @Test
    void tellsEachAndReturnsThemInTheOrderGiven() throws Exception {
        World world = wantingPosts();
        world.collector();
        List<ReportKey> keys = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            ReportKey key = new ReportKey(world.day, PolicyDomain.of("d" + i + ".example"));
            world.wants(key.domain().name(), world.url());
            world.store.add(List.of(ReportStoreContract.counts(key, AppliedPolicy.NONE, 1, 0)));
            keys.add(key);
        }
        List<ReportKey> told = new ArrayList<>();

        List<SentReport> sent = world.reporting.sendNow(world.engine, keys, one -> told.add(one.key()));

        assertThat(sent).extracting(SentReport::key).isEqualTo(keys);
        assertThat(sent).extracting(SentReport::outcome).containsOnly(Outcome.ACCEPTED);
        assertThat(told).containsExactlyInAnyOrderElementsOf(keys);
        assertThat(world.reporting.unsent()).containsExactly(key(world));
    }
}
