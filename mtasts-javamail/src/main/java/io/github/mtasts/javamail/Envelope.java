package io.github.mtasts.javamail;

import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.jspecify.annotations.Nullable;

/**
 * A message to be sent, and its reverse path.
 *
 * @param eightBit whether its text may be recoded to 8 bit for a server that offers 8BITMIME
 */
record Envelope(MimeMessage message, Mailbox.Path sender, boolean eightBit) {

    /** Finds the reverse path as Angus's transport does: the message's own, the configured one, the author, the user. */
    static Envelope of(MimeMessage message, SmtpSettings settings, Session session) throws MessagingException {
        boolean eightBit = settings.flag(Setting.ALLOW_8BITMIME)
                || (message instanceof SMTPMessage smtp && smtp.getAllow8bitMIME());
        String sender = message instanceof SMTPMessage smtp ? smtp.getEnvelopeFrom() : null;
        if (isEmpty(sender)) {
            sender = settings.text(Setting.FROM);
        }
        if (isEmpty(sender)) {
            Address[] authors = message.getFrom();
            Address author =
                    authors != null && authors.length > 0 ? authors[0] : InternetAddress.getLocalAddress(session);
            if (author instanceof InternetAddress internet) {
                sender = internet.getAddress();
            }
        }
        if (sender == null || sender.isEmpty()) {
            throw new MessagingException("the message has no sender");
        }
        try {
            return new Envelope(message, Mailbox.Path.parse(sender), eightBit);
        } catch (IllegalArgumentException e) {
            throw new MessagingException("the envelope sender is " + e.getMessage(), e);
        }
    }

    private static boolean isEmpty(@Nullable String text) {
        return text == null || text.isEmpty();
    }

    /** The message for one server. Angus recodes the object it is given, for good: a server without 8BITMIME, asked later, must not see that. */
    MimeMessage messageFor(SmtpConnection connection) throws MessagingException {
        return eightBit && connection.supportsExtension("8BITMIME") ? new Copy(message) : message;
    }

    /** A copy that keeps its Message-ID when it is recoded. */
    private static final class Copy extends SMTPMessage {
        Copy(MimeMessage source) throws MessagingException {
            super(source);
            setAllow8bitMIME(true);
            if (source instanceof SMTPMessage smtp) {
                setEnvelopeFrom(smtp.getEnvelopeFrom());
                setNotifyOptions(smtp.getNotifyOptions());
                setReturnOption(smtp.getReturnOption());
                setSubmitter(smtp.getSubmitter());
                setMailExtension(smtp.getMailExtension());
            }
        }

        @Override
        protected void updateMessageID() throws MessagingException {
            if (getMessageID() == null) {
                super.updateMessageID();
            }
        }
    }
}
