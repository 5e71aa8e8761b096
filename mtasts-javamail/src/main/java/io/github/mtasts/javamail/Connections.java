package io.github.mtasts.javamail;

import io.github.mtasts.delivery.NextHop;
import io.github.mtasts.delivery.TlsTerms;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.StsPolicy;
import jakarta.mail.MessagingException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections that a transport keeps between messages: one for each host, address, port and level of security. Whether a message may go over one is decided anew each time,
 * by the terms of the message's own domain. For one thread at a time.
 */
final class Connections {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

    private final int most;
    private final List<Kept> kept = new ArrayList<>();

    /** A connection, and whose policy it was made under. */
    private record Kept(
            SmtpConnection connection,
            NextHop nextHop,
            @Nullable StsPolicy policy) {}

    Connections(int most) {
        this.most = most;
    }

    /** Closes what was made for the next hop while another policy, or none, was in force. */
    void policyIs(NextHop nextHop, @Nullable StsPolicy policy) {
        for (Iterator<Kept> each = kept.iterator(); each.hasNext(); ) {
            Kept one = each.next();
            if (one.nextHop.equals(nextHop) && !Objects.equals(one.policy, policy)) {
                each.remove();
                close(one.connection);
            }
        }
    }

    /**
     * A connection that may carry the next message, still alive as far as one can tell; null if there is none.
     *
     * @param terms of the message's own domain for this host: they decide whether the level of security will do
     */
    @Nullable
    SmtpConnection take(MxHost host, InetAddress address, int port, TlsTerms terms) {
        closeStale();
        for (Iterator<Kept> each = kept.iterator(); each.hasNext(); ) {
            SmtpConnection connection = each.next().connection;
            if (connection.host().equals(host)
                    && connection.address().equals(address)
                    && connection.port() == port
                    && terms.accepts(connection.clearance())) {
                each.remove();
                if (connection.reset()) {
                    return connection;
                }
                LOG.debug("{}: the connection was closed meanwhile", connection);
                close(connection);
            }
        }
        return null;
    }

    /** Keeps a connection for later messages, or closes it. */
    void keep(SmtpConnection connection, NextHop nextHop, @Nullable StsPolicy policy) {
        if (!connection.isUsable() || most == 0) {
            close(connection);
            return;
        }
        while (kept.size() >= most) {
            close(kept.remove(0).connection);
        }
        kept.add(new Kept(connection, nextHop, policy));
    }

    private void closeStale() {
        for (Iterator<Kept> each = kept.iterator(); each.hasNext(); ) {
            SmtpConnection connection = each.next().connection;
            if (connection.isStale()) {
                each.remove();
                close(connection);
            }
        }
    }

    void closeAll() {
        kept.forEach(one -> close(one.connection));
        kept.clear();
    }

    static void close(SmtpConnection connection) {
        try {
            connection.close();
        } catch (MessagingException e) {
            LOG.debug("{}: closing failed: {}", connection, e.getMessage());
        }
    }
}
