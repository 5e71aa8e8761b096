package io.github.mtasts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.MxServer.StartTls;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The terms of TLS for one connection: what each event on it allows, and what is told of it. */
@Tag("sockets")
class TlsTermsTest {
    private final Mta mta = new Mta();

    @AfterEach
    void close() {
        mta.close();
    }

    private Candidate candidate(String domain) {
        return mta.engine.attempt(PolicyDomain.of(domain)).iterator().next();
    }

    private Candidate candidate(Deliveries deliveries, String domain) {
        return deliveries
                .attempt(new NextHop.Domain(PolicyDomain.of(domain)))
                .iterator()
                .next();
    }

    private Clearance clear(Candidate mx, TlsTerms terms) throws IOException {
        try (SmtpPeer peer = SmtpPeer.open(mx.addresses(), mta.net.smtpPort())) {
            return peer.negotiate(terms);
        }
    }

    /** A connection that is kept may serve another domain. */
    @Nested
    class KeptConnections {

        @ParameterizedTest
        @CsvSource({
            "VERIFIED_TLS, true, true",
            "ANY_TLS, false, true",
            "CLEARTEXT, false, true",
            "RECONNECT_IN_CLEAR, false, false",
            "NEXT_HOST, false, false"
        })
        @Tag("S-X-1")
        void areTakenWhereTheOtherDomainsOwnTermsAllow(Clearance held, boolean enforced, boolean opportunistic) {
            mta.net.domain("enforced.example").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
            mta.net.domain("plain.example").mx(10, "mx.example.com");

            assertThat(candidate("enforced.example").tls().accepts(held)).isEqualTo(enforced);
            assertThat(candidate("plain.example").tls().accepts(held)).isEqualTo(opportunistic);
        }

        @Test
        @Tag("S-X-1")
        void areNotOfferedWhereTheOtherDomainsPolicyDoesNotListTheHost() {
            mta.net.domain("a.example").mx(10, "mx.example.com");
            mta.net.domain("b.example").sts("enforce", "mx.b.example").mx(10, "mx.example.com");

            assertThat(candidate("a.example").host()).isEqualTo(MxHost.of("mx.example.com"));
            assertThat(Mta.offered(mta.engine.attempt(PolicyDomain.of("b.example"))))
                    .isEmpty();
        }
    }

    @Test
    @Tag("S-X-2")
    void anUnverifiedSessionIsNotResumedIntoAnEnforcedOne() {
        mta.net.domain("plain.example").mx(10, "mx.example.com");
        mta.net.domain("enforced.example").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        mta.net.mx("mx.example.com").certificate(CertificateFault.SELF_SIGNED);

        assertThat(mta.deliver("plain.example")).isEqualTo("ANY_TLS mx.example.com 250");
        assertThat(mta.deliver("enforced.example")).isEqualTo("TryAgain 4.7.5");
    }

    /** TLS from the first byte: there is no STARTTLS to ask for, and all else is as ever. */
    @Nested
    class ImplicitTls {

        @ParameterizedTest
        @CsvSource({
            "NONE, VERIFIED_TLS relay.example 250",
            "EXPIRED, TryAgain 4.7.5",
            "WRONG_NAME, TryAgain 4.7.5",
            "SELF_SIGNED, TryAgain 4.7.5"
        })
        @Tag("S-X-3")
        void theCertificateIsJudgedByTheSameRules(CertificateFault fault, String outcome) {
            mta.net.domain("relay.example").sts("enforce", "relay.example");
            MxServer relay = mta.net.mx("relay.example");
            relay.implicitTls(true);
            relay.certificate(fault);
            mta.implicitTls = true;

            assertThat(mta.deliver("[relay.example]")).isEqualTo(outcome);
            assertThat(mta.failures()).doesNotContain("starttls-not-supported");
        }
    }

    /** What local configuration adds to the policy: more protection, never less. */
    @Nested
    class LocalRules {

        @ParameterizedTest
        @CsvSource({"NOT_OFFERED, CLEARTEXT", "GARBAGE_HANDSHAKE, RECONNECT_IN_CLEAR"})
        void clearTextMayBeForbidden(StartTls fault, Clearance usually) throws IOException {
            mta.net.domain("example.com").mx(10, "mx.example.com");
            mta.net.mx("mx.example.com").startTls(fault);
            Candidate allowed = candidate("example.com");
            Candidate forbidden =
                    candidate(mta.deliveries().allowClearText(false).build(), "example.com");
            Candidate never = candidate(
                    mta.deliveries().neverClearText(Set.of(Mta.DOMAIN)).build(), "example.com");

            assertThat(clear(allowed, allowed.tls())).isEqualTo(usually);
            assertThat(clear(forbidden, forbidden.tls())).isEqualTo(Clearance.NEXT_HOST);
            assertThat(clear(never, never.tls())).isEqualTo(Clearance.NEXT_HOST);
        }

        @Test
        void neverInClearConcernsTheDomainsNamedOnly() throws IOException {
            mta.net.domain("example.com").mx(10, "mx.example.com");
            mta.net.domain("other.example").mx(10, "mx.example.com");
            mta.net.mx("mx.example.com").startTls(StartTls.NOT_OFFERED);
            Deliveries deliveries =
                    mta.deliveries().neverClearText(Set.of(Mta.DOMAIN)).build();
            Candidate other = candidate(deliveries, "other.example");

            assertThat(clear(other, other.tls())).isEqualTo(Clearance.CLEARTEXT);
        }

        @ParameterizedTest
        @CsvSource({"NONE, VERIFIED_TLS", "EXPIRED, NEXT_HOST", "WRONG_NAME, NEXT_HOST"})
        void stricterTermsHoldWithoutAnyPolicy(CertificateFault fault, Clearance clearance) throws IOException {
            mta.net.domain("example.com").mx(10, "mx.example.com");
            mta.net.mx("mx.example.com").certificate(fault);
            Candidate mx = candidate("example.com");

            assertThat(clear(mx, mx.tls().strict())).isEqualTo(clearance);
            assertThat(clear(mx, mx.tls())).isEqualTo(Clearance.ANY_TLS);
            assertThat(mx.tls().strict().clearTextAllowed()).isFalse();
        }
    }

    @Test
    void aSessionIsToldWithItsConnection() throws IOException {
        mta.net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        Candidate mx = candidate("example.com");
        InetAddress remote = mx.addresses().get(0);

        Clearance clearance = clear(mx, mx.tls().on(new ConnectionInfo(null, remote, "mx.example.com")));

        assertThat(clearance).isEqualTo(Clearance.VERIFIED_TLS);
        assertThat(mta.sessions).singleElement().satisfies(session -> {
            assertThat(session.mx()).isEqualTo(mx.host());
            assertThat(session.connection().remote()).isEqualTo(remote);
            assertThat(session.connection().ehlo()).isEqualTo("mx.example.com");
            assertThat(session.complied()).isTrue();
        });
    }

    @Test
    void aSessionMadeElsewhereIsJudgedAllTheSame() throws IOException {
        mta.net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        mta.net.mx("mx.example.com").certificate(CertificateFault.EXPIRED);
        Candidate mx = candidate("example.com");

        try (SmtpPeer peer = SmtpPeer.open(mx.addresses(), mta.net.smtpPort())) {
            assertThat(peer.offersStartTls()).isTrue();
            Clearance clearance = peer.startTls(
                    mta.engine.verifier().opportunistic("mx.example.com").socketFactory(),
                    mx.tls()::established,
                    mx.tls()::handshakeFailed);

            assertThat(clearance).isEqualTo(Clearance.NEXT_HOST);
        }
    }

    @Test
    void aHostFoundByRoutingOfOnesOwnIsJudgedByThePolicy() {
        mta.net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        var policy = mta.engine.policyFor(Mta.DOMAIN);
        List<InetAddress> addresses = List.of(mta.net.mx("mx.example.com").address());
        Deliveries deliveries = mta.engine.deliveries();

        assertThat(deliveries.candidate(policy, MxHost.of("mx.example.com"), addresses))
                .get()
                .returns(TlsRequirement.VERIFIED, mx -> mx.tls().requirement());
        assertThat(deliveries.candidate(policy, MxHost.of("other.example.com"), addresses))
                .isEmpty();
        assertThat(mta.failures()).containsExactly("validation-failure");
        assertThat(MxDecision.of(policy, MxHost.of("other.example.com")))
                .isEqualTo(new MxDecision.Refuse(MxDecision.Reason.MX_NOT_LISTED));
    }
}
