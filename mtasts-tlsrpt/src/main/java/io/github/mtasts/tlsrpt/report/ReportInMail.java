package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.text.Quoted;
import jakarta.mail.BodyPart;
import jakarta.mail.MessagingException;
import jakarta.mail.Part;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.internet.MimePart;
import jakarta.mail.internet.MimePartDataSource;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The part of a mail that is a report.
 *
 * @param attachment its content, decoded
 * @param domain what the mail names as the report's domain, or null
 */
record ReportInMail(byte[] attachment, @Nullable String domain) {
    private static final Session SESSION = Session.getInstance(new Properties());
    private static final int DEEPEST = 10;
    private static final int MOST_PARTS = 200;

    /** How much a part looks like a report; the first of the highest rank is taken. */
    private enum Rank {
        NONE,
        SOME_DATA,
        NAMED,
        TYPED
    }

    static ReportInMail find(byte[] mail) throws ReportReader.UnreadableException {
        try {
            MimeMessage message = new MimeMessage(SESSION, new ByteArrayInputStream(mail));
            List<Part> parts = new ArrayList<>();
            collect(message, 0, parts);
            Part best = null;
            Rank highest = Rank.NONE;
            for (Part part : parts) {
                Rank rank = rank(part);
                if (rank.compareTo(highest) > 0) {
                    best = part;
                    highest = rank;
                }
            }
            if (best == null) {
                throw none(
                        message.getAllHeaders().hasMoreElements()
                                ? "a mail without a part that is JSON or gzip"
                                : "neither JSON nor gzip nor a mail");
            }
            try (InputStream in = best.getInputStream()) {
                return new ReportInMail(
                        in.readNBytes(ReportReader.MOST_RECEIVED), message.getHeader("TLS-Report-Domain", null));
            }
        } catch (MessagingException | IOException e) {
            throw none("the mail cannot be read: " + Quoted.quote(String.valueOf(e.getMessage())));
        }
    }

    private static ReportReader.UnreadableException none(String detail) {
        return new ReportReader.UnreadableException(ReceivedReport.Reason.NO_REPORT_IN_MAIL, detail);
    }

    private static void collect(Part part, int depth, List<Part> found) throws MessagingException, IOException {
        if (depth > DEEPEST || found.size() >= MOST_PARTS) {
            return;
        }
        if (part.isMimeType("multipart/*") && part instanceof MimePart mime) {
            MimeMultipart parts = new MimeMultipart(new MimePartDataSource(mime));
            for (int i = 0; i < parts.getCount() && found.size() < MOST_PARTS; i++) {
                BodyPart child = parts.getBodyPart(i);
                collect(child, depth + 1, found);
            }
        } else if (part.isMimeType("message/rfc822")) {
            try (InputStream in = part.getInputStream()) {
                collect(new MimeMessage(SESSION, in), depth + 1, found);
            }
        } else {
            found.add(part);
        }
    }

    private static Rank rank(Part part) throws MessagingException {
        String type = String.valueOf(part.getContentType()).toLowerCase(Locale.ROOT);
        String name = String.valueOf(part.getFileName()).toLowerCase(Locale.ROOT);
        if (type.startsWith("application/tlsrpt")) {
            return Rank.TYPED;
        }
        if (name.endsWith(".json") || name.endsWith(".json.gz")) {
            return Rank.NAMED;
        }
        return type.matches("application/(gzip|x-gzip|json|octet-stream)\\b.*") ? Rank.SOME_DATA : Rank.NONE;
    }

    /** Where the mail and the report disagree. */
    List<String> differences(TlsReport report) {
        String named = domain == null ? "" : domain.strip();
        boolean agrees = named.isEmpty()
                || report.policies().stream().anyMatch(policy -> policy.domain().equalsIgnoreCase(named));
        return agrees
                ? List.of()
                : List.of("the mail is about " + Quoted.quote(named) + ", no policy of the report is");
    }
}
