package io.github.mtasts.lookup;

/** Text for people about what a stranger sent: printable ASCII, of bounded length. */
final class Quote {
    static final int LIMIT = 200;

    private Quote() {}

    /** The text with all but printable ASCII escaped, cut at 200 characters. */
    static String plain(String text) {
        StringBuilder out = new StringBuilder(Math.min(text.length(), LIMIT) + 8);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            String shown = c >= 0x20 && c < 0x7f ? String.valueOf(c) : String.format("\\u%04x", (int) c);
            if (out.length() + shown.length() > LIMIT - 3) {
                return out.append("...").toString();
            }
            out.append(shown);
        }
        return out.toString();
    }

    /** Remote text in quotation marks, escaped, and cut so that some words of ours fit beside it. */
    static String remote(String text) {
        String plain = plain(text.length() > 100 ? text.substring(0, 100) : text);
        String cut =
                plain.length() > 120 ? plain.substring(0, 120) + "..." : text.length() > 100 ? plain + "..." : plain;
        return "\"" + cut.replace("\"", "\\\"") + "\"";
    }
}
