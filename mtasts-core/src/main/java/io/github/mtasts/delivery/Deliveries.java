package io.github.mtasts.delivery;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.discovery.Recheck;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tls.PeerVerifier;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.InstantSource;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins deliveries: asks for the policy and the MX hosts side by side. MX records and addresses are asked for again when their TTL or a minute is over, those of
 * a host that did not take the mail and all of an attempt that was concluded at once; an absence or a failure is never kept. Safe for any number of threads. Owns nothing it was given.
 */
public final class Deliveries {
    private static final Logger LOG = LoggerFactory.getLogger(Deliveries.class);

    private final PolicyDiscovery discovery;
    private final RecentAnswers dns;
    private final PeerVerifier verifier;
    private final DeliveryObserver observer;
    private final Set<MxHost> ownNames;
    private final Set<InetAddress> ownAddresses;
    private final boolean localAddressesAllowed;
    private final boolean clearTextAllowed;
    private final Set<PolicyDomain> neverClearText;
    private final boolean enforcing;
    private final boolean ipv6;
    private final int mostAddresses;
    private final Supplier<RandomGenerator> random;
    private final InstantSource clock;

    private Deliveries(Builder builder) {
        discovery = builder.discovery;
        dns = new RecentAnswers(builder.dns, builder.clock);
        verifier = builder.verifier;
        observer = builder.observer;
        ownNames = Set.copyOf(builder.ownNames);
        ownAddresses = Set.copyOf(builder.ownAddresses);
        localAddressesAllowed = builder.localAddressesAllowed;
        clearTextAllowed = builder.clearTextAllowed;
        neverClearText = Set.copyOf(builder.neverClearText);
        enforcing = true;
        mostAddresses = builder.mostAddresses;
        random = builder.random;
        clock = builder.clock;
        ipv6 = builder.ipv6 == null ? hasIpv6(localAddressesAllowed) : builder.ipv6;
    }

    private Deliveries(Deliveries enforcing) {
        discovery = enforcing.discovery;
        dns = enforcing.dns;
        verifier = enforcing.verifier;
        observer = enforcing.observer;
        ownNames = enforcing.ownNames;
        ownAddresses = enforcing.ownAddresses;
        localAddressesAllowed = enforcing.localAddressesAllowed;
        clearTextAllowed = enforcing.clearTextAllowed;
        neverClearText = enforcing.neverClearText;
        mostAddresses = enforcing.mostAddresses;
        random = enforcing.random;
        clock = enforcing.clock;
        ipv6 = enforcing.ipv6;
        this.enforcing = false;
    }

    /**
     * A builder over what finds policies, asks DNS and judges TLS.
     *
     * @param discovery what finds policies
     * @param dns what asks DNS
     * @param verifier what judges TLS
     * @return a builder with the defaults
     */
    public static Builder builder(PolicyDiscovery discovery, DnsClient dns, PeerVerifier verifier) {
        return new Builder(discovery, dns, verifier);
    }

    /**
     * Begins a delivery. Waits for DNS and, where no policy is cached, for HTTPS; both have deadlines. An interrupt makes it a delivery to be tried again.
     *
     * @param nextHop where the message goes next
     * @return the attempt, ready to be iterated
     */
    @CheckReturnValue
    public DeliveryAttempt attempt(NextHop nextHop) {
        Route interrupted = Route.failed(new Conclusion.TryAgain("4.3.0", nextHop + ": interrupted"));
        return Waiting.on(attemptAsync(nextHop), new DeliveryAttempt(this, nextHop, null, interrupted), () -> {});
    }

    /**
     * Deliveries that ask for no policy, so that none is enforced and no session is recorded. For reports about TLS alone: they have to arrive where TLS is broken, and sending
     * them must not make new ones due (RFC 8460 §3).
     *
     * @return deliveries by the same rules but for policies
     */
    public Deliveries unenforced() {
        return new Deliveries(this);
    }

    /**
     * A candidate that the caller found by routing of its own, judged under a policy.
     *
     * @param policy what is in force for the next hop
     * @param host the name in the MX record, or of the relay
     * @param addresses where to connect, in order; at least one
     * @return empty if the policy refuses the host, which is recorded
     */
    @CheckReturnValue
    public Optional<Candidate> candidate(PolicyInForce policy, MxHost host, List<InetAddress> addresses) {
        return new DeliveryAttempt(this, new NextHop.Domain(policy.domain()), policy, Route.to(host))
                .candidate(host, addresses);
    }

    /**
     * The policy that keeps a message from a host, for the text of a refusal.
     *
     * @param policy what is in force
     * @return {@code  (policy enforce, id …, fetched …, … old, mx […])}, with the space before it; nothing where none is enforced
     */
    public String describe(PolicyInForce policy) {
        return policy instanceof PolicyInForce.Enforce enforce ? " (" + enforce.describe(clock.instant()) + ")" : "";
    }

    /**
     * As {@link #attempt}, without waiting.
     *
     * @param nextHop where the message goes next
     * @return the attempt, ready to be asked for candidates
     */
    @CheckReturnValue
    public CompletionStage<DeliveryAttempt> attemptAsync(NextHop nextHop) {
        if (nextHop instanceof NextHop.Domain domain) {
            return attemptDomain(domain);
        }
        if (nextHop instanceof NextHop.Host host) {
            if (!enforcing) {
                return CompletableFuture.completedFuture(
                        new DeliveryAttempt(this, nextHop, null, Route.to(host.host())));
            }
            PolicyDomain policyDomain = PolicyDomain.of(host.host().name());
            return discovery
                    .policyForAsync(policyDomain)
                    .thenApply(policy -> new DeliveryAttempt(this, nextHop, policy, Route.to(host.host())));
        }
        NextHop.AddressLiteral literal = (NextHop.AddressLiteral) nextHop;
        return CompletableFuture.completedFuture(
                new DeliveryAttempt(this, nextHop, null, Route.to(MxHost.literal(literal.address()))));
    }

    private CompletionStage<DeliveryAttempt> attemptDomain(NextHop.Domain nextHop) {
        PolicyDomain domain = nextHop.domain();
        if (enforcing) {
            discovery.askAhead(domain); // the TXT beside the MX: a delivery waits for one round trip, not two
        }
        CompletionStage<Route> routed = dns.mx(domain.name())
                .thenCompose(answer -> withoutOwnAddresses(domain, Route.of(domain, answer, ownNames, random.get())));
        return routed.thenCompose(route -> {
            if (route.failure() != null || !enforcing) {
                // nothing is fetched for a domain that takes no mail (RFC 7505)
                return CompletableFuture.completedFuture(new DeliveryAttempt(this, nextHop, null, route));
            }
            return discovery
                    .policyForAsync(domain)
                    .thenApply(policy -> new DeliveryAttempt(this, nextHop, policy, route));
        });
    }

    /** Which hosts stand at this sender's own addresses is seen on the whole list, where there are such addresses to look for. */
    private CompletionStage<Route> withoutOwnAddresses(PolicyDomain domain, Route route) {
        CompletionStage<Set<MxHost>> own = CompletableFuture.completedFuture(Set.of());
        if (!ownAddresses.isEmpty()) {
            for (MxHost host : route.hosts()) {
                own = own.thenCombine(
                        dns.addresses(host.name()), (found, answer) -> isOwn(answer) ? with(found, host) : found);
            }
        }
        return own.thenApply(found -> found.isEmpty() ? route : route.betterThan(domain, found));
    }

    private static Set<MxHost> with(Set<MxHost> hosts, MxHost host) {
        Set<MxHost> more = new HashSet<>(hosts);
        more.add(host);
        return more;
    }

    private boolean isOwn(DnsAnswer<InetAddress> answer) {
        return answer instanceof DnsAnswer.Found<InetAddress> found
                && found.records().stream().anyMatch(this::isOwn);
    }

    RecentAnswers dns() {
        return dns;
    }

    PeerVerifier verifier() {
        return verifier;
    }

    boolean clearTextAllowed(NextHop nextHop) {
        return clearTextAllowed
                && nextHop.policyDomain()
                        .filter(domain -> neverClearText.contains(domain))
                        .isEmpty();
    }

    int mostAddresses() {
        return mostAddresses;
    }

    boolean isOwn(InetAddress address) {
        return ownAddresses.contains(address);
    }

    boolean mayConnect(InetAddress address) {
        if (address instanceof Inet6Address && !ipv6) {
            return false;
        }
        return localAddressesAllowed
                || !(address.isAnyLocalAddress()
                        || address.isLoopbackAddress()
                        || address.isLinkLocalAddress()
                        || address.isMulticastAddress()
                        || (address instanceof Inet4Address && address.getAddress()[0] == 0));
    }

    CompletionStage<Recheck> recheck(PolicyInForce used) {
        return discovery.recheckAsync(used);
    }

    void tell(Consumer<DeliveryObserver> event) {
        try {
            event.accept(observer);
        } catch (RuntimeException e) {
            // an observer never changes a delivery
            LOG.warn("a delivery observer failed", e);
        }
    }

    private static boolean hasIpv6(boolean loopbackCounts) {
        try {
            for (NetworkInterface networkInterface : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                for (InetAddress address : Collections.list(networkInterface.getInetAddresses())) {
                    if (address instanceof Inet6Address
                            && !address.isLinkLocalAddress()
                            && (loopbackCounts || !address.isLoopbackAddress())) {
                        return true;
                    }
                }
            }
            return false;
        } catch (SocketException e) {
            return true; // not known: let connecting tell
        }
    }

    /** Makes {@link Deliveries}. Not safe for several threads. */
    public static final class Builder {
        private final PolicyDiscovery discovery;
        private final DnsClient dns;
        private final PeerVerifier verifier;
        private final Set<MxHost> ownNames = new HashSet<>();
        private final Set<InetAddress> ownAddresses = new HashSet<>();
        private DeliveryObserver observer = DeliveryObserver.NONE;
        private boolean localAddressesAllowed;
        private boolean clearTextAllowed = true;
        private final Set<PolicyDomain> neverClearText = new HashSet<>();
        private @Nullable Boolean ipv6;
        private int mostAddresses = 5;
        private Supplier<RandomGenerator> random = ThreadLocalRandom::current;
        private InstantSource clock = InstantSource.system();

        private Builder(PolicyDiscovery discovery, DnsClient dns, PeerVerifier verifier) {
            this.discovery = discovery;
            this.dns = dns;
            this.verifier = verifier;
        }

        /**
         * Is told what happens.
         *
         * @param observer the observer; none by default
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder observer(DeliveryObserver observer) {
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
        public Builder ownNames(Set<MxHost> names) {
            ownNames.addAll(names);
            return this;
        }

        /**
         * The addresses at which this sender receives mail itself, for the loop rule of RFC 5321 §5.1.
         *
         * @param addresses addresses; none by default
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder ownAddresses(Set<InetAddress> addresses) {
            ownAddresses.addAll(addresses);
            return this;
        }

        /**
         * Whether MX hosts at loopback, link-local, multicast and unspecified addresses may be connected to; false by default.
         *
         * @param allowed whether it may
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder allowLocalAddresses(boolean allowed) {
            this.localAddressesAllowed = allowed;
            return this;
        }

        /**
         * Whether mail may go in clear text where no policy is enforced and TLS is not to be had; true by default.
         *
         * @param allowed whether it may
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder allowClearText(boolean allowed) {
            this.clearTextAllowed = allowed;
            return this;
        }

        /**
         * Next hops to which mail never goes in clear text, though it may to others.
         *
         * @param domains none by default
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder neverClearText(Set<PolicyDomain> domains) {
            neverClearText.addAll(domains);
            return this;
        }

        /**
         * Whether MX hosts are connected to over IPv6; by default, where this machine has an address of that kind.
         *
         * @param ipv6 whether IPv6 is used
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder ipv6(boolean ipv6) {
            this.ipv6 = ipv6;
            return this;
        }

        /**
         * How many addresses of a host are tried at the most: at least 2, 5 by default (RFC 5321 §5.1).
         *
         * @param most how many, at least 2
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder mostAddresses(int most) {
            if (most < 2) {
                throw new IllegalArgumentException(
                        "at least two addresses of a host are tried (RFC 5321 §5.1): " + most);
            }
            this.mostAddresses = most;
            return this;
        }

        /**
         * What tells the time: for how long an answer of DNS is used, and for the age of a policy in the text of a refusal.
         *
         * @param clock the system's by default
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder clock(InstantSource clock) {
            this.clock = clock;
            return this;
        }

        /**
         * What shuffles MX hosts of equal preference.
         *
         * @param random gives a source of randomness for each attempt
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder random(Supplier<RandomGenerator> random) {
            this.random = random;
            return this;
        }

        /**
         * The deliveries.
         *
         * @return the deliveries
         */
        public Deliveries build() {
            return new Deliveries(this);
        }
    }
}
