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
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Provider;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
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
    private boolean asynchronousDiscovery;
    private boolean requireMediaType = true;
    private @Nullable Duration discoveryDeadline;
    private @Nullable Integer mostPolicies;
    private @Nullable Integer mostOtherDomains;
    private @Nullable Integer mostFetches;
    private @Nullable PolicyStore store;
    private @Nullable Path policyDirectory;
    private @Nullable DiscoveryListener listener;
    private DeliveryObserver observer = DeliveryObserver.NONE;
    private Set<MxHost> ownNames = Set.of();
    private Set<InetAddress> ownAddresses = Set.of();

    MtaStsBuilder() {}

    /**
     * A DNS server to ask, instead of the system's; several are asked in turn.
     *
     * @param server its address and port
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder dnsServer(InetSocketAddress server) {
        dnsServers.add(server);
        return this;
    }

    /**
     * A DNS server to ask, as people write it: {@code 192.0.2.1}, {@code 192.0.2.1:5353}, {@code 2001:db8::1} or {@code [2001:db8::1]:5353}.
     *
     * @param server its address; port 53 where none is named
     * @return this
     * @throws IllegalArgumentException with the text and what is wrong with it
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder dnsServer(String server) {
        return dnsServer(DnsClient.serverAddress(server));
    }

    /**
     * What asks DNS, instead of the engine's own. The caller closes it.
     *
     * @param dns the client
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder dnsClient(DnsClient dns) {
        this.dns = dns;
        return this;
    }

    /**
     * What fetches policies, instead of the engine's own. The caller closes it.
     *
     * @param fetcher the fetcher
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder policyFetcher(PolicyFetcher fetcher) {
        this.fetcher = fetcher;
        return this;
    }

    /**
     * The clock.
     *
     * @param clock what tells the time
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder clock(InstantSource clock) {
        this.clock = clock;
        verifier.clock(clock);
        return this;
    }

    /**
     * The trust anchors for policy hosts and MX hosts, instead of the platform's.
     *
     * @param anchors a key store whose certificates are trusted
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder trustAnchors(KeyStore anchors) {
        verifier.trustAnchors(anchors);
        return this;
    }

    /**
     * Further trust anchors, beside the platform's.
     *
     * @param anchors certificates to trust as well
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder trustAlso(Collection<X509Certificate> anchors) {
        verifier.trustAlso(anchors);
        return this;
    }

    /**
     * Further trust anchors from a PEM file, beside the platform's.
     *
     * @param pem a file with one certificate or more
     * @return this
     * @throws IOException if it cannot be read
     * @throws CertificateException if it holds no certificate, or something else
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder trustAlso(Path pem) throws IOException, CertificateException {
        try (InputStream in = Files.newInputStream(pem)) {
            List<X509Certificate> certificates =
                    CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (certificates.isEmpty()) {
                throw new CertificateException("no certificate in " + pem);
            }
            return trustAlso(certificates);
        }
    }

    /**
     * The provider of TLS, instead of the platform's first choice.
     *
     * @param provider an installed provider or another
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder tlsProvider(Provider provider) {
        verifier.tlsProvider(provider);
        return this;
    }

    /**
     * Whether a stapled OCSP response that says "revoked" counts; false by default.
     *
     * @param stapledOcsp whether it counts
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder stapledOcsp(boolean stapledOcsp) {
        verifier.stapledOcsp(stapledOcsp);
        return this;
    }

    /**
     * The port of policy hosts: 443, but for tests (RFC 8461 §3.3).
     *
     * @param port the port
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder httpsPort(int port) {
        this.httpsPort = port;
        return this;
    }

    /**
     * How long a policy fetch may take from the first DNS packet to the last byte; 60 s by default.
     *
     * @param deadline how long
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder fetchDeadline(Duration deadline) {
        this.fetchDeadline = deadline;
        return this;
    }

    /**
     * Whether policy hosts may be at private and other special addresses, and MX hosts at loopback and link-local ones; false by default.
     *
     * @param allowed whether it may
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder allowPrivateAddresses(boolean allowed) {
        this.privateAddresses = allowed;
        this.localMx = allowed;
        return this;
    }

    /**
     * Whether mail may go in clear text where no policy is enforced and TLS is not to be had; true by default.
     *
     * @param allowed whether it may
     * @return this
     */
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

    /**
     * Whether a message waits when DNS cannot say if there is a policy; false by default (RFC 8461 §3.3).
     *
     * @param strict whether it waits
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder strictDiscovery(boolean strict) {
        this.strictDiscovery = strict;
        return this;
    }

    /**
     * Whether policies are fetched without holding up mail (RFC 8461 §3.3); false by default. With true the first message to a domain goes as if there were no policy.
     *
     * @param asynchronous whether not to wait
     * @return this
     * @see PolicyDiscovery.Builder#asynchronous
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder asynchronousDiscovery(boolean asynchronous) {
        this.asynchronousDiscovery = asynchronous;
        return this;
    }

    /**
     * How long a look-up that names no deadline may take; 75 s by default. Then it is {@code Undetermined(DEADLINE)}, and the message waits.
     *
     * @param deadline the longest wait
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder discoveryDeadline(Duration deadline) {
        this.discoveryDeadline = deadline;
        return this;
    }

    /**
     * Whether a policy host must say that its answer is {@code text/plain} (RFC 8461 §3.2); true by default. With false an answer of no type is taken, one of another type still
     * not.
     *
     * @param require whether it must
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder requireMediaType(boolean require) {
        this.requireMediaType = require;
        return this;
    }

    /**
     * How many policies of mode enforce and testing are remembered; 100,000 by default. Beyond, one that a store holds is read from there when it is needed again, and one that no
     * store holds is lost, which is counted and logged.
     *
     * @param most how many, from 1
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder mostPolicies(int most) {
        this.mostPolicies = most;
        return this;
    }

    /**
     * How many domains without such a policy are remembered; 100,000 by default. They never push out a policy.
     *
     * @param most how many, from 1
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder mostOtherDomains(int most) {
        this.mostOtherDomains = most;
        return this;
    }

    /**
     * How many policies are fetched at once; 5,000 by default. Further ones wait in turn, up to their deadline.
     *
     * @param most how many, from 1
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder mostFetches(int most) {
        this.mostFetches = most;
        return this;
    }

    /**
     * Keeps policies beyond a restart, in place of {@link #policyDirectory}; by default they are in memory only. The caller closes it.
     *
     * @param store the store
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder policyStore(PolicyStore store) {
        this.store = store;
        this.policyDirectory = null;
        return this;
    }

    /**
     * Keeps policies beyond a restart, in files of this directory, in place of {@link #policyStore}. It is made if it is not there; several processes may share it.
     *
     * @param directory the directory
     * @return this
     * @see PolicyStore#inDirectory
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder policyDirectory(Path directory) {
        this.policyDirectory = directory;
        this.store = null;
        return this;
    }

    /**
     * Is told what happens to policies.
     *
     * @param listener the listener; none by default
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder listener(DiscoveryListener listener) {
        this.listener = listener;
        return this;
    }

    /**
     * Is told what happens on deliveries.
     *
     * @param observer the observer; none by default
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder observer(DeliveryObserver observer) {
        this.observer = observer;
        return this;
    }

    /**
     * The names under which this sender receives mail itself, for the loop rule of RFC 5321 §5.1.
     *
     * @param names host names, in any form; none by default
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder ownNames(Set<MxHost> names) {
        this.ownNames = Set.copyOf(names);
        return this;
    }

    /**
     * The addresses at which this sender receives mail itself, for the loop rule of RFC 5321 §5.1.
     *
     * @param addresses addresses; none by default
     * @return this
     */
    @CanIgnoreReturnValue
    public MtaStsBuilder ownAddresses(Set<InetAddress> addresses) {
        this.ownAddresses = Set.copyOf(addresses);
        return this;
    }

    /**
     * The engine.
     *
     * @return the engine, to be closed at shutdown
     * @throws IllegalStateException if there is no trust anchor, or they cannot be read, or the TLS provider cannot be used
     */
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
            PolicyFetcher.Builder made = PolicyFetcher.builder(asks, peers)
                    .port(httpsPort)
                    .deadline(fetchDeadline)
                    .requireMediaType(requireMediaType)
                    .allowPrivateAddresses(privateAddresses);
            set(mostFetches, made::maxInFlight);
            fetches = made.build();
        }
        PolicyDiscovery.Builder finds = PolicyDiscovery.builder(asks, fetches)
                .clock(clock)
                .strictDiscovery(strictDiscovery)
                .asynchronous(asynchronousDiscovery);
        set(discoveryDeadline, finds::deadline);
        set(mostPolicies, finds::mostPolicies);
        set(mostOtherDomains, finds::mostOtherDomains);
        set(store, finds::store);
        PolicyStore ownStore = policyDirectory == null ? null : PolicyStore.inDirectory(policyDirectory);
        set(ownStore, finds::store);
        set(listener, finds::listener);
        PolicyDiscovery discovery = finds.build();
        owned.add(discovery);
        if (fetcher == null) {
            owned.add(fetches);
        }
        if (dns == null) {
            owned.add(asks);
        }
        if (ownStore != null) {
            owned.add(ownStore);
        }
        Deliveries deliveries = Deliveries.builder(discovery, asks, peers)
                .clock(clock)
                .observer(observer)
                .ownNames(ownNames)
                .ownAddresses(ownAddresses)
                .allowLocalAddresses(localMx)
                .allowClearText(clearText)
                .neverClearText(neverClearText)
                .build();
        return new MtaSts(asks, fetches, peers, discovery, deliveries, owned);
    }

    private static <T> void set(@Nullable T value, Consumer<T> setter) {
        if (value != null) {
            setter.accept(value);
        }
    }
}
