package io.github.mtasts.tlsrpt.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.jr.ob.JSON;
import io.github.mtasts.text.Quoted;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** Finds the report in what was received: unpacks a mail and gzip within bounds, then reads the JSON. */
final class ReportReader {
    /** The most bytes taken. */
    static final int MOST_RECEIVED = 16 << 20;

    /** The most bytes that gzip may become. */
    static final int MOST_UNPACKED = 32 << 20;

    /** A report with 100,000 kinds of failure has fewer tokens. A stranger's keys are not kept for the life of the process. */
    private static final JSON BOUNDED = JSON.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxTokenCount(2_000_000)
                            .maxNestingDepth(100)
                            .build())
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .build())
            .build();

    private ReportReader() {}

    /** Ends the reading; what is wrong is told by a value. */
    @SuppressWarnings("serial") // never serialized
    static final class UnreadableException extends Exception {
        private final ReceivedReport.Unreadable why;

        UnreadableException(ReceivedReport.Reason reason, String detail) {
            super(detail, null, false, false);
            this.why = new ReceivedReport.Unreadable(reason, detail);
        }
    }

    static ReceivedReport read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(in);
        }
    }

    static ReceivedReport read(InputStream in) throws IOException {
        return read(in.readNBytes(MOST_RECEIVED + 1));
    }

    static ReceivedReport read(byte[] received) {
        List<String> tolerated = new ArrayList<>();
        try {
            if (received.length > MOST_RECEIVED) {
                throw new UnreadableException(ReceivedReport.Reason.TOO_LARGE, "more than " + MOST_RECEIVED + " bytes");
            }
            if (isGzip(received) || isJson(received)) {
                return new ReceivedReport.Found(report(received, tolerated), tolerated);
            }
            ReportInMail mail = ReportInMail.find(received);
            TlsReport report = report(mail.attachment(), tolerated);
            // RFC 8460 §5.6: the document counts, whatever the mail around it says
            mail.differences(report).forEach(tolerated::add);
            return new ReceivedReport.Found(report, tolerated);
        } catch (UnreadableException e) {
            return e.why;
        }
    }

    private static TlsReport report(byte[] data, List<String> tolerated) throws UnreadableException {
        byte[] json = isGzip(data) ? unpacked(data) : data;
        return new ReportFields(tolerated).read(parsed(json, tolerated));
    }

    private static boolean isGzip(byte[] data) {
        return data.length > 2 && data[0] == 0x1f && data[1] == (byte) 0x8b;
    }

    /** Whether it begins as JSON does, in UTF-8 or UTF-16: no field of a mail's header begins so. */
    private static boolean isJson(byte[] data) {
        for (byte b : data) {
            switch (b & 0xff) {
                case '{', '[':
                    return true;
                case ' ',
                        '\t',
                        '\r',
                        '\n',
                        0,
                        0xef,
                        0xbb,
                        0xbf,
                        0xfe,
                        0xff: // blanks, and the bytes of byte order marks
                    break;
                default:
                    return false;
            }
        }
        return false;
    }

    private static byte[] unpacked(byte[] gzip) throws UnreadableException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
            byte[] data = in.readNBytes(MOST_UNPACKED + 1);
            if (data.length > MOST_UNPACKED) {
                throw new UnreadableException(
                        ReceivedReport.Reason.TOO_LARGE, "more than " + MOST_UNPACKED + " bytes when unpacked");
            }
            return data;
        } catch (IOException e) {
            throw new UnreadableException(ReceivedReport.Reason.BAD_GZIP, shown(e));
        }
    }

    private static Map<?, ?> parsed(byte[] json, List<String> tolerated) throws UnreadableException {
        Object value;
        try {
            value = BOUNDED.anyFrom(json);
        } catch (StreamConstraintsException e) {
            throw new UnreadableException(ReceivedReport.Reason.TOO_LARGE, shown(e));
        } catch (IOException twice) {
            try {
                value = BOUNDED.without(JSON.Feature.FAIL_ON_DUPLICATE_MAP_KEYS).anyFrom(json);
                tolerated.add("a key stands twice in an object; the last one counts");
            } catch (IOException e) {
                throw new UnreadableException(ReceivedReport.Reason.BAD_JSON, shown(e));
            }
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw new UnreadableException(ReceivedReport.Reason.NOT_A_REPORT, "not a JSON object");
        }
        return map;
    }

    /** The first line says what is wrong, the others where in the code it was seen. What the parser says of its own settings is left out. */
    private static String shown(IOException e) {
        String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        return Quoted.quote(
                first.replace("Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); ", ""));
    }
}
