package io.github.mtasts.tlsrpt;

import io.github.mtasts.tlsrpt.report.ReportMail;

/**
 * Sends report mails, in place of {@code mtasts-javamail}, for senders that have a way of their own.
 *
 * <p>A report about TLS has to arrive where TLS is broken: it is sent whatever MTA-STS or DANE say, in clear text if need be, and the session is not told to the observer
 * of {@link TlsReporting} (RFC 8460 §3). The message is signed: not a byte of it may change. Safe for any number of threads; may block, within limits of its own.
 */
@FunctionalInterface
public interface ReportMailer {
    /**
     * Sends one mail to its one recipient.
     *
     * @param mail the mail, final
     * @return whether it was taken, may be taken later, or is refused for good
     */
    SubmissionResult send(ReportMail mail);
}
