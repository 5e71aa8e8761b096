package io.github.mtasts.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Revocation: what the peer staples counts, if the switch is on; a place named in its certificate is never asked. */
class StapledOcspTest {
    private static final String NAME = "mx.example.com";

    private final SmallInternet net = new SmallInternet();
    private final MxServer mx = net.mx(NAME);

    @AfterEach
    void close() {
        net.close();
    }

    @ParameterizedTest
    @CsvSource({"true, true, REVOKED", "true, false,", "false, true,", "false, false,"})
    @Tag("S-3.3-18")
    @Tag("S-4.2-4")
    @Tag("N-14")
    void aRevokedStapleCountsWhereAskedFor(boolean revoked, boolean switchedOn, @Nullable TlsFault told) {
        mx.certificate(net.ca().issueStapling(NAME, revoked));
        mx.implicitTls(true);
        handshake(PeerVerifier.builder().build().opportunistic(NAME)); // the server has its staple from now on
        int before = net.ca().ocspConnections();
        PeerVerifier verifier = PeerVerifier.builder()
                .trustAnchors(net.ca().trustStore())
                .stapledOcsp(switchedOn)
                .build();

        TlsCheck strict = handshake(verifier.strict(NAME));
        TlsCheck opportunistic = handshake(verifier.opportunistic(NAME));

        assertThat(strict.faults()).isEqualTo(opportunistic.faults());
        if (told == null) {
            assertThat(strict.faults()).isEmpty();
        } else {
            assertThat(strict.faults()).containsOnlyKeys(told);
        }
        assertThat(before).isEqualTo(1);
        assertThat(net.ca().ocspConnections()).isEqualTo(1);
    }

    @Test
    @Tag("N-14")
    void withoutAStapleNothingIsAskedAndNothingFails() {
        mx.implicitTls(true);
        PeerVerifier verifier = PeerVerifier.builder()
                .trustAnchors(net.ca().trustStore())
                .stapledOcsp(true)
                .build();

        assertThat(handshake(verifier.strict(NAME)).faults()).isEmpty();
    }

    private TlsCheck handshake(ClientTls tls) {
        try (Socket socket = new Socket(mx.address(), net.smtpPort());
                SSLSocket secure = (SSLSocket) tls.socketFactory().createSocket(socket, NAME, 25, true)) {
            socket.setSoTimeout(60_000);
            try {
                secure.startHandshake();
                return tls.check(secure.getSession());
            } catch (IOException e) {
                return tls.check(e);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
