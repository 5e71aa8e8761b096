package io.github.mtasts.cli;

import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.lookup.PolicyFetcher;
import io.github.mtasts.policy.PolicyDomain;
import java.net.InetAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * DNS and policy hosts, each thing asked for once: what an engine decides from, and what is printed about it, are the same answers. For the look at one domain.
 */
final class AskedOnce {
    private final Map<String, CompletableFuture<?>> answers = new ConcurrentHashMap<>();
    private final DnsClient dns;
    private final PolicyFetcher fetcher;

    /** What is handed in stays open. */
    AskedOnce(DnsClient dns, PolicyFetcher fetcher) {
        this.dns = dns;
        this.fetcher = fetcher;
    }

    DnsClient dns() {
        return new Dns();
    }

    PolicyFetcher fetcher() {
        return new Fetcher();
    }

    /** What fetching the domain's policy came to; null where nobody asked for it, or it is still under way. */
    @Nullable
    FetchResult fetched(PolicyDomain domain) {
        CompletableFuture<?> answer = answers.get(fetchKey(domain));
        return answer == null ? null : (FetchResult) answer.getNow(null);
    }

    private static String fetchKey(PolicyDomain domain) {
        return "policy " + domain;
    }

    /** A copy of the one answer: who cancels it cancels nothing for others. */
    @SuppressWarnings("unchecked") // each key has one type of answer
    private <T> CompletionStage<T> once(String key, Supplier<CompletionStage<T>> ask) {
        return ((CompletableFuture<T>)
                        answers.computeIfAbsent(key, ignored -> ask.get().toCompletableFuture()))
                .copy();
    }

    private final class Dns implements DnsClient {
        @Override
        public CompletionStage<DnsAnswer<String>> txt(String name) {
            return once("TXT " + name, () -> dns.txt(name));
        }

        @Override
        public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
            return once("MX " + name, () -> dns.mx(name));
        }

        @Override
        public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
            return once("addresses " + host, () -> dns.addresses(host));
        }

        @Override
        public void close() {
            // its owner's
        }
    }

    private final class Fetcher implements PolicyFetcher {
        @Override
        public CompletionStage<FetchResult> fetch(PolicyDomain domain) {
            return once(fetchKey(domain), () -> fetcher.fetch(domain));
        }

        @Override
        public void close() {
            // its owner's
        }
    }
}
