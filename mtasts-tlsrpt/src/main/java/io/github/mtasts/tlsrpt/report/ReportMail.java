package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.text.Quoted;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * The mail that carries a report (RFC 8460 §5.3), signed. The bytes are final: whoever changes them breaks the signature.
 *
 * @param from the address in {@code From}
 * @param to the address in {@code To}, the one recipient
 * @param message the whole message, with CRLF line ends, 7 bit
 */
public record ReportMail(String from, String to, byte[] message) {
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, d MMM yyyy HH:mm:ss Z", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    /**
     * Composes and signs the mail. The same arguments make the same message, with the same {@code Message-ID}.
     *
     * @param report the report
     * @param destination whom it goes to
     * @param date what stands in {@code Date}
     * @param signer of the contact's domain; RFC 8460 §3 takes no report mail without a signature
     * @return the mail
     * @throws IllegalArgumentException if the signer signs for another domain
     */
    public static ReportMail compose(
            OutgoingReport report, ReportDestination.Mailto destination, Instant date, DkimSigner signer) {
        String submitter = report.reporter().domain().name();
        if (!signer.domain().equals(submitter)) {
            throw new IllegalArgumentException("the signer signs for " + Quoted.quote(signer.domain())
                    + ", and the contact of the reports is at " + Quoted.quote(submitter));
        }
        String domain = report.domain().name();
        String reportId = report.report().reportId();
        String boundary = "tlsrpt." + report.unique();
        String fileName = report.gzipFileName();
        List<String> lines = List.of(
                "From: <" + report.reporter().contact() + ">",
                "To: <" + destination.address() + ">",
                "Subject: Report Domain: " + domain,
                " Submitter: " + submitter,
                " Report-ID: <" + reportId + ">",
                "Date: " + DATE.format(date),
                "Message-ID: <" + messageId(reportId, destination) + ">",
                "TLS-Report-Domain: " + domain,
                "TLS-Report-Submitter: " + submitter,
                "TLS-Required: No",
                "Auto-Submitted: auto-generated",
                "MIME-Version: 1.0",
                "Content-Type: multipart/report; report-type=\"tlsrpt\";",
                " boundary=\"" + boundary + "\"",
                "",
                "--" + boundary,
                "Content-Type: text/plain; charset=us-ascii",
                "Content-Transfer-Encoding: 7bit",
                "",
                "This is an aggregate report on TLS sessions (RFC 8460).",
                "",
                "Domain:    " + domain,
                "Submitter: " + submitter,
                "Contact:   " + report.reporter().contact(),
                "Day:       " + report.day() + " (UTC)",
                "Report-ID: " + reportId,
                "Sessions:  " + sum(report, true) + " succeeded, " + sum(report, false) + " failed",
                "",
                "--" + boundary,
                "Content-Type: " + OutgoingReport.GZIP_TYPE,
                "Content-Transfer-Encoding: base64",
                "Content-Disposition: attachment;",
                " filename=\"" + fileName + "\"",
                "",
                Base64.getMimeEncoder().encodeToString(report.gzip()),
                "--" + boundary + "--",
                "");
        byte[] unsigned = String.join("\r\n", lines).getBytes(StandardCharsets.US_ASCII);
        return new ReportMail(report.reporter().contact(), destination.address(), signer.sign(unsigned, date));
    }

    /**
     * The message for Jakarta Mail. Nothing that is done before it is sent changes it: {@code saveChanges} has no effect.
     *
     * @param session the session
     * @return the message
     * @throws MessagingException if it cannot be parsed, which does not happen
     */
    public MimeMessage toMimeMessage(Session session) throws MessagingException {
        return new MimeMessage(session, new ByteArrayInputStream(message)) {
            @Override
            public void saveChanges() {
                saved = true;
            }
        };
    }

    private static long sum(OutgoingReport report, boolean successes) {
        return report.report().policies().stream()
                .mapToLong(policy -> successes ? policy.successes() : policy.failures())
                .sum();
    }

    /** The same for the same report to the same address, so that what is sent twice shows as one. */
    private static String messageId(String reportId, ReportDestination.Mailto destination) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest(destination.address().getBytes(StandardCharsets.UTF_8));
            int at = reportId.lastIndexOf('@');
            return reportId.substring(0, at) + "." + HexFormat.of().formatHex(hash, 0, 6) + reportId.substring(at);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has SHA-256
        }
    }
}
