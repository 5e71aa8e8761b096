package io.github.mtasts.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.tls.PeerVerifier;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PolicyFetcherTest {
    private static final String POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 604800\r\n";

    private final SmallInternet internet = new SmallInternet();
    private final PolicyHost host = internet.policyHost("example.com");
    private final DnsClient dns =
            DnsClient.builder().server(internet.dns().address()).build();
    private final PeerVerifier verifier =
            PeerVerifier.builder().trustAnchors(internet.ca().trustStore()).build();
    private final PolicyFetcher fetcher = PolicyFetcher.builder(dns, verifier)
            .port(internet.httpsPort())
            .allowPrivateAddresses(true)
            .build();

    @AfterEach
    void close() {
        fetcher.close();
        dns.close();
        internet.close();
    }

    private FetchResult fetch() throws Exception {
        return fetcher.fetch(PolicyDomain.of("example.com"))
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    @Test
    @Tag("S-3.3-1")
    void getsThePolicyFromItsPolicyHost() throws Exception {
        host.policy(POLICY);

        FetchResult result = fetch();

        assertThat(result).isInstanceOf(FetchResult.Fetched.class);
        assertThat(new String(((FetchResult.Fetched) result).body(), StandardCharsets.UTF_8))
                .isEqualTo(POLICY);
    }
}
