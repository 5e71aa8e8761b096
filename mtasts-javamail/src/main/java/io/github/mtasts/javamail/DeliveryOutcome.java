package io.github.mtasts.javamail;

import io.github.mtasts.policy.MxHost;
import jakarta.mail.Address;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a message for recipients of one domain. One for each domain; more where a server treated its recipients differently.
 */
public sealed interface DeliveryOutcome {

    /** {@return the recipient's domain as it was addressed} */
    String domain();

    /** {@return whom it concerns} */
    List<Address> recipients();

    /** {@return one line for people} */
    String describe();

    /**
     * An MX host took the message.
     *
     * @param domain the recipient's domain as it was addressed
     * @param recipients whom it concerns
     * @param mx the host
     * @param tls the TLS version; empty in clear text
     * @param verified whether the host proved its name
     */
    record Delivered(String domain, List<Address> recipients, MxHost mx, String tls, boolean verified)
            implements DeliveryOutcome {
        /**
         * Keeps a copy of the recipients.
         *
         * @param domain the recipient's domain as it was addressed
         * @param recipients whom it concerns
         * @param mx the host
         * @param tls the TLS version; empty in clear text
         * @param verified whether the host proved its name
         */
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
     * @param domain the recipient's domain as it was addressed
     * @param recipients whom it concerns
     * @param status the enhanced status code, for example {@code 4.7.5}
     * @param reason in words
     */
    record Deferred(String domain, List<Address> recipients, String status, String reason) implements DeliveryOutcome {
        /**
         * Keeps a copy of the recipients.
         *
         * @param domain the recipient's domain as it was addressed
         * @param recipients whom it concerns
         * @param status the enhanced status code, for example {@code 4.7.5}
         * @param reason in words
         */
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
     * @param domain the recipient's domain as it was addressed
     * @param recipients whom it concerns
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
        /**
         * Keeps a copy of the recipients.
         *
         * @param domain the recipient's domain as it was addressed
         * @param recipients whom it concerns
         * @param status the enhanced status code, for example {@code 5.1.10}
         * @param reason in words, or the server's reply
         * @param mx the host that said so; null where none was asked
         */
        public Failed {
            recipients = List.copyOf(recipients);
        }

        @Override
        public String describe() {
            return "failed " + status + ": " + reason;
        }
    }
}
