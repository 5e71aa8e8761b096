package io.github.mtasts;

import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.delivery.Deliveries;
import io.github.mtasts.delivery.DeliveryAttempt;
import io.github.mtasts.delivery.NextHop;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.discovery.Recheck;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.PolicyFetcher;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tls.PeerVerifier;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * MTA-STS for a mail sender (RFC 8461): which policy is in force, which MX hosts may be tried, and whether their TLS passes. One per process, for any number of threads;
 * close it at shutdown.
 *
 * <pre>{@code
 * MtaSts mtaSts = MtaSts.builder().build();
 * DeliveryAttempt attempt = mtaSts.attempt(PolicyDomain.of("example.com"));
 * for (Candidate mx : attempt) { ... }
 * }</pre>
 */
public final class MtaSts implements AutoCloseable {
    private final DnsClient dns;
    private final PolicyFetcher fetcher;
    private final PeerVerifier verifier;
    private final PolicyDiscovery discovery;
    private final Deliveries deliveries;
    private final List<AutoCloseable> owned;

    MtaSts(
            DnsClient dns,
            PolicyFetcher fetcher,
            PeerVerifier verifier,
            PolicyDiscovery discovery,
            Deliveries deliveries,
            List<AutoCloseable> owned) {
        this.dns = dns;
        this.fetcher = fetcher;
        this.verifier = verifier;
        this.discovery = discovery;
        this.deliveries = deliveries;
        this.owned = List.copyOf(owned);
    }

    /**
     * A builder; {@code MtaSts.builder().build()} is ready for use on the Internet.
     *
     * @return a builder with the defaults
     */
    public static MtaStsBuilder builder() {
        return new MtaStsBuilder();
    }

    /**
     * Which policy is in force for the domain now. May wait for DNS and HTTPS; a known answer costs no I/O.
     *
     * @param domain the recipient's domain, or a relay's
     * @return what is in force, and why
     */
    @CheckReturnValue
    public PolicyInForce policyFor(PolicyDomain domain) {
        return discovery.policyFor(domain);
    }

    /**
     * As {@link #policyFor}, without waiting. Cancelling the future affects no other caller.
     *
     * @param domain the recipient's domain, or a relay's
     * @return what is in force, and why
     */
    @CheckReturnValue
    public CompletableFuture<PolicyInForce> policyForAsync(PolicyDomain domain) {
        return discovery.policyForAsync(domain);
    }

    /**
     * Begins a delivery to a recipient's domain.
     *
     * @param domain the recipient's domain, or a relay's
     * @return the attempt, ready to be iterated
     */
    @CheckReturnValue
    public DeliveryAttempt attempt(PolicyDomain domain) {
        return attempt(new NextHop.Domain(domain));
    }

    /**
     * Begins a delivery to any next hop.
     *
     * @param nextHop where the message goes next
     * @return the attempt, ready to be iterated
     */
    @CheckReturnValue
    public DeliveryAttempt attempt(NextHop nextHop) {
        return deliveries.attempt(nextHop);
    }

    /**
     * As {@link #attempt(NextHop)}, without waiting.
     *
     * @param nextHop where the message goes next
     * @return the attempt, ready to be asked for candidates
     */
    @CheckReturnValue
    public CompletionStage<DeliveryAttempt> attemptAsync(NextHop nextHop) {
        return deliveries.attemptAsync(nextHop);
    }

    /**
     * Looks a policy up again, past every cache, before a refusal under it is made final (RFC 8461 §5.1).
     *
     * @param used the answer that the refusal rests on
     * @return whether another policy is in force now
     */
    @CheckReturnValue
    public CompletableFuture<Recheck> recheckAsync(PolicyInForce used) {
        return discovery.recheckAsync(used);
    }

    /** {@return what begins deliveries, for those who need more than {@link #attempt(NextHop)}} */
    public Deliveries deliveries() {
        return deliveries;
    }

    /**
     * Finds policies; for those who want its events, counters and controls.
     *
     * @return what finds policies
     */
    public PolicyDiscovery discovery() {
        return discovery;
    }

    /**
     * Asks DNS, as this engine does.
     *
     * @return the DNS client
     */
    public DnsClient dns() {
        return dns;
    }

    /**
     * Fetches policies, as this engine does.
     *
     * @return the fetcher
     */
    public PolicyFetcher fetcher() {
        return fetcher;
    }

    /**
     * Judges TLS peers, as this engine does.
     *
     * @return the verifier
     */
    public PeerVerifier verifier() {
        return verifier;
    }

    /** Ends the engine and what it made for itself; what was handed in stays open. May be called again. */
    @Override
    public void close() {
        for (AutoCloseable one : owned) {
            try {
                one.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
