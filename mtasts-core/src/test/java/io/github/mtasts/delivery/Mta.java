package io.github.mtasts.delivery;

import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import io.github.mtasts.discovery.DiscoveryFailure;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.SmallInternet;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** A mail server in a small internet: delivers by the engine's word, and keeps what the observer was told. */
final class Mta implements AutoCloseable {
    static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");

    final SmallInternet net = new SmallInternet();
    final List<SessionResult> sessions = new CopyOnWriteArrayList<>();
    final List<DiscoveryFailure> policyFailures = new CopyOnWriteArrayList<>();
    final MtaSts engine;
    /** How long a host may stay silent in the handshake. */
    int patience = SmtpPeer.PATIENCE;
    /** TLS from the first byte. */
    boolean implicitTls;

    Mta() {
        this(builder -> builder);
    }

    Mta(UnaryOperator<MtaStsBuilder> settings) {
        engine = settings.apply(MtaSts.builder()
                        .dnsServer(net.dns().address())
                        .httpsPort(net.httpsPort())
                        .trustAnchors(net.ca().trustStore())
                        .clock(net.clock())
                        .allowPrivateAddresses(true)
                        .observer(new DeliveryObserver() {
                            @Override
                            public void session(SessionResult result) {
                                sessions.add(result);
                            }

                            @Override
                            public void policyFailure(PolicyInForce policy, DiscoveryFailure failure) {
                                policyFailures.add(failure);
                            }
                        }))
                .build();
    }

    /** Deliveries of this engine with further settings. */
    Deliveries.Builder deliveries() {
        return Deliveries.builder(engine.discovery(), engine.dns(), engine.verifier())
                .allowLocalAddresses(true);
    }

    String deliver(String nextHop) {
        return deliver(engine.attempt(NextHop.parse(nextHop)));
    }

    /** For example {@code VERIFIED_TLS mx1.example.com 250}, or {@code TryAgain 4.7.5}. */
    String deliver(DeliveryAttempt attempt) {
        for (Candidate mx : attempt) {
            for (InetAddress address : mx.addresses()) {
                try (SmtpPeer peer = SmtpPeer.open(List.of(address), net.smtpPort())) {
                    TlsTerms terms = mx.tls().on(new ConnectionInfo(null, address, null));
                    Clearance clearance =
                            implicitTls ? peer.negotiateImplicitly(terms) : peer.negotiate(terms, patience);
                    if (clearance != Clearance.NEXT_HOST) {
                        return clearance + " " + mx.host() + " "
                                + peer.send("hello", clearance).substring(0, 3);
                    }
                } catch (IOException e) {
                    mx.unreachable(String.valueOf(e.getMessage()));
                }
            }
        }
        return told(attempt.conclude());
    }

    static String told(Conclusion conclusion) {
        return conclusion.getClass().getSimpleName() + " " + conclusion.status();
    }

    /** The hosts that an attempt offers, without trying any. */
    static List<String> offered(DeliveryAttempt attempt) {
        List<String> hosts = new ArrayList<>();
        for (Candidate mx : attempt) {
            hosts.add(mx.host().name());
        }
        return hosts;
    }

    /** The failures of all sessions, as reports name them. */
    List<String> failures() {
        return sessions.stream()
                .flatMap(session -> session.failures().stream())
                .map(failure -> failure.type().text())
                .toList();
    }

    /** The questions of one type so far, by name. */
    List<String> asked(String type) {
        return net.dns().queries().stream()
                .filter(query -> query.type().equals(type.toUpperCase(Locale.ROOT)))
                .map(query -> query.name())
                .distinct()
                .toList();
    }

    @Override
    public void close() {
        engine.close();
        net.close();
    }
}
