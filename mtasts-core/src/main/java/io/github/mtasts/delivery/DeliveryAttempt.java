package io.github.mtasts.delivery;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.discovery.Recheck;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.ReportType;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to deliver to one next hop: its candidates in the order of RFC 5321 §5.1, each with its terms, and at the end what came of it.
 *
 * <p>Iterate, try each candidate, stop at the first that takes the message; when none does, ask {@link #conclude()}. A host that the policy refuses is passed over
 * and recorded, in its turn: the list is never filtered beforehand (RFC 8461 §8.4). The addresses of a host are looked up when its turn comes.
 *
 * <p>For one delivery at a time: not safe for several threads at once. Iterates once.
 */
public final class DeliveryAttempt implements Iterable<Candidate> {
    private final Deliveries deliveries;
    private final NextHop nextHop;
    private final @Nullable PolicyInForce policy;
    private final Route route;
    private final List<Note> notes = new ArrayList<>();
    private int next;

    DeliveryAttempt(Deliveries deliveries, NextHop nextHop, @Nullable PolicyInForce policy, Route route) {
        this.deliveries = deliveries;
        this.nextHop = nextHop;
        this.policy = policy;
        this.route = route;
        if (policy != null) {
            policy.failure()
                    .filter(failure -> failure.reportType().isPresent())
                    .ifPresent(failure -> deliveries.tell(observer -> observer.policyFailure(policy, failure)));
        }
    }

    /** {@return the next hop} */
    public NextHop nextHop() {
        return nextHop;
    }

    /** {@return what is in force for the next hop; empty for an address literal, and where the MX look-up left nothing to decide} */
    public Optional<PolicyInForce> policy() {
        return Optional.ofNullable(policy);
    }

    /** {@return the MX hosts in order, before any is judged} */
    public List<MxHost> hosts() {
        return route.hosts();
    }

    /**
     * The candidates, one after the other. {@link Iterator#hasNext()} may look up addresses and waits for them, within the DNS client's deadline.
     */
    @Override
    public Iterator<Candidate> iterator() {
        return new Iterator<>() {
            private @Nullable Candidate ahead;

            @Override
            public boolean hasNext() {
                if (ahead == null) {
                    ahead = Waiting.on(nextCandidate(), Optional.<Candidate>empty(), () -> {
                                notes.add(new Note(nextHop.toString(), Note.Kind.UNREACHABLE, "interrupted"));
                            })
                            .orElse(null);
                }
                return ahead != null;
            }

            @Override
            public Candidate next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                Candidate candidate = ahead;
                ahead = null;
                if (candidate == null) {
                    throw new NoSuchElementException();
                }
                return candidate;
            }
        };
    }

    /**
     * The next candidate for those who do not block; empty at the end. Ask again only when the stage is complete.
     *
     * @return the candidate, or empty
     */
    @CheckReturnValue
    public CompletionStage<Optional<Candidate>> nextCandidate() {
        while (next < route.hosts().size()) {
            MxHost host = route.hosts().get(next++);
            TlsRequirement required = required(host);
            if (required == null) {
                continue;
            }
            if (nextHop instanceof NextHop.AddressLiteral literal) {
                return CompletableFuture.completedFuture(candidate(host, required, List.of(literal.address())));
            }
            return deliveries.dns().addresses(host.name()).thenCompose(answer -> {
                Optional<Candidate> candidate = candidate(host, required, usable(host, answer));
                return candidate.isPresent() ? CompletableFuture.completedFuture(candidate) : nextCandidate();
            });
        }
        return CompletableFuture.completedFuture(Optional.empty());
    }

    /** A host that the caller's own routing found; empty if the policy refuses it. */
    Optional<Candidate> candidate(MxHost host, List<InetAddress> addresses) {
        TlsRequirement required = required(host);
        return required == null ? Optional.empty() : candidate(host, required, addresses);
    }

    /** What TLS a host has to offer; null if it may not be used, which is noted. */
    private @Nullable TlsRequirement required(MxHost host) {
        if (policy == null) {
            return TlsRequirement.OPPORTUNISTIC;
        }
        MxDecision decision = MxDecision.of(policy, host);
        if (decision instanceof MxDecision.Refuse refuse) {
            refused(host, refuse);
            return null;
        }
        return ((MxDecision.DeliverWith) decision).tls();
    }

    private void refused(MxHost host, MxDecision.Refuse refuse) {
        if (refuse.reason() == MxDecision.Reason.MX_NOT_LISTED) {
            session(
                    host,
                    ConnectionInfo.UNKNOWN,
                    Clearance.NEXT_HOST,
                    List.of(SessionFailure.MX_MISMATCH),
                    "the policy does not list this MX host");
        } else {
            notes.add(new Note(host.name(), Note.Kind.UNDETERMINED, "it is not known which policy is in force"));
        }
    }

    private Optional<Candidate> candidate(MxHost host, TlsRequirement requirement, List<InetAddress> addresses) {
        if (addresses.isEmpty()) {
            return Optional.empty();
        }
        MxMatch match = policy == null ? MxMatch.NO_POLICY : MxMatch.of(policy, host);
        return Optional.of(new Candidate(
                host,
                addresses,
                requirement,
                match,
                deliveries.clearTextAllowed(nextHop),
                deliveries.verifier(),
                this));
    }

    private List<InetAddress> usable(MxHost host, DnsAnswer<InetAddress> answer) {
        if (answer instanceof DnsAnswer.Unavailable<InetAddress> unavailable) {
            notes.add(new Note(
                    host.name(),
                    Note.Kind.ADDRESS_UNAVAILABLE,
                    "its addresses cannot be looked up (" + unavailable.reason() + ": " + unavailable.detail() + ")"));
            return List.of();
        }
        if (!(answer instanceof DnsAnswer.Found<InetAddress> found)) {
            notes.add(new Note(host.name(), Note.Kind.NO_ADDRESS, "it has no address"));
            return List.of();
        }
        List<InetAddress> addresses = new ArrayList<>();
        for (InetAddress address : found.records()) {
            if (deliveries.isOwn(address)) {
                // RFC 5321 §5.1: never on to a host that is no better than this one
                notes.add(new Note(host.name(), Note.Kind.LOOP, "its address is this sender's own"));
                next = route.hosts().size();
                return List.of();
            }
            if (deliveries.mayConnect(address) && addresses.size() < deliveries.mostAddresses()) {
                addresses.add(address);
            }
        }
        if (addresses.isEmpty()) {
            notes.add(new Note(
                    host.name(), Note.Kind.ADDRESS_FORBIDDEN, "none of its addresses may be used: " + found.records()));
        }
        return addresses;
    }

    /** A session's end, or a host passed over for its name; what was told of it, null if nothing. */
    @CanIgnoreReturnValue
    @Nullable
    SessionResult session(
            MxHost host, ConnectionInfo connection, Clearance clearance, List<SessionFailure> failures, String text) {
        if (clearance == Clearance.NEXT_HOST) {
            deliveries.dns().forgetHost(host.name());
            boolean noStartTls =
                    failures.stream().anyMatch(failure -> failure.type() == ReportType.STARTTLS_NOT_SUPPORTED);
            notes.add(new Note(host.name(), noStartTls ? Note.Kind.NO_STARTTLS : Note.Kind.POLICY, text));
        }
        if (policy == null) {
            return null;
        }
        SessionResult result = new SessionResult(policy, host, connection, clearance, failures);
        deliveries.tell(observer -> observer.session(result));
        return result;
    }

    /** A session broke on TLS after it was told. */
    void broke(SessionResult told, SessionFailure failure) {
        deliveries.tell(observer -> observer.sessionBroke(told, failure));
    }

    void unreachable(MxHost host, String what) {
        deliveries.dns().forgetHost(host.name());
        notes.add(new Note(host.name(), Note.Kind.UNREACHABLE, what));
    }

    /**
     * What the attempt came to, once no candidate took the message. Where a policy kept the message back, the policy is looked up again first (RFC 8461 §5.1), which
     * may wait for DNS and HTTPS within {@code recheck}'s deadline.
     *
     * @return the conclusion
     */
    @CheckReturnValue
    public Conclusion conclude() {
        return Waiting.on(concludeAsync(), tryAgain(), () -> {});
    }

    /**
     * As {@link #conclude()}, without waiting.
     *
     * @return the conclusion
     */
    @CheckReturnValue
    public CompletionStage<Conclusion> concludeAsync() {
        return conclusion().thenApply(conclusion -> {
            // after the policy was looked up again: the next attempt is to see the hosts as they are then
            deliveries.dns().forget(nextHop.toString());
            return conclusion;
        });
    }

    private CompletionStage<Conclusion> conclusion() {
        if (route.failure() != null) {
            return CompletableFuture.completedFuture(route.failure());
        }
        if (notes.stream().anyMatch(note -> note.kind().isPolicy())
                && policy instanceof PolicyInForce.Enforce enforce) {
            return deliveries
                    .recheck(enforce)
                    .thenApply(recheck -> recheck == Recheck.CHANGED
                            ? new Conclusion.PolicyChanged(status(), "the policy changed meanwhile; " + text())
                            : tryAgain());
        }
        return CompletableFuture.completedFuture(hopeless().orElseGet(this::tryAgain));
    }

    /** What can never succeed, whatever the policy; never where a policy is enforced (RFC 8461 §5). */
    private Optional<Conclusion> hopeless() {
        if (notes.isEmpty() || policy instanceof PolicyInForce.Enforce) {
            return Optional.empty();
        }
        if (notes.stream().allMatch(note -> note.kind() == Note.Kind.LOOP)) {
            return Optional.of(new Conclusion.Permanent(Conclusion.Reason.LOOP, "5.4.6", text()));
        }
        if (notes.size() == route.hosts().size()
                && notes.stream().allMatch(note -> note.kind() == Note.Kind.NO_ADDRESS)) {
            return Optional.of(new Conclusion.Permanent(Conclusion.Reason.NO_ADDRESS, "5.4.4", text()));
        }
        return Optional.empty();
    }

    private Conclusion tryAgain() {
        return new Conclusion.TryAgain(status(), text());
    }

    private String status() {
        Note.Kind worst =
                notes.stream().map(Note::kind).max(Note.Kind::compareTo).orElse(Note.Kind.UNREACHABLE);
        return worst.status();
    }

    private String text() {
        StringBuilder text = new StringBuilder(nextHop.toString());
        if (notes.isEmpty()) {
            text.append(": no MX host took the message");
        }
        String separator = ": ";
        for (Note note : notes) {
            text.append(separator).append(note.host()).append(": ").append(note.text());
            separator = "; ";
        }
        if (policy instanceof PolicyInForce.Enforce) {
            text.append(deliveries.describe(policy));
        } else if (policy != null) {
            policy.failure()
                    .ifPresent(failure ->
                            text.append(" (").append(failure.describe()).append(')'));
        }
        return text.toString();
    }

    /** Why one host did not take the message. */
    record Note(String host, Kind kind, String text) {

        /** The later, the more it says of the whole. */
        enum Kind {
            LOOP("4.4.6"),
            NO_ADDRESS("4.4.4"),
            ADDRESS_FORBIDDEN("4.4.4"),
            UNREACHABLE("4.4.1"),
            ADDRESS_UNAVAILABLE("4.4.4"),
            UNDETERMINED("4.7.5"),
            NO_STARTTLS("4.7.4"),
            POLICY("4.7.5");

            private final String status;

            Kind(String status) {
                this.status = status;
            }

            String status() {
                return status;
            }

            boolean isPolicy() {
                return this == NO_STARTTLS || this == POLICY;
            }
        }
    }
}
