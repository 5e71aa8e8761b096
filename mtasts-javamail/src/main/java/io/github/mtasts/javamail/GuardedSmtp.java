package io.github.mtasts.javamail;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Deliveries;
import io.github.mtasts.delivery.MxDecision;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.MxHost;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import javax.net.ssl.SSLException;
import org.eclipse.angus.mail.smtp.SMTPTransport;

/**
 * For code that finds MX hosts itself and tries them in order, as mail servers do: a guarded transport for each, that obeys the policy of the recipients' domain.
 *
 * <p>It is Angus's {@link SMTPTransport}, to be used as that one is: connect, send, close. It connects to the address given and to no other, TLS has to be proved for the MX host's
 * name, and nothing of a message is said before the policy cleared the connection. What a caller gives to {@code connect} is not used: neither host nor port, and no credentials,
 * which an MX host is never offered. It connects once.
 *
 * <p>Whatever keeps the message from this host is a {@link MessagingException} around an {@link IOException} and not a {@link jakarta.mail.SendFailedException}, so that callers go
 * on to the next host; its message begins with an enhanced status code of class 4, since it is never permanent (RFC 8461 §5).
 *
 * <p>Before a message is given up, its sender has to ask {@link MtaSts#recheckAsync} whether the policy is still the same (RFC 8461 §5.1). Safe for any number of threads.
 */
public final class GuardedSmtp {
    private final MtaSts engine;
    private final SmtpSettings settings;
    private final Session dialogue;

    /**
     * Reads the settings, once.
     *
     * @param engine judges hosts and TLS
     * @param session whose {@code mail.mtasts.*} properties are the settings; those that name a relay are not used
     * @throws MessagingException if a property is unknown or malformed
     */
    public GuardedSmtp(MtaSts engine, Session session) throws MessagingException {
        this.engine = engine;
        this.settings = SmtpSettings.of(session.getProperties());
        this.dialogue = settings.dialogue(session);
    }

    /**
     * A transport to one address of an MX host, at the port of {@code mail.mtasts.port}.
     *
     * @param policy what is in force for the recipients' domain ({@link MtaSts#policyFor})
     * @param mx the name in the MX record, never one that an address or an alias led to
     * @param address where to connect
     * @return not connected yet
     * @throws MessagingException if the policy refuses the host
     */
    public SMTPTransport transport(PolicyInForce policy, MxHost mx, InetAddress address) throws MessagingException {
        return transport(policy, mx, address, settings.number(Setting.PORT));
    }

    /**
     * A transport to one address and port of an MX host.
     *
     * @param policy what is in force for the recipients' domain ({@link MtaSts#policyFor})
     * @param mx the name in the MX record, never one that an address or an alias led to
     * @param address where to connect
     * @param port the port
     * @return not connected yet
     * @throws MessagingException if the policy refuses the host
     */
    public SMTPTransport transport(PolicyInForce policy, MxHost mx, InetAddress address, int port)
            throws MessagingException {
        Candidate candidate =
                engine.deliveries().candidate(policy, mx, List.of(address)).orElseThrow(() -> refused(policy, mx));
        return new io.github.mtasts.javamail.SMTPTransport(
                settings, dialogue, engine.deliveries(), policy, mx, address, port, candidate);
    }

    private MessagingException refused(PolicyInForce policy, MxHost mx) {
        boolean unlisted = MxDecision.of(policy, mx) instanceof MxDecision.Refuse refuse
                && refuse.reason() == MxDecision.Reason.MX_NOT_LISTED;
        String why = unlisted ? "the policy does not list this MX host" : "it is not known which policy is in force";
        return held("4.7.5", engine.deliveries(), policy, mx, why, new SSLException(why));
    }

    /** What keeps a message from a host; no reader can take it for a reply of class 5. */
    static MessagingException held(
            String status, Deliveries deliveries, PolicyInForce policy, MxHost mx, String why, IOException cause) {
        return new MessagingException(
                status + " " + policy.domain() + ": " + mx + ": " + why + deliveries.describe(policy), cause);
    }
}
