package io.github.mtasts.policy;

import io.github.mtasts.text.Ascii;
import io.github.mtasts.text.Quoted;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads policy files (RFC 8461 §3.2). Never throws on input; linear in its length. Stateless, so safe for any number of threads.
 *
 * <p>A policy is valid or it is not: no mode, version or mx is ever guessed, and one bad {@code mx} line invalidates the whole.
 */
public final class StsPolicyParser {
    /** The most lines read; a longer file is invalid. */
    static final int MOST_LINES = 1000;

    /** The most {@code mx} lines read; beyond, the file is invalid. */
    static final int MOST_PATTERNS = 255;

    /** The longest line read, in bytes without its terminator; a longer one makes the file invalid. */
    static final int LONGEST_LINE = 4096;

    /** The greatest max_age in seconds: about a year (RFC 8461 §3.2). */
    static final int GREATEST_MAX_AGE = 31_557_600;

    private StsPolicyParser() {}

    /**
     * Tolerant where the meaning is unambiguous: a byte-order mark, blank lines, spaces before a key or a colon, one trailing dot of a
     * pattern, a max_age beyond the maximum (clamped). What was tolerated is told by {@link StsPolicy#tolerances()}.
     *
     * @param body the file as served
     * @return the policy, or every error found
     */
    public static PolicyResult parse(byte[] body) {
        return new Reading(body, false).read();
    }

    /**
     * The grammar, byte for byte (lines may end in LF alone, erratum 6253; max_age at most 31557600).
     *
     * @param body the file as served
     * @return the policy, or every error found
     */
    public static PolicyResult parseStrict(byte[] body) {
        return new Reading(body, true).read();
    }

    /** One pass over one file. */
    private static final class Reading {
        private final byte[] body;
        private final boolean strict;
        private final EnumSet<PolicyTolerance> tolerances = EnumSet.noneOf(PolicyTolerance.class);
        private final MxPatterns.Draft patterns;
        private final List<PolicyResult.PolicyError> errors = new ArrayList<>(0);
        private boolean hasVersion;
        private boolean hasMode;
        private boolean hasMaxAge;
        private int mxLines;
        private @Nullable PolicyMode mode;
        private int maxAge;
        private int line;

        Reading(byte[] body, boolean strict) {
            this.body = body;
            this.patterns = new MxPatterns.Draft(body);
            this.strict = strict;
        }

        PolicyResult read() {
            if (!isText()) {
                return new PolicyResult.Invalid(errors);
            }
            int at = 0;
            if (body.length >= 3 && body[0] == (byte) 0xEF && body[1] == (byte) 0xBB && body[2] == (byte) 0xBF) {
                tolerate(PolicyTolerance.BOM, 0, 0, 3);
                at = 3;
            }
            while (at < body.length) {
                line++;
                if (line > MOST_LINES) {
                    error(PolicyResult.Reason.TOO_MANY_LINES, line, "more than " + MOST_LINES + " lines");
                    return new PolicyResult.Invalid(errors);
                }
                int lf = at;
                while (lf < body.length && body[lf] != '\n') {
                    lf++;
                }
                int end = lf > at && lf < body.length && body[lf - 1] == '\r' ? lf - 1 : lf;
                if (end - at > LONGEST_LINE) {
                    error(PolicyResult.Reason.LINE_TOO_LONG, at, end);
                } else {
                    line(at, end);
                }
                at = lf + 1;
            }
            return verdict();
        }

        private PolicyResult verdict() {
            require(hasVersion, PolicyResult.Reason.MISSING_VERSION);
            require(hasMode, PolicyResult.Reason.MISSING_MODE);
            require(hasMaxAge, PolicyResult.Reason.MISSING_MAX_AGE);
            require(mxLines > 0 || mode == PolicyMode.NONE, PolicyResult.Reason.MISSING_MX);
            if (mode == null || !errors.isEmpty()) {
                return new PolicyResult.Invalid(errors);
            }
            return new PolicyResult.Valid(new StsPolicy(mode, maxAge, patterns, tolerances, body));
        }

        private void require(boolean present, PolicyResult.Reason missing) {
            if (!present) {
                error(missing, 0, "");
            }
        }

        /** UTF-8 without NUL, or an error. */
        private boolean isText() {
            boolean ascii = true;
            for (int i = 0; i < body.length; i++) {
                if (body[i] == 0) {
                    error(PolicyResult.Reason.ENCODING, lineAt(i), "a NUL byte");
                    return false;
                }
                ascii &= body[i] > 0;
            }
            if (!ascii) {
                CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT);
                ByteBuffer bytes = ByteBuffer.wrap(body);
                if (decoder.decode(bytes, CharBuffer.allocate(body.length), true)
                        .isError()) {
                    error(PolicyResult.Reason.ENCODING, lineAt(bytes.position()), "not UTF-8");
                    return false;
                }
            }
            return true;
        }

        private int lineAt(int position) {
            int lines = 1;
            for (int i = 0; i < position; i++) {
                if (body[i] == '\n') {
                    lines++;
                }
            }
            return lines;
        }

        private void line(int from, int to) {
            int start = from;
            while (start < to && isBlank(body[start])) {
                start++;
            }
            if (start == to) {
                tolerate(PolicyTolerance.BLANK_LINE, line, from, to);
                return;
            }
            int colon = start;
            while (colon < to && body[colon] != ':') {
                colon++;
            }
            if (colon == to) {
                error(PolicyResult.Reason.NO_COLON, from, to);
                return;
            }
            int keyEnd = colon;
            while (keyEnd > start && isBlank(body[keyEnd - 1])) {
                keyEnd--;
            }
            if (start > from) {
                tolerate(PolicyTolerance.LEADING_SPACE, line, from, to);
            }
            if (keyEnd < colon) {
                tolerate(PolicyTolerance.SPACE_BEFORE_COLON, line, from, to);
            }
            int value = colon + 1;
            while (value < to && isBlank(body[value])) {
                value++;
            }
            int end = to;
            while (end > value && isBlank(body[end - 1])) {
                end--;
            }
            field(start, keyEnd, value, end);
        }

        private void field(int key, int keyEnd, int value, int end) {
            if (is(key, keyEnd, "mx")) {
                mx(value, end);
            } else if (is(key, keyEnd, "version")) {
                // RFC 8461 §3.2: of a field that stands twice the first counts and the rest are ignored, hence not read
                if (!hasVersion && !is(value, end, "STSv1")) {
                    error(PolicyResult.Reason.BAD_VERSION, value, end);
                }
                hasVersion = true;
            } else if (is(key, keyEnd, "mode")) {
                if (!hasMode) {
                    mode(value, end);
                }
                hasMode = true;
            } else if (is(key, keyEnd, "max_age")) {
                if (!hasMaxAge) {
                    maxAge(value, end);
                }
                hasMaxAge = true;
            } else if (strict && !isExtension(key, keyEnd, value, end)) {
                error(PolicyResult.Reason.OUTSIDE_GRAMMAR, key, end);
            }
        }

        private void mode(int value, int end) {
            if (is(value, end, "enforce")) {
                mode = PolicyMode.ENFORCE;
            } else if (is(value, end, "testing")) {
                mode = PolicyMode.TESTING;
            } else if (is(value, end, "none")) {
                mode = PolicyMode.NONE;
            } else {
                error(PolicyResult.Reason.BAD_MODE, value, end);
            }
        }

        private void maxAge(int value, int end) {
            long seconds = 0;
            boolean digits = end - value >= 1 && end - value <= 10;
            for (int i = value; digits && i < end; i++) {
                digits = Ascii.isDigit(body[i]);
                seconds = seconds * 10 + (body[i] - '0');
            }
            if (!digits) {
                error(PolicyResult.Reason.BAD_MAX_AGE, value, end);
                return;
            }
            if (seconds > GREATEST_MAX_AGE) {
                tolerate(PolicyTolerance.MAX_AGE_CLAMPED, line, value, end);
            }
            maxAge = (int) Math.min(seconds, GREATEST_MAX_AGE);
        }

        private void mx(int value, int to) {
            mxLines++;
            if (mxLines > MOST_PATTERNS) {
                if (mxLines == MOST_PATTERNS + 1) {
                    error(PolicyResult.Reason.TOO_MANY_MX, line, "more than " + MOST_PATTERNS + " mx lines");
                }
                return;
            }
            boolean wildcard = to - value > 2 && body[value] == '*' && body[value + 1] == '.';
            int start = wildcard ? value + 2 : value;
            int end = to;
            if (end > start && body[end - 1] == '.') {
                end--;
            }
            if (!isDomain(start, end)) {
                error(PolicyResult.Reason.BAD_MX, value, to);
                return;
            }
            if (end < to) {
                tolerate(PolicyTolerance.MX_TRAILING_DOT, line, value, to);
            }
            patterns.add(start, end, wildcard);
        }

        /** LDH labels (RFC 5321 §4.1.2) of 1 to 63, at most 253 in all, the last not of digits only. */
        private boolean isDomain(int start, int end) {
            if (end - start < 1 || end - start > 253) {
                return false;
            }
            int label = start;
            boolean digitsOnly = true;
            for (int i = start; i <= end; i++) {
                int c = i < end ? body[i] : '.';
                if (c == '.') {
                    if (i == label || i - label > 63 || body[label] == '-' || body[i - 1] == '-') {
                        return false;
                    }
                    if (i < end) {
                        label = i + 1;
                        digitsOnly = true;
                    }
                } else if (Ascii.isLetterOrDigit(c) || c == '-') {
                    digitsOnly &= Ascii.isDigit(c);
                } else {
                    return false;
                }
            }
            return !digitsOnly;
        }

        /** An extension of the grammar: a well-formed name, and a value without control characters. */
        private boolean isExtension(int key, int keyEnd, int value, int end) {
            if (keyEnd - key < 1 || keyEnd - key > 32 || !Ascii.isLetterOrDigit(body[key]) || value == end) {
                return false;
            }
            for (int i = key; i < keyEnd; i++) {
                int c = body[i];
                if (!Ascii.isLetterOrDigit(c) && c != '_' && c != '-' && c != '.') {
                    return false;
                }
            }
            for (int i = value; i < end; i++) {
                if ((body[i] >= 0 && body[i] < ' ') || body[i] == 0x7f) {
                    return false;
                }
            }
            return true;
        }

        private boolean is(int from, int to, String text) {
            if (to - from != text.length()) {
                return false;
            }
            for (int i = 0; i < text.length(); i++) {
                if (body[from + i] != text.charAt(i)) {
                    return false;
                }
            }
            return true;
        }

        private static boolean isBlank(byte b) {
            return b == ' ' || b == '\t';
        }

        private void tolerate(PolicyTolerance tolerance, int atLine, int from, int to) {
            if (strict) {
                error(PolicyResult.Reason.OUTSIDE_GRAMMAR, atLine, tolerance.text() + " " + text(from, to));
            } else {
                tolerances.add(tolerance);
            }
        }

        private void error(PolicyResult.Reason reason, int from, int to) {
            error(reason, line, text(from, to));
        }

        private void error(PolicyResult.Reason reason, int atLine, String offending) {
            errors.add(new PolicyResult.PolicyError(reason, atLine, offending));
        }

        private String text(int from, int to) {
            int enough = Math.min(to, from + 4 * (Quoted.LONGEST + 1)); // a character has four bytes at most
            return Quoted.quote(new String(body, from, enough - from, StandardCharsets.UTF_8));
        }
    }
}
