package io.github.mtasts.tlsrpt.report;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A report on TLS sessions (RFC 8460 §4.4).
 *
 * @param organization who sends it ({@code organization-name}); empty only in a received report that leaves it out
 * @param start the first second covered
 * @param end the last second covered; in a received report sometimes the first second that is not
 * @param contact the mail address of who sends it ({@code contact-info}); empty only in a received report that leaves it out
 * @param reportId unique among the sender's reports; empty only in a received report that leaves it out
 * @param policies the policies and their sessions
 */
public record TlsReport(
        String organization,
        Instant start,
        Instant end,
        String contact,
        String reportId,
        List<ReportedPolicy> policies) {
    /**
     * Keeps a copy of the list.
     *
     * @param organization who sends it
     * @param start the first second covered
     * @param end the last second covered
     * @param contact the mail address of who sends it
     * @param reportId unique among the sender's reports
     * @param policies the policies and their sessions
     */
    public TlsReport {
        policies = List.copyOf(policies);
    }

    /**
     * The JSON of RFC 8460 §4.4: UTF-8, the keys in the RFC's order, counts no larger than I-JSON's 2<sup>53</sup>−1.
     *
     * @return the document
     * @throws IllegalStateException if something is missing that the RFC demands: organization, contact, id, a policy, a policy's domain
     */
    public byte[] toJson() {
        return ReportWriter.json(this);
    }

    /**
     * The same as {@link #toJson()} as maps, lists, texts and numbers, for a JSON library of one's own; a received report too, whatever is missing
     * in it.
     *
     * @return the document
     */
    public Map<String, Object> toJsonObject() {
        return ReportWriter.object(this);
    }

    /**
     * Reads a received report: JSON, JSON in gzip, or a whole mail with either in it. What other senders are known to do otherwise is accepted
     * and listed; all text in the result is a stranger's, so escape it where it is shown. Never throws on input; takes 16 MiB at most, and 32 MiB
     * unpacked.
     *
     * @param received the bytes
     * @return the report, or why there is none
     */
    public static ReceivedReport read(byte[] received) {
        return ReportReader.read(received);
    }

    /**
     * Reads a received report from a file, as {@link #read(byte[])} does.
     *
     * @param file JSON, gzip, or a whole mail
     * @return the report, or why there is none
     * @throws IOException if the file cannot be read
     */
    public static ReceivedReport read(Path file) throws IOException {
        return ReportReader.read(file);
    }

    /**
     * Reads a received report from a stream, as {@link #read(byte[])} does.
     *
     * @param in JSON, gzip, or a whole mail; it is read to its end, or for a byte more than is taken, and not closed
     * @return the report, or why there is none
     * @throws IOException if the stream cannot be read
     */
    public static ReceivedReport read(InputStream in) throws IOException {
        return ReportReader.read(in);
    }
}
