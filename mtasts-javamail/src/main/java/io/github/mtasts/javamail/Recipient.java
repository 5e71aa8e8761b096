package io.github.mtasts.javamail;

import jakarta.mail.Address;

/**
 * One recipient.
 *
 * @param address as the caller gave it, and gets it back
 * @param mailbox as it goes over the wire
 */
record Recipient(Address address, Mailbox mailbox) {}
