package io.github.mtasts.javamail;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.Conclusion;
import io.github.mtasts.delivery.Deliveries;
import io.github.mtasts.delivery.DeliveryAttempt;
import io.github.mtasts.delivery.NextHop;
import io.github.mtasts.delivery.TlsTerms;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.StsPolicy;
import jakarta.mail.Address;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes one message to one next hop: host after host, address after address, until everybody is served or nobody is left to ask. */
final class Delivery {
    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
    private static final int MOST_RECIPIENTS = 100;
    private static final String NO_UTF8 = "an address has characters beyond ASCII, and SMTPUTF8 is not offered"
            + " or not allowed (mail.mime.allowutf8)";

    private final Sender sender;
    private final Deliveries deliveries;
    private final Envelope envelope;
    private final NextHop nextHop;
    private final String domain;
    private final int port;
    /** Who has not been served, refused or held yet; with what a server said last. */
    private final Map<Recipient, Fate.@Nullable NotTaken> open = new LinkedHashMap<>();
    /** Each outcome so far, without its recipients. */
    private final Map<DeliveryOutcome, List<Address>> outcomes = new LinkedHashMap<>();

    private @Nullable StsPolicy policy;

    /**
     * A delivery.
     *
     * @param deliveries under which policies
     * @param domain how outcomes call the next hop
     * @param recipients all for this next hop, all different
     */
    Delivery(
            Sender sender,
            Deliveries deliveries,
            Envelope envelope,
            NextHop nextHop,
            String domain,
            int port,
            List<Recipient> recipients) {
        this.sender = sender;
        this.deliveries = deliveries;
        this.envelope = envelope;
        this.nextHop = nextHop;
        this.domain = domain;
        this.port = port;
        recipients.forEach(recipient -> open.put(recipient, null));
    }

    /** Delivers. Where the policy turns out to have changed, it is tried once more, and only once. */
    List<DeliveryOutcome> deliver() {
        try {
            return delivered();
        } catch (RuntimeException e) {
            // of an engine's DNS client, say: what was done for others has to be told all the same
            LOG.error("{}: a fault while a message was delivered", domain, e);
            conclude(new Conclusion.TryAgain(
                    "4.3.0", domain + ": a fault within this sender: " + Form.quote(e.toString())));
            return told();
        }
    }

    private List<DeliveryOutcome> delivered() {
        boolean again = true;
        for (boolean first = true; again; first = false) {
            DeliveryAttempt attempt = deliveries.attempt(nextHop);
            policy = attempt.policy()
                    .flatMap(PolicyInForce::known)
                    .map(CachedPolicy::policy)
                    .orElse(null);
            sender.connections().policyIs(nextHop, policy);
            for (Candidate candidate : attempt) {
                toHost(candidate);
                if (open.isEmpty()) {
                    return told();
                }
            }
            Conclusion conclusion = attempt.conclude();
            again = first && conclusion instanceof Conclusion.PolicyChanged;
            if (!again) {
                conclude(conclusion);
            }
        }
        return told();
    }

    private void conclude(Conclusion conclusion) {
        if (conclusion instanceof Conclusion.Permanent permanent) {
            DeliveryOutcome failed =
                    new DeliveryOutcome.Failed(domain, List.of(), permanent.status(), permanent.text(), null, 0);
            open.keySet().forEach(recipient -> tell(failed, recipient));
            return;
        }
        LOG.info("{}: message held: {} {}", domain, conclusion.status(), Form.anonymous(conclusion.text()));
        open.forEach((recipient, last) -> {
            // the text tells of all hosts; a server's own word on the recipient gives the code
            String status = last == null ? conclusion.status() : last.status();
            tell(new DeliveryOutcome.Deferred(domain, List.of(), status, conclusion.text()), recipient);
        });
    }

    private void tell(DeliveryOutcome outcome, Recipient recipient) {
        outcomes.computeIfAbsent(outcome, key -> new ArrayList<>()).add(recipient.address());
    }

    private List<DeliveryOutcome> told() {
        List<DeliveryOutcome> told = new ArrayList<>();
        outcomes.forEach((outcome, recipients) -> told.add(of(recipients, outcome)));
        return told;
    }

    private static DeliveryOutcome of(List<Address> whom, DeliveryOutcome outcome) {
        if (outcome instanceof DeliveryOutcome.Delivered to) {
            return new DeliveryOutcome.Delivered(to.domain(), whom, to.mx(), to.tls(), to.verified());
        }
        if (outcome instanceof DeliveryOutcome.Deferred why) {
            return new DeliveryOutcome.Deferred(why.domain(), whom, why.status(), why.reason());
        }
        DeliveryOutcome.Failed why = (DeliveryOutcome.Failed) outcome;
        return new DeliveryOutcome.Failed(why.domain(), whom, why.status(), why.reason(), why.mx(), why.code());
    }

    private void toHost(Candidate candidate) {
        Set<Recipient> answered = new HashSet<>();
        for (InetAddress address : candidate.addresses()) {
            if (toAddress(candidate, address, answered)) {
                return;
            }
        }
    }

    /**
     * Tries one address of a host.
     *
     * @param answered whom the host has said something of; they are not asked for again there
     * @return false if another address of the same host should be tried
     */
    private boolean toAddress(Candidate candidate, InetAddress address, Set<Recipient> answered) {
        while (true) {
            TlsTerms terms = candidate.tls();
            SmtpConnection connection = sender.connections().take(candidate.host(), address, port, terms);
            boolean kept = connection != null;
            if (connection == null) {
                connection = sender.connection(candidate.host(), address, port, terms);
                try {
                    connection.connect();
                } catch (SmtpConnection.RefusedException e) {
                    LOG.debug("{}: {}: refused: {}", domain, connection, e.getMessage());
                    return false; // the terms have taken note
                } catch (AuthenticationFailedException e) {
                    candidate.unreachable("the credentials are refused: " + Form.quote(e.getMessage()));
                    return true;
                } catch (MessagingException e) {
                    candidate.unreachable(String.valueOf(e.getMessage()));
                    return false;
                }
            }
            boolean progress = handOver(candidate, connection, answered, kept);
            if (answered.containsAll(open.keySet())) {
                return true;
            }
            // a kept connection may have been dead, and one that took something may take no more: both call for a new
            // one
            if (!progress && !kept) {
                return false;
            }
        }
    }

    /**
     * Hands the message over to a server, in as many goes as that takes.
     *
     * @return whether the server had anything to say of any recipient
     */
    private boolean handOver(Candidate candidate, SmtpConnection connection, Set<Recipient> answered, boolean kept) {
        boolean progress = false;
        boolean goOn = true;
        try {
            while (goOn) {
                List<Recipient> now = next(candidate, connection, answered);
                if (now.isEmpty()) {
                    return true;
                }
                List<Fate> fates = connection.handOver(envelope, now);
                boolean answer = take(candidate, connection, now, fates, answered, kept);
                progress |= answer;
                goOn = answer && !answered.containsAll(open.keySet()) && connection.isUsable() && connection.reset();
            }
            return progress;
        } finally {
            sender.connections().keep(connection, nextHop, policy);
        }
    }

    /** Whom to ask a server for next: no more than every server takes at once (RFC 5321 §4.5.3.1.8). */
    private List<Recipient> next(Candidate candidate, SmtpConnection connection, Set<Recipient> answered) {
        boolean told = false;
        boolean utf8 = sender.settings().allowsUtf8() && connection.supportsExtension("SMTPUTF8");
        List<Recipient> now = new ArrayList<>();
        for (Recipient recipient : List.copyOf(open.keySet())) {
            if (answered.contains(recipient) || now.size() == MOST_RECIPIENTS) {
                continue;
            }
            if (!utf8 && (recipient.mailbox().needsUtf8() || envelope.sender().needsUtf8())) {
                // RFC 6531 §3.2: such addresses must not go to a server that does not offer SMTPUTF8
                answered.add(recipient);
                if (!told) {
                    candidate.unreachable(NO_UTF8);
                    told = true;
                }
                open.put(recipient, new Fate.NotTaken(Fate.NotTaken.Kind.ANSWERED, "4.6.7", NO_UTF8));
            } else {
                now.add(recipient);
            }
        }
        return now;
    }

    private boolean take(
            Candidate candidate,
            SmtpConnection connection,
            List<Recipient> asked,
            List<Fate> fates,
            Set<Recipient> answered,
            boolean kept) {
        MxHost mx = connection.host();
        boolean progress = false;
        boolean anyTaken = false;
        Set<String> said = new LinkedHashSet<>();
        for (int i = 0; i < asked.size(); i++) {
            Recipient recipient = asked.get(i);
            Fate fate = fates.get(i);
            if (fate instanceof Fate.NotTaken notTaken) {
                if (notTaken.kind() != Fate.NotTaken.Kind.LOST || !kept) {
                    said.add(notTaken.why());
                }
                if (notTaken.kind() == Fate.NotTaken.Kind.LOST) {
                    continue;
                }
                open.put(recipient, notTaken);
                answered.add(recipient);
            } else {
                open.remove(recipient);
                if (fate instanceof Fate.Taken) {
                    anyTaken = true;
                    boolean verified = connection.clearance() == Clearance.VERIFIED_TLS;
                    tell(
                            new DeliveryOutcome.Delivered(domain, List.of(), mx, connection.tlsVersion(), verified),
                            recipient);
                } else if (fate instanceof Fate.Refused refused) {
                    Reply reply = refused.reply();
                    String reason = mx + " said " + reply.text();
                    tell(
                            new DeliveryOutcome.Failed(domain, List.of(), reply.status(), reason, mx, reply.code()),
                            recipient);
                } else if (fate instanceof Fate.Held held) {
                    String reason = mx + ": " + held.why();
                    LOG.info("{}: message held: {} {}", domain, held.status(), Form.anonymous(reason));
                    tell(new DeliveryOutcome.Deferred(domain, List.of(), held.status(), reason), recipient);
                }
            }
            progress = true;
        }
        if (anyTaken) {
            // RFC 5321 §4.5.3.1.10: whoever was too much at once comes next, on the same connection
            for (int i = 0; i < asked.size(); i++) {
                if (fates.get(i) instanceof Fate.NotTaken notTaken && notTaken.kind() == Fate.NotTaken.Kind.TOO_MANY) {
                    answered.remove(asked.get(i));
                    said.remove(notTaken.why());
                }
            }
        }
        said.stream().limit(3).forEach(candidate::unreachable);
        return progress;
    }
}
