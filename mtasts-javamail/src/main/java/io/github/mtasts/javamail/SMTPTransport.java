package io.github.mtasts.javamail;

import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Deliveries;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.MxHost;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.io.IOException;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * A guarded transport, for {@link GuardedSmtp}. It has the simple name of Angus's, since Apache James recodes messages to 7 bit, and so breaks signatures, unless the name of the
 * transport's class ends in {@code .SMTPTransport}.
 */
final class SMTPTransport extends SmtpConnection {
    private final Deliveries deliveries;
    private final PolicyInForce policy;

    SMTPTransport(
            SmtpSettings settings,
            Session dialogue,
            Deliveries deliveries,
            PolicyInForce policy,
            MxHost host,
            InetAddress address,
            int port,
            Candidate candidate) {
        super(settings, dialogue, host, address, port, candidate.tls(), false, null);
        this.deliveries = deliveries;
        this.policy = policy;
    }

    @Override
    public synchronized void connect(@Nullable String host, int port, @Nullable String user, @Nullable String password)
            throws MessagingException {
        if (isOpening()) {
            super.connect(host, port, user, password); // on the way through Angus
            return;
        }
        try {
            super.connect(host, port, user, password);
        } catch (RefusedException e) {
            throw held(e.status(), e);
        } catch (MessagingException e) {
            throw held("4.4.1", e);
        }
    }

    private MessagingException held(String status, MessagingException e) {
        IOException cause = e.getNextException() instanceof IOException io ? io : new IOException(e.getMessage(), e);
        return GuardedSmtp.held(status, deliveries, policy, host(), String.valueOf(e.getMessage()), cause);
    }
}
