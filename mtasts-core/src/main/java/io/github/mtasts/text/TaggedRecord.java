package io.github.mtasts.text;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A TXT record that is a version and fields behind it, {@code v=STSv1; id=…} or {@code v=TLSRPTv1; rua=…}: RFC 8461 §3.1 and RFC 8460 §3
 * have the same grammar but for the values. Never throws on input; linear in its length.
 */
public final class TaggedRecord {
    /** The longest record read, in bytes; a longer one is broken. */
    public static final int LONGEST = 4096;

    /** The most records at one name; beyond, none is used. */
    public static final int MOST = 64;

    private TaggedRecord() {}

    /** Which of a name's TXT records counts. */
    public sealed interface Choice {}

    /**
     * One record.
     *
     * @param record its text
     */
    public record One(String record) implements Choice {}

    /** No record begins with the version. */
    public record None() implements Choice {}

    /**
     * More than one record begins with the version, so that none counts.
     *
     * @param count how many
     */
    public record Several(int count) implements Choice {}

    /**
     * A field behind the version.
     *
     * @param text all of it
     * @param name what stands before the equals sign; empty where the field is not {@code name=value} or the name has characters that the
     *     grammar does not allow
     * @param value what stands behind the equals sign
     */
    public record Field(String text, String name, String value) {
        /** {@return whether the value is one that the grammar allows for a field of an unknown name} */
        public boolean hasPlainValue() {
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                if (c <= ' ' || c > '~' || c == '=') {
                    return false;
                }
            }
            return !value.isEmpty();
        }
    }

    /**
     * The record that counts.
     *
     * <p>Records that do not begin with the version and a semicolon are dropped, and then exactly one must be left. Where none begins so, one
     * that has spaces or tabs before its first semicolon counts: the grammar allows them, though the sentence on filtering does not.
     *
     * @param txtRecords per record its character-strings joined with nothing between, each byte one char
     * @param version for example {@code v=STSv1}
     * @return one, none or several
     */
    public static Choice choose(List<String> txtRecords, String version) {
        List<String> literal = new ArrayList<>();
        List<String> spaced = new ArrayList<>();
        for (String record : txtRecords) {
            if (!record.startsWith(version)) {
                continue;
            }
            int delimiter = skipBlanks(record, version.length());
            if (delimiter < record.length() && record.charAt(delimiter) == ';') {
                (delimiter == version.length() ? literal : spaced).add(record);
            }
        }
        List<String> left = literal.isEmpty() ? spaced : literal;
        return switch (left.size()) {
            case 0 -> new None();
            case 1 -> new One(left.get(0));
            default -> new Several(left.size());
        };
    }

    /**
     * The fields behind the version, in their order. Of a field that stands twice the first counts and the rest are ignored, hence not read
     * (RFC 8461 §3.2); so is a second version.
     *
     * @param record a record that was chosen
     * @param version for example {@code v=STSv1}
     * @return the fields, empty ones among them
     */
    public static List<Field> fields(String record, String version) {
        List<Field> fields = new ArrayList<>();
        Set<String> names = new HashSet<>(4); // nearly all records have one field
        names.add("v");
        int at = skipBlanks(record, version.length());
        while (at < record.length()) {
            // at stands on a semicolon
            int start = skipBlanks(record, at + 1);
            if (start == record.length()) {
                break;
            }
            int delimiter = record.indexOf(';', start);
            int end = delimiter < 0 ? record.length() : delimiter;
            Field field = field(record.substring(start, delimiter < 0 ? end : trimmed(record, start, end)));
            if (field.name().isEmpty() || names.add(field.name())) {
                fields.add(field);
            }
            at = end;
        }
        return fields;
    }

    private static Field field(String text) {
        int equals = text.indexOf('=');
        return equals < 0 || !isName(text, equals)
                ? new Field(text, "", "")
                : new Field(text, text.substring(0, equals), text.substring(equals + 1));
    }

    private static boolean isName(String text, int end) {
        if (end < 1 || end > 32 || !Ascii.isLetterOrDigit(text.charAt(0))) {
            return false;
        }
        for (int i = 1; i < end; i++) {
            char c = text.charAt(i);
            if (!Ascii.isLetterOrDigit(c) && c != '_' && c != '-' && c != '.') {
                return false;
            }
        }
        return true;
    }

    private static int skipBlanks(String text, int from) {
        int at = from;
        while (at < text.length() && isBlank(text.charAt(at))) {
            at++;
        }
        return at;
    }

    private static int trimmed(String text, int start, int end) {
        int at = end;
        while (at > start && isBlank(text.charAt(at - 1))) {
            at--;
        }
        return at;
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }
}
