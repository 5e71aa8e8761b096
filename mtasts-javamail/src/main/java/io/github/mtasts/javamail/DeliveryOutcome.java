package io.github.mtasts.javamail;

import io.github.mtasts.policy.MxHost;
import jakarta.mail.Address;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a message for recipients of one domain. One for each domain; more where a server treated its recipients differently.
 */
public sealed interface DeliveryOutcome {

    /** The recipient's domain as it was addressed. */
    String domain();

    /** Whom it concerns. */
    List<Address> recipients();

    /** One line for people. */
    String describe();

    /**
     * An MX host took the message.
     *
     * @param mx the host
     * @param tls the TLS version; empty in clear text
     * @param verified whether the host proved its name
     */
    record Delivered(String domain, List<Address> recipients, MxHost mx, String tls, boolean verified)
            implements DeliveryOutcome {
        public Delivered {
            recipients = List.copyOf(recipients);
        }

        @Override
        public String describe() {
            return "delivered to " + mx
                    + (tls.isEmpty() ? " in clear text" : " over " + tls + (verified ? ", verified" : ""));
        }
    }

    /**
     * Nobody took the message yet: try again later. Every refusal for a reason of policy is one of these (RFC 8461 §5).
     *
     * @param status the enhanced status code, for example {@code 4.7.5}
     * @param reason in words
     */
    record Deferred(String domain, List<Address> recipients, String status, String reason) implements DeliveryOutcome {
        public Deferred {
            recipients = List.copyOf(recipients);
        }

        @Override
        public String describe() {
            return "deferred " + status + ": " + reason;
        }
    }

    /**
     * The message can never be delivered.
     *
     * @param status the enhanced status code, for example {@code 5.1.10}
     * @param reason in words, or the server's reply
     * @param mx the host that said so; null where none was asked
     */
    record Failed(
            String domain,
            List<Address> recipients,
            String status,
            String reason,
            @Nullable MxHost mx) implements DeliveryOutcome {
        public Failed {
            recipients = List.copyOf(recipients);
        }

        @Override
        public String describe() {
            return "failed " + status + ": " + reason;
        }
    }
}
