package io.github.mtasts.javamail;

import io.github.mtasts.delivery.NextHop;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A mail address as it goes over the wire: its domain in A-labels, so that every server understands it.
 *
 * @param local the part before the @, as it was written; may have characters beyond ASCII (RFC 6531)
 * @param nextHop where mail for it goes; equal for all spellings of a domain
 * @param domain the domain in A-labels and lower case, or the address literal as it was written
 */
record Mailbox(String local, NextHop nextHop, String domain) {
    /** Dots in any place, which RFC 5321 does not have, since mailboxes of that kind exist. */
    private static final Pattern LOCAL =
            Pattern.compile("[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\\-\\x{80}-\\x{10FFFF}&&[^\\p{Cntrl}\\p{IsWhite_Space}]]+"
                    + "|\"(?:[\\x20\\x21\\x23-\\x5B\\x5D-\\x7E\\x{A0}-\\x{10FFFF}]|\\\\[\\x20-\\x7E])*\"");

    /**
     * Reads {@code user@example.com} or {@code user@[192.0.2.1]}.
     *
     * @throws IllegalArgumentException with the rule that the text breaks
     */
    static Mailbox parse(String address) {
        int at = address.lastIndexOf('@');
        if (at < 1) {
            throw new IllegalArgumentException("not a mail address: " + Form.quote(address));
        }
        String local = address.substring(0, at);
        if (!LOCAL.matcher(local).matches()) {
            throw new IllegalArgumentException(
                    "not a mail address: " + Form.quote(address) + ": a character before the @ is not allowed there");
        }
        String domain = address.substring(at + 1);
        NextHop nextHop = NextHop.parse(domain);
        return new Mailbox(local, nextHop, nextHop instanceof NextHop.Domain ? nextHop.toString() : domain);
    }

    /** Whether only SMTPUTF8 can carry it (RFC 6531). */
    boolean needsUtf8() {
        return local.chars().anyMatch(c -> c > 0x7f);
    }

    @Override
    public String toString() {
        return local + "@" + domain;
    }

    /**
     * The reverse path of a message.
     *
     * @param written as the caller wrote it
     * @param mailbox as it goes over the wire; null for the null path
     */
    record Path(String written, @Nullable Mailbox mailbox) {

        /**
         * Reads a mail address, or {@code <>}.
         *
         * @throws IllegalArgumentException with the rule that the text breaks
         */
        static Path parse(String text) {
            if (text.equals("<>")) {
                return new Path(text, null);
            }
            String bare = text.startsWith("<") && text.endsWith(">") ? text.substring(1, text.length() - 1) : text;
            return new Path(text, Mailbox.parse(bare));
        }

        boolean needsUtf8() {
            return mailbox != null && mailbox.needsUtf8();
        }

        /** Puts the domain in A-labels where a command has it as it was written. */
        String inPlace(String command) {
            String from = "MAIL FROM:" + (written.startsWith("<") ? written : "<" + written + ">");
            return mailbox != null && command.startsWith(from)
                    ? "MAIL FROM:<" + mailbox + ">" + command.substring(from.length())
                    : command;
        }
    }
}
