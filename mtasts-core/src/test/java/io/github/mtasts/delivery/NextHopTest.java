package io.github.mtasts.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.MxServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose policy decides: RFC 8461 §3.4. */
@Tag("sockets")
class NextHopTest {
    private final Mta mta = new Mta();

    @AfterEach
    void close() {
        mta.close();
    }

    @Test
    @Tag("S-3.4-1")
    @Tag("S-3.4-5")
    void theRecipientsDomainDecides() {
        mta.net.domain("example.com").sts("enforce", "nothing.example.com");
        mta.net.domain("sub.example.com").mx(10, "mx.sub.example.com");

        assertThat(mta.deliver("sub.example.com")).startsWith("ANY_TLS");
        assertThat(mta.asked("TXT")).containsExactly("_mta-sts.sub.example.com");
        assertThat(mta.deliver("example.com")).isEqualTo("TryAgain 4.7.5");
    }

    @Test
    @Tag("S-3.4-6")
    void theNameOfAnAliasDecidesAndNotItsTarget() {
        mta.net.dns().cname("example.com", "target.example");
        mta.net.domain("target.example").sts("enforce", "nothing.example").mx(10, "mx.target.example");

        assertThat(mta.deliver("example.com")).startsWith("ANY_TLS mx.target.example");
        assertThat(mta.asked("TXT")).containsExactly("_mta-sts.example.com");
    }

    /** A relay for everything: the recipients' domains have no say. */
    @Nested
    class Relays {

        private void recipientWithPolicy() {
            mta.net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        }

        @Test
        @Tag("S-3.4-2")
        @Tag("S-3.4-3")
        void aRelayWithMxIsItsOwnPolicyDomain() {
            recipientWithPolicy();
            mta.net.domain("isp.example").sts("enforce", "out.isp.example").mx(10, "out.isp.example");

            assertThat(mta.deliver("isp.example")).startsWith("VERIFIED_TLS out.isp.example");
            assertThat(mta.asked("TXT")).containsExactly("_mta-sts.isp.example");
            assertThat(mta.asked("MX")).containsExactly("isp.example");
        }

        @Test
        @Tag("S-3.4-2")
        @Tag("S-3.4-3")
        void aRelayHostIsItsOwnPolicyDomainAndTheOnlyCandidate() {
            recipientWithPolicy();
            mta.net.domain("relay.isp.example").sts("enforce", "*.isp.example").mx(10, "other.isp.example");
            MxServer relay = mta.net.mx("relay.isp.example");

            assertThat(mta.deliver("[relay.isp.example]")).startsWith("VERIFIED_TLS relay.isp.example");
            assertThat(mta.asked("TXT")).containsExactly("_mta-sts.relay.isp.example");
            assertThat(mta.asked("MX")).isEmpty();
            assertThat(relay.mails()).hasSize(1);
        }

        @Test
        @Tag("S-3.4-3")
        void aRelayHostThatItsPolicyDoesNotListIsRefused() {
            mta.net.domain("relay.isp.example").sts("enforce", "*.relay.isp.example");
            MxServer relay = mta.net.mx("relay.isp.example");

            assertThat(mta.deliver("[relay.isp.example]")).isEqualTo("TryAgain 4.7.5");
            assertThat(relay.connections()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"[127.2.99.1]", "[IPv6:::1]"})
    @Tag("S-3.4-4")
    void anAddressHasNoPolicy(String literal) {
        Candidate candidate =
                mta.engine.attempt(NextHop.parse(literal)).iterator().next();

        assertThat(candidate.tls().requirement()).isEqualTo(TlsRequirement.OPPORTUNISTIC);
        assertThat(candidate.addresses()).hasSize(1);
        assertThat(NextHop.parse(literal).policyDomain()).isEmpty();
        assertThat(mta.net.dns().queries()).isEmpty();
    }

    /** The port is no part of a next hop: all of these deliveries go to another than 25. */
    @Test
    @Tag("S-3.4-8")
    void anotherPortKeepsThePolicyDomainAndAnotherHostChangesIt() {
        mta.net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        mta.net.mx("relay.example");
        mta.net.dns().exists("_mta-sts.relay.example");

        assertThat(mta.net.smtpPort()).isNotEqualTo(25);
        assertThat(mta.deliver("example.com")).startsWith("VERIFIED_TLS mx.example.com");
        assertThat(mta.asked("TXT")).containsExactly("_mta-sts.example.com");
        assertThat(mta.deliver("[relay.example]")).startsWith("ANY_TLS relay.example");
        assertThat(mta.asked("TXT")).containsExactly("_mta-sts.example.com", "_mta-sts.relay.example");
        assertThatThrownBy(() -> NextHop.parse("example.com:2525")).hasMessageContaining("example.com:2525");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[relay.example", "[]", "[IPv6:relay.example]", "[IPv6:1.2.3.4]", "[256.1.1.1]", "", "a b"})
    void whatIsNoNextHopIsRefusedInItsOwnWords(String text) {
        assertThatThrownBy(() -> NextHop.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void eachFormIsWrittenAsItIsRead() {
        for (String text : new String[] {"example.com", "[relay.example.com]", "[192.0.2.1]"}) {
            assertThat(NextHop.parse(text)).hasToString(text);
        }
        assertThat(NextHop.parse("[IPv6:2001:db8::1]")).hasToString("[IPv6:2001:db8:0:0:0:0:0:1]");
        assertThat(NextHop.parse("Example.COM.").policyDomain()).contains(PolicyDomain.of("example.com"));
    }
}
