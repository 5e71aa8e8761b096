package io.github.mtasts.javamail;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server said (RFC 5321 §4.2).
 *
 * @param code from 200 to 599
 * @param text the whole reply, for people: one line, printable, cut
 */
record Reply(int code, String text) {
    private static final Pattern STATUS = Pattern.compile("[0-9]{3}[ -]([245]\\.[0-9]{1,3}\\.[0-9]{1,3})(?=\\s|$)");

    private static final Pattern LINE_END = Pattern.compile("\\s*\\R\\s*");

    /** A server's reply, as it came. */
    static Reply of(int code, String lines) {
        return new Reply(code, Form.quote(LINE_END.matcher(lines.strip()).replaceAll(" / ")));
    }

    boolean isPositive() {
        return code >= 200 && code < 300;
    }

    boolean isTemporary() {
        return code >= 400 && code < 500;
    }

    boolean isPermanent() {
        return code >= 500 && code < 600;
    }

    /** The enhanced status code (RFC 3463): the server's own if it is of the same class as the reply. */
    String status() {
        Matcher matcher = STATUS.matcher(text.substring(1));
        char kind = Character.forDigit(code / 100, 10);
        if (matcher.lookingAt() && matcher.group(1).charAt(0) == kind) {
            return matcher.group(1);
        }
        return kind + ".0.0";
    }
}
