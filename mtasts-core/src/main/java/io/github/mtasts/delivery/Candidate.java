package io.github.mtasts.delivery;

import io.github.mtasts.policy.MxHost;
import io.github.mtasts.tls.PeerVerifier;
import java.net.InetAddress;
import java.util.List;

/** An MX host that may be tried, with its addresses and the terms of TLS on which it may be given the message. */
public final class Candidate {
    private final MxHost host;
    private final List<InetAddress> addresses;
    private final DeliveryAttempt attempt;
    private final TlsRequirement requirement;
    private final MxMatch match;
    private final boolean clearTextAllowed;
    private final PeerVerifier verifier;

    Candidate(
            MxHost host,
            List<InetAddress> addresses,
            TlsRequirement requirement,
            MxMatch match,
            boolean clearTextAllowed,
            PeerVerifier verifier,
            DeliveryAttempt attempt) {
        this.host = host;
        this.addresses = List.copyOf(addresses);
        this.requirement = requirement;
        this.clearTextAllowed = clearTextAllowed;
        this.verifier = verifier;
        this.match = match;
        this.attempt = attempt;
    }

    /** {@return the name in the MX record, which TLS has to prove} */
    public MxHost host() {
        return host;
    }

    /** {@return where to connect, in order; never empty}. Each carries the host's name, so no reverse look-up ever occurs. */
    public List<InetAddress> addresses() {
        return addresses;
    }

    /**
     * The terms for a new connection: take a new object for each connection.
     *
     * @return terms that have heard of nothing yet
     */
    public TlsTerms tls() {
        String name = host.name();
        return new TlsTerms(
                attempt,
                this,
                requirement,
                match,
                clearTextAllowed,
                requirement == TlsRequirement.VERIFIED ? verifier.strict(name) : verifier.opportunistic(name),
                ConnectionInfo.UNKNOWN);
    }

    /**
     * Tells the attempt that no connection came about, or broke outside of TLS: an ordinary failure, no matter of policy (RFC 8461 §5.1).
     *
     * @param what what was seen, for people
     */
    public void unreachable(String what) {
        attempt.unreachable(host, what);
    }

    @Override
    public String toString() {
        return host + " " + addresses;
    }
}
