package io.github.mtasts.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.testkit.MxServer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which hosts are tried, in which order, at which addresses: RFC 5321 §5.1 and §5.2, RFC 7505. */
@Tag("sockets")
class RouteTest {
    private final Mta mta = new Mta();

    @AfterEach
    void close() {
        mta.close();
    }

    private List<String> offered(DeliveryAttempt attempt) {
        return Mta.offered(attempt);
    }

    private DeliveryAttempt attempt(Deliveries deliveries) {
        return deliveries.attempt(new NextHop.Domain(Mta.DOMAIN));
    }

    private DeliveryAttempt attempt() {
        return attempt(mta.deliveries().build());
    }

    private static InetAddress address(String literal) throws UnknownHostException {
        return InetAddress.getByName(literal);
    }

    private List<InetAddress> addresses(Deliveries deliveries) {
        return attempt(deliveries).iterator().next().addresses();
    }

    /** RFC 5321 §5.1: candidates. */
    @Nested
    class Candidates {

        @Test
        @Tag("M-5.1-1")
        void aliasesLeadToTheMxOfTheirTarget() {
            mta.net.dns().cname("example.com", "target.example");
            mta.net.domain("target.example").mx(10, "mx.target.example");

            assertThat(offered(attempt())).containsExactly("mx.target.example");
        }

        @Test
        @Tag("M-5.1-2")
        void aDomainThatDoesNotExistIsRefusedForGood() {
            Conclusion conclusion = attempt().conclude();

            assertThat(conclusion)
                    .isInstanceOfSatisfying(
                            Conclusion.Permanent.class,
                            permanent -> assertThat(permanent.reason()).isEqualTo(Conclusion.Reason.NXDOMAIN));
            assertThat(conclusion.text()).isEqualTo("example.com: the domain does not exist");
        }

        @Test
        @Tag("M-5.1-2")
        void aDomainThatDnsCannotTellOfIsTriedAgain() {
            mta.net.dns().fail("example.com", "MX", "SERVFAIL");

            assertThat(Mta.told(attempt().conclude())).isEqualTo("TryAgain 4.4.3");
        }

        @Test
        @Tag("M-5.1-3")
        void withoutMxTheDomainItselfIsTheHost() {
            mta.net.mx("example.com");

            assertThat(offered(attempt())).containsExactly("example.com");
        }

        @Test
        @Tag("M-5.1-4")
        void unusableMxNeverLeadToTheDomainItself() {
            mta.net.mx("example.com");
            mta.net.dns().mx("example.com", 10, "gone.example.com");
            mta.net.dns().exists("empty.example.com");
            mta.net.dns().mx("example.com", 20, "empty.example.com");

            assertThat(mta.deliver("example.com")).isEqualTo("Permanent 5.4.4");
            assertThat(mta.asked("A"))
                    .contains("gone.example.com", "empty.example.com")
                    .doesNotContain("example.com");
            assertThat(mta.net.mx("example.com").connections()).isEmpty();
        }

        @Test
        @Tag("M-5.1-4")
        void addressesThatCannotBeLookedUpAreTriedAgain() {
            mta.net.dns().mx("example.com", 10, "gone.example.com");
            mta.net.dns().mx("example.com", 20, "broken.example.com");
            mta.net.dns().fail("broken.example.com", "A", "SERVFAIL");
            mta.net.dns().fail("broken.example.com", "AAAA", "SERVFAIL");

            assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.4.4");
        }

        @Test
        @Tag("M-5.1-4")
        @Tag("S-5-3")
        void hostsWithoutAddressAreTriedAgainUnderAnEnforcedPolicy() {
            mta.net.domain("example.com").sts("enforce", "gone.example.com");
            mta.net.dns().mx("example.com", 10, "gone.example.com");

            assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.4.4");
        }

        @Test
        @Tag("M-5.1-5")
        void lowerPreferencesComeFirst() {
            for (int preference : new int[] {30, 10, 20, 0}) {
                mta.net.domain("example.com").mx(preference, "mx" + preference + ".example.com");
            }

            assertThat(offered(attempt()))
                    .containsExactly("mx0.example.com", "mx10.example.com", "mx20.example.com", "mx30.example.com");
        }

        @Test
        @Tag("M-5.1-5")
        void equalPreferencesAreShuffledForEachAttempt() {
            Random random = new Random(8461);
            List<MxRecord> records = List.of(
                    new MxRecord(10, "a.example"), new MxRecord(10, "b.example"), new MxRecord(10, "c.example"));

            Map<List<MxHost>, Long> orders = IntStream.range(0, 6000)
                    .mapToObj(i -> Route.of(
                                    Mta.DOMAIN,
                                    new DnsAnswer.Found<>(records, Duration.ZERO, Security.UNKNOWN, "example.com"),
                                    Set.of(),
                                    random)
                            .hosts())
                    .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));

            assertThat(orders)
                    .hasSize(6)
                    .allSatisfy((order, count) -> assertThat(count).isBetween(900L, 1100L));
        }

        @Test
        @Tag("M-5.1-5")
        void theShuffleIsTheSendersOwn() {
            mta.net
                    .domain("example.com")
                    .mx(10, "a.example")
                    .mx(10, "b.example")
                    .mx(10, "c.example");
            Deliveries deliveries = mta.deliveries().random(() -> new Random(1)).build();
            List<String> first = offered(attempt(deliveries));

            assertThat(Stream.generate(() -> offered(attempt(deliveries))).limit(5))
                    .containsOnly(first);
        }

        @Test
        @Tag("M-5.1-8")
        void anAddressIsNoHost() {
            mta.net.domain("example.com").mx(20, "mx.example.com");
            mta.net.dns().mx("example.com", 10, "192.0.2.1");

            assertThat(offered(attempt())).containsExactly("mx.example.com");
            assertThat(mta.asked("A")).containsExactly("mx.example.com");
        }

        @Test
        @Tag("M-5.1-8")
        void nothingButAddressesIsTriedAgain() {
            mta.net.mx("example.com");
            mta.net.dns().mx("example.com", 10, "192.0.2.1");

            assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.4.4");
            assertThat(mta.asked("A")).isEmpty();
        }

        @Test
        @Tag("M-5.1-8")
        @Tag("S-4.1-1")
        void anAliasIsFollowedUnderItsOwnName() {
            MxServer target = mta.net.mx("mx.provider.example");
            mta.net.domain("example.com");
            mta.net.dns().mx("example.com", 10, "mx.example.com");
            mta.net.dns().cname("mx.example.com", target.name());

            Candidate candidate = attempt().iterator().next();

            assertThat(candidate.host()).isEqualTo(MxHost.of("mx.example.com"));
            assertThat(candidate.addresses()).containsExactly(target.address());
            assertThat(candidate.addresses().get(0).getHostName()).isEqualTo("mx.example.com");
        }
    }

    /** RFC 5321 §5.1: the addresses of a host. */
    @Nested
    class Addresses {

        @Test
        @Tag("M-5.1-6")
        void theNextIsTriedWhenOneIsRefused() throws UnknownHostException {
            mta.net.domain("example.com");
            mta.net.dns().mx("example.com", 10, "mx.example.com");
            mta.net.dns().address("mx.example.com", address("127.77.0.1"));
            MxServer up = mta.net.mx("mx.example.com");

            assertThat(addresses(mta.deliveries().build())).containsExactly(address("127.77.0.1"), up.address());
            assertThat(mta.deliver("example.com")).startsWith("ANY_TLS mx.example.com");
        }

        @Test
        @Tag("M-5.1-7")
        void noMoreThanSoManyAreTried() throws UnknownHostException {
            mta.net.domain("example.com");
            mta.net.dns().mx("example.com", 10, "mx.example.com");
            for (int i = 1; i <= 9; i++) {
                mta.net.dns().address("mx.example.com", address("127.77.0." + i));
            }

            assertThat(addresses(mta.deliveries().mostAddresses(3).build()))
                    .containsExactly(address("127.77.0.1"), address("127.77.0.2"), address("127.77.0.3"));
            assertThat(addresses(mta.deliveries().build())).hasSize(5);
            assertThatThrownBy(() -> mta.deliveries().mostAddresses(1))
                    .hasMessageContaining("RFC 5321 §5.1")
                    .hasMessageContaining("1");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "127.0.0.1",
                    "0.0.0.0",
                    "0.1.2.3",
                    "169.254.1.1",
                    "224.0.0.1",
                    "::1",
                    "::",
                    "fe80::1",
                    "ff02::1"
                })
        @Tag("M-5.1-11")
        void placesOfThisMachineAreLeftOut(String local) throws UnknownHostException {
            mta.net.domain("example.com");
            mta.net.dns().mx("example.com", 10, "mx.example.com");
            mta.net.dns().address("mx.example.com", address(local));
            Deliveries.Builder settings = mta.deliveries().ipv6(true);

            DeliveryAttempt attempt =
                    attempt(settings.allowLocalAddresses(false).build());

            assertThat(offered(attempt)).isEmpty();
            assertThat(Mta.told(attempt.conclude())).isEqualTo("TryAgain 4.4.4");
            assertThat(addresses(settings.allowLocalAddresses(true).build())).hasSize(1);
        }

        @Test
        @Tag("M-5.1-11")
        void privateNetworksAreNot() throws UnknownHostException {
            mta.net.domain("example.com");
            mta.net.dns().mx("example.com", 10, "mx.example.com");
            mta.net.dns().address("mx.example.com", address("127.0.0.1"));
            mta.net.dns().address("mx.example.com", address("10.0.0.1"));

            assertThat(addresses(mta.deliveries().allowLocalAddresses(false).build()))
                    .containsExactly(address("10.0.0.1"));
        }

        @Test
        @Tag("M-5.2-1")
        void aHostOfAFamilyThatIsNotHereIsPassedOver() throws UnknownHostException {
            mta.net.domain("example.com").mx(20, "mx4.example.com");
            mta.net.dns().mx("example.com", 10, "mx6.example.com");
            mta.net.dns().address("mx6.example.com", address("2001:db8::1"));

            assertThat(offered(attempt(mta.deliveries().ipv6(false).build()))).containsExactly("mx4.example.com");
            assertThat(offered(attempt(mta.deliveries().ipv6(true).build())))
                    .containsExactly("mx6.example.com", "mx4.example.com");
        }
    }

    /** RFC 5321 §5.1: a relay never sends mail on to a host that is no better than itself. */
    @Nested
    class Loops {

        private Deliveries deliveriesOf(String ownName) {
            return mta.deliveries().ownNames(Set.of(MxHost.of(ownName))).build();
        }

        private Deliveries deliveriesAt(InetAddress ownAddress) {
            return mta.deliveries().ownAddresses(Set.of(ownAddress)).build();
        }

        private void fourHosts() {
            mta.net
                    .domain("example.com")
                    .mx(10, "mx10.example.com")
                    .mx(20, "mx20.example.com")
                    .mx(20, "same.example.com")
                    .mx(30, "mx30.example.com");
        }

        @Test
        @Tag("M-5.1-9")
        void itsOwnPreferenceAndWorseAreLeftOut() {
            fourHosts();

            assertThat(offered(attempt(deliveriesOf("MX20.example.com.")))).containsExactly("mx10.example.com");
            assertThat(offered(attempt(deliveriesOf("elsewhere.example")))).hasSize(4);
        }

        @Test
        @Tag("M-5.1-9")
        void itsOwnAddressCountsLikeItsName() {
            fourHosts();

            for (int i = 0; i < 8; i++) { // whichever of the two comes first
                assertThat(offered(attempt(
                                deliveriesAt(mta.net.mx("mx20.example.com").address()))))
                        .containsExactly("mx10.example.com");
            }
        }

        @Test
        @Tag("M-5.1-9")
        void theOnlyHostIsALoop() {
            mta.net.domain("example.com").mx(10, "mx.example.com");

            assertThat(attempt(deliveriesOf("mx.example.com")).conclude())
                    .isInstanceOfSatisfying(Conclusion.Permanent.class, loop -> {
                        assertThat(loop.reason()).isEqualTo(Conclusion.Reason.LOOP);
                        assertThat(loop.status()).isEqualTo("5.4.6");
                    });
            assertThat(Mta.told(
                            attempt(deliveriesAt(mta.net.mx("mx.example.com").address()))
                                    .conclude()))
                    .isEqualTo("Permanent 5.4.6");
        }

        @Test
        @Tag("M-5.1-9")
        void aDomainAtThisSenderItselfIsALoop() {
            mta.net.mx("example.com");

            assertThat(Mta.told(attempt(deliveriesOf("example.com")).conclude()))
                    .isEqualTo("Permanent 5.4.6");
        }

        @Test
        @Tag("S-8.4-1")
        void theWholeListCountsAndNotWhatThePolicyLists() {
            fourHosts();
            mta.net.domain("example.com").sts("enforce", "mx30.example.com");

            DeliveryAttempt attempt = attempt(deliveriesOf("mx20.example.com"));

            assertThat(attempt.hosts()).containsExactly(MxHost.of("mx10.example.com"));
            assertThat(offered(attempt)).isEmpty();
            assertThat(Mta.told(attempt.conclude())).isEqualTo("TryAgain 4.7.5");
            assertThat(offered(attempt())).containsExactly("mx30.example.com");
        }
    }

    /** RFC 7505. */
    @Nested
    class NullMx {

        @ParameterizedTest
        @ValueSource(ints = {0, 10})
        @Tag("M-7505-1")
        @Tag("M-7505-2")
        void aDomainThatAcceptsNoMailIsRefusedForGoodWithoutAQuestion(int preference) {
            mta.net.mx("example.com");
            mta.net.domain("example.com").sts("enforce", "example.com");
            mta.net.dns().mx("example.com", preference, ".");

            DeliveryAttempt attempt = attempt();

            assertThat(offered(attempt)).isEmpty();
            assertThat(attempt.conclude()).isInstanceOfSatisfying(Conclusion.Permanent.class, refused -> {
                assertThat(refused.reason()).isEqualTo(Conclusion.Reason.NULL_MX);
                assertThat(refused.status()).isEqualTo("5.1.10");
            });
            assertThat(mta.net.policyHost("example.com").connections()).isZero();
            assertThat(mta.net.dns().queries())
                    .allMatch(query -> Set.of("MX", "TXT").contains(query.type()));
            assertThat(mta.asked("TXT")).isSubsetOf("_mta-sts.example.com");
        }

        @Test
        @Tag("M-7505-2")
        void besideRealHostsItIsLeftOut() {
            mta.net.domain("example.com").mx(10, "mx.example.com");
            mta.net.dns().mx("example.com", 0, ".");

            assertThat(offered(attempt())).containsExactly("mx.example.com");
        }
    }

    /** RFC 5321 §4.5.4.1: hints for the queue, which is the caller's. */
    @Test
    @Tag("M-5.1-10")
    void whatMayBeTriedAgainSaysWhen() {
        mta.net.domain("down.example").mx(10, "mx.down.example");
        mta.net.mx("mx.down.example").down();
        DeliveryAttempt down = mta.engine.attempt(NextHop.parse("down.example"));
        for (Candidate mx : down) {
            mx.unreachable("refused");
        }

        assertThat(down.conclude().retryAfter()).contains(Duration.ofMinutes(30));
        assertThat(attempt().conclude().retryAfter()).isEmpty(); // the domain does not exist
    }
}
