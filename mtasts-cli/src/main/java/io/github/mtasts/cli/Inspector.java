package io.github.mtasts.cli;

import io.github.mtasts.MtaSts;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Conclusion;
import io.github.mtasts.delivery.Deliveries;
import io.github.mtasts.delivery.DeliveryAttempt;
import io.github.mtasts.delivery.MxMatch;
import io.github.mtasts.delivery.NextHop;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.lookup.AddressGuard;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyMode;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import io.github.mtasts.policy.StsRecordParser;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Looks at domains as a sender does, live and through the engine's own code, side by side. Every look-up and every probe has a deadline, so each domain comes to an end. Safe for
 * any number of threads.
 */
final class Inspector implements AutoCloseable {
    /** More addresses of one host than a sender ever tries. */
    private static final int MOST_ADDRESSES = 10;

    private final MtaSts engine;
    private final boolean privateAddresses;
    private final @Nullable MxProber prober;

    /** @param probes whether MX hosts are connected to */
    Inspector(NetworkOptions network, Duration timeout, boolean probes) {
        engine = network.engine().fetchDeadline(timeout).build();
        privateAddresses = network.allowsPrivateAddresses();
        prober = probes ? new MxProber(engine.verifier(), network.smtpPort(), timeout) : null;
    }

    /** What to look at besides what a sender looks at. */
    enum Depth {
        /** The policy host is asked even where no record calls for it. */
        EVERYTHING,
        /** Nothing that a sender does not ask for. */
        AS_A_SENDER
    }

    /** The whole path to a domain, for a sender that never had mail for it. */
    Inspection inspect(PolicyDomain domain) {
        try (PolicyStore empty = PolicyStore.inMemory(1)) {
            return inspect(domain, empty, null, Depth.EVERYTHING);
        }
    }

    /**
     * The path to a domain.
     *
     * @param store what the sender remembers
     * @param host look at this MX host alone; null for those that DNS names
     */
    Inspection inspect(PolicyDomain domain, PolicyStore store, @Nullable MxHost host, Depth depth) {
        AskedOnce network = new AskedOnce(engine.dns(), engine.fetcher());
        DnsClient dns = network.dns();
        try (PolicyDiscovery discovery =
                PolicyDiscovery.builder(dns, network.fetcher()).store(store).build()) {
            // everything that need not wait for another answer is asked for at once
            CompletionStage<DnsAnswer<String>> txt = dns.txt(domain.recordName());
            CompletionStage<DnsAnswer<MxRecord>> records = dns.mx(domain.name());
            CompletionStage<DnsAnswer<String>> tlsReports = dns.txt("_smtp._tls." + domain);
            CompletionStage<DnsAnswer<InetAddress>> policyHost = dns.addresses(domain.policyHost());
            if (depth == Depth.EVERYTHING) {
                wait(network.fetcher().fetch(domain).thenApply(fetched -> fetched));
            }
            Deliveries deliveries = Deliveries.builder(discovery, dns, engine.verifier())
                    .allowLocalAddresses(privateAddresses)
                    .build();
            DeliveryAttempt attempt = deliveries.attempt(new NextHop.Domain(domain));
            PolicyInForce inForce = attempt.policy().orElseGet(() -> discovery.policyFor(domain));
            FetchResult fetch = network.fetched(domain);
            PolicyResult policy =
                    fetch instanceof FetchResult.Fetched fetched ? StsPolicyParser.parse(fetched.body()) : null;
            DnsAnswer<String> answer = wait(txt);
            List<MxHost> hosts = host != null ? List.of(host) : attempt.hosts();
            StsPolicy listing = listing(policy, inForce);
            List<CompletableFuture<Inspection.Mx>> looks = new ArrayList<>();
            for (MxHost each : hosts) {
                looks.add(look(each, preference(wait(records), each), listing, inForce, deliveries, dns));
            }
            Conclusion noRoute = host != null || !hosts.isEmpty() ? null : attempt.conclude();
            return new Inspection(
                    domain,
                    answer,
                    answer instanceof DnsAnswer.Found<String> found
                            ? StsRecordParser.parse(found.records())
                            : answer instanceof DnsAnswer.Absent<String> ? new RecordResult.NotOurs() : null,
                    wait(policyHost),
                    fetch,
                    policy,
                    inForce,
                    noRoute,
                    looks.stream().map(CompletableFuture::join).toList(),
                    prober != null,
                    wait(tlsReports));
        }
    }

    private static @Nullable StsPolicy listing(@Nullable PolicyResult policy, PolicyInForce inForce) {
        StsPolicy known = inForce.known().map(cached -> cached.policy()).orElse(null);
        StsPolicy listing = known == null && policy instanceof PolicyResult.Valid valid ? valid.policy() : known;
        return listing == null || listing.mode() == PolicyMode.NONE ? null : listing;
    }

    private CompletableFuture<Inspection.Mx> look(
            MxHost host,
            int preference,
            @Nullable StsPolicy listing,
            PolicyInForce inForce,
            Deliveries deliveries,
            DnsClient dns) {
        MxMatch match = MxMatch.of(inForce, host);
        Boolean listed = listing == null ? null : listing.lists(host);
        return dns.addresses(host.name()).toCompletableFuture().thenCompose(answer -> {
            List<CompletableFuture<MxProbe>> probes = new ArrayList<>();
            if (prober != null && answer instanceof DnsAnswer.Found<InetAddress> found) {
                for (InetAddress address :
                        found.records().stream().limit(MOST_ADDRESSES).toList()) {
                    probes.add(probe(prober, host, address, inForce, deliveries));
                }
            }
            return CompletableFuture.allOf(probes.toArray(CompletableFuture[]::new))
                    .thenApply(done -> new Inspection.Mx(
                            host,
                            preference,
                            match,
                            listed,
                            answer,
                            probes.stream().map(CompletableFuture::join).toList()));
        });
    }

    private CompletableFuture<MxProbe> probe(
            MxProber through, MxHost host, InetAddress address, PolicyInForce inForce, Deliveries deliveries) {
        Optional<String> objection =
                privateAddresses ? Optional.empty() : AddressGuard.mailHosts().objection(address);
        if (objection.isPresent()) {
            String problem = "no sender connects to it: " + objection.get();
            return CompletableFuture.completedFuture(
                    new MxProbe(address, MxProbe.Reached.NOTHING, "", problem, null, null));
        }
        Optional<Candidate> candidate = deliveries.candidate(inForce, host, List.of(address));
        return through.probe(host, address, candidate);
    }

    private static int preference(DnsAnswer<MxRecord> answer, MxHost host) {
        if (answer instanceof DnsAnswer.Found<MxRecord> found) {
            return found.records().stream()
                    .filter(record -> record.exchange().equals(host.name()))
                    .mapToInt(MxRecord::preference)
                    .min()
                    .orElse(-1);
        }
        return -1;
    }

    /** Each stage completes normally within a deadline of its own. */
    private static <T> T wait(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    @Override
    public void close() {
        if (prober != null) {
            prober.close();
        }
        engine.close();
    }
}
