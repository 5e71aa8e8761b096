package io.github.mtasts.text;

import java.util.Locale;

/** Remote text made safe for logs and errors: quoted, what is invisible or breaks lines escaped, cut at 200 characters. */
public final class Quoted {
    /** The most characters shown. */
    public static final int LONGEST = 200;

    private Quoted() {}

    /**
     * The text as it may be shown.
     *
     * @param text what a stranger sent
     * @return in quotation marks, escaped, cut
     */
    public static String quote(String text) {
        StringBuilder quoted = new StringBuilder(Math.min(text.length(), LONGEST) + 8).append('"');
        int shown = 0;
        for (int at = 0; at < text.length(); shown++) {
            if (shown == LONGEST) {
                return quoted.append("…\"").toString();
            }
            int c = text.codePointAt(at);
            at += Character.charCount(c);
            if (c == '"' || c == '\\') {
                quoted.append('\\').appendCodePoint(c);
            } else if (isVisible(c)) {
                quoted.appendCodePoint(c);
            } else {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", c));
            }
        }
        return quoted.append('"').toString();
    }

    /** Neither a control nor a format character, such as those that turn the direction of text, nor half a surrogate pair. */
    private static boolean isVisible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}
