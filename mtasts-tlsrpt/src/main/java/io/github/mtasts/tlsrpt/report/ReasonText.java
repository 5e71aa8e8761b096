package io.github.mtasts.tlsrpt.report;

import java.util.regex.Pattern;

/** The words that go with a failure: printable ASCII, at most 200 characters, no mail addresses. */
final class ReasonText {
    private static final int LONGEST = 200;

    /** No more of it is looked at: the rest would be cut anyway. */
    private static final int MOST_READ = 2000;

    private static final Pattern ADDRESS =
            Pattern.compile("(\"[^\"]{1,256}\"|[^\\s<>()\\[\\]:;,\"]{1,256})@[^\\s<>()\\[\\]:;,\"']{1,256}");

    private ReasonText() {}

    static String clean(String text) {
        StringBuilder ascii = new StringBuilder();
        for (int i = 0; i < text.length() && i < MOST_READ; i++) {
            char c = text.charAt(i);
            ascii.append(c >= ' ' && c <= '~' ? c : c == '\r' || c == '\n' || c == '\t' ? ' ' : '?');
        }
        String safe = ADDRESS.matcher(ascii).replaceAll("(address)").strip();
        return safe.length() <= LONGEST ? safe : safe.substring(0, LONGEST - 3) + "...";
    }
}
