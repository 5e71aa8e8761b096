package io.github.mtasts.javamail;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.Conclusion;
import io.github.mtasts.delivery.DeliveryAttempt;
import io.github.mtasts.delivery.NextHop;
import io.github.mtasts.delivery.TlsTerms;
import io.github.mtasts.policy.MxHost;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes one message to the MX hosts of one domain after the other. */
final class Delivery {
    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

    private final MtaSts engine;
    private final SmtpSettings settings;
    private final Message message;

    Delivery(MtaSts engine, SmtpSettings settings, Message message) {
        this.engine = engine;
        this.settings = settings;
        this.message = message;
    }

    /** Delivers to one domain. Where the policy turns out to have changed, it is tried once more, and only once. */
    List<DeliveryOutcome> to(String domain, NextHop nextHop, int port, List<Address> recipients) {
        for (int round = 0; ; round++) {
            DeliveryAttempt attempt = engine.attempt(nextHop);
            for (Candidate candidate : attempt) {
                List<DeliveryOutcome> outcomes = toHost(domain, candidate, port, recipients);
                if (!outcomes.isEmpty()) {
                    return outcomes;
                }
            }
            Conclusion conclusion = attempt.conclude();
            if (conclusion instanceof Conclusion.PolicyChanged && round == 0) {
                continue;
            }
            if (conclusion instanceof Conclusion.Permanent permanent) {
                return List.of(
                        new DeliveryOutcome.Failed(domain, recipients, permanent.status(), permanent.text(), null));
            }
            LOG.info("{}: message held: {} {}", domain, conclusion.status(), conclusion.text());
            return List.of(new DeliveryOutcome.Deferred(domain, recipients, conclusion.status(), conclusion.text()));
        }
    }

    /** Tries the addresses of one host; empty if the next host may be tried. */
    private List<DeliveryOutcome> toHost(String domain, Candidate candidate, int port, List<Address> recipients) {
        for (InetAddress address : candidate.addresses()) {
            List<DeliveryOutcome> outcomes = toAddress(domain, candidate, address, port, recipients, false);
            if (!outcomes.isEmpty()) {
                return outcomes;
            }
        }
        return List.of();
    }

    private List<DeliveryOutcome> toAddress(
            String domain,
            Candidate candidate,
            InetAddress address,
            int port,
            List<Address> recipients,
            boolean inClear) {
        TlsTerms terms = candidate.tls();
        try (Socket socket = new Socket()) {
            InetSocketAddress local = settings.localAddress();
            if (local != null) {
                socket.bind(local);
            }
            socket.setTcpNoDelay(true);
            InetAddress named = InetAddress.getByAddress(candidate.host().name(), address.getAddress());
            socket.connect(new InetSocketAddress(named, port), settings.number(Setting.CONNECTION_TIMEOUT));
            socket.setSoTimeout(settings.number(Setting.TIMEOUT));
            SmtpConnection connection = SmtpConnection.open(settings, socket, terms, inClear);
            try {
                return send(domain, candidate, connection, recipients);
            } finally {
                quit(connection);
            }
        } catch (SmtpConnection.RefusedByTerms e) {
            if (e.clearance() == Clearance.RECONNECT_IN_CLEAR && !inClear) {
                return toAddress(domain, candidate, address, port, recipients, true);
            }
        } catch (IOException | MessagingException e) {
            candidate.unreachable(address.getHostAddress() + ": " + e.getMessage());
        }
        return List.of();
    }

    private static void quit(SmtpConnection connection) {
        try {
            connection.close();
        } catch (MessagingException e) {
            LOG.debug("{}: closing failed: {}", connection, e.getMessage());
        }
    }

    /** Hands the message over; empty if the server took nothing and another may be tried. */
    private List<DeliveryOutcome> send(
            String domain, Candidate candidate, SmtpConnection connection, List<Address> recipients) {
        MxHost mx = candidate.host();
        boolean verified = connection.clearance() == Clearance.VERIFIED_TLS;
        try {
            connection.sendMessage(message, recipients.toArray(Address[]::new));
            return List.of(new DeliveryOutcome.Delivered(domain, recipients, mx, connection.tlsVersion(), verified));
        } catch (MessagingException e) {
            Replies replies = Replies.of(e, recipients);
            if (replies.sent.isEmpty()
                    && replies.failed.isEmpty()
                    && !connection.dataEnded()
                    && !replies.refusedAny()) {
                candidate.unreachable(String.valueOf(e.getMessage()).strip());
                return List.of();
            }
            List<DeliveryOutcome> outcomes = new ArrayList<>();
            if (!replies.sent.isEmpty()) {
                outcomes.add(
                        new DeliveryOutcome.Delivered(domain, replies.sent, mx, connection.tlsVersion(), verified));
            }
            String said = mx + " said: " + String.valueOf(e.getMessage()).strip();
            if (!replies.failed.isEmpty()) {
                outcomes.add(new DeliveryOutcome.Failed(domain, replies.failed, "5.0.0", said, mx));
            }
            List<Address> rest = new ArrayList<>(recipients);
            rest.removeAll(replies.sent);
            rest.removeAll(replies.failed);
            if (!rest.isEmpty()) {
                outcomes.add(new DeliveryOutcome.Deferred(domain, rest, "4.0.0", said));
            }
            return outcomes;
        }
    }

    /** What a server's replies mean for each recipient. */
    private static final class Replies {
        private final List<Address> sent = new ArrayList<>();
        private final List<Address> failed = new ArrayList<>();
        private boolean refusedSome;

        static Replies of(MessagingException failure, List<Address> recipients) {
            Replies replies = new Replies();
            if (failure instanceof SendFailedException sendFailed && sendFailed.getValidSentAddresses() != null) {
                replies.sent.addAll(List.of(sendFailed.getValidSentAddresses()));
            }
            for (Exception next = failure;
                    next != null;
                    next = next instanceof MessagingException m ? m.getNextException() : null) {
                if (next instanceof SMTPAddressFailedException rejected) {
                    replies.refusedSome = true;
                    if (isPermanent(rejected.getReturnCode())) {
                        find(recipients, rejected.getAddress()).ifPresent(replies.failed::add);
                    }
                } else if (next instanceof SMTPSendFailedException whole
                        && isPermanent(whole.getReturnCode())
                        && replies.sent.isEmpty()
                        && !(whole.getNextException() instanceof SMTPAddressFailedException)) {
                    // RFC 5321 §4.2.1: a 5xx to MAIL, DATA or the message is the server's last word on all of it
                    replies.failed.addAll(recipients);
                }
            }
            return replies;
        }

        boolean refusedAny() {
            return refusedSome;
        }

        private static boolean isPermanent(int code) {
            return code >= 500 && code < 600;
        }

        private static Optional<Address> find(List<Address> recipients, @Nullable Address address) {
            return recipients.stream().filter(one -> one.equals(address)).findFirst();
        }
    }
}
