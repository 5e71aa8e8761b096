package io.github.mtasts.policy;

import io.github.mtasts.text.Ascii;
import io.github.mtasts.text.Quoted;
import java.util.Locale;

/** Brings the names people and DNS write into one form: A-labels, lower case, no trailing dot (RFC 5890 §2.3.2.1). */
final class DomainName {
    private static final int LONGEST_NAME = 253;
    private static final int LONGEST_LABEL = 63;

    /** No name that fits is longer in U-labels, not even where each letter is written as several characters. */
    private static final int LONGEST_TEXT = 4 * LONGEST_NAME;

    private DomainName() {}

    /**
     * The name in its one form, of labels of letters, digits, hyphens and underscores.
     *
     * @param what how an error calls it
     * @throws IllegalArgumentException with the name and the rule it breaks
     */
    static String normalise(String text, String what) {
        if (text.length() > LONGEST_TEXT) {
            throw refused(what, text, "it is longer than " + LONGEST_NAME + " characters");
        }
        refuseAddress(text, what);
        String ascii = isAscii(text) ? text.toLowerCase(Locale.ROOT) : InternationalName.toAscii(text, what);
        String name = ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii;
        if (name.isEmpty()) {
            throw refused(what, text, "it is empty");
        }
        if (name.length() > LONGEST_NAME) {
            throw refused(what, text, "it is longer than " + LONGEST_NAME + " characters");
        }
        boolean digitsOnly = true;
        int label = 0;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '.') {
                checkLength(i - label, text, what);
                label = i + 1;
                digitsOnly = true;
            } else if (Ascii.isLetterOrDigit(c) || c == '-' || c == '_') {
                digitsOnly &= Ascii.isDigit(c);
            } else {
                throw refused(what, text, "it has a character other than letters, digits, hyphen and underscore");
            }
        }
        checkLength(name.length() - label, text, what);
        if (digitsOnly) {
            throw refused(what, text, "its last label is a number");
        }
        return name;
    }

    /**
     * Refuses what a host in DNS may be called but a mail domain may not: hyphens at the ends of labels (RFC 5321 §4.1.2), and labels that begin
     * with {@code xn--} and are no Punycode. Which characters an A-label stands for is not looked at: it asks for exactly one name in DNS (RFC 5891 §5.3).
     *
     * @param name in its one form
     */
    static void checkMailDomain(String name, String text, String what) {
        int end;
        for (int label = 0; label <= name.length(); label = end + 1) {
            int dot = name.indexOf('.', label);
            end = dot < 0 ? name.length() : dot;
            if (name.startsWith("xn--", label) && !isPunycode(name.substring(label + 4, end))) {
                throw refused(what, text, "a label begins with xn-- and is no A-label");
            }
            if (name.charAt(label) == '-' || name.charAt(end - 1) == '-') {
                throw refused(what, text, "a label begins or ends with a hyphen");
            }
        }
    }

    private static boolean isPunycode(String encoded) {
        try {
            String decoded = Punycode.decode(encoded);
            return !isAscii(decoded) && Punycode.encode(decoded).equals(encoded);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static void refuseAddress(String text, String what) {
        if (text.startsWith("[")) {
            throw refused(what, text, "it is an address literal");
        }
        if (text.indexOf(':') >= 0) {
            throw refused(what, text, "it has a colon, so it is an IPv6 address or has a port");
        }
        boolean digitsAndDots = !text.isEmpty() && Ascii.isDigit(text.charAt(0));
        for (int i = 0; digitsAndDots && i < text.length(); i++) {
            digitsAndDots = Ascii.isDigit(text.charAt(i)) || text.charAt(i) == '.';
        }
        if (digitsAndDots) {
            throw refused(what, text, "it is a number or an IPv4 address; an address literal has brackets around it");
        }
    }

    private static void checkLength(int length, String text, String what) {
        if (length == 0) {
            throw refused(what, text, "it has an empty label");
        }
        if (length > LONGEST_LABEL) {
            throw refused(what, text, "it has a label longer than " + LONGEST_LABEL + " characters");
        }
    }

    static boolean isAscii(String text) {
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
