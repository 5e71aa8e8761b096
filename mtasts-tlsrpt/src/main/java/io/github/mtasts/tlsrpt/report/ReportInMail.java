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
import java.io.BufferedInputStream;
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
    private static final int MOST_BOUNDARIES = 2000;

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
        } catch (MessagingException | IOException | RuntimeException e) {
            // of the mail library's own: it stumbles over a header that begins with a continuation, for one
            throw none("the mail cannot be read: " + Quoted.quote(String.valueOf(e.getMessage())));
        }
    }

    private static ReportReader.UnreadableException none(String detail) {
        return new ReportReader.UnreadableException(ReceivedReport.Reason.NO_REPORT_IN_MAIL, detail);
    }

    /** Lines that may stand between parts: each part costs far more memory than its bytes. */
    private static int boundaries(MimePartDataSource source) throws IOException {
        int count = 0;
        int dashes = 0; // since the line began, or less than 0 where something else stood on it
        try (InputStream in = new BufferedInputStream(source.getInputStream())) {
            for (int c = in.read(); c >= 0; c = in.read()) {
                if (c == '\n' || c == '\r') {
                    dashes = 0;
                } else if (dashes >= 0) {
                    dashes = c == '-' ? dashes + 1 : -1;
                    count += dashes == 2 ? 1 : 0;
                }
            }
        }
        return count;
    }

    private static void collect(Part part, int depth, List<Part> found)
            throws MessagingException, IOException, ReportReader.UnreadableException {
        if (depth > DEEPEST || found.size() >= MOST_PARTS) {
            return;
        }
        if (part.isMimeType("multipart/*") && part instanceof MimePart mime) {
            MimePartDataSource source = new MimePartDataSource(mime);
            if (boundaries(source) > MOST_BOUNDARIES) {
                throw new ReportReader.UnreadableException(
                        ReceivedReport.Reason.TOO_LARGE, "a mail of more than " + MOST_BOUNDARIES + " parts");
            }
            MimeMultipart parts = new MimeMultipart(source);
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
        // the domain of a TLSA policy is an MX host's
        boolean agrees = named.isEmpty()
                || report.policies().stream()
                        .anyMatch(policy -> policy.domain().equalsIgnoreCase(named)
                                || policy.type().equals(PolicyType.TLSA));
        return agrees
                ? List.of()
                : List.of("the mail is about " + Quoted.quote(named) + ", no policy of the report is");
    }
}
