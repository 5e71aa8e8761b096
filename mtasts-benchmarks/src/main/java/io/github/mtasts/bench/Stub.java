package io.github.mtasts.bench;

import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.FetchTrace;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.lookup.PolicyFetcher;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.policy.PolicyDomain;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** The network taken away: DNS and policy hosts that answer at once, so that what remains is the engine's own. */
final class Stub {
    private static final FetchTrace TRACE = new FetchTrace(List.of(), null, null, null, null, null, 0, Duration.ZERO);

    private Stub() {}

    /** DNS in which every domain has a record with this id, except those whose name begins with {@code absent}. */
    static DnsClient dns(Function<String, String> idOf) {
        return new DnsClient() {
            @Override
            public CompletionStage<DnsAnswer<String>> txt(String name) {
                return CompletableFuture.completedFuture(
                        name.startsWith("_mta-sts.absent")
                                ? absent()
                                : new DnsAnswer.Found<>(
                                        List.of("v=STSv1; id=" + idOf.apply(name) + ";"),
                                        Duration.ofHours(1),
                                        Security.INSECURE,
                                        name));
            }

            @Override
            public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
                return CompletableFuture.completedFuture(absent());
            }

            @Override
            public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
                return CompletableFuture.completedFuture(absent());
            }

            @Override
            public void close() {}
        };
    }

    private static <T> DnsAnswer<T> absent() {
        return new DnsAnswer.Absent<>(false, Duration.ofHours(1), Security.INSECURE);
    }

    /** Policy hosts that serve what the function says. */
    static PolicyFetcher fetcher(Function<PolicyDomain, byte[]> policyOf) {
        return new PolicyFetcher() {
            @Override
            public CompletionStage<FetchResult> fetch(PolicyDomain domain) {
                return CompletableFuture.completedFuture(new FetchResult.Fetched(policyOf.apply(domain), TRACE));
            }

            @Override
            public void close() {}
        };
    }
}
