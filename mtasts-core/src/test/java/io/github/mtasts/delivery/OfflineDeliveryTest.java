package io.github.mtasts.delivery;

import static io.github.mtasts.delivery.OfflineMta.DOMAIN;
import static io.github.mtasts.delivery.OfflineMta.host;
import static io.github.mtasts.delivery.OfflineMta.ip;
import static io.github.mtasts.delivery.OfflineMta.shakeHands;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.CertificateFault;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each rule of a delivery by itself and without sockets, so that every change to the code can be tried on it. Whole deliveries are tried over sockets. */
class OfflineDeliveryTest {
    private final OfflineMta mta = new OfflineMta();

    @AfterEach
    void close() {
        mta.close();
    }

    private static List<String> offered(DeliveryAttempt attempt) {
        return Mta.offered(attempt);
    }

    private List<String> offered(Deliveries.Builder deliveries) {
        return offered(deliveries.build().attempt(new NextHop.Domain(DOMAIN)));
    }

    private static String told(DeliveryAttempt attempt) {
        offered(attempt).clear();
        return Mta.told(attempt.conclude());
    }

    private OfflineMta oneHost() {
        return mta.mx("example.com", "10 mx.example.com").address("mx.example.com", "192.0.2.1");
    }

    /** RFC 5321 §5.1, RFC 7505. */
    @Nested
    class Hosts {

        @Test
        @Tag("M-5.1-2")
        void aDomainThatDoesNotExistIsRefusedForGoodAndAnUnknownOneIsNot() {
            mta.mx("example.org", new DnsAnswer.Unavailable<>(DnsFailure.TIMEOUT, "no reply", Security.UNKNOWN));

            assertThat(mta.attempt("example.com").conclude())
                    .isEqualTo(new Conclusion.Permanent(
                            Conclusion.Reason.NXDOMAIN, "5.1.2", "example.com: the domain does not exist"));
            assertThat(mta.attempt("example.com").conclude().retryAfter()).isEmpty();
            assertThat(mta.attempt("example.org").conclude())
                    .isEqualTo(new Conclusion.TryAgain(
                            "4.4.3", "example.org: its MX records cannot be looked up (TIMEOUT: no reply)"))
                    .returns(java.util.Optional.of(Duration.ofMinutes(30)), Conclusion::retryAfter);
        }

        @Test
        @Tag("M-5.1-3")
        void withoutMxTheDomainItselfIsTheHost() {
            mta.mx("example.com", new DnsAnswer.Absent<>(true, Duration.ZERO, Security.INSECURE))
                    .address("example.com", "192.0.2.1");

            assertThat(offered(mta.deliveries())).containsExactly("example.com");
            assertThat(offered(mta.deliveries().ownNames(Set.of(host("example.com")))))
                    .isEmpty();
        }

        @Test
        @Tag("M-7505-1")
        @Tag("M-7505-2")
        void aNullMxIsRefusedForGoodAndLeftOutBesideOthers() {
            mta.mx("example.com", "0 ").publishes("example.com", "1", "enforce", "mx.example.com");
            mta.mx("example.org", "0 ", "10 mx.example.org").address("mx.example.org", "192.0.2.1");

            DeliveryAttempt refused = mta.attempt("example.com");

            assertThat(refused.conclude())
                    .isEqualTo(new Conclusion.Permanent(
                            Conclusion.Reason.NULL_MX, "5.1.10", "example.com: the domain accepts no mail (null MX)"));
            assertThat(refused.policy()).isEmpty();
            assertThat(mta.asked).doesNotContain("GET example.com");
            assertThat(offered(mta.attempt("example.org"))).containsExactly("mx.example.org");
        }

        @Test
        @Tag("M-5.1-8")
        void anAddressIsNoHost() {
            mta.mx("example.com", "5 192.0.2.7", "10 mx.example.com").address("mx.example.com", "192.0.2.1");
            mta.mx("example.org", "5 192.0.2.7");

            assertThat(offered(mta.attempt("example.com"))).containsExactly("mx.example.com");
            assertThat(mta.attempt("example.org").conclude())
                    .isEqualTo(new Conclusion.TryAgain("4.4.4", "example.org: none of its MX records names a host"));
        }

        @Test
        @Tag("M-5.1-5")
        void preferencesComeInOrderAndEqualsByTheSendersOwnShuffle() {
            mta.mx("example.com", "30 c.example", "10 a.example", "20 b.example", "10 a.example");
            for (String name : List.of("a", "b", "c", "d", "e")) {
                mta.address(name + ".example", "192.0.2.1");
            }
            mta.mx("example.org", "10 a.example", "10 b.example", "10 c.example", "10 d.example", "10 e.example");

            assertThat(offered(mta.attempt("example.com"))).containsExactly("a.example", "b.example", "c.example");
            assertThat(IntStream.range(0, 50)
                            .mapToObj(seed -> offered(mta.deliveries()
                                    .random(() -> new Random(seed))
                                    .build()
                                    .attempt(NextHop.parse("example.org")))))
                    .allSatisfy(order -> assertThat(order).hasSize(5))
                    .extracting(order -> order.get(0))
                    .contains("a.example", "b.example", "c.example", "d.example", "e.example");
        }

        @Test
        void beyondAHundredHostsOnlyThisSendersOwnNameIsStillSeen() {
            String[] records = new String[102];
            for (int i = 0; i < records.length; i++) {
                records[i] = i + " mx" + i + ".example.com";
                mta.address("mx" + i + ".example.com", "192.0.2.1");
            }
            mta.mx("example.com", records);

            assertThat(mta.attempt("example.com").hosts()).hasSize(100).endsWith(host("mx99.example.com"));
            assertThat(mta.deliveries()
                            .ownNames(Set.of(host("mx101.example.com")))
                            .build()
                            .attempt(new NextHop.Domain(DOMAIN))
                            .hosts())
                    .hasSize(100);
            assertThat(mta.deliveries()
                            .ownNames(Set.of(host("mx101.example.com"), host("mx50.example.com")))
                            .build()
                            .attempt(new NextHop.Domain(DOMAIN))
                            .hosts())
                    .hasSize(50);
        }

        @Test
        @Tag("M-5.1-9")
        void hostsNoBetterThanThisSenderAreLeftOutByNameAndByAddress() {
            mta.mx("example.com", "10 a.example", "20 b.example", "20 c.example", "30 d.example")
                    .address("a.example", "192.0.2.1")
                    .address("b.example", "192.0.2.2")
                    .address("c.example", "192.0.2.3")
                    .address("d.example", "192.0.2.4");

            assertThat(offered(mta.deliveries().ownNames(Set.of(host("c.example")))))
                    .containsExactly("a.example");
            assertThat(offered(mta.deliveries().ownNames(Set.of(host("c.example"), host("d.example")))))
                    .containsExactly("a.example");
            assertThat(mta.deliveries()
                            .ownAddresses(Set.of(ip("192.0.2.3")))
                            .build()
                            .attempt(new NextHop.Domain(DOMAIN))
                            .hosts())
                    .containsExactly(host("a.example"));
            assertThat(offered(mta.deliveries().ownAddresses(Set.of(ip("192.0.2.4"), ip("192.0.2.9")))))
                    .hasSize(3);
            assertThat(mta.deliveries()
                            .ownNames(Set.of(host("a.example")))
                            .build()
                            .attempt(new NextHop.Domain(DOMAIN))
                            .conclude())
                    .isEqualTo(new Conclusion.Permanent(
                            Conclusion.Reason.LOOP, "5.4.6", "example.com: its best MX host is this sender itself"));
        }

        @Test
        @Tag("M-5.1-9")
        void aRelayAtThisSendersOwnAddressIsALoop() {
            mta.address("relay.example", "192.0.2.1");
            DeliveryAttempt attempt = mta.deliveries()
                    .ownAddresses(Set.of(ip("192.0.2.1")))
                    .build()
                    .attempt(NextHop.parse("[relay.example]"));

            assertThat(offered(attempt)).isEmpty();
            assertThat(attempt.conclude())
                    .isEqualTo(new Conclusion.Permanent(
                            Conclusion.Reason.LOOP,
                            "5.4.6",
                            "[relay.example]: relay.example: its address is this sender's own (no MTA-STS record)"));
        }
    }

    /** RFC 5321 §5.1: the addresses of a host. */
    @Nested
    class Addresses {

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
        void placesOfThisMachineAreLeftOut(String local) {
            mta.mx("example.com", "10 mx.example.com").address("mx.example.com", local);

            assertThat(told(mta.attempt("example.com"))).isEqualTo("TryAgain 4.4.4");
            assertThat(offered(mta.deliveries().allowLocalAddresses(true))).hasSize(1);
        }

        @Test
        @Tag("M-5.1-7")
        @Tag("M-5.2-1")
        void thatMayBeUsedAreOfferedInOrderUpToTheLimit() {
            mta.mx("example.com", "10 mx.example.com")
                    .address("mx.example.com", "2001:db8::1", "127.0.0.1", "10.0.0.1", "192.0.2.1", "192.0.2.2");

            assertThat(mta.candidate("example.com").addresses())
                    .containsExactly(ip("2001:db8::1"), ip("10.0.0.1"), ip("192.0.2.1"), ip("192.0.2.2"));
            assertThat(mta.candidate("example.com"))
                    .hasToString("mx.example.com "
                            + List.of(ip("2001:db8::1"), ip("10.0.0.1"), ip("192.0.2.1"), ip("192.0.2.2")));
            assertThat(mta.deliveries()
                            .ipv6(false)
                            .mostAddresses(2)
                            .build()
                            .attempt(new NextHop.Domain(DOMAIN))
                            .iterator()
                            .next()
                            .addresses())
                    .containsExactly(ip("10.0.0.1"), ip("192.0.2.1"));
            assertThatThrownBy(() -> mta.deliveries().mostAddresses(1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("RFC 5321 §5.1");
        }

        @Test
        @Tag("M-5.1-4")
        void hostsWithoutAnyAreRefusedForGoodOnlyIfThatIsCertain() {
            mta.mx("example.com", "10 a.example", "20 b.example");

            assertThat(told(mta.attempt("example.com"))).isEqualTo("Permanent 5.4.4");
            assertThat(Mta.told(mta.attempt("example.com").conclude())).isEqualTo("TryAgain 4.4.1");

            mta.addressesUnavailable("b.example");
            DeliveryAttempt attempt = mta.attempt("example.com");
            assertThat(offered(attempt)).isEmpty();
            assertThat(attempt.conclude())
                    .isEqualTo(new Conclusion.TryAgain(
                            "4.4.4",
                            "example.com: a.example: it has no address; b.example: its addresses cannot be looked up"
                                    + " (TIMEOUT: scripted) (no MTA-STS record)"));
        }

        @Test
        @Tag("S-5-3")
        void hostsWithoutAnyAreTriedAgainUnderAnEnforcedPolicy() {
            mta.mx("example.com", "10 mx.example.com").publishes("example.com", "1", "enforce", "mx.example.com");

            assertThat(told(mta.attempt("example.com"))).isEqualTo("TryAgain 4.4.4");
        }
    }

    /** RFC 8461 §3.4: whose policy decides. */
    @Nested
    class NextHops {

        @Test
        @Tag("S-3.4-3")
        void aRelayHostIsItsOwnPolicyDomainAndTheOnlyCandidate() {
            mta.publishes("relay.example", "1", "enforce", "relay.example").address("relay.example", "192.0.2.1");

            Candidate relay = mta.candidate("[relay.example]");

            assertThat(relay.host()).isEqualTo(host("relay.example"));
            assertThat(relay.tls().requirement()).isEqualTo(TlsRequirement.VERIFIED);
            assertThat(NextHop.parse("[relay.example]").policyDomain()).contains(PolicyDomain.of("relay.example"));
            assertThat(mta.asked).noneMatch(question -> question.startsWith("MX"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"[192.0.2.1]", "[IPv6:2001:db8:0:0:0:0:0:1]"})
        @Tag("S-3.4-4")
        void anAddressHasNoPolicyAndIsAskedNothingOf(String literal) {
            Candidate candidate = mta.candidate(literal);

            assertThat(candidate.host()).hasToString(literal);
            assertThat(candidate.addresses()).hasSize(1);
            assertThat(candidate.tls().requirement()).isEqualTo(TlsRequirement.OPPORTUNISTIC);
            assertThat(NextHop.parse(literal)).hasToString(literal);
            assertThat(NextHop.parse(literal).policyDomain()).isEmpty();
            assertThat(mta.attempt(literal).policy()).isEmpty();
            assertThat(mta.asked).isEmpty();
        }

        @ParameterizedTest
        @CsvSource({
            "[relay.example, the bracket is not closed",
            "[IPv6:1.2.3.4], not an address literal",
            "[256.1.1.1], not an address literal",
            "[IPv6:relay.example], not an address literal",
            "[], is empty"
        })
        void whatIsNoneIsRefusedInItsOwnWords(String text, String rule) {
            assertThatThrownBy(() -> NextHop.parse(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(rule);
        }

        @Test
        void eachFormIsWrittenAsItIsRead() {
            assertThat(NextHop.parse("Example.COM.")).hasToString("example.com");
            assertThat(NextHop.parse("[Relay.Example]")).hasToString("[relay.example]");
            assertThat(mta.attempt("example.com").nextHop()).isEqualTo(new NextHop.Domain(DOMAIN));
        }
    }

    /** RFC 8461 §5: what each mode asks of a host. */
    @Nested
    class Modes {

        @ParameterizedTest
        @CsvSource({
            "enforce, mx.example.com, VERIFIED",
            "enforce, other.example.com, ",
            "testing, mx.example.com, OPPORTUNISTIC",
            "testing, other.example.com, OPPORTUNISTIC",
            "none, mx.example.com, OPPORTUNISTIC"
        })
        @Tag("S-4-1")
        @Tag("S-5-1")
        void askOfAHost(String mode, String pattern, TlsRequirement required) {
            oneHost().publishes("example.com", "1", mode, pattern);

            DeliveryAttempt attempt = mta.attempt("example.com");

            assertThat(attempt)
                    .extracting(mx -> mx.tls().requirement())
                    .isEqualTo(required == null ? List.of() : List.of(required));
            assertThat(attempt.policy()).isPresent();
        }

        @Test
        @Tag("S-5-2")
        void aHostThatIsNotListedIsPassedOverAndTold() {
            mta.mx("example.com", "10 a.example.com", "20 b.example.com")
                    .address("a.example.com", "192.0.2.1")
                    .address("b.example.com", "192.0.2.2")
                    .publishes("example.com", "1", "enforce", "b.example.com");

            DeliveryAttempt attempt = mta.attempt("example.com");

            assertThat(offered(attempt)).containsExactly("b.example.com");
            assertThat(mta.sessions).singleElement().satisfies(session -> {
                assertThat(session.mx()).isEqualTo(host("a.example.com"));
                assertThat(session.clearance()).isEqualTo(Clearance.NEXT_HOST);
                assertThat(session.connection()).isEqualTo(ConnectionInfo.UNKNOWN);
                assertThat(session.failures()).containsExactly(SessionFailure.MX_MISMATCH);
            });
            assertThat(attempt.conclude())
                    .isInstanceOf(Conclusion.TryAgain.class)
                    .returns("4.7.5", Conclusion::status)
                    .satisfies(conclusion -> assertThat(conclusion.text())
                            .startsWith("example.com: a.example.com: the policy does not list this MX host (policy"
                                    + " enforce, id 1, fetched ")
                            .endsWith(", mx [b.example.com])"));
        }

        @Test
        void aPolicyThatNobodyKnowsKeepsTheMessageBack() {
            oneHost().bogus("_mta-sts.example.com");

            DeliveryAttempt attempt = mta.attempt("example.com");

            assertThat(offered(attempt)).isEmpty();
            assertThat(mta.sessions).isEmpty();
            assertThat(attempt.conclude())
                    .returns("4.7.5", Conclusion::status)
                    .satisfies(conclusion -> assertThat(conclusion.text())
                            .startsWith("example.com: mx.example.com: it is not known which policy is in force (")
                            .endsWith(")"));
        }

        @Test
        @Tag("S-6-1")
        void aPolicyThatCannotBeFetchedIsToldOnceForEachDelivery() {
            oneHost().publishesNoFile("example.com");

            assertThat(offered(mta.attempt("example.com"))).hasSize(1);
            assertThat(mta.policyFailures).hasSize(1);
            assertThat(offered(mta.attempt("example.com"))).hasSize(1);
            assertThat(mta.policyFailures).hasSize(2);
        }

        @Test
        void aFailureOfDnsIsNoneToReport() {
            oneHost().bogus("_mta-sts.example.com");

            assertThat(offered(mta.attempt("example.com"))).isEmpty();
            assertThat(mta.policyFailures).isEmpty();
        }

        @Test
        void withoutEnforcementNoPolicyIsAskedForAndNoSessionTold() {
            oneHost().publishes("example.com", "1", "enforce", "other.example.com");
            mta.publishes("mx.example.com", "1", "enforce", "other.example.com");
            Deliveries unenforced = mta.deliveries()
                    .ownNames(Set.of(host("own.example")))
                    .mostAddresses(2)
                    .build()
                    .unenforced();

            for (String nextHop : List.of("example.com", "[mx.example.com]")) {
                DeliveryAttempt attempt = unenforced.attempt(NextHop.parse(nextHop));
                Candidate mx = attempt.iterator().next();
                assertThat(attempt.policy()).isEmpty();
                assertThat(mx.tls().requirement()).isEqualTo(TlsRequirement.OPPORTUNISTIC);
                assertThat(mx.tls().notOffered()).isEqualTo(Clearance.CLEARTEXT);
            }
            assertThat(mta.sessions).isEmpty();
            assertThat(mta.asked).noneMatch(question -> question.startsWith("TXT"));
        }

        @Test
        void theRecordIsAskedForBesideTheMx() {
            oneHost();

            assertThat(offered(mta.attempt("example.com"))).hasSize(1);

            assertThat(mta.asked).startsWith("TXT _mta-sts.example.com", "MX example.com");
        }

        @Test
        void aHostFoundByRoutingOfOnesOwnIsJudgedByThePolicy() {
            mta.publishes("example.com", "1", "enforce", "mx.example.com");
            PolicyInForce policy = mta.discovery.policyFor(DOMAIN);
            Deliveries deliveries = mta.deliveries().build();

            assertThat(deliveries.candidate(policy, host("mx.example.com"), List.of(ip("192.0.2.1"))))
                    .get()
                    .returns(TlsRequirement.VERIFIED, mx -> mx.tls().requirement())
                    .returns(List.of(ip("192.0.2.1")), Candidate::addresses);
            assertThat(deliveries.candidate(policy, host("other.example.com"), List.of(ip("192.0.2.1"))))
                    .isEmpty();
            assertThat(deliveries.candidate(policy, host("mx.example.com"), List.of()))
                    .isEmpty();
        }
    }

    /** RFC 8461 §4.2 and §5, RFC 8460 §4.3: what each event on a connection allows, and what is told of it. */
    @Nested
    class Terms {

        private List<String> failures() {
            return mta.sessions.stream()
                    .flatMap(session -> session.failures().stream())
                    .map(failure -> failure.type().text())
                    .toList();
        }

        @ParameterizedTest
        @CsvSource({
            "enforce, mx.example.com, NONE, VERIFIED_TLS, ''",
            "enforce, mx.example.com, EXPIRED, NEXT_HOST, certificate-expired",
            "enforce, mx.example.com, WRONG_NAME, NEXT_HOST, certificate-host-mismatch",
            "testing, mx.example.com, NONE, ANY_TLS, ''",
            "testing, mx.example.com, UNTRUSTED, ANY_TLS, certificate-not-trusted",
            "testing, other.example.com, NONE, ANY_TLS, validation-failure",
            "testing, other.example.com, EXPIRED, ANY_TLS, validation-failure certificate-expired",
            "none, mx.example.com, EXPIRED, ANY_TLS, ''"
        })
        @Tag("S-4.2-1")
        @Tag("S-5-1")
        @Tag("S-5-5")
        void aHandshakeIsJudgedByTheMode(
                String mode, String pattern, CertificateFault fault, Clearance clearance, String failures) {
            oneHost().publishes("example.com", "1", mode, pattern);
            Candidate mx = mta.candidate("example.com");

            assertThat(shakeHands(mx.tls(), "mx.example.com", fault)).isEqualTo(clearance);

            assertThat(String.join(" ", failures())).isEqualTo(failures);
            assertThat(mta.sessions)
                    .singleElement()
                    .returns(failures.isEmpty(), SessionResult::complied)
                    .returns(clearance, SessionResult::clearance);
        }

        @ParameterizedTest
        @CsvSource({
            "enforce, mx.example.com, NEXT_HOST, NEXT_HOST",
            "testing, mx.example.com, CLEARTEXT, RECONNECT_IN_CLEAR",
            "none, mx.example.com, CLEARTEXT, RECONNECT_IN_CLEAR"
        })
        @Tag("S-5-6")
        void withoutTlsClearTextIsAWayOutUnlessEnforced(
                String mode, String pattern, Clearance notOffered, Clearance failed) {
            oneHost().publishes("example.com", "1", mode, pattern);
            Candidate mx = mta.candidate("example.com");

            assertThat(mx.tls().notOffered()).isEqualTo(notOffered);
            assertThat(failures()).containsExactly("starttls-not-supported");
            assertThat(mx.tls().handshakeFailed(new SSLHandshakeException("no cipher suites in common")))
                    .isEqualTo(failed);
            assertThat(failures()).containsExactly("starttls-not-supported", "validation-failure");
            assertThat(mx.tls().clearTextAllowed()).isEqualTo(!mode.equals("enforce"));
        }

        @ParameterizedTest
        @CsvSource({"true, 4.7.4", "false, 4.7.5"})
        void whyAnEnforcedHostWasLeftIsInTheStatus(boolean noStartTls, String status) {
            oneHost().publishes("example.com", "1", "enforce", "mx.example.com");
            DeliveryAttempt attempt = mta.attempt("example.com");
            TlsTerms terms = attempt.iterator().next().tls();

            Clearance clearance =
                    noStartTls ? terms.notOffered() : shakeHands(terms, "mx.example.com", CertificateFault.EXPIRED);

            assertThat(clearance.maySend()).isFalse();
            assertThat(attempt.conclude()).returns(status, Conclusion::status);
        }

        @ParameterizedTest
        @EnumSource(Clearance.class)
        void onlyTheseClearancesSend(Clearance clearance) {
            assertThat(clearance.maySend())
                    .isEqualTo(Set.of(Clearance.VERIFIED_TLS, Clearance.ANY_TLS, Clearance.CLEARTEXT)
                            .contains(clearance));
        }

        @ParameterizedTest
        @CsvSource({
            "VERIFIED_TLS, true, true, true",
            "ANY_TLS, false, true, true",
            "CLEARTEXT, false, true, false",
            "RECONNECT_IN_CLEAR, false, false, false",
            "NEXT_HOST, false, false, false"
        })
        @Tag("S-X-1")
        void aKeptConnectionIsTakenWhereTheTermsAllow(
                Clearance held, boolean enforced, boolean opportunistic, boolean neverClear) {
            oneHost();
            TlsTerms terms = mta.candidate("example.com").tls();
            TlsTerms noClearText = mta.deliveries()
                    .allowClearText(false)
                    .build()
                    .attempt(new NextHop.Domain(DOMAIN))
                    .iterator()
                    .next()
                    .tls();

            assertThat(terms.strict().accepts(held)).isEqualTo(enforced);
            assertThat(terms.accepts(held)).isEqualTo(opportunistic);
            assertThat(noClearText.accepts(held)).isEqualTo(neverClear);
        }

        @Test
        void stricterTermsHoldWithoutAnyPolicy() {
            oneHost();
            TlsTerms terms = mta.candidate("example.com").tls();
            TlsTerms strict = terms.strict();

            assertThat(strict.strict()).isSameAs(strict);
            assertThat(strict.requirement()).isEqualTo(TlsRequirement.VERIFIED);
            assertThat(shakeHands(terms, "mx.example.com", CertificateFault.EXPIRED))
                    .isEqualTo(Clearance.ANY_TLS);
            assertThat(shakeHands(strict, "mx.example.com", CertificateFault.EXPIRED))
                    .isEqualTo(Clearance.NEXT_HOST);
            assertThat(shakeHands(strict, "mx.example.com", CertificateFault.NONE))
                    .isEqualTo(Clearance.VERIFIED_TLS);
            assertThat(strict.notOffered()).isEqualTo(Clearance.NEXT_HOST);
            assertThat(strict.socketFactory()).isNotNull();
        }

        @Test
        void neverInClearConcernsTheDomainsNamedOnly() {
            oneHost().mx("example.org", "10 mx.example.com");
            Deliveries deliveries =
                    mta.deliveries().neverClearText(Set.of(DOMAIN)).build();

            assertThat(deliveries
                            .attempt(NextHop.parse("example.com"))
                            .iterator()
                            .next()
                            .tls()
                            .notOffered())
                    .isEqualTo(Clearance.NEXT_HOST);
            assertThat(deliveries
                            .attempt(NextHop.parse("example.org"))
                            .iterator()
                            .next()
                            .tls()
                            .notOffered())
                    .isEqualTo(Clearance.CLEARTEXT);
            assertThat(deliveries
                            .attempt(NextHop.parse("[192.0.2.1]"))
                            .iterator()
                            .next()
                            .tls()
                            .notOffered())
                    .isEqualTo(Clearance.CLEARTEXT);
        }

        @Test
        void aSessionIsToldWithItsConnection() {
            oneHost().publishes("example.com", "1", "enforce", "mx.example.com");
            ConnectionInfo connection = new ConnectionInfo(ip("192.0.2.9"), ip("192.0.2.1"), "mx");

            Clearance clearance =
                    mta.candidate("example.com").tls().on(connection).notOffered();

            assertThat(clearance).isEqualTo(Clearance.NEXT_HOST);
            assertThat(mta.sessions).singleElement().returns(connection, SessionResult::connection);
        }

        /** RFC 8460 §4.3: in TLS 1.3 a host says after the handshake that it does not like it. */
        @Test
        void aSessionToldAsASuccessIsAFailureOnceAnAlertEndsIt() {
            oneHost().publishes("example.com", "1", "enforce", "mx.example.com");
            TlsTerms terms = mta.candidate("example.com").tls();
            terms.broke(new SSLException("nothing was told yet"));
            assertThat(shakeHands(terms, "mx.example.com", CertificateFault.NONE))
                    .isEqualTo(Clearance.VERIFIED_TLS);

            terms.broke(new SocketTimeoutException("no matter of TLS"));
            terms.broke(new IllegalStateException("no matter of TLS either"));
            terms.broke(new SSLException("the connection broke", new SocketTimeoutException()));
            assertThat(mta.broken).isEmpty();

            terms.broke(new java.io.IOException(new SSLException("Received fatal alert: bad_certificate")));
            assertThat(mta.broken).isEmpty();
            terms.broke(new IllegalStateException(new SSLException("Received fatal alert: bad_certificate")));
            assertThat(mta.broken).containsExactly("mx.example.com validation-failure");
            terms.broke(new SSLException("Received fatal alert: bad_certificate"));
            assertThat(mta.broken).hasSize(1);
        }

        @Test
        void aSessionToldAsAFailureIsNotToldAgain() {
            oneHost().publishes("example.com", "1", "testing", "mx.example.com");
            TlsTerms terms = mta.candidate("example.com").tls();
            assertThat(shakeHands(terms, "mx.example.com", CertificateFault.EXPIRED))
                    .isEqualTo(Clearance.ANY_TLS);

            terms.broke(new SSLException("Received fatal alert: bad_certificate"));

            assertThat(mta.broken).isEmpty();
        }
    }

    /** What an attempt comes to. */
    @Nested
    class Conclusions {

        @Test
        @Tag("S-5-4")
        void aNewPolicyMeansOneMoreAttemptAtOnce() {
            oneHost().publishes("example.com", "1", "enforce", "other.example.com");
            DeliveryAttempt attempt = mta.attempt("example.com");
            assertThat(offered(attempt)).isEmpty();

            mta.publishes("example.com", "2", "enforce", "mx.example.com");

            assertThat(attempt.conclude()).isInstanceOfSatisfying(Conclusion.PolicyChanged.class, changed -> {
                assertThat(changed.status()).isEqualTo("4.7.5");
                assertThat(changed.text()).startsWith("the policy changed meanwhile; example.com: mx.example.com: ");
                assertThat(changed.retryAfter()).contains(Duration.ZERO);
            });
        }

        @Test
        void aRefusalForAnotherReasonAsksNothing() {
            oneHost().publishes("example.com", "1", "enforce", "mx.example.com");
            DeliveryAttempt attempt = mta.attempt("example.com");
            attempt.iterator().next().unreachable("connection refused");
            mta.asked.clear();

            assertThat(attempt.conclude())
                    .returns("4.4.1", Conclusion::status)
                    .satisfies(conclusion -> assertThat(conclusion.text())
                            .startsWith("example.com: mx.example.com: connection refused (policy enforce, id 1"));
            assertThat(mta.asked).isEmpty();
        }

        @Test
        void whereNoHostWasTriedThatIsSaid() {
            oneHost();

            assertThat(mta.attempt("example.com").conclude())
                    .isEqualTo(new Conclusion.TryAgain(
                            "4.4.1", "example.com: no MX host took the message (no MTA-STS record)"));
        }

        @Test
        void theFailureMetOnTheWayIsSaid() {
            oneHost().publishesNoFile("example.com");

            assertThat(mta.attempt("example.com").conclude().text())
                    .startsWith("example.com: no MX host took the message (")
                    .endsWith(")");
        }

        @Test
        void candidatesComeOneByOneUntilThereIsNoneLeft() {
            mta.mx("example.com", "10 a.example", "20 b.example")
                    .address("a.example", "192.0.2.1")
                    .address("b.example", "192.0.2.2");
            Iterator<Candidate> candidates = mta.attempt("example.com").iterator();

            assertThat(candidates.hasNext()).isTrue();
            assertThat(candidates.hasNext()).isTrue();
            assertThat(candidates.next().host()).isEqualTo(host("a.example"));
            assertThat(candidates.next().host()).isEqualTo(host("b.example"));
            assertThat(candidates.hasNext()).isFalse();
            assertThatThrownBy(candidates::next).isInstanceOf(NoSuchElementException.class);
        }

        @Test
        void anInterruptMeansToTryAgainAndIsKept() {
            oneHost();
            mta.silent.addAll(Set.of("MX silent.example", "A mx.example.com"));
            DeliveryAttempt attempt = mta.attempt("example.com");
            List<Object> seen = new ArrayList<>();

            Thread.currentThread().interrupt();
            DeliveryAttempt interrupted = mta.attempt("silent.example");
            seen.add(Thread.currentThread().isInterrupted());
            seen.add(attempt.iterator().hasNext());
            seen.add(Thread.interrupted());

            assertThat(seen).containsExactly(true, false, true);
            assertThat(interrupted.conclude())
                    .isEqualTo(new Conclusion.TryAgain("4.3.0", "silent.example: interrupted"));
            assertThat(attempt.conclude().text())
                    .isEqualTo("example.com: example.com: interrupted (no MTA-STS record)");
        }

        @Test
        void anObserverThatThrowsChangesNothing() {
            oneHost().publishes("example.com", "1", "enforce", "mx.example.com");
            Deliveries deliveries = mta.deliveries()
                    .observer(new DeliveryObserver() {
                        @Override
                        public void session(SessionResult result) {
                            throw new IllegalStateException("broken observer");
                        }
                    })
                    .build();

            Clearance clearance = deliveries
                    .attempt(new NextHop.Domain(DOMAIN))
                    .iterator()
                    .next()
                    .tls()
                    .notOffered();

            assertThat(clearance).isEqualTo(Clearance.NEXT_HOST);
        }
    }
}
