package io.github.mtasts.javamail;

import io.github.mtasts.policy.MxHost;
import jakarta.mail.Address;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a message for recipients of one domain. One for each domain; more where a server treated its recipients differently. Every recipient is in exactly one.
 */
public sealed interface DeliveryOutcome {

    /**
     * Where the message was to go: the recipients' domain as A-labels in lower case, an address literal, or the relay as it was configured. Of an address that is none, it is
     * what stands behind the @.
     *
     * @return the domain
     */
    String domain();

    /** {@return whom it concerns, as the caller gave them} */
    List<Address> recipients();

    /** {@return one line for people} */
    String describe();

    /**
     * An MX host or relay took the message.
     *
     * @param domain where the message was to go
     * @param recipients whom it concerns
     * @param mx the host
     * @param tls the TLS version, for example {@code TLSv1.3}; empty in clear text
     * @param verified whether the host proved its name
     */
    record Delivered(String domain, List<Address> recipients, MxHost mx, String tls, boolean verified)
            implements DeliveryOutcome {
        /**
         * Keeps a copy of the recipients.
         *
         * @param domain where the message was to go
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
     * @param domain where the message was to go
     * @param recipients whom it concerns
     * @param status the enhanced status code (RFC 3463), for example {@code 4.7.5}
     * @param reason in words: domain, MX hosts, rule, what was seen, and the policy's id and age where one is enforced
     */
    record Deferred(String domain, List<Address> recipients, String status, String reason) implements DeliveryOutcome {
        /**
         * Keeps a copy of the recipients.
         *
         * @param domain where the message was to go
         * @param recipients whom it concerns
         * @param status the enhanced status code
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
     * The message can never be delivered: a server said so for good, the domain takes no mail or does not exist, its mail would come back here, or the address is none.
     *
     * @param domain where the message was to go
     * @param recipients whom it concerns
     * @param status the enhanced status code (RFC 3463), for example {@code 5.1.10}
     * @param reason in words, with the server's reply
     * @param mx the host that said so; null where none was asked
     * @param code the server's reply code, for example 550; 0 where none was asked
     */
    record Failed(
            String domain,
            List<Address> recipients,
            String status,
            String reason,
            @Nullable MxHost mx,
            int code) implements DeliveryOutcome {
        /**
         * Keeps a copy of the recipients.
         *
         * @param domain where the message was to go
         * @param recipients whom it concerns
         * @param status the enhanced status code
         * @param reason in words
         * @param mx the host that said so; null where none was asked
         * @param code the server's reply code; 0 where none was asked
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
