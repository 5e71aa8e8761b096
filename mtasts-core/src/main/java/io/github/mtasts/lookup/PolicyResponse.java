package io.github.mtasts.lookup;

import java.util.Locale;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.ProtocolVersion;

/** The head of a response to a policy request: what makes it acceptable, and how its body is delimited. */
final class PolicyResponse {
    /** Digits of a length that is worth reading; a larger one exceeds every limit. */
    private static final int MAX_LENGTH_DIGITS = 9;

    private PolicyResponse() {}

    /** The body that follows an acceptable head; otherwise the reason why it is not. */
    static ResponseBody open(HttpResponse head, int maxBody, boolean requireMediaType) throws RefusedException {
        checkStatus(head);
        checkMediaType(head, requireMediaType);
        checkEncoding(head);
        return body(head, maxBody);
    }

    // RFC 8461 §3.3: only 200 counts, and redirects must not be followed
    private static void checkStatus(HttpResponse head) throws RefusedException {
        int status = head.getCode();
        if (status == 200) {
            return;
        }
        if (status >= 300 && status < 400) {
            Header location = head.getFirstHeader("Location");
            throw new RefusedException(
                    FetchFailure.REDIRECT,
                    "status " + status + (location == null ? "" : " to " + Quote.remote(location.getValue())));
        }
        throw new RefusedException(FetchFailure.HTTP_STATUS, "status " + status);
    }

    // RFC 8461 §3.2: text/plain, parameters are of no meaning
    private static void checkMediaType(HttpResponse head, boolean required) throws RefusedException {
        Header[] types = head.getHeaders("Content-Type");
        if (types.length == 0 && !required) {
            return;
        }
        if (types.length != 1) {
            throw new RefusedException(
                    FetchFailure.MEDIA_TYPE, types.length == 0 ? "no media type" : "several media types");
        }
        String value = value(types[0]);
        int parameters = value.indexOf(';');
        String type = (parameters < 0 ? value : value.substring(0, parameters)).strip();
        if (!type.equalsIgnoreCase("text/plain")) {
            throw new RefusedException(
                    FetchFailure.MEDIA_TYPE, "media type " + Quote.remote(value) + " instead of text/plain");
        }
    }

    private static void checkEncoding(HttpResponse head) throws RefusedException {
        for (Header encoding : head.getHeaders("Content-Encoding")) {
            if (!value(encoding).strip().equalsIgnoreCase("identity")) {
                throw new RefusedException(
                        FetchFailure.CONTENT_ENCODING, "content encoding " + Quote.remote(value(encoding)));
            }
        }
    }

    private static ResponseBody body(HttpResponse head, int maxBody) throws RefusedException {
        Header[] codings = head.getHeaders("Transfer-Encoding");
        Header[] lengths = head.getHeaders("Content-Length");
        if (codings.length + lengths.length > 1) {
            throw new RefusedException(
                    FetchFailure.HTTP_MALFORMED,
                    codings.length + " transfer encodings and " + lengths.length + " content lengths");
        }
        if (codings.length == 1) {
            ProtocolVersion version = head.getVersion();
            String coding = value(codings[0]).strip().toLowerCase(Locale.ROOT);
            // RFC 9112 §6.1: a coding under HTTP/1.0 means that the framing is faulty
            if (!coding.equals("chunked") || version == null || version.lessEquals(HttpVersion.HTTP_1_0)) {
                throw new RefusedException(
                        FetchFailure.HTTP_MALFORMED,
                        "transfer encoding " + Quote.remote(value(codings[0])) + " in " + version);
            }
            return ResponseBody.chunked(maxBody);
        }
        if (lengths.length == 1) {
            return ResponseBody.ofLength(length(value(lengths[0]).strip(), maxBody));
        }
        // its end would look the same as a cut connection's
        throw new RefusedException(FetchFailure.HTTP_MALFORMED, "body of unknown length");
    }

    private static int length(String text, int maxBody) throws RefusedException {
        if (text.isEmpty() || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new RefusedException(FetchFailure.HTTP_MALFORMED, "content length " + Quote.remote(text));
        }
        if (text.length() > MAX_LENGTH_DIGITS || Integer.parseInt(text) > maxBody) {
            throw new RefusedException(
                    FetchFailure.TOO_LARGE, "content length " + Quote.remote(text) + ", above " + maxBody + " bytes");
        }
        return Integer.parseInt(text);
    }

    private static String value(Header header) {
        return header.getValue() == null ? "" : header.getValue();
    }
}
