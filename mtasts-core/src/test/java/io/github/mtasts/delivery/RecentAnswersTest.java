package io.github.mtasts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.testkit.TestClock;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** How long MX records and addresses are used without asking again. */
class RecentAnswersTest {
    private final OfflineMta mta = new OfflineMta();
    private final TestClock clock = new TestClock(Instant.parse("2026-03-01T12:00:00Z"));
    private final Deliveries deliveries = mta.deliveries().clock(clock).build();

    @AfterEach
    void close() {
        mta.close();
    }

    private RecentAnswersTest oneHost(Duration ttl, Security security) {
        mta.mx(
                "example.com",
                new DnsAnswer.Found<>(List.of(new MxRecord(10, "mx.example.com")), ttl, security, "example.com"));
        mta.address("mx.example.com", "192.0.2.1");
        return this;
    }

    /** What is asked while all candidates are looked at, and none is said to fail. */
    private List<String> deliver() {
        return deliver("example.com");
    }

    private List<String> deliver(String domain) {
        mta.asked.clear();
        Mta.offered(deliveries.attempt(NextHop.parse(domain)));
        return mta.asked.stream()
                .filter(question -> !question.startsWith("TXT"))
                .toList();
    }

    @Test
    void aRunOfMessagesAsksOnce() {
        oneHost(Duration.ofMinutes(5), Security.INSECURE);

        assertThat(deliver()).containsExactly("MX example.com", "A mx.example.com");
        assertThat(deliver()).isEmpty();
        assertThat(deliveries.attempt(NextHop.parse("example.com")).hosts())
                .containsExactly(OfflineMta.host("mx.example.com"));
    }

    @Test
    void deliveriesOfReportsKnowTheSame() {
        oneHost(Duration.ofMinutes(5), Security.INSECURE).deliver();
        mta.asked.clear();

        assertThat(deliveries.unenforced().attempt(NextHop.parse("example.com")))
                .isNotEmpty();
        assertThat(mta.asked).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"300, 59, false", "300, 60, true", "7, 6, false", "7, 7, true", "0, 0, true"})
    void anAnswerIsKeptForItsTtlAndForAMinuteAtTheMost(int ttl, int later, boolean again) {
        oneHost(Duration.ofSeconds(ttl), Security.INSECURE).deliver();

        clock.advance(Duration.ofSeconds(later));

        assertThat(deliver().contains("MX example.com")).isEqualTo(again);
    }

    @Test
    void useDoesNotMakeItLast() {
        oneHost(Duration.ofMinutes(5), Security.INSECURE).deliver();
        clock.advance(Duration.ofSeconds(40));
        assertThat(deliver()).isEmpty();

        clock.advance(Duration.ofSeconds(20));

        assertThat(deliver()).containsExactly("MX example.com", "A mx.example.com");
    }

    @Test
    void aClockSetBackKeepsNothing() {
        oneHost(Duration.ofMinutes(5), Security.INSECURE).deliver();

        clock.advance(Duration.ofMillis(-1));

        assertThat(deliver()).containsExactly("MX example.com", "A mx.example.com");
    }

    @Test
    void aForgeryIsNotKept() {
        oneHost(Duration.ofMinutes(5), Security.BOGUS).deliver();

        assertThat(deliver()).containsExactly("MX example.com");
    }

    static Stream<DnsAnswer<MxRecord>> nothingFound() {
        return Stream.of(
                new DnsAnswer.Absent<>(true, Duration.ofDays(1), Security.SECURE),
                new DnsAnswer.Absent<>(false, Duration.ofDays(1), Security.SECURE),
                new DnsAnswer.Unavailable<>(DnsFailure.TIMEOUT, "scripted", Security.UNKNOWN));
    }

    @ParameterizedTest
    @MethodSource("nothingFound")
    void neitherAbsenceNorFailureIsKept(DnsAnswer<MxRecord> answer) {
        mta.mx("example.com", answer);
        deliver();

        assertThat(deliver()).contains("MX example.com");
    }

    @Test
    void aHostWithoutAddressesIsAskedForAgain() {
        oneHost(Duration.ofMinutes(5), Security.INSECURE);
        mta.addressesUnavailable("mx.example.com");
        deliver();

        assertThat(deliver()).containsExactly("A mx.example.com");
    }

    @Test
    void aDeliveryThatCameToNothingAsksAnewTheNextTime() {
        oneHost(Duration.ofMinutes(5), Security.INSECURE);
        mta.mx("example.org", "10 mx.example.org").address("mx.example.org", "192.0.2.2");
        deliver("example.org");
        DeliveryAttempt failed = deliveries.attempt(NextHop.parse("example.com"));
        failed.forEach(candidate -> candidate.unreachable("no answer"));
        assertThat(failed.conclude()).isInstanceOf(Conclusion.TryAgain.class);

        assertThat(deliver()).containsExactly("MX example.com", "A mx.example.com");
        assertThat(deliver("example.org")).isEmpty();
    }

    @Test
    void aHostThatTookNoMailIsAskedForAnew() {
        oneHost(Duration.ofMinutes(5), Security.INSECURE);
        for (Candidate candidate : deliveries.attempt(NextHop.parse("example.com"))) {
            candidate.unreachable("no answer");
        }

        assertThat(deliver()).containsExactly("A mx.example.com");
    }

    @Test
    void aHostWhoseTlsDoesNotPassIsAskedForAnew() {
        mta.publishes("example.com", "1", "enforce", "mx.example.com");
        oneHost(Duration.ofMinutes(5), Security.INSECURE);
        for (Candidate candidate : deliveries.attempt(NextHop.parse("example.com"))) {
            assertThat(candidate.tls().notOffered()).isEqualTo(Clearance.NEXT_HOST);
        }

        assertThat(deliver()).containsExactly("A mx.example.com");
    }

    @Test
    void aHostAtThisSendersOwnAddressIsAskedForAnew() {
        oneHost(Duration.ofMinutes(5), Security.INSECURE);
        Deliveries own = mta.deliveries()
                .ownAddresses(Set.of(OfflineMta.ip("192.0.2.1")))
                .build();
        assertThat(own.attempt(NextHop.parse("example.com")).conclude()).isInstanceOf(Conclusion.Permanent.class);
        mta.address("mx.example.com", "192.0.2.7");

        assertThat(Mta.offered(own.attempt(NextHop.parse("example.com")))).containsExactly("mx.example.com");
    }

    @Test
    void anAnswerUnderWayWhenADeliveryCameToNothingIsNotKept() {
        oneHost(Duration.ofMinutes(5), Security.INSECURE);
        CompletableFuture<DnsAnswer<MxRecord>> late = new CompletableFuture<>();
        RecentAnswers answers = new RecentAnswers(lateMx(late), clock);
        CompletionStage<DnsAnswer<MxRecord>> first = answers.mx("example.com");

        answers.forget("example.com");
        late.complete(new DnsAnswer.Found<>(
                List.of(new MxRecord(10, "old.example.com")), Duration.ofMinutes(5), Security.INSECURE, ""));

        assertThat(first).isCompleted();
        assertThat(answers.mx("example.com")).isCompleted();
        assertThat(mta.asked).containsExactly("MX example.com", "MX example.com");
    }

    /** Counts as the others do. */
    private DnsClient lateMx(CompletableFuture<DnsAnswer<MxRecord>> answer) {
        return new DnsClient() {
            @Override
            public CompletionStage<DnsAnswer<String>> txt(String name) {
                return mta.dns.txt(name);
            }

            @Override
            public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
                mta.asked.add("MX " + name);
                return answer;
            }

            @Override
            public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
                return mta.dns.addresses(host);
            }

            @Override
            public void close() {}
        };
    }

    @ParameterizedTest
    @CsvSource({"100, false", "101, true"})
    void moreThanADeliveryUsesIsNotKept(int addresses, boolean again) {
        oneHost(Duration.ofMinutes(5), Security.INSECURE);
        mta.address(
                "mx.example.com",
                IntStream.rangeClosed(1, addresses)
                        .mapToObj(i -> "192.0.2." + i)
                        .toArray(String[]::new));
        deliver();

        assertThat(deliver().contains("A mx.example.com")).isEqualTo(again);
    }
}
