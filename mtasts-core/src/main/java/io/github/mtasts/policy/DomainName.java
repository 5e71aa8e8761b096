package io.github.mtasts.policy;

import java.util.Locale;

/** Brings the names people and DNS write into one form: A-labels, lower case, no trailing dot (RFC 5890 §2.3.2.1). */
final class DomainName {
    private static final int LONGEST_NAME = 253;
    private static final int LONGEST_LABEL = 63;

    private DomainName() {}

    /**
     * The name in its one form.
     *
     * @param what how an error calls it
     * @throws IllegalArgumentException with the name and the rule it breaks
     */
    static String normalise(String text, String what) {
        if (text.startsWith("[") || text.indexOf(':') >= 0) {
            throw refused(what, text, "it is an address literal or has a port, not a name");
        }
        String ascii = isAscii(text) ? text.toLowerCase(Locale.ROOT) : InternationalName.toAscii(text, what);
        String name = ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii;
        check(name, text, what);
        if (name.startsWith("xn--") || name.contains(".xn--")) {
            InternationalName.checkALabels(name, text, what);
        }
        return name;
    }

    private static void check(String name, String text, String what) {
        if (name.isEmpty()) {
            throw refused(what, text, "it is empty");
        }
        if (name.length() > LONGEST_NAME) {
            throw refused(what, text, "it is longer than " + LONGEST_NAME + " characters");
        }
        int label = 0;
        boolean digitsOnly = true;
        for (int i = 0; i <= name.length(); i++) {
            char c = i < name.length() ? name.charAt(i) : '.';
            if (c == '.') {
                if (i == label) {
                    throw refused(what, text, "it has an empty label");
                }
                if (i - label > LONGEST_LABEL) {
                    throw refused(what, text, "it has a label longer than " + LONGEST_LABEL + " characters");
                }
                if (name.charAt(label) == '-' || name.charAt(i - 1) == '-') {
                    throw refused(what, text, "a label begins or ends with a hyphen");
                }
                if (i < name.length()) {
                    label = i + 1;
                    digitsOnly = true;
                }
            } else if (Ascii.isLetterOrDigit(c) || c == '-' || c == '_') {
                digitsOnly &= Ascii.isDigit(c);
            } else {
                throw refused(what, text, "it has a character other than letters, digits, hyphen and underscore");
            }
        }
        if (digitsOnly) {
            throw refused(what, text, "its last label is a number, so it is an address and not a name");
        }
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0x7f) {
                return false;
            }
        }
        return true;
    }

    static IllegalArgumentException refused(String what, String text, String rule) {
        return new IllegalArgumentException("not a " + what + ": " + Quoted.quote(text) + ": " + rule);
    }
}
