package io.github.mtasts.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each fault is what it says, and nothing else: judged by the platform's own means. */
class TestCaTest {
    private static final String HOST = "mx.example.com";

    private final TestCa ca = new TestCa();

    /** Why the platform does not accept the chain; null if it does. */
    private @Nullable Object objection(TestCa.Identity identity) throws GeneralSecurityException {
        PKIXParameters parameters = new PKIXParameters(ca.trustStore());
        parameters.setRevocationEnabled(false);
        try {
            CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(identity.chain()), parameters);
            return null;
        } catch (CertPathValidatorException e) {
            return e.getReason();
        }
    }

    private static List<String> names(X509Certificate certificate) throws GeneralSecurityException {
        return certificate.getSubjectAlternativeNames() == null
                ? List.of()
                : certificate.getSubjectAlternativeNames().stream()
                        .map(name -> String.valueOf(name.get(1)))
                        .toList();
    }

    @ParameterizedTest
    @CsvSource({"EXPIRED, EXPIRED", "NOT_YET_VALID, NOT_YET_VALID"})
    void datesAreWrongAlone(CertificateFault fault, BasicReason reason) throws GeneralSecurityException {
        TestCa.Identity identity = ca.issue(HOST, fault);

        assertThat(objection(identity)).isEqualTo(reason);
        assertThat(names(identity.certificate())).containsExactly(HOST);
    }

    @ParameterizedTest
    @EnumSource(names = {"UNTRUSTED", "SELF_SIGNED", "MISSING_INTERMEDIATE", "INTERMEDIATE_NOT_CA", "NAME_CONSTRAINTS"})
    void chainsLeadNowhere(CertificateFault fault) throws GeneralSecurityException {
        TestCa.Identity identity = ca.issue(HOST, fault);

        assertThat(objection(identity)).isNotNull().isNotIn(EnumSet.of(BasicReason.EXPIRED));
        assertThat(names(identity.certificate())).containsExactly(HOST);
        identity.certificate().checkValidity();
    }

    /** Faults that the platform's path validation has no objection to, by default. */
    @ParameterizedTest
    @CsvSource({
        "NONE, mx.example.com",
        "WILDCARD, *.example.com",
        "WRONG_NAME, other.example.com",
        "COMMON_NAME_ONLY,",
        "PARTIAL_WILDCARD, m*.example.com",
        "CLIENT_AUTH_ONLY, mx.example.com"
    })
    void namesAndPurposesAreWrongAlone(CertificateFault fault, @Nullable String name) throws GeneralSecurityException {
        TestCa.Identity identity = ca.issue(HOST, fault);

        assertThat(objection(identity)).isNull();
        assertThat(names(identity.certificate())).isEqualTo(name == null ? List.of() : List.of(name));
        assertThat(identity.certificate().getExtendedKeyUsage())
                .containsExactly(
                        fault == CertificateFault.CLIENT_AUTH_ONLY ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1");
    }

    @Test
    void weakOnesAreWeak() {
        TestCa.Identity leaf = ca.issue(HOST, CertificateFault.WEAK_KEY);
        TestCa.Identity intermediate = ca.issue(HOST, CertificateFault.WEAK_INTERMEDIATE);
        TestCa.Identity signature = ca.issue(HOST, CertificateFault.SHA1_SIGNATURE);

        assertThat(((RSAPublicKey) leaf.certificate().getPublicKey()).getModulus())
                .satisfies(modulus -> assertThat(modulus.bitLength()).isEqualTo(1024));
        assertThat(((RSAPublicKey) intermediate.chain().get(1).getPublicKey()).getModulus())
                .satisfies(modulus -> assertThat(modulus.bitLength()).isEqualTo(1024));
        assertThat(signature.certificate().getSigAlgName()).isEqualTo("SHA1withECDSA");
        assertThat(ca.issue(HOST, CertificateFault.NONE).certificate().getSigAlgName())
                .isEqualTo("SHA256withECDSA");
    }

    @Test
    void everythingAtOnce() throws GeneralSecurityException {
        TestCa.Identity identity = ca.issue(HOST, CertificateFault.EVERYTHING);

        assertThat(identity.certificate().getNotAfter()).isInThePast();
        assertThat(names(identity.certificate())).containsExactly("other.example.com");
        assertThat(identity.certificate().getIssuerX500Principal().getName()).isEqualTo("CN=Unknown Root");
    }

    @Test
    void theRootIsGivenAsPem() throws GeneralSecurityException {
        assertThat(CertificateFactory.getInstance("X.509")
                        .generateCertificate(
                                new ByteArrayInputStream(ca.rootPem().getBytes(StandardCharsets.US_ASCII))))
                .isEqualTo(ca.root());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStapleSaysWhetherTheCertificateIsRevoked(boolean revoked) throws Exception {
        try (SmallInternet net = new SmallInternet()) {
            MxServer mx = net.mx(HOST);
            mx.implicitTls(true);
            mx.certificate(net.ca().issueStapling(HOST, revoked));

            byte[] staple = staple(mx, net.smtpPort());

            BasicOCSPResp answer = (BasicOCSPResp) new OCSPResp(staple).getResponseObject();
            assertThat(answer.getResponses()[0].getCertStatus() instanceof RevokedStatus)
                    .isEqualTo(revoked);
            assertThat(net.ca().ocspConnections()).isEqualTo(1);
        }
    }

    private static byte[] staple(MxServer mx, int port) throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustsAll()}, null);
        try (Socket socket = new Socket(mx.address(), port);
                SSLSocket secure = (SSLSocket) context.getSocketFactory().createSocket(socket, HOST, port, true)) {
            secure.setSoTimeout(60_000);
            secure.startHandshake();
            List<byte[]> staples = ((ExtendedSSLSession) secure.getSession()).getStatusResponses();
            return Objects.requireNonNull(staples.get(0));
        }
    }

    private static final class TrustsAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
