package io.github.mtasts;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.Conclusion;
import io.github.mtasts.delivery.DeliveryAttempt;
import io.github.mtasts.delivery.SmtpPeer;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How a mail server of one's own uses the engine: a delivery over real sockets, written with nothing but the core. */
class CustomMtaTest {
    private final SmallInternet net = new SmallInternet();
    private MtaSts mtaSts;

    @BeforeEach
    void openEngine() {
        mtaSts = MtaSts.builder()
                .dnsServer(net.dns().address())
                .httpsPort(net.httpsPort())
                .trustAnchors(net.ca().trustStore())
                .allowPrivateAddresses(true)
                .build();
    }

    @AfterEach
    void close() {
        mtaSts.close();
        net.close();
    }

    @Test
    @Tag("S-4-1")
    void deliversToAListedHostOverVerifiedTls() {
        net.domain("example.com").sts("enforce", "*.example.com").mx(10, "mx1.example.com");

        String outcome = deliver("example.com");

        assertThat(outcome).startsWith("VERIFIED_TLS mx1.example.com: 250 ");
        assertThat(net.mx("mx1.example.com").mails()).hasSize(1);
    }

    @Test
    @Tag("S-5-1")
    void keepsBackWhenStartTlsIsStripped() {
        net.domain("example.com").sts("enforce", "*.example.com").mx(10, "mx1.example.com");
        net.mx("mx1.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        String outcome = deliver("example.com");

        assertThat(outcome).startsWith("TryAgain 4.7.4");
        assertThat(net.mx("mx1.example.com").sawMailFrom()).isFalse();
    }

    @Test
    @Tag("S-5-2")
    void goesOnToTheNextHostWhenTheFirstHasABadCertificate() {
        net.domain("example.com")
                .sts("enforce", "*.example.com")
                .mx(10, "mx1.example.com")
                .mx(20, "mx2.example.com");
        net.mx("mx1.example.com").certificate(CertificateFault.EXPIRED);

        String outcome = deliver("example.com");

        assertThat(outcome).startsWith("VERIFIED_TLS mx2.example.com: 250 ");
        assertThat(net.mx("mx1.example.com").sawMailFrom()).isFalse();
    }

    /** As short as the example of the documentation. */
    private String deliver(String domain) {
        DeliveryAttempt attempt = mtaSts.attempt(PolicyDomain.of(domain));
        for (Candidate mx : attempt) { // RFC 5321 order; a refused host is passed over and recorded
            try (SmtpPeer peer = SmtpPeer.open(mx.addresses(), net.smtpPort())) {
                Clearance clearance = peer.offersStartTls()
                        ? peer.startTls(mx.tls().socketFactory(), mx.tls()::established, mx.tls()::handshakeFailed)
                        : mx.tls().notOffered(); // enforce: NEXT_HOST; otherwise CLEARTEXT
                if (clearance != Clearance.NEXT_HOST) {
                    return clearance + " " + mx.host() + ": " + peer.send("hello", clearance);
                }
            } catch (IOException e) {
                mx.unreachable(String.valueOf(e.getMessage()));
            }
        }
        return later(attempt.conclude());
    }

    private static String later(Conclusion conclusion) {
        return conclusion.getClass().getSimpleName() + " " + conclusion.status() + " " + conclusion.text();
    }
}
