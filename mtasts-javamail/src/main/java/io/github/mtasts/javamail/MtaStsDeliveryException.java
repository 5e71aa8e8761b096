package io.github.mtasts.javamail;

import jakarta.mail.Address;
import jakarta.mail.SendFailedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Tells that not every recipient was served, with one outcome per domain. As with every {@link SendFailedException}: the valid sent addresses have the message, the valid
 * unsent ones may be tried again, the invalid ones never will be served.
 */
public final class MtaStsDeliveryException extends SendFailedException {
    private static final long serialVersionUID = 1L;

    /** RFC 5321 §4.5.4.1: the delay between tries should be at least 30 minutes. */
    private static final Duration DELAY = Duration.ofMinutes(30);

    private final transient List<DeliveryOutcome> outcomes;

    MtaStsDeliveryException(List<DeliveryOutcome> outcomes) {
        super(text(outcomes), null, sent(outcomes), unsent(outcomes), invalid(outcomes));
        this.outcomes = List.copyOf(outcomes);
    }

    /**
     * Whom to try again, and when.
     *
     * @param recipients never empty
     * @param delay the least time to wait
     */
    public record Retry(List<Address> recipients, Duration delay) {
        /**
         * Keeps a copy of the recipients.
         *
         * @param recipients never empty
         * @param delay the least time to wait
         */
        public Retry {
            recipients = List.copyOf(recipients);
        }
    }

    /** {@return one outcome for each domain, delivered ones too} */
    public List<DeliveryOutcome> outcomes() {
        return outcomes;
    }

    /** {@return whom to try again, and when; empty when trying again is of no use to anybody} */
    public Optional<Retry> retryable() {
        List<Address> recipients = List.of(unsent(outcomes));
        return recipients.isEmpty() ? Optional.empty() : Optional.of(new Retry(recipients, DELAY));
    }

    /** {@return the enhanced status code (RFC 3463) of the first outcome that is no delivery, for example {@code 4.7.5}} */
    public String status() {
        for (DeliveryOutcome outcome : outcomes) {
            if (outcome instanceof DeliveryOutcome.Deferred deferred) {
                return deferred.status();
            }
            if (outcome instanceof DeliveryOutcome.Failed failed) {
                return failed.status();
            }
        }
        throw new IllegalStateException("every recipient was served");
    }

    static Address[] sent(List<DeliveryOutcome> outcomes) {
        return recipients(outcomes, DeliveryOutcome.Delivered.class);
    }

    static Address[] unsent(List<DeliveryOutcome> outcomes) {
        return recipients(outcomes, DeliveryOutcome.Deferred.class);
    }

    static Address[] invalid(List<DeliveryOutcome> outcomes) {
        return recipients(outcomes, DeliveryOutcome.Failed.class);
    }

    private static Address[] recipients(List<DeliveryOutcome> outcomes, Class<? extends DeliveryOutcome> kind) {
        List<Address> recipients = new ArrayList<>();
        outcomes.stream().filter(kind::isInstance).forEach(outcome -> recipients.addAll(outcome.recipients()));
        return recipients.toArray(Address[]::new);
    }

    private static String text(List<DeliveryOutcome> outcomes) {
        return outcomes.stream()
                .filter(outcome -> !(outcome instanceof DeliveryOutcome.Delivered))
                .map(outcome -> outcome.domain() + ": " + outcome.describe())
                .collect(Collectors.joining("; "));
    }
}
