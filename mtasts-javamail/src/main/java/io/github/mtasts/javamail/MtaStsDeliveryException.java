package io.github.mtasts.javamail;

import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.internet.InternetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.jspecify.annotations.Nullable;

/**
 * Tells that not every recipient was served, with one outcome per domain. As with every {@link SendFailedException}: the valid sent addresses have the message, the valid
 * unsent ones may be tried again, the invalid ones never will be served; every recipient is in exactly one of the three. Recipients that a server refused for good are also
 * chained as Angus's {@link SMTPAddressFailedException}.
 */
public final class MtaStsDeliveryException extends SendFailedException {
    private static final long serialVersionUID = 1L;

    /** RFC 5321 §4.5.4.1: the delay between tries should be at least 30 minutes. */
    private static final Duration DELAY = Duration.ofMinutes(30);

    private final transient @Nullable List<DeliveryOutcome> outcomes;

    MtaStsDeliveryException(List<DeliveryOutcome> outcomes) {
        super(text(outcomes), refusals(outcomes), sent(outcomes), unsent(outcomes), invalid(outcomes));
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

    /** {@return one outcome for each domain, delivered ones too; empty where this exception was serialized on its way} */
    public List<DeliveryOutcome> outcomes() {
        List<DeliveryOutcome> known = outcomes;
        return known == null ? List.of() : known;
    }

    /** {@return whom to try again, and when; empty when trying again is of no use to anybody} */
    public Optional<Retry> retryable() {
        List<Address> recipients = List.of(unsent(outcomes()));
        return recipients.isEmpty() ? Optional.empty() : Optional.of(new Retry(recipients, DELAY));
    }

    /**
     * The enhanced status code (RFC 3463) that says the most of the whole, for example {@code 4.7.5}: of the first outcome that is to be tried again, or else of the first that
     * failed for good.
     *
     * @return the code
     */
    public String status() {
        String failed = "4.0.0";
        boolean any = false;
        for (DeliveryOutcome outcome : outcomes()) {
            if (outcome instanceof DeliveryOutcome.Deferred deferred) {
                return deferred.status();
            }
            if (outcome instanceof DeliveryOutcome.Failed permanent && !any) {
                failed = permanent.status();
                any = true;
            }
        }
        return failed;
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

    private static @Nullable MessagingException refusals(List<DeliveryOutcome> outcomes) {
        MessagingException first = null;
        for (DeliveryOutcome outcome : outcomes) {
            if (outcome instanceof DeliveryOutcome.Failed failed && failed.code() > 0) {
                for (Address recipient : failed.recipients()) {
                    if (recipient instanceof InternetAddress internet) {
                        MessagingException next = new SMTPAddressFailedException(
                                internet, "RCPT TO:<" + internet.getAddress() + ">", failed.code(), failed.reason());
                        if (first == null) {
                            first = next;
                        } else {
                            first.setNextException(next);
                        }
                    }
                }
            }
        }
        return first;
    }

    private static String text(List<DeliveryOutcome> outcomes) {
        return outcomes.stream()
                .filter(outcome -> !(outcome instanceof DeliveryOutcome.Delivered))
                .map(outcome -> outcome.domain() + ": " + outcome.describe())
                .collect(Collectors.joining("; "));
    }
}
