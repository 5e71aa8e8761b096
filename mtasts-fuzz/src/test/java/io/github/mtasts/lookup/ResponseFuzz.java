package io.github.mtasts.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.tls.PeerVerifier;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** Whatever a policy host answers, over a real connection, is a policy as it was sent or a refusal with its reason; and never a part of a policy. */
class ResponseFuzz {
    private static final Set<FetchFailure> OF_THE_RESPONSE = EnumSet.of(
            FetchFailure.HTTP_STATUS,
            FetchFailure.REDIRECT,
            FetchFailure.MEDIA_TYPE,
            FetchFailure.CONTENT_ENCODING,
            FetchFailure.HTTP_MALFORMED,
            FetchFailure.TOO_LARGE,
            FetchFailure.TRUNCATED);
    private static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");
    private static final SmallInternet NET = new SmallInternet();
    private static final PolicyHost HOST = NET.policyHost("example.com");
    private static final PolicyFetcher FETCHER = PolicyFetcher.builder(
                    new OneAddress(),
                    PeerVerifier.builder().trustAnchors(NET.ca().trustStore()).build())
            .port(NET.httpsPort())
            .allowPrivateAddresses(true)
            .build();

    @DictionaryEntries({
        "HTTP/1.1 200 OK\\x0D\\x0A",
        "HTTP/1.0 200 OK\\x0D\\x0A",
        "HTTP/1.1 100 Continue\\x0D\\x0A\\x0D\\x0A",
        "Content-Type: text/plain\\x0D\\x0A",
        "Content-Length: 4\\x0D\\x0A",
        "Transfer-Encoding: chunked\\x0D\\x0A",
        "Content-Encoding: ",
        "\\x0D\\x0A\\x0D\\x0A",
        "0\\x0D\\x0A\\x0D\\x0A"
    })
    @FuzzTest
    void anyResponseIsTakenWholeOrRefused(byte[] response) throws Exception {
        FetchResult result = answeredWith(response);

        if (result instanceof FetchResult.Fetched fetched) {
            assertThat(fetched.trace().status()).isEqualTo(200);
            assertThat(fetched.body().length).isLessThanOrEqualTo(Math.min(response.length, 64 * 1024));
            FetchResult cut = answeredWith(Arrays.copyOf(response, response.length - 1));
            if (cut instanceof FetchResult.Fetched other) {
                assertThat(other.body()).isEqualTo(fetched.body());
            }
        } else {
            FetchResult.Failed failed = (FetchResult.Failed) result;
            assertThat(failed.reason()).as(failed.detail()).isIn(OF_THE_RESPONSE);
            assertThat(failed.detail()).matches("[ -~]{1,400}");
        }
    }

    private static FetchResult answeredWith(byte[] response) throws Exception {
        HOST.script((request, out) -> out.write(response));
        return FETCHER.fetch(DOMAIN).toCompletableFuture().get(1, TimeUnit.MINUTES);
    }

    /** Knows where the policy host is, and asks nobody. */
    private static final class OneAddress implements DnsClient {
        @Override
        public CompletionStage<DnsAnswer<String>> txt(String name) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
            return CompletableFuture.completedFuture(
                    new DnsAnswer.Found<>(List.of(HOST.address()), Duration.ZERO, Security.UNKNOWN, host));
        }

        @Override
        public void close() {}
    }
}
