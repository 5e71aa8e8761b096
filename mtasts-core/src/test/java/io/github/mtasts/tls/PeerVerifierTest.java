package io.github.mtasts.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.testkit.TestCa;
import io.github.mtasts.testkit.TestClock;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Provider;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.conscrypt.Conscrypt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** TLS peers over real handshakes: strict ones end them, opportunistic ones tell afterwards what is wrong. */
class PeerVerifierTest {
    private static final String NAME = "mta-sts.example.com";

    private final SmallInternet net = new SmallInternet();
    private final PolicyHost host = net.policyHost("example.com");
    private final PeerVerifier verifier = verifier().build();

    private PeerVerifier.Builder verifier() {
        return PeerVerifier.builder().trustAnchors(net.ca().trustStore());
    }

    @AfterEach
    void close() {
        net.close();
    }

    /** Shakes hands as the TLS has it, and gives the verdict, whether the handshake failed or not. */
    private TlsCheck handshake(ClientTls tls) {
        try (Socket socket = new Socket(host.address(), net.httpsPort())) {
            socket.setSoTimeout(10_000);
            SSLSocket secure = (SSLSocket) tls.socketFactory().createSocket(socket, tls.name(), net.httpsPort(), false);
            try {
                secure.startHandshake();
                assertThat(secure.getSession().isValid()).isTrue();
                return tls.check(secure.getSession());
            } catch (IOException e) {
                return tls.check(e);
            } finally {
                secure.close();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The verdict is the same whether it ends the handshake or is told afterwards. */
    private Set<TlsFault> faults() {
        TlsCheck strict = handshake(verifier.strict(NAME));
        TlsCheck opportunistic = handshake(verifier.opportunistic(NAME));
        assertThat(strict.faults()).isEqualTo(opportunistic.faults());
        assertThat(strict.passed()).isEqualTo(strict.faults().isEmpty());
        return strict.faults().keySet();
    }

    static Stream<Arguments> faultyCertificates() {
        return Stream.of(
                Arguments.of(CertificateFault.EXPIRED, TlsFault.EXPIRED),
                Arguments.of(CertificateFault.NOT_YET_VALID, TlsFault.NOT_YET_VALID),
                Arguments.of(CertificateFault.WRONG_NAME, TlsFault.NAME_MISMATCH),
                Arguments.of(CertificateFault.COMMON_NAME_ONLY, TlsFault.NAME_MISMATCH),
                Arguments.of(CertificateFault.PARTIAL_WILDCARD, TlsFault.NAME_MISMATCH),
                Arguments.of(CertificateFault.UNTRUSTED, TlsFault.UNTRUSTED),
                Arguments.of(CertificateFault.SELF_SIGNED, TlsFault.UNTRUSTED),
                Arguments.of(CertificateFault.MISSING_INTERMEDIATE, TlsFault.UNTRUSTED),
                Arguments.of(CertificateFault.CLIENT_AUTH_ONLY, TlsFault.CONSTRAINTS),
                Arguments.of(CertificateFault.INTERMEDIATE_NOT_CA, TlsFault.CONSTRAINTS),
                Arguments.of(CertificateFault.NAME_CONSTRAINTS, TlsFault.CONSTRAINTS),
                Arguments.of(CertificateFault.WEAK_KEY, TlsFault.WEAK_KEY),
                Arguments.of(CertificateFault.WEAK_INTERMEDIATE, TlsFault.WEAK_KEY),
                Arguments.of(CertificateFault.SHA1_SIGNATURE, TlsFault.WEAK_KEY));
    }

    @ParameterizedTest
    @MethodSource("faultyCertificates")
    @Tag("S-4.2-1")
    @Tag("N-2")
    @Tag("N-7")
    @Tag("N-11")
    @Tag("N-13")
    void eachFaultIsToldAloneAndByItsType(CertificateFault fault, TlsFault told) {
        host.certificate(fault);

        assertThat(faults()).containsExactly(told);
    }

    @ParameterizedTest
    @EnumSource(
            value = CertificateFault.class,
            names = {"NONE", "WILDCARD"})
    @Tag("S-3.3-3")
    @Tag("N-4")
    void aGoodCertificatePasses(CertificateFault good) {
        host.certificate(good);

        assertThat(faults()).isEmpty();
    }

    /** In whatever order, and with whatever else a server sends (RFC 8446 §4.4.2). */
    @Test
    void aChainIsFoundAmongWhatIsServed() {
        X509Certificate root = net.ca().root();
        X509Certificate stranger = new TestCa().root();
        List<X509Certificate> served =
                net.ca().issue(NAME, CertificateFault.NONE).chain();
        X509Certificate leaf = served.get(0);
        X509Certificate intermediate = served.get(1);
        X509Certificate namesake =
                new TestCa().issue(NAME, CertificateFault.NONE).chain().get(1);
        assertThat(namesake.getSubjectX500Principal()).isEqualTo(intermediate.getSubjectX500Principal());

        assertThat(faultsOf(leaf, intermediate)).isEmpty();
        assertThat(faultsOf(leaf, intermediate, root)).isEmpty();
        assertThat(faultsOf(leaf, root, intermediate)).isEmpty();
        assertThat(faultsOf(leaf, stranger, intermediate)).isEmpty();
        assertThat(faultsOf(leaf, namesake, intermediate)).isEmpty();
        assertThat(faultsOf(leaf, intermediate, namesake)).isEmpty();
        assertThat(faultsOf(leaf, namesake)).containsExactly(TlsFault.UNTRUSTED);
        assertThat(faultsOf(leaf, namesake, root)).containsExactly(TlsFault.UNTRUSTED);
        assertThat(faultsOf(leaf, root)).containsExactly(TlsFault.UNTRUSTED);
    }

    private Set<TlsFault> faultsOf(X509Certificate... chain) {
        return verifier.judgeChain(NAME, List.of(chain), null).faults().keySet();
    }

    static Stream<Arguments> toldCertificates() {
        return Stream.of(
                Arguments.of(
                        CertificateFault.EXPIRED,
                        "the certificate expired at INSTANT (certificate for mta-sts.example.com, issued by CN=Test Intermediate, valid DAY to DAY)"),
                Arguments.of(
                        CertificateFault.WRONG_NAME,
                        "the certificate is not for mta-sts.example.com: its DNS names are [other.example.com] (certificate issued by CN=Test Intermediate, valid DAY to DAY)"),
                Arguments.of(
                        CertificateFault.COMMON_NAME_ONLY,
                        "the certificate is not for mta-sts.example.com: it has no DNS name (certificate issued by CN=Test Intermediate, valid DAY to DAY)"),
                Arguments.of(
                        CertificateFault.SELF_SIGNED,
                        "the certificate is self-signed by CN=mta-sts.example.com (certificate for mta-sts.example.com, valid DAY to DAY)"));
    }

    @ParameterizedTest
    @MethodSource("toldCertificates")
    void namesIssuerAndDatesAreToldOnceWhateverIsWrong(CertificateFault fault, String told) {
        host.certificate(fault);

        TlsCheck check = handshake(verifier.strict(NAME));

        String text = check.describe()
                .replaceAll("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "INSTANT")
                .replaceAll("\\d{4}-\\d\\d-\\d\\d", "DAY");
        assertThat(text).isEqualTo(told);
        assertThat(check.describe()).startsWith(check.describeFaults());
    }

    @Test
    void manyNamesAreCut() {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        List<String> names = Collections.nCopies(20, "a-rather-long-name-of-a-host.example.com");
        PresentedCertificate certificate = new PresentedCertificate(names, "CN=a", "CN=b", now, now);

        TlsCheck check = new TlsCheck(NAME, Map.of(TlsFault.WEAK_KEY, "weak"), certificate, "", "");

        assertThat(check.describe())
                .hasSizeLessThan(300)
                .endsWith("…, issued by CN=b, valid 2026-01-01 to 2026-01-01)");
    }

    @Test
    @Tag("N-13")
    void expiredAndForAnotherHostAndUntrustedAreAllTold() {
        host.certificate(CertificateFault.EVERYTHING);

        TlsCheck check = handshake(verifier.strict(NAME));

        assertThat(check.faults().keySet())
                .containsExactly(TlsFault.EXPIRED, TlsFault.NAME_MISMATCH, TlsFault.UNTRUSTED);
        assertThat(check.describe()).contains("expired at", "other.example.com", NAME);
        PresentedCertificate certificate = Objects.requireNonNull(check.certificate());
        assertThat(certificate.names()).containsExactly("other.example.com");
        assertThat(certificate.issuer()).contains("Unknown Root");
    }

    @Test
    @Tag("N-3")
    void namesAreComparedWithoutCase() {
        host.certificate(net.ca().issue("x", List.of("MTA-STS.Example.COM")));

        assertThat(faults()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "mx.example.com, mx.example.com, true",
        "*.example.com, mx.example.com, true",
        "*.EXAMPLE.com, mx.example.com, true",
        "*.example.com, example.com, false",
        "*.example.com, a.mx.example.com, false",
        "*.com, mx.example.com, false",
        "*, localhost, false",
        "*., localhost, false",
        "m*.example.com, mx.example.com, false",
        "*x.example.com, mx.example.com, false",
        "*.*.com, mx.example.com, false",
        "mx.*.com, mx.example.com, false",
        "mx.example.com., mx.example.com, false",
        "'mx.example.com ', mx.example.com, false",
        "' mx.example.com', mx.example.com, false",
        "*.xn--bcher-kva.example, mx.xn--bcher-kva.example, true",
        "xn--*.example, xn--bcher-kva.example, false"
    })
    @Tag("N-3")
    @Tag("N-4")
    @Tag("N-6")
    void onlyAWholeLabelWildcardForOneLabelCounts(String presented, String reference, boolean matches) {
        assertThat(DnsId.matches(presented, reference)).isEqualTo(matches);
    }

    @Test
    @Tag("N-6")
    void aNulInANameNeverMatches() {
        assertThat(DnsId.matches("mx.example.com\0.evil.example", "mx.example.com"))
                .isFalse();
        assertThat(DnsId.matches("mx.example.com\0", "mx.example.com")).isFalse();
    }

    /** Found later, every policy host would fail, and a domain whose policy is not cached would go without. */
    @Test
    @Tag("N-8")
    void onAPlatformWithoutTrustAnchorsNoVerifierIsBuilt(@TempDir Path folder) throws IOException {
        List<X509Certificate> chain =
                net.ca().issue(NAME, CertificateFault.NONE).chain();
        String before = System.getProperty("javax.net.ssl.trustStore");
        System.setProperty("javax.net.ssl.trustStore", "NONE");
        try {
            PeerVerifier.Builder builder = PeerVerifier.builder();
            TlsCheck twin = PeerVerifier.builder()
                    .trustAlso(List.of(net.ca().root()))
                    .build()
                    .judgeChain(NAME, chain, null);

            assertThatThrownBy(builder::build)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("trust anchors cannot be read: there is no trust anchor");
            assertThat(twin.faults()).isEmpty();
            Path broken = Files.writeString(folder.resolve("broken"), "this is no key store");
            System.setProperty("javax.net.ssl.trustStore", broken.toString());
            assertThatThrownBy(builder::build)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("trust anchors cannot be read: ");
        } finally {
            if (before == null) {
                System.clearProperty("javax.net.ssl.trustStore");
            } else {
                System.setProperty("javax.net.ssl.trustStore", before);
            }
        }
    }

    @Test
    void withAProviderWithoutTlsNoVerifierIsBuilt() {
        PeerVerifier.Builder builder = PeerVerifier.builder().tlsProvider(new Provider("Nothing", "1", "") {});

        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the TLS provider cannot be used: no such algorithm: TLS for provider Nothing");
        assertThat(PeerVerifier.builder()
                        .tlsProvider(Security.getProvider("SunJSSE"))
                        .build())
                .isNotNull();
    }

    @Test
    @Tag("N-8")
    void theTrustAnchorsAreTheOnesGiven() {
        TestCa other = new TestCa();

        assertThat(handshake(PeerVerifier.builder()
                                .trustAnchors(other.trustStore())
                                .build()
                                .strict(NAME))
                        .faults())
                .containsOnlyKeys(TlsFault.UNTRUSTED);
        assertThat(handshake(PeerVerifier.builder().build().strict(NAME)).faults())
                .containsOnlyKeys(TlsFault.UNTRUSTED);
        assertThat(handshake(PeerVerifier.builder()
                                .trustAlso(List.of(net.ca().root()))
                                .build()
                                .strict(NAME))
                        .faults())
                .isEmpty();
    }

    @Test
    @Tag("S-4.2-1")
    void validityIsJudgedByTheClockGiven() {
        TestClock clock = TestClock.now();
        PeerVerifier later = verifier().clock(clock).build();

        assertThat(handshake(later.strict(NAME)).faults()).isEmpty();
        clock.advance(Duration.ofDays(31));

        assertThat(handshake(later.strict(NAME)).faults()).containsOnlyKeys(TlsFault.EXPIRED);
    }

    @Nested
    class Sessions {

        @Test
        @Tag("N-9")
        @Tag("S-7.2-1")
        void olderVersionsOfTlsAreNeverNegotiated() {
            host.greeting(PolicyHost.Greeting.OLD_TLS);

            assertThat(faults()).containsExactly(TlsFault.HANDSHAKE);
            for (ClientTls tls : List.of(verifier.strict(NAME), verifier.opportunistic(NAME))) {
                assertThat(tls.newEngine().getEnabledProtocols()).containsExactlyInAnyOrder("TLSv1.3", "TLSv1.2");
            }
        }

        @Test
        @Tag("N-10")
        void strictSessionsAreForwardSecretAndOpportunisticOnesWhatThePlatformAllows() throws Exception {
            String suite = "TLS_RSA_WITH_AES_128_GCM_SHA256";
            host.certificate(net.ca().issueRsa(NAME));
            host.cipherSuites(suite);
            boolean allowed = Arrays.asList(
                            SSLContext.getDefault().getDefaultSSLParameters().getCipherSuites())
                    .contains(suite);

            assertThat(handshake(verifier.strict(NAME)).faults()).containsOnlyKeys(TlsFault.HANDSHAKE);
            assertThat(handshake(verifier.opportunistic(NAME)).faults())
                    .containsOnlyKeys(allowed ? TlsFault.WEAK_SESSION : TlsFault.HANDSHAKE);
        }

        @Test
        @Tag("N-10")
        void forwardSecretSuitesOfTls12Pass() {
            host.certificate(net.ca().issueRsa(NAME));
            host.cipherSuites("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");

            TlsCheck check = handshake(verifier.strict(NAME));

            assertThat(check.faults()).isEmpty();
            assertThat(check.protocol()).isEqualTo("TLSv1.2");
        }

        @ParameterizedTest
        @CsvSource({
            "TLSv1.3, TLS_AES_128_GCM_SHA256, true",
            "TLSv1.2, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, true",
            "TLSv1.2, TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, true",
            "TLSv1.2, TLS_RSA_WITH_AES_128_GCM_SHA256, false",
            "TLSv1.2, TLS_ECDH_anon_WITH_AES_128_CBC_SHA, false",
            "TLSv1.2, TLS_ECDHE_RSA_WITH_RC4_128_SHA, false",
            "TLSv1.2, TLS_ECDHE_RSA_WITH_NULL_SHA, false",
            "TLSv1.2, TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, false",
            "TLSv1.2, TLS_DHE_RSA_WITH_DES_CBC_SHA, false",
            "TLSv1.2, TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA, false",
            "TLSv1.1, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, false"
        })
        @Tag("N-10")
        void theListOfStrongSuitesIsOurOwn(String protocol, String suite, boolean strong) {
            assertThat(Strength.isStrong(protocol, suite)).isEqualTo(strong);
        }

        @Test
        @Tag("S-X-2")
        void anUnverifiedSessionIsNeverResumedIntoAStrictOne() {
            host.certificate(CertificateFault.SELF_SIGNED);

            assertThat(handshake(verifier.opportunistic(NAME)).faults()).containsOnlyKeys(TlsFault.UNTRUSTED);
            assertThat(handshake(verifier.strict(NAME)).faults()).containsOnlyKeys(TlsFault.UNTRUSTED);
        }

        @Test
        @Tag("S-X-2")
        void aSessionIsJudgedByItsOwnChainWhoeverMadeIt() throws IOException {
            ClientTls strict = verifier.strict(NAME);
            assertThat(handshake(strict).passed()).isTrue();
            host.certificate(CertificateFault.EXPIRED);
            List<SSLSession> sessions = new ArrayList<>();

            try (Socket socket = new Socket(host.address(), net.httpsPort())) {
                SSLSocket secure = (SSLSocket)
                        verifier.opportunistic(NAME).socketFactory().createSocket(socket, NAME, net.httpsPort(), true);
                secure.startHandshake();
                sessions.add(secure.getSession());
            }

            assertThat(strict.check(sessions.get(0)).faults()).containsOnlyKeys(TlsFault.EXPIRED);
        }
    }

    @Nested
    class ServerNames {

        @Test
        @Tag("N-12")
        @Tag("S-3.3-5")
        void theNameIsSentAsSni() {
            host.policy("x");
            ClientTls tls = verifier.strict(NAME);

            assertThat(tls.newEngine().getSSLParameters().getServerNames())
                    .singleElement()
                    .hasToString("type=host_name (0), value=" + NAME);
        }

        @Test
        @Tag("N-12")
        void aNameOfOneLabelIsSentToo() {
            assertThat(verifier.strict("localhost")
                            .newEngine()
                            .getSSLParameters()
                            .getServerNames())
                    .hasSize(1);
        }

        @Test
        @Tag("S-4.1-4")
        @Tag("N-12")
        void aNameThatSniCannotCarryGoesWithoutAndIsStillChecked() {
            host.certificate(net.ca().issue("x", List.of("mx_1.example.com")));

            assertThat(handshake(verifier.strict("mx_1.example.com")).faults()).isEmpty();
            assertThat(handshake(verifier.strict("mx_2.example.com")).faults())
                    .containsOnlyKeys(TlsFault.NAME_MISMATCH);
        }
    }

    @Nested
    class OtherProviders {
        private final PeerVerifier conscrypt =
                verifier().tlsProvider(Conscrypt.newProvider()).build();

        @ParameterizedTest
        @EnumSource(
                value = CertificateFault.class,
                names = {"NONE", "EXPIRED", "WRONG_NAME", "SELF_SIGNED", "COMMON_NAME_ONLY"})
        void conscryptGivesTheSameVerdicts(CertificateFault fault) {
            host.certificate(fault);

            assertThat(handshake(conscrypt.strict(NAME)).faults().keySet())
                    .isEqualTo(handshake(verifier.strict(NAME)).faults().keySet());
            assertThat(handshake(conscrypt.opportunistic(NAME)).faults().keySet())
                    .isEqualTo(handshake(verifier.opportunistic(NAME)).faults().keySet());
            assertThat(Security.getProvider("Conscrypt")).isNull();
        }
    }

    @Test
    void aBrokenConnectionIsNoCertificateFault() {
        host.greeting(PolicyHost.Greeting.RESET);

        Throwable failure = catchThrowable(() -> {
            try (Socket socket = new Socket(host.address(), net.httpsPort())) {
                verifier.strict(NAME)
                        .socketFactory()
                        .createSocket(socket, NAME, 443, true)
                        .getOutputStream()
                        .write(1);
            }
        });

        assertThat(verifier.strict(NAME).check(failure).faults()).containsOnlyKeys(TlsFault.IO);
    }
}
