package io.github.mtasts.lookup;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.ReportType;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.tls.PeerVerifier;
import io.github.mtasts.tls.TlsCheck;
import io.github.mtasts.tls.TlsFault;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.Provider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.conscrypt.Conscrypt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyFetcherTest {
    private static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");
    private static final String POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 604800\r\n";
    private static final int LIMIT = 64 * 1024;

    private final SmallInternet internet = new SmallInternet();
    private final PolicyHost host = internet.policyHost("example.com");
    private final DnsClient dns =
            DnsClient.builder().server(internet.dns().address()).build();
    private final PeerVerifier verifier =
            PeerVerifier.builder().trustAnchors(internet.ca().trustStore()).build();
    private final List<PolicyFetcher> fetchers = new ArrayList<>();

    PolicyFetcherTest() {
        host.policy(POLICY);
    }

    @AfterEach
    void close() {
        fetchers.forEach(PolicyFetcher::close);
        dns.close();
        internet.close();
    }

    private PolicyFetcher.Builder fetcher() {
        return fetcher(verifier);
    }

    private PolicyFetcher.Builder fetcher(PeerVerifier verifier) {
        return PolicyFetcher.builder(dns, verifier).port(internet.httpsPort()).allowPrivateAddresses(true);
    }

    private CompletableFuture<FetchResult> begin(PolicyFetcher.Builder settings, PolicyDomain domain) {
        PolicyFetcher made = settings.build();
        fetchers.add(made);
        return made.fetch(domain).toCompletableFuture();
    }

    private FetchResult fetch(PolicyFetcher.Builder settings) throws Exception {
        return await(begin(settings, DOMAIN));
    }

    private FetchResult fetch() throws Exception {
        return fetch(fetcher());
    }

    private static FetchResult await(CompletableFuture<FetchResult> fetch) throws Exception {
        return fetch.get(1, TimeUnit.MINUTES);
    }

    private static FetchResult.Fetched fetched(FetchResult result) {
        assertThat(result).isInstanceOf(FetchResult.Fetched.class);
        return (FetchResult.Fetched) result;
    }

    private static FetchResult.Failed failed(FetchResult result) {
        assertThat(result).isInstanceOf(FetchResult.Failed.class);
        return (FetchResult.Failed) result;
    }

    private static TlsCheck tls(FetchResult result) {
        return requireNonNull(result.trace().tls());
    }

    private static String text(FetchResult result) {
        return new String(fetched(result).body(), StandardCharsets.ISO_8859_1);
    }

    /** Answers with exactly these bytes, then closes the connection. */
    private static PolicyHost.Script raw(String response) {
        return (request, out) -> out.write(response.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static PolicyHost.Script cut(String response) {
        return (request, out) -> {
            out.write(response.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            throw new IOException("cut");
        };
    }

    @Nested
    class Request {

        @Test
        @Tag("S-3.3-1")
        void asksThePolicyHostForTheWellKnownPath() throws Exception {
            FetchResult result = fetch();

            assertThat(text(result)).isEqualTo(POLICY);
            PolicyHost.Request request = host.requests().get(0);
            assertThat(host.requests()).hasSize(1);
            assertThat(request.method()).isEqualTo("GET");
            assertThat(request.target()).isEqualTo("/.well-known/mta-sts.txt");
            assertThat(request.header("Host")).isEqualTo("mta-sts.example.com");
        }

        @Test
        @Tag("S-3.3-1")
        void goesToPort443UnlessTold() throws Exception {
            FetchResult result = fetch(PolicyFetcher.builder(dns, verifier)
                    .allowPrivateAddresses(true)
                    .deadline(Duration.ofSeconds(5)));

            // nobody listens there
            assertThat(failed(result).reason()).isEqualTo(FetchFailure.CONNECT);
            assertThat(host.connections()).isZero();
        }

        @Test
        @Tag("S-3.3-5")
        void namesThePolicyHostInTheHandshake() throws Exception {
            fetched(fetch());

            assertThat(host.requests().get(0).sni()).isEqualTo("mta-sts.example.com");
        }

        @Test
        @Tag("S-3.3-22")
        @Tag("S-3.3-19")
        void carriesNothingButWhatItNeeds() throws Exception {
            fetched(fetch());

            assertThat(host.requests().get(0).headers())
                    .containsOnlyKeys("host", "user-agent", "accept", "accept-encoding", "connection")
                    .containsEntry("user-agent", "mtasts")
                    .containsEntry("accept-encoding", "identity")
                    .containsEntry("connection", "close");
        }

        @Test
        @Tag("S-3.3-8")
        void isTheSameAgainWhateverCachingTheResponseAskedFor() throws Exception {
            host.script(raw(String.join(
                    "\r\n",
                    "HTTP/1.1 200 OK",
                    "Content-Type: text/plain",
                    "Cache-Control: max-age=99999",
                    "ETag: \"x\"",
                    "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT",
                    "Set-Cookie: a=b",
                    "Content-Length: 2",
                    "",
                    "ok")));
            PolicyFetcher fetcher = fetcher().build();
            fetchers.add(fetcher);

            await(fetcher.fetch(DOMAIN).toCompletableFuture());
            await(fetcher.fetch(DOMAIN).toCompletableFuture());

            assertThat(host.requests()).hasSize(2);
            assertThat(host.requests().get(1))
                    .usingRecursiveComparison()
                    .isEqualTo(host.requests().get(0));
            assertThat(host.connections()).isEqualTo(2);
        }

        @Test
        @Tag("S-3.3-22")
        void ignoresTheProxyOfTheSystem() throws Exception {
            try (ServerSocket proxy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                System.setProperty("https.proxyHost", "127.0.0.1");
                System.setProperty("https.proxyPort", String.valueOf(proxy.getLocalPort()));
                System.setProperty("socksProxyHost", "127.0.0.1");
                System.setProperty("socksProxyPort", String.valueOf(proxy.getLocalPort()));

                FetchResult result = fetch();

                assertThat(text(result)).isEqualTo(POLICY);
                proxy.setSoTimeout(1);
                assertThatThrownBy(proxy::accept).isInstanceOf(SocketTimeoutException.class);
            } finally {
                List.of("https.proxyHost", "https.proxyPort", "socksProxyHost", "socksProxyPort")
                        .forEach(System::clearProperty);
            }
        }
    }

    @Nested
    class Certificate {

        @ParameterizedTest
        @EnumSource(
                names = {"NONE", "WILDCARD"},
                mode = EnumSource.Mode.EXCLUDE)
        @Tag("S-3.3-2")
        @Tag("N-15")
        void thatDoesNotProveThePolicyHostIsRefused(CertificateFault fault) throws Exception {
            host.certificate(fault);

            FetchResult.Failed refused = failed(fetch());
            host.certificate(CertificateFault.NONE);
            FetchResult twin = fetch();

            assertThat(refused.reason()).isEqualTo(FetchFailure.CERTIFICATE);
            assertThat(refused.reason().reportType()).isEqualTo(ReportType.STS_WEBPKI_INVALID);
            assertThat(tls(refused).passed()).isFalse();
            assertThat(tls(refused).certificate()).isNotNull();
            assertThat(text(twin)).isEqualTo(POLICY);
            assertThat(host.requests()).hasSize(1);
        }

        @Test
        @Tag("S-3.3-18")
        void thatItsOwnServerCallsRevokedIsRefusedWhereThatCounts() throws Exception {
            host.certificate(internet.ca().issueStapling("mta-sts.example.com", true));
            PeerVerifier careful = PeerVerifier.builder()
                    .trustAnchors(internet.ca().trustStore())
                    .stapledOcsp(true)
                    .build();

            FetchResult.Failed refused = failed(fetch(fetcher(careful)));
            FetchResult twin = fetch();

            assertThat(refused.reason()).isEqualTo(FetchFailure.CERTIFICATE);
            assertThat(tls(refused).faults()).containsOnlyKeys(TlsFault.REVOKED);
            assertThat(text(twin)).isEqualTo(POLICY);
            assertThat(internet.ca().ocspConnections()).isEqualTo(1); // the server's own
        }

        @Test
        @Tag("S-3.3-2")
        void forThePolicyDomainOnlyIsRefused() throws Exception {
            host.certificate(internet.ca().issue("example.com", List.of("example.com")));

            FetchResult.Failed refused = failed(fetch());

            assertThat(refused.reason()).isEqualTo(FetchFailure.CERTIFICATE);
            assertThat(tls(refused).faults()).containsOnlyKeys(TlsFault.NAME_MISMATCH);
        }

        @Test
        @Tag("S-3.3-3")
        void mayHaveAWildcardAsItsWholeFirstLabel() throws Exception {
            host.certificate(CertificateFault.WILDCARD);

            assertThat(text(fetch())).isEqualTo(POLICY);
        }

        @ParameterizedTest
        @ValueSource(strings = {"*.com", "m*.example.com", "*.*.com", "*", "mta-sts.*.com"})
        @Tag("S-3.3-3")
        void mayNotHaveAnyOtherWildcard(String name) throws Exception {
            host.certificate(internet.ca().issue("mta-sts.example.com", List.of(name)));

            assertThat(failed(fetch()).reason()).isEqualTo(FetchFailure.CERTIFICATE);
        }

        @Test
        @Tag("S-3.3-4")
        void mustNameThePolicyHostThoughDnsDelegatesIt() throws Exception {
            PolicyHost provider = internet.policyHost("prov.example");
            provider.policy(POLICY);
            internet.dns().cname("mta-sts.user.example", "mta-sts.prov.example");
            PolicyDomain user = PolicyDomain.of("user.example");

            FetchResult refused = await(begin(fetcher(), user));
            provider.certificate(internet.ca().issue("prov", List.of("mta-sts.user.example")));
            FetchResult twin = await(begin(fetcher(), user));

            assertThat(failed(refused).reason()).isEqualTo(FetchFailure.CERTIFICATE);
            assertThat(text(twin)).isEqualTo(POLICY);
            assertThat(provider.requests()).hasSize(1);
            assertThat(provider.requests().get(0).sni()).isEqualTo("mta-sts.user.example");
            assertThat(provider.requests().get(0).header("Host")).isEqualTo("mta-sts.user.example");
        }

        @Test
        void isJudgedInEveryHandshakeAnew() throws Exception {
            PolicyFetcher fetcher = fetcher().build();
            fetchers.add(fetcher);

            FetchResult first = await(fetcher.fetch(DOMAIN).toCompletableFuture());
            host.certificate(CertificateFault.EXPIRED);
            FetchResult second = await(fetcher.fetch(DOMAIN).toCompletableFuture());

            assertThat(text(first)).isEqualTo(POLICY);
            assertThat(failed(second).reason()).isEqualTo(FetchFailure.CERTIFICATE);
        }

        @Test
        void isJudgedTheSameWithAnotherTlsProvider() throws Exception {
            Provider conscrypt = Conscrypt.newProvider();
            PeerVerifier another = PeerVerifier.builder()
                    .trustAnchors(internet.ca().trustStore())
                    .tlsProvider(conscrypt)
                    .build();

            FetchResult good = fetch(fetcher(another));
            host.certificate(CertificateFault.WRONG_NAME);
            FetchResult bad = fetch(fetcher(another));

            assertThat(text(good)).isEqualTo(POLICY);
            assertThat(good.trace().tlsVersion()).isEqualTo("TLSv1.3");
            assertThat(host.requests().get(0).sni()).isEqualTo("mta-sts.example.com");
            assertThat(failed(bad).reason()).isEqualTo(FetchFailure.CERTIFICATE);
            assertThat(tls(bad).faults()).containsOnlyKeys(TlsFault.NAME_MISMATCH);
        }
    }

    @Nested
    class Tls {

        @Test
        @Tag("S-3.3-22")
        void olderThan12IsRefused() throws Exception {
            host.greeting(PolicyHost.Greeting.OLD_TLS);

            FetchResult.Failed refused = failed(fetch());

            assertThat(refused.reason()).isEqualTo(FetchFailure.TLS_HANDSHAKE);
            assertThat(refused.detail()).contains("TLS11");
        }

        @Test
        @Tag("S-3.3-22")
        void of12IsTaken() throws Exception {
            host.cipherSuites("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");

            FetchResult result = fetch();

            assertThat(text(result)).isEqualTo(POLICY);
            assertThat(result.trace().tlsVersion()).isEqualTo("TLSv1.2");
        }

        @Test
        void notSpokenIsAFailure() throws Exception {
            host.greeting(PolicyHost.Greeting.PLAIN_HTTP);

            FetchResult.Failed refused = failed(fetch());

            assertThat(refused.reason()).isEqualTo(FetchFailure.TLS_HANDSHAKE);
            assertThat(refused.reason().reportType()).isEqualTo(ReportType.STS_POLICY_FETCH_ERROR);
        }

        @Test
        void cutOffIsAFailure() throws Exception {
            host.greeting(PolicyHost.Greeting.RESET);

            // the reset may come before the handshake has begun
            assertThat(failed(fetch()).reason()).isIn(FetchFailure.CONNECT, FetchFailure.TLS_HANDSHAKE);
        }

        /** What TLS swallows, HTTP's limits do not see. */
        @Test
        void mayNotSendWithoutEnd() throws Exception {
            AtomicInteger sent = new AtomicInteger();
            host.script((request, out) -> {
                out.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
                byte[] chunk =
                        "1;padding=".concat("x".repeat(900)).concat("\r\ny\r\n").getBytes(StandardCharsets.US_ASCII);
                while (sent.addAndGet(chunk.length) < 100_000_000) {
                    out.write(chunk);
                }
            });

            assertThat(failed(fetch()).reason()).isEqualTo(FetchFailure.TOO_LARGE);
            assertThat(sent.get()).isLessThan(50_000_000);
        }
    }

    @Nested
    class Status {

        @ParameterizedTest
        @ValueSource(ints = {201, 202, 203, 204, 205, 206, 226, 400, 401, 403, 404, 410, 429, 500, 502, 503, 599, 999})
        @Tag("S-3.3-6")
        void otherThan200IsAFailure(int status) throws Exception {
            host.script(raw("HTTP/1.1 " + status
                    + " X\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"));

            FetchResult.Failed failed = failed(fetch());

            assertThat(failed.reason()).isEqualTo(FetchFailure.HTTP_STATUS);
            assertThat(failed.detail()).contains(String.valueOf(status));
            assertThat(failed.trace().status()).isEqualTo(status);
        }

        @Test
        @Tag("S-3.3-6")
        void of200IsTaken() throws Exception {
            host.script(raw(
                    "HTTP/1.1 200 X\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"));

            assertThat(text(fetch())).isEqualTo("ok");
        }

        @ParameterizedTest
        @ValueSource(ints = {300, 301, 302, 303, 304, 307, 308})
        @Tag("S-3.3-7")
        @Tag("N-15")
        void thatRedirectsIsAFailureAndNotFollowed(int status) throws Exception {
            PolicyHost other = internet.policyHost("other.example");
            other.policy(POLICY);
            host.script(raw("HTTP/1.1 " + status + " Moved\r\nLocation: https://mta-sts.other.example:"
                    + internet.httpsPort() + "/.well-known/mta-sts.txt\r\nContent-Length: 0\r\n\r\n"));

            FetchResult.Failed failed = failed(fetch());

            assertThat(failed.reason()).isEqualTo(FetchFailure.REDIRECT);
            assertThat(failed.detail()).contains(status + " to \"https://mta-sts.other.example");
            assertThat(host.requests()).hasSize(1);
            assertThat(other.connections()).isZero();
            assertThat(internet.dns().asked("mta-sts.other.example", "A")).isZero();
        }
    }

    @Nested
    class MediaType {

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "text/plain",
                    "Text/Plain; charset=UTF-8; x=y",
                    "TEXT/PLAIN",
                    "text/plain;charset=iso-8859-1",
                    " text/plain ; format=flowed"
                })
        @Tag("S-3.3-10")
        @Tag("S-3.3-11")
        void textPlainIsTakenWhateverItsParameters(String type) throws Exception {
            host.script(raw("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: 3\r\n\r\n\u00c3\u00a9!"));

            assertThat(fetched(fetch()).body()).isEqualTo("é!".getBytes(StandardCharsets.UTF_8));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "text/html",
                    "application/octet-stream",
                    "text/plainer",
                    "text/plain, text/html",
                    "text",
                    "",
                    "x; text/plain"
                })
        @Tag("S-3.3-10")
        void anyOtherIsAFailure(String type) throws Exception {
            host.script(raw("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: 2\r\n\r\nok"));

            FetchResult.Failed failed = failed(fetch(fetcher().requireMediaType(false)));

            assertThat(failed.reason()).isEqualTo(FetchFailure.MEDIA_TYPE);
            assertThat(failed.detail()).contains("\"" + type + "\"");
        }

        @Test
        @Tag("S-3.3-10")
        void missingIsAFailureUnlessSwitchedOff() throws Exception {
            host.script(raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));

            FetchResult refused = fetch();
            FetchResult taken = fetch(fetcher().requireMediaType(false));

            assertThat(failed(refused).reason()).isEqualTo(FetchFailure.MEDIA_TYPE);
            assertThat(text(taken)).isEqualTo("ok");
        }

        @Test
        @Tag("S-3.3-10")
        void givenTwiceIsAFailure() throws Exception {
            host.script(raw("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Type: text/plain\r\n"
                    + "Content-Length: 2\r\n\r\nok"));

            assertThat(failed(fetch()).reason()).isEqualTo(FetchFailure.MEDIA_TYPE);
        }
    }

    @Nested
    class Encoding {

        @ParameterizedTest
        @ValueSource(strings = {"gzip", "br", "deflate", "identity, gzip", "x-unknown"})
        @Tag("S-3.3-19")
        void isNeverUndone(String encoding) throws Exception {
            host.script(raw("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: " + encoding
                    + "\r\nContent-Length: 2\r\n\r\nok"));

            FetchResult.Failed failed = failed(fetch());

            assertThat(failed.reason()).isEqualTo(FetchFailure.CONTENT_ENCODING);
            assertThat(failed.detail()).contains("\"" + encoding + "\"");
        }

        @Test
        @Tag("S-3.3-19")
        void identityIsNone() throws Exception {
            host.script(raw("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: identity\r\n"
                    + "Content-Length: 2\r\n\r\nok"));

            assertThat(text(fetch())).isEqualTo("ok");
        }
    }

    /** Each refused response beside one that is taken and differs in one thing only. */
    @Nested
    class Framing {
        private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
        private static final String SIZED = HEAD + "Content-Length: 5\r\n\r\nhello";
        private static final String CHUNKED = HEAD + "Transfer-Encoding: chunked\r\n\r\n";

        static Stream<Arguments> malformed() {
            return Stream.of(
                    Arguments.of("both lengths", HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello"),
                    Arguments.of("two lengths", HEAD + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
                    Arguments.of("two different lengths", HEAD + "Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello"),
                    Arguments.of("a list of lengths", HEAD + "Content-Length: 5, 5\r\n\r\nhello"),
                    Arguments.of("length +5", HEAD + "Content-Length: +5\r\n\r\nhello"),
                    Arguments.of("length -5", HEAD + "Content-Length: -5\r\n\r\nhello"),
                    Arguments.of("length 0x5", HEAD + "Content-Length: 0x5\r\n\r\nhello"),
                    Arguments.of("length in other digits", HEAD + "Content-Length: \u00b2\r\n\r\nhello"),
                    Arguments.of("no length's value", HEAD + "Content-Length: \r\n\r\nhello"),
                    Arguments.of("no length", HEAD + "\r\nhello"),
                    Arguments.of(
                            "another coding", HEAD + "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of(
                            "chunked twice",
                            HEAD + "Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of(
                            "chunked in two headers",
                            HEAD
                                    + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of(
                            "chunked under 1.0",
                            "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk +5", CHUNKED + "+5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk -5", CHUNKED + "-5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk 0x5", CHUNKED + "0x5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk of a space", CHUNKED + " 5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk without size", CHUNKED + "\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk without size but extension", CHUNKED + ";a=b\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk size of letters", CHUNKED + "five\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk size of 9 digits", CHUNKED + "000000005\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk size and more", CHUNKED + "5 5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk size ended by LF", CHUNKED + "5\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk size with CR alone", CHUNKED + "5\rhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk longer than told", CHUNKED + "4\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("chunk ended by LF", CHUNKED + "5\r\nhello\n0\r\n\r\n"),
                    Arguments.of("last chunk ended by LF", CHUNKED + "5\r\nhello\r\n0\r\n\n"),
                    Arguments.of("trailer", CHUNKED + "5\r\nhello\r\n0\r\nX: y\r\n\r\n"),
                    Arguments.of("control character in an extension", CHUNKED + "5;a\0\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("endless extension", CHUNKED + "5;" + "a".repeat(2000) + "\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("garbage", "SSH-2.0-OpenSSH_9.2\r\n" + SIZED),
                    Arguments.of("no version", "200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"),
                    Arguments.of("version 2", SIZED.replace("HTTP/1.1", "HTTP/2.0")),
                    Arguments.of("no status", SIZED.replace("200 OK", "OK")),
                    Arguments.of("negative status", SIZED.replace("200", "-200")),
                    Arguments.of("header without colon", SIZED.replace("Content-Type:", "X\r\nContent-Type:")));
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("malformed")
        void thatIsNotAsTheGrammarSaysIsRefused(String what, String response) throws Exception {
            host.script(raw(response));

            FetchResult.Failed failed = failed(fetch());

            assertThat(failed.reason()).as(failed.detail()).isEqualTo(FetchFailure.HTTP_MALFORMED);
            host.awaitOpenConnections(open -> open == 0);
        }

        static Stream<Arguments> proper() {
            return Stream.of(
                    Arguments.of("a length", SIZED),
                    Arguments.of("a length with zeros", SIZED.replace("5\r", "0005\r")),
                    Arguments.of("no reason", SIZED.replace("200 OK", "200")),
                    Arguments.of("version 1.0", SIZED.replace("HTTP/1.1", "HTTP/1.0")),
                    Arguments.of("header lines ended by LF", SIZED.replace("\r\n", "\n")),
                    Arguments.of("a further header", SIZED.replace("Content-Type:", "X:\r\nContent-Type:")),
                    Arguments.of("chunked", CHUNKED + "5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("Chunked", CHUNKED.replace("chunked", "Chunked") + "5\r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("a chunk size of 8 digits", CHUNKED + "00000005\r\nhello\r\n00\r\n\r\n"),
                    Arguments.of("chunks", CHUNKED + "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n"),
                    Arguments.of("a chunk with extension", CHUNKED + "5;a=b;c=\"d\"\r\nhello\r\n0;e\r\n\r\n"),
                    Arguments.of("a chunk size with space behind", CHUNKED + "5 \r\nhello\r\n0\r\n\r\n"),
                    Arguments.of("an interim response", "HTTP/1.1 100 Continue\r\n\r\n" + SIZED),
                    Arguments.of(
                            "interim responses", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n".repeat(5) + SIZED),
                    Arguments.of("bytes behind the end", SIZED + "more"));
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("proper")
        void thatIsAsTheGrammarSaysIsTaken(String what, String response) throws Exception {
            host.script(raw(response));

            assertThat(text(fetch())).isEqualTo("hello");
            host.awaitOpenConnections(open -> open == 0);
        }

        @ParameterizedTest
        @MethodSource("proper")
        void isUnderstoodFromSingleBytesToo(String what, String response) throws Exception {
            host.script((request, out) -> {
                for (byte b : response.getBytes(StandardCharsets.ISO_8859_1)) {
                    out.write(b);
                    out.flush();
                }
            });

            assertThat(text(fetch())).isEqualTo("hello");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"", "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Le"})
        void thatEndsWithinTheHeadIsTruncated(String response) throws Exception {
            host.script(raw(response));
            FetchResult ended = fetch();
            host.script(cut(response));
            FetchResult cut = fetch();

            assertThat(failed(ended).reason()).as(ended.toString()).isEqualTo(FetchFailure.TRUNCATED);
            assertThat(failed(cut).reason()).as(cut.toString()).isEqualTo(FetchFailure.TRUNCATED);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    HEAD + "Content-Length: 5\r\n\r\n",
                    HEAD + "Content-Length: 5\r\n\r\nhell",
                    CHUNKED,
                    CHUNKED + "5",
                    CHUNKED + "5\r\nhel",
                    CHUNKED + "5\r\nhello",
                    CHUNKED + "5\r\nhello\r\n",
                    CHUNKED + "5\r\nhello\r\n0",
                    CHUNKED + "5\r\nhello\r\n0\r\n",
                    CHUNKED + "5\r\nhello\r\n0\r\n\r"
                })
        void thatEndsWithinTheBodyIsTruncated(String response) throws Exception {
            host.script(raw(response));
            FetchResult ended = fetch();
            host.script(cut(response));
            FetchResult cut = fetch();

            assertThat(failed(ended).reason()).as(ended.toString()).isEqualTo(FetchFailure.TRUNCATED);
            assertThat(failed(cut).reason()).as(cut.toString()).isEqualTo(FetchFailure.TRUNCATED);
            assertThat(ended.trace().status()).isEqualTo(200);
        }
    }

    @Nested
    class Limits {
        private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

        @Test
        @Tag("S-3.3-12")
        void aBodyOf64KiBIsTakenAndOneByteMoreIsAFailure() throws Exception {
            String body = "x".repeat(LIMIT);
            host.script(raw(HEAD + "Content-Length: " + LIMIT + "\r\n\r\n" + body));
            FetchResult taken = fetch();
            host.script(raw(HEAD + "Content-Length: " + (LIMIT + 1) + "\r\n\r\n" + body + "x"));
            FetchResult refused = fetch();

            assertThat(text(taken)).isEqualTo(body);
            assertThat(taken.trace().size()).isEqualTo(LIMIT);
            assertThat(failed(refused).reason()).isEqualTo(FetchFailure.TOO_LARGE);
        }

        @Test
        @Tag("S-3.3-12")
        void aChunkedBodyOf64KiBIsTakenAndOneByteMoreIsAFailure() throws Exception {
            String body = "1000\r\n" + "x".repeat(0x1000) + "\r\n";
            String head = HEAD + "Transfer-Encoding: chunked\r\n\r\n" + body.repeat(16);
            host.script(raw(head + "0\r\n\r\n"));
            FetchResult taken = fetch();
            host.script(raw(head + "1\r\nx\r\n0\r\n\r\n"));
            FetchResult refused = fetch();

            assertThat(text(taken)).hasSize(LIMIT);
            assertThat(failed(refused).reason()).isEqualTo(FetchFailure.TOO_LARGE);
        }

        @ParameterizedTest
        @ValueSource(strings = {"99999999", "999999999999", "99999999999999999999"})
        @Tag("S-3.3-12")
        void aLengthBeyondAllNumbersIsAFailure(String length) throws Exception {
            host.script(raw(HEAD + "Content-Length: " + length + "\r\n\r\nx"));

            assertThat(failed(fetch()).reason()).isEqualTo(FetchFailure.TOO_LARGE);
        }

        @Test
        @Tag("S-3.3-12")
        void aChunkBeyondTheLimitIsAFailureBeforeItsBytesCome() throws Exception {
            host.script((request, out) -> {
                out.write(
                        (HEAD + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n").getBytes(StandardCharsets.US_ASCII));
                out.flush();
                host.awaitOpenConnections(open -> open == 0);
            });

            assertThat(failed(fetch()).reason()).isEqualTo(FetchFailure.TOO_LARGE);
        }

        @Test
        void anEmptyBodyIsTaken() throws Exception {
            host.script(raw(HEAD + "Content-Length: 0\r\n\r\n"));

            assertThat(text(fetch())).isEmpty();
        }

        @Test
        void aHeadOf60KilobytesIsTakenAndOneAbove64KiBIsAFailure() throws Exception {
            String headers = ("X: " + "y".repeat(8000) + "\r\n");
            host.script(raw(HEAD + headers.repeat(7) + "Content-Length: 2\r\n\r\nok"));
            FetchResult taken = fetch();
            host.script(raw(HEAD + headers.repeat(9) + "Content-Length: 2\r\n\r\nok"));
            FetchResult refused = fetch();

            assertThat(text(taken)).isEqualTo("ok");
            assertThat(failed(refused).reason()).isEqualTo(FetchFailure.TOO_LARGE);
        }

        @Test
        void aHeaderLineWithoutEndIsAFailure() throws Exception {
            AtomicInteger written = new AtomicInteger();
            host.script((request, out) -> {
                out.write((HEAD + "X: ").getBytes(StandardCharsets.US_ASCII));
                endless(out, "yyyyyyyyyyyyyyyy", written);
            });

            assertThat(failed(fetch()).reason()).isEqualTo(FetchFailure.TOO_LARGE);
        }

        @Test
        void headersWithoutEndAreAFailure() throws Exception {
            AtomicInteger written = new AtomicInteger();
            host.script((request, out) -> {
                out.write(HEAD.getBytes(StandardCharsets.US_ASCII));
                endless(out, "X: y\r\n", written);
            });

            assertThat(failed(fetch()).reason()).isEqualTo(FetchFailure.TOO_LARGE);
        }

        @ParameterizedTest
        @ValueSource(strings = {"100 Continue", "103 Early Hints", "199 Whatever"})
        void interimResponsesWithoutEndAreAFailure(String status) throws Exception {
            AtomicInteger written = new AtomicInteger();
            host.script((request, out) -> endless(out, "HTTP/1.1 " + status + "\r\n\r\n", written));

            assertThat(failed(fetch()).reason()).isEqualTo(FetchFailure.TOO_LARGE);
        }

        @Test
        void emptyLinesWithoutEndAreAFailure() throws Exception {
            AtomicInteger written = new AtomicInteger();
            host.script((request, out) -> endless(out, "\r\n", written));

            assertThat(failed(fetch()).reason()).isIn(FetchFailure.TOO_LARGE, FetchFailure.HTTP_MALFORMED);
        }

        private static void endless(OutputStream out, String text, AtomicInteger written) throws IOException {
            byte[] bytes = text.repeat(64).getBytes(StandardCharsets.US_ASCII);
            while (written.addAndGet(bytes.length) < 100_000_000) {
                out.write(bytes);
            }
        }
    }

    @Nested
    class Addresses {

        @Test
        @Tag("S-3.3-21")
        void ofThisMachineAreRefusedByDefault() throws Exception {
            FetchResult.Failed refused =
                    failed(fetch(PolicyFetcher.builder(dns, verifier).port(internet.httpsPort())));
            FetchResult twin = fetch();

            assertThat(refused.reason()).isEqualTo(FetchFailure.ADDRESS_FORBIDDEN);
            assertThat(refused.detail()).contains("loopback");
            assertThat(refused.trace().addresses()).isEmpty();
            assertThat(text(twin)).isEqualTo(POLICY);
            assertThat(host.connections()).isOne();
        }

        @Test
        @Tag("S-3.3-21")
        void areRefusedOneByOne() throws Exception {
            internet.dns().address("mta-sts.example.com", InetAddress.getByName("10.0.0.1"));
            internet.dns().address("mta-sts.example.com", InetAddress.getByName("fd00::1"));
            PolicyFetcher.Builder settings = fetcher();
            settings.guard = address -> address.equals(host.address())
                    ? Optional.empty()
                    : AddressGuard.publicOnly().objection(address);

            FetchResult result = fetch(settings);

            assertThat(text(result)).isEqualTo(POLICY);
            assertThat(result.trace().addresses()).containsExactly(host.address());
            assertThat(result.trace().connectedTo()).isEqualTo(host.address());
        }

        @Test
        void theNextIsTriedWhenOneRefuses() throws Exception {
            internet.dns().remove("mta-sts.example.com");
            internet.dns().address("mta-sts.example.com", Inet6Address.getByName("::1"));
            internet.dns().address("mta-sts.example.com", InetAddress.getByName("127.77.0.1"));
            internet.dns().address("mta-sts.example.com", host.address());

            FetchResult result = fetch();

            assertThat(text(result)).isEqualTo(POLICY);
            assertThat(result.trace().addresses()).hasSize(3);
            assertThat(result.trace().connectedTo()).isEqualTo(host.address());
        }

        @Test
        void theNextIsTriedWhenOneIsSilent() throws Exception {
            try (BlackHole hole = new BlackHole("127.77.0.2", internet.httpsPort())) {
                internet.dns().remove("mta-sts.example.com");
                internet.dns().address("mta-sts.example.com", hole.address());
                internet.dns().address("mta-sts.example.com", host.address());

                FetchResult result = fetch();

                assertThat(text(result)).isEqualTo(POLICY);
                assertThat(result.trace().connectedTo()).isEqualTo(host.address());
                assertThat(result.trace().took()).isGreaterThan(Duration.ofSeconds(2));
            }
        }

        @Test
        void thatAllRefuseAreAFailureToConnect() throws Exception {
            internet.dns().remove("mta-sts.example.com");
            internet.dns().address("mta-sts.example.com", InetAddress.getByName("127.77.0.1"));
            internet.dns().address("mta-sts.example.com", InetAddress.getByName("127.77.0.5"));

            FetchResult.Failed failed = failed(fetch());

            assertThat(failed.reason()).isEqualTo(FetchFailure.CONNECT);
            assertThat(failed.detail()).contains("127.77.0.5");
            assertThat(failed.trace().connectedTo()).isNull();
        }

        @Test
        void theNextIsNotTriedWhenTheFirstFailsInTls() throws Exception {
            PolicyHost other = internet.policyHost("other.example");
            internet.dns().address("mta-sts.example.com", other.address());

            FetchResult result = fetch(withFirst(other.address()));

            assertThat(failed(result).reason()).isEqualTo(FetchFailure.CERTIFICATE);
            assertThat(host.connections()).isZero();
        }

        private PolicyFetcher.Builder withFirst(InetAddress first) {
            internet.dns().remove("mta-sts.example.com");
            internet.dns().address("mta-sts.example.com", first);
            internet.dns().address("mta-sts.example.com", host.address());
            return fetcher();
        }
    }

    @Nested
    class Dns {

        @Test
        void absenceIsAFailureOfItsOwn() throws Exception {
            internet.dns().remove("mta-sts.example.com");
            FetchResult nameless = fetch();
            internet.dns().exists("mta-sts.example.com");
            FetchResult without = fetch();

            assertThat(failed(nameless).reason()).isEqualTo(FetchFailure.DNS_ABSENT);
            assertThat(failed(nameless).detail()).isEqualTo("mta-sts.example.com does not exist");
            assertThat(failed(without).reason()).isEqualTo(FetchFailure.DNS_ABSENT);
            assertThat(failed(without).detail()).isEqualTo("mta-sts.example.com has no address");
        }

        @Test
        void failureIsAFailureOfItsOwn() throws Exception {
            internet.dns().fail("mta-sts.example.com", "A", "SERVFAIL");

            FetchResult.Failed failed = failed(fetch());

            assertThat(failed.reason()).isEqualTo(FetchFailure.DNS_UNAVAILABLE);
            assertThat(failed.detail()).contains("SERVER_FAILURE").contains("mta-sts.example.com");
        }
    }

    @Nested
    class Trace {

        @Test
        void tellsWhatWasSeen() throws Exception {
            FetchTrace trace = fetch().trace();

            assertThat(trace.addresses()).containsExactly(host.address());
            assertThat(trace.connectedTo()).isEqualTo(host.address());
            assertThat(trace.tlsVersion()).isEqualTo("TLSv1.3");
            assertThat(requireNonNull(trace.tls()).passed()).isTrue();
            assertThat(trace.status()).isEqualTo(200);
            assertThat(trace.contentType()).isEqualTo("text/plain");
            assertThat(trace.size()).isEqualTo(POLICY.length());
            assertThat(trace.took()).isPositive();
        }

        @Test
        void tellsOfARefusedResponseAsFarAsItCame() throws Exception {
            host.script(raw("HTTP/1.1 200 OK\r\nContent-Type: text/html; \u0007\r\nContent-Length: 2\r\n\r\nok"));

            FetchResult.Failed failed = failed(fetch());

            assertThat(failed.trace().status()).isEqualTo(200);
            assertThat(failed.trace().contentType()).isEqualTo("text/html; \\u0007");
            assertThat(failed.trace().size()).isZero();
        }
    }
}
