package io.github.mtasts;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.delivery.Deliveries;
import io.github.mtasts.delivery.DeliveryObserver;
import io.github.mtasts.discovery.DiscoveryListener;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.PolicyFetcher;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tls.PeerVerifier;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.KeyStore;
import java.security.Provider;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes an {@link MtaSts}. Every setting has a default that is right on the Internet. Not safe for several threads. */
public final class MtaStsBuilder {
    private final List<InetSocketAddress> dnsServers = new ArrayList<>();
    private final PeerVerifier.Builder verifier = PeerVerifier.builder();
    private @Nullable DnsClient dns;
    private @Nullable PolicyFetcher fetcher;
    private InstantSource clock = InstantSource.system();
    private int httpsPort = 443;
    private Duration fetchDeadline = Duration.ofSeconds(60);
    private boolean privateAddresses;
    private boolean localMx;
    private boolean clearText = true;
    private Set<PolicyDomain> neverClearText = Set.of();
    private boolean strictDiscovery;
    private @Nullable PolicyStore store;
    private @Nullable DiscoveryListener listener;
    private DeliveryObserver observer = DeliveryObserver.NONE;
    private Set<MxHost> ownNames = Set.of();
    private Set<InetAddress> ownAddresses = Set.of();

    MtaStsBuilder() {}

    /** A DNS server to ask, instead of the system's; several are asked in turn. */
    @CanIgnoreReturnValue
    public MtaStsBuilder dnsServer(InetSocketAddress server) {
        dnsServers.add(server);
        return this;
    }

    /** What asks DNS, instead of the engine's own. The caller closes it. */
    @CanIgnoreReturnValue
    public MtaStsBuilder dnsClient(DnsClient dns) {
        this.dns = dns;
        return this;
    }

    /** What fetches policies, instead of the engine's own. The caller closes it. */
    @CanIgnoreReturnValue
    public MtaStsBuilder policyFetcher(PolicyFetcher fetcher) {
        this.fetcher = fetcher;
        return this;
    }

    /** The clock. */
    @CanIgnoreReturnValue
    public MtaStsBuilder clock(InstantSource clock) {
        this.clock = clock;
        verifier.clock(clock);
        return this;
    }

    /** The trust anchors for policy hosts and MX hosts, instead of the platform's. */
    @CanIgnoreReturnValue
    public MtaStsBuilder trustAnchors(KeyStore anchors) {
        verifier.trustAnchors(anchors);
        return this;
    }

    /** Further trust anchors, beside the platform's. */
    @CanIgnoreReturnValue
    public MtaStsBuilder trustAlso(Collection<X509Certificate> anchors) {
        verifier.trustAlso(anchors);
        return this;
    }

    /** The provider of TLS, instead of the platform's first choice. */
    @CanIgnoreReturnValue
    public MtaStsBuilder tlsProvider(Provider provider) {
        verifier.tlsProvider(provider);
        return this;
    }

    /** Whether a stapled OCSP response that says "revoked" counts; false by default. */
    @CanIgnoreReturnValue
    public MtaStsBuilder stapledOcsp(boolean stapledOcsp) {
        verifier.stapledOcsp(stapledOcsp);
        return this;
    }

    /** The port of policy hosts: 443, but for tests (RFC 8461 §3.3). */
    @CanIgnoreReturnValue
    public MtaStsBuilder httpsPort(int port) {
        this.httpsPort = port;
        return this;
    }

    /** How long a policy fetch may take from the first DNS packet to the last byte; 60 s by default. */
    @CanIgnoreReturnValue
    public MtaStsBuilder fetchDeadline(Duration deadline) {
        this.fetchDeadline = deadline;
        return this;
    }

    /** Whether policy hosts may be at private and other special addresses, and MX hosts at loopback and link-local ones; false by default. */
    @CanIgnoreReturnValue
    public MtaStsBuilder allowPrivateAddresses(boolean allowed) {
        this.privateAddresses = allowed;
        this.localMx = allowed;
        return this;
    }

    /** Whether mail may go in clear text where no policy is enforced and TLS is not to be had; true by default. */
    @CanIgnoreReturnValue
    public MtaStsBuilder allowClearText(boolean allowed) {
        this.clearText = allowed;
        return this;
    }

    /**
     * Next hops to which mail never goes in clear text, though it may to others.
     *
     * @param domains none by default
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder neverClearText(Set<PolicyDomain> domains) {
        this.neverClearText = Set.copyOf(domains);
        return this;
    }

    /** Whether a message waits when DNS cannot say if there is a policy; false by default (RFC 8461 §3.3). */
    @CanIgnoreReturnValue
    public MtaStsBuilder strictDiscovery(boolean strict) {
        this.strictDiscovery = strict;
        return this;
    }

    /** Keeps policies beyond a restart; by default they are in memory only. The caller closes it. */
    @CanIgnoreReturnValue
    public MtaStsBuilder policyStore(PolicyStore store) {
        this.store = store;
        return this;
    }

    /** Is told what happens to policies. */
    @CanIgnoreReturnValue
    public MtaStsBuilder listener(DiscoveryListener listener) {
        this.listener = listener;
        return this;
    }

    /** Is told what happens on deliveries. */
    @CanIgnoreReturnValue
    public MtaStsBuilder observer(DeliveryObserver observer) {
        this.observer = observer;
        return this;
    }

    /** The names under which this sender receives mail itself, for the loop rule of RFC 5321 §5.1. */
    @CanIgnoreReturnValue
    public MtaStsBuilder ownNames(Set<MxHost> names) {
        this.ownNames = Set.copyOf(names);
        return this;
    }

    /** The addresses at which this sender receives mail itself, for the loop rule of RFC 5321 §5.1. */
    @CanIgnoreReturnValue
    public MtaStsBuilder ownAddresses(Set<InetAddress> addresses) {
        this.ownAddresses = Set.copyOf(addresses);
        return this;
    }

    /** The engine. */
    public MtaSts build() {
        List<AutoCloseable> owned = new ArrayList<>();
        PeerVerifier peers = verifier.build();
        DnsClient asks = dns;
        if (asks == null) {
            DnsClient.Builder made = DnsClient.builder();
            dnsServers.forEach(made::server);
            asks = made.build();
        }
        PolicyFetcher fetches = fetcher;
        if (fetches == null) {
            fetches = PolicyFetcher.builder(asks, peers)
                    .port(httpsPort)
                    .deadline(fetchDeadline)
                    .allowPrivateAddresses(privateAddresses)
                    .build();
        }
        PolicyDiscovery.Builder finds =
                PolicyDiscovery.builder(asks, fetches).clock(clock).strictDiscovery(strictDiscovery);
        if (store != null) {
            finds.store(store);
        }
        if (listener != null) {
            finds.listener(listener);
        }
        PolicyDiscovery discovery = finds.build();
        owned.add(discovery);
        if (fetcher == null) {
            owned.add(fetches);
        }
        if (dns == null) {
            owned.add(asks);
        }
        Deliveries deliveries = Deliveries.builder(discovery, asks, peers)
                .observer(observer)
                .ownNames(ownNames)
                .ownAddresses(ownAddresses)
                .allowLocalAddresses(localMx)
                .allowClearText(clearText)
                .neverClearText(neverClearText)
                .build();
        return new MtaSts(asks, fetches, peers, discovery, deliveries, owned);
    }
}
