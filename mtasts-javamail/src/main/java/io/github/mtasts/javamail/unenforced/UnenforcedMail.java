package io.github.mtasts.javamail.unenforced;

import jakarta.mail.Address;
import jakarta.mail.internet.MimeMessage;
import java.util.List;

/**
 * A mail that no policy keeps back: a report about TLS has to arrive where TLS is broken (RFC 8460 §3). Nothing but a call with an object of this type sends one: no property, no
 * header and no class of message does, so that no configuration and no content can. TLS is still used where it is to be had.
 *
 * @param message the report
 * @param recipients at least one
 */
public record UnenforcedMail(MimeMessage message, List<Address> recipients) {
    /**
     * Keeps a copy of the recipients.
     *
     * @param message the report
     * @param recipients at least one
     */
    public UnenforcedMail {
        recipients = List.copyOf(recipients);
        if (recipients.isEmpty()) {
            throw new IllegalArgumentException("no recipients");
        }
    }
}
