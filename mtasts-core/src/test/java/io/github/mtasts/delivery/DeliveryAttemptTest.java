package io.github.mtasts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.discovery.DiscoveryFailure;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.ReportType;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.MxServer.StartTls;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Deliveries under each mode, from the policy to the message or its refusal: RFC 8461 §4, §5, §6 and §8.4. */
@Tag("sockets")
class DeliveryAttemptTest {
    private final Mta mta = new Mta();

    @AfterEach
    void close() {
        mta.close();
    }

    private MxServer mx(String name) {
        return mta.net.mx(name);
    }

    /** What is wrong with a host's TLS, and how RFC 8460 calls it. */
    private enum Tls {
        GOOD,
        NO_STARTTLS,
        BAD_CERTIFICATE;

        void arrange(MxServer server) {
            switch (this) {
                case GOOD -> server.certificate(CertificateFault.NONE);
                case NO_STARTTLS -> server.startTls(StartTls.NOT_OFFERED);
                case BAD_CERTIFICATE -> server.certificate(CertificateFault.WRONG_NAME);
            }
        }
    }

    /** RFC 8461 §4: listed, and TLS with a certificate for the host; both or nothing. */
    @Nested
    class Validation {

        @ParameterizedTest
        @CsvSource({
            "enforce, true, GOOD, VERIFIED_TLS mx.example.com 250, ''",
            "enforce, true, NO_STARTTLS, TryAgain 4.7.4, starttls-not-supported",
            "enforce, true, BAD_CERTIFICATE, TryAgain 4.7.5, certificate-host-mismatch",
            "enforce, false, GOOD, TryAgain 4.7.5, validation-failure",
            "enforce, false, NO_STARTTLS, TryAgain 4.7.5, validation-failure",
            "enforce, false, BAD_CERTIFICATE, TryAgain 4.7.5, validation-failure",
            "testing, true, GOOD, ANY_TLS mx.example.com 250, ''",
            "testing, true, NO_STARTTLS, CLEARTEXT mx.example.com 250, starttls-not-supported",
            "testing, true, BAD_CERTIFICATE, ANY_TLS mx.example.com 250, certificate-host-mismatch",
            "testing, false, GOOD, ANY_TLS mx.example.com 250, validation-failure",
            "testing, false, NO_STARTTLS, CLEARTEXT mx.example.com 250, validation-failure starttls-not-supported",
            "testing, false, BAD_CERTIFICATE, ANY_TLS mx.example.com 250, validation-failure certificate-host-mismatch"
        })
        @Tag("S-4-1")
        @Tag("S-5-1")
        @Tag("S-5-3")
        @Tag("S-5-5")
        @Tag("S-5-6")
        void aHostIsGoodWhenListedAndProvedOverTls(
                String mode, boolean listed, Tls tls, String outcome, String failures) {
            mta.net
                    .domain("example.com")
                    .sts(mode, listed ? "mx.example.com" : "other.example.com")
                    .mx(10, "mx.example.com");
            tls.arrange(mx("mx.example.com"));

            assertThat(mta.deliver("example.com")).isEqualTo(outcome);

            assertThat(String.join(" ", mta.failures())).isEqualTo(failures);
            assertThat(mta.sessions).singleElement().returns(failures.isEmpty(), SessionResult::complied);
            assertThat(mx("mx.example.com").sawMailFrom()).isEqualTo(!outcome.startsWith("TryAgain"));
        }

        @Test
        @Tag("S-4.1-1")
        @Tag("N-1")
        void thePolicyListsTheNameInTheMxRecordAndNotItsTarget() {
            mta.net.domain("example.com").sts("enforce", "mx.provider.example");
            mta.net.dns().mx("example.com", 10, "mx.example.com");
            mta.net.dns().cname("mx.example.com", "mx.provider.example");
            mx("mx.provider.example");

            assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.7.5");
            assertThat(mx("mx.provider.example").connections()).isEmpty();
        }

        @Test
        @Tag("N-1")
        @Tag("S-4.2-2")
        void theCertificateNamesTheMxRecordsHostAndNotItsTarget() {
            mta.net.domain("example.com").sts("enforce", "mx.example.com");
            mta.net.dns().mx("example.com", 10, "mx.example.com");
            mta.net.dns().cname("mx.example.com", "mx.provider.example");
            MxServer provider = mx("mx.provider.example");

            assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.7.5");
            assertThat(mta.failures()).containsExactly("certificate-host-mismatch");

            provider.certificate(mta.net.ca().issue("mx.example.com", CertificateFault.NONE));
            assertThat(mta.deliver("example.com")).startsWith("VERIFIED_TLS mx.example.com");
        }

        @Test
        @Tag("S-4.2-3")
        void aCertificateForAnotherHostThatThePolicyListsIsNoProof() {
            mta.net.domain("example.net").sts("enforce", "*.example.net").mx(10, "mx1.example.net");
            mx("mx1.example.net").certificate(mta.net.ca().issue("mx2.example.net", CertificateFault.NONE));

            assertThat(mta.deliver("example.net")).isEqualTo("TryAgain 4.7.5");

            mx("mx1.example.net").certificate(mta.net.ca().issue("mx1.example.net", CertificateFault.NONE));
            assertThat(mta.deliver("example.net")).startsWith("VERIFIED_TLS mx1.example.net");
        }

        @ParameterizedTest
        @CsvSource({"example.com, VERIFIED_TLS example.com 250", "*.example.com, TryAgain 4.7.5"})
        @Tag("S-4.1-3")
        void withoutMxThePolicyHasToListTheDomainItself(String pattern, String outcome) {
            mx("example.com");
            mta.net.domain("example.com").sts("enforce", pattern);

            assertThat(mta.deliver("example.com")).isEqualTo(outcome);
        }

        @Test
        @Tag("S-4.1-4")
        void aNameThatSniCannotCarryIsServedUnderAWildcard() {
            mta.net.domain("example.com").sts("enforce", "*.example.com").mx(10, "mx_1.example.com");

            assertThat(mta.deliver("example.com")).startsWith("VERIFIED_TLS mx_1.example.com");
            assertThat(mx("mx_1.example.com").connections().get(0).sni()).isEmpty();
        }

        @Test
        @Tag("S-7.1-1")
        void theHostIsAskedForUnderItsName() {
            mta.net.domain("example.com").sts("enforce", "*.example.com");
            mta.net.dns().mx("example.com", 10, "MX1.Example.COM.");
            MxServer server = mx("mx1.example.com");

            assertThat(mta.deliver("example.com")).startsWith("VERIFIED_TLS");
            mta.net.domain("plain.example").mx(10, "mx1.example.com");
            assertThat(mta.deliver("plain.example")).startsWith("ANY_TLS");

            assertThat(server.connections())
                    .hasSize(2)
                    .allSatisfy(connection -> assertThat(connection.sni()).isEqualTo("mx1.example.com"));
        }
    }

    /** RFC 8461 §5, enforce. */
    @Nested
    class Enforce {

        @BeforeEach
        void enforcingDomain() {
            mta.net.domain("example.com").sts("enforce", "*.example.com").mx(10, "mx1.example.com");
        }

        @ParameterizedTest
        @EnumSource(
                mode = EnumSource.Mode.EXCLUDE,
                names = {"OFFERED", "ALERT_AFTERWARDS"})
        @Tag("S-5-1")
        @Tag("S-5-3")
        @Tag("N-9")
        void noFaultOfStartTlsGetsTheMessage(StartTls fault) {
            mx("mx1.example.com").startTls(fault);
            mta.patience = fault == StartTls.SILENT ? 500 : mta.patience;

            assertThat(mta.deliver("example.com")).startsWith("TryAgain 4.7.");

            assertThat(mx("mx1.example.com").sawMailFrom()).isFalse();
            assertThat(mta.sessions).singleElement().returns(Clearance.NEXT_HOST, SessionResult::clearance);
        }

        @ParameterizedTest
        @EnumSource
        @Tag("S-5-1")
        @Tag("S-5-3")
        @Tag("S-4.2-1")
        void noFaultOfTheCertificateGetsTheMessage(CertificateFault fault) {
            mx("mx1.example.com").certificate(fault);
            boolean good = fault == CertificateFault.NONE || fault == CertificateFault.WILDCARD;

            assertThat(mta.deliver("example.com"))
                    .isEqualTo(good ? "VERIFIED_TLS mx1.example.com 250" : "TryAgain 4.7.5");

            assertThat(mx("mx1.example.com").sawMailFrom()).isEqualTo(good);
        }

        @ParameterizedTest
        @CsvSource({"true, TryAgain 4.7.5, certificate-not-trusted", "false, VERIFIED_TLS mx1.example.com 250, ''"})
        @Tag("S-4.2-4")
        void aCertificateThatItsOwnServerCallsRevokedIsRefusedWhereThatCounts(
                boolean counts, String outcome, String failures) {
            try (Mta careful = new Mta(settings -> settings.stapledOcsp(counts))) {
                careful.net
                        .domain("example.com")
                        .sts("enforce", "*.example.com")
                        .mx(10, "mx1.example.com");
                careful.net.mx("mx1.example.com").certificate(careful.net.ca().issueStapling("mx1.example.com", true));

                assertThat(careful.deliver("example.com")).isEqualTo(outcome);

                assertThat(String.join(" ", careful.failures())).isEqualTo(failures);
                assertThat(careful.net.ca().ocspConnections()).isEqualTo(1); // the server's own
            }
        }

        @ParameterizedTest
        @EnumSource(names = {"NO_STARTTLS", "BAD_CERTIFICATE"})
        @Tag("S-5-2")
        void theNextHostIsTriedAfterABadOne(Tls tls) {
            mta.net.domain("example.com").mx(20, "mx2.example.com");
            tls.arrange(mx("mx1.example.com"));

            assertThat(mta.deliver("example.com")).isEqualTo("VERIFIED_TLS mx2.example.com 250");

            assertThat(mx("mx1.example.com").sawMailFrom()).isFalse();
        }

        @Test
        @Tag("S-5-2")
        void theNextHostIsTriedAfterOneThatIsNotListed() {
            mta.net.domain("example.com").mx(5, "mx.elsewhere.example");

            assertThat(mta.deliver("example.com")).isEqualTo("VERIFIED_TLS mx1.example.com 250");

            assertThat(mx("mx.elsewhere.example").connections()).isEmpty();
            assertThat(mta.sessions).extracting(SessionResult::complied).containsExactly(false, true);
        }

        @Test
        @Tag("S-5-8")
        void aVerifiedHostsRefusalIsItsOwnAndABadHostsIsNeverSeen() {
            mx("mx1.example.com").reply("RCPT", "550 5.1.1 unknown");

            assertThat(mta.deliver("example.com")).isEqualTo("VERIFIED_TLS mx1.example.com 550");

            mx("mx1.example.com").certificate(CertificateFault.WRONG_NAME);
            assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.7.5");
        }

        @Test
        @Tag("S-5.1-4")
        void aHostThatRefusesTheConnectionIsNoMatterOfPolicy() {
            mta.net.domain("example.com").mx(20, "mx2.example.com");
            mx("mx1.example.com").down();

            assertThat(mta.deliver("example.com")).isEqualTo("VERIFIED_TLS mx2.example.com 250");
            assertThat(mta.sessions).singleElement().returns(true, SessionResult::complied);

            mx("mx2.example.com").down();
            assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.4.1");
            assertThat(mta.sessions).hasSize(1);
        }

        @Test
        void whyIsSaidInWords() {
            mx("mx1.example.com").startTls(StartTls.NOT_OFFERED);
            mta.net.domain("example.com").mx(20, "mx.elsewhere.example");
            DeliveryAttempt attempt = mta.engine.attempt(Mta.DOMAIN);
            for (Candidate mx : attempt) {
                assertThat(mx.tls().notOffered()).isEqualTo(Clearance.NEXT_HOST);
            }

            assertThat(attempt.conclude().text())
                    .contains(
                            "example.com: ",
                            "mx1.example.com: STARTTLS is not offered",
                            "mx.elsewhere.example: the policy does not list this MX host",
                            "policy enforce, id 20260101");
        }

        @Test
        void anAttemptThatIsInterruptedIsTriedAgain() {
            Thread.currentThread().interrupt();

            DeliveryAttempt attempt = mta.engine.attempt(Mta.DOMAIN);

            assertThat(Thread.interrupted()).isTrue();
            assertThat(Mta.offered(attempt)).isEmpty();
            assertThat(attempt.conclude()).isInstanceOf(Conclusion.TryAgain.class);
        }

        @Test
        void withoutPolicyTheSameHostsAreOfferedForReports() {
            mx("mx1.example.com").certificate(CertificateFault.EXPIRED);

            DeliveryAttempt attempt = mta.engine.deliveries().unenforced().attempt(new NextHop.Domain(Mta.DOMAIN));

            assertThat(mta.deliver(attempt)).isEqualTo("ANY_TLS mx1.example.com 250");
            assertThat(mta.sessions).isEmpty();
        }
    }

    /** RFC 8461 §5: no final refusal before DNS was asked for a new policy. */
    @Nested
    class BeforeARefusalIsFinal {

        private static final String NEW = "version: STSv1\nmode: enforce\nmx: new.example.com\nmax_age: 604800\n";

        /** Fetched ten minutes ago; its record need not be asked for again within the hour. */
        @BeforeEach
        void knownPolicy() {
            mta.net.domain("example.com").sts("enforce", "old.example.com").mx(10, "new.example.com");
            publish("old");
            assertThat(mta.engine.policyFor(Mta.DOMAIN)).isInstanceOf(PolicyInForce.Enforce.class);
            mta.net.clock().advance(Duration.ofMinutes(10));
        }

        private void publish(String id) {
            mta.net.dns().txt("_mta-sts.example.com", Duration.ofHours(1), "v=STSv1; id=" + id);
        }

        @Test
        @Tag("S-5-4")
        @Tag("M-5.1-10")
        void aNewPolicyMeansOneMoreAttemptAtOnce() {
            publish("new");
            mta.net.policyHost("example.com").policy(NEW);
            DeliveryAttempt attempt = mta.engine.attempt(Mta.DOMAIN);
            assertThat(Mta.offered(attempt)).isEmpty();

            Conclusion conclusion = attempt.conclude();

            assertThat(conclusion).isInstanceOf(Conclusion.PolicyChanged.class);
            assertThat(conclusion.retryAfter()).contains(Duration.ZERO);
            assertThat(mta.deliver("example.com")).isEqualTo("VERIFIED_TLS new.example.com 250");
        }

        @Test
        @Tag("S-5-4")
        void theSamePolicyMeansToTryAgainLater() {
            assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.7.5");

            assertThat(mta.net.dns().asked("_mta-sts.example.com", "TXT")).isEqualTo(2);
        }

        @Test
        @Tag("S-5-4")
        void withoutAnAnswerFromDnsTheKnownPolicyHolds() {
            mta.net.dns().fail("_mta-sts.example.com", "TXT", "SERVFAIL");

            assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.7.5");

            assertThat(mta.net.dns().asked("_mta-sts.example.com", "TXT")).isGreaterThanOrEqualTo(2);
        }

        @Test
        @Tag("S-5-4")
        void aRefusalForAnotherReasonAsksNothing() {
            mta.net.policyHost("example.com").policy(NEW);
            publish("new");
            mta.net.clock().advance(Duration.ofHours(2));
            mta.net.mx("new.example.com").down();

            assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.4.1");

            assertThat(mta.net.dns().asked("_mta-sts.example.com", "TXT")).isEqualTo(2); // the attempt's own
        }
    }

    /** RFC 8461 §5, testing: as though validation had succeeded. */
    @Nested
    class Testing {

        @Test
        @Tag("S-5-5")
        void twoFaultsAreDeliveredAndBothTold() {
            mta.net.domain("example.com").sts("testing", "other.example.com").mx(10, "mx.example.com");
            mx("mx.example.com").certificate(CertificateFault.EXPIRED);

            assertThat(mta.deliver("example.com")).isEqualTo("ANY_TLS mx.example.com 250");

            assertThat(mta.failures()).containsExactly("validation-failure", "certificate-expired");
        }

        @ParameterizedTest
        @EnumSource(
                mode = EnumSource.Mode.EXCLUDE,
                names = {"OFFERED", "ALERT_AFTERWARDS"})
        @Tag("S-5-6")
        @Tag("N-9")
        void whatFailsToStartTlsIsSentInClearAndTold(StartTls fault) {
            mta.net.domain("example.com").sts("testing", "mx.example.com").mx(10, "mx.example.com");
            mx("mx.example.com").startTls(fault);
            mta.patience = fault == StartTls.SILENT ? 500 : mta.patience;

            assertThat(mta.deliver("example.com")).matches("(CLEARTEXT|RECONNECT_IN_CLEAR) mx.example.com 250");

            assertThat(mta.failures()).hasSize(1);
        }
    }

    /** RFC 8461 §5, none: as if there were no policy. */
    @Nested
    class None {

        @Test
        @Tag("S-5-7")
        @Tag("S-6-1")
        void nothingIsDemandedNorTold() {
            mta.net.domain("example.com").sts("none").mx(10, "mx.example.com");
            assertThat(mta.engine.policyFor(Mta.DOMAIN)).isInstanceOf(PolicyInForce.NotInForce.class);
            mta.net.domain("example.com").record("new");
            mta.net.policyHost("example.com").down();
            mta.net.clock().advance(Duration.ofHours(2)); // the record is asked for again
            mx("mx.example.com").startTls(StartTls.NOT_OFFERED);

            assertThat(mta.deliver("example.com")).isEqualTo("CLEARTEXT mx.example.com 250");

            assertThat(mta.policyFailures).isEmpty();
            assertThat(mta.sessions)
                    .singleElement()
                    .satisfies(session -> assertThat(session.policy())
                            .isInstanceOfSatisfying(
                                    PolicyInForce.NotInForce.class,
                                    none -> assertThat(none.reason())
                                            .isEqualTo(PolicyInForce.NotInForce.Reason.MODE_NONE)));
        }
    }

    /** RFC 8461 §6, RFC 8460 §4.3: what is told. */
    @Nested
    class Reportable {

        @Test
        @Tag("S-6-1")
        @Tag("S-3.3-13")
        void aPolicyThatCannotBeFetched() {
            mta.net.domain("example.com").record("a").mx(10, "mx.example.com");
            mta.net.policyHost("example.com").down();

            assertThat(mta.deliver("example.com")).startsWith("ANY_TLS");

            assertThat(mta.policyFailures)
                    .extracting(DiscoveryFailure::reportType)
                    .singleElement()
                    .satisfies(type -> assertThat(type).contains(ReportType.STS_POLICY_FETCH_ERROR));
        }

        @Test
        @Tag("S-6-1")
        void aRenewalThatFailsThoughThePolicyHolds() {
            mta.net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
            assertThat(mta.deliver("example.com")).startsWith("VERIFIED_TLS");
            mta.net.domain("example.com").record("new");
            mta.net.policyHost("example.com").certificate(CertificateFault.EXPIRED);
            mta.net.clock().advance(Duration.ofHours(2));

            assertThat(mta.deliver("example.com")).startsWith("VERIFIED_TLS");

            assertThat(mta.policyFailures)
                    .extracting(DiscoveryFailure::reportType)
                    .singleElement()
                    .satisfies(type -> assertThat(type).contains(ReportType.STS_WEBPKI_INVALID));
        }

        @Test
        @Tag("S-6-1")
        void onlyWhatWasPromised() {
            mta.net.domain("example.com").mx(10, "mx.example.com");
            mx("mx.example.com").certificate(CertificateFault.EXPIRED);

            assertThat(mta.deliver("example.com")).startsWith("ANY_TLS");

            assertThat(mta.sessions).singleElement().returns(true, SessionResult::complied);
            assertThat(mta.policyFailures).isEmpty();
        }

        @Test
        void anObserverThatThrowsChangesNothing() {
            mta.net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
            Deliveries deliveries = mta.deliveries()
                    .observer(new DeliveryObserver() {
                        @Override
                        public void session(SessionResult result) {
                            throw new IllegalStateException("out of order");
                        }
                    })
                    .build();

            assertThat(mta.deliver(deliveries.attempt(new NextHop.Domain(Mta.DOMAIN))))
                    .isEqualTo("VERIFIED_TLS mx.example.com 250");
        }
    }
}
