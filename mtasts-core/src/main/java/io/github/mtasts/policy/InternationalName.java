package io.github.mtasts.policy;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;

/**
 * U-labels to A-labels as IDNA2008 has it (RFC 5891 §5): letters that IDNA2003 would fold away (ß, ς) are kept, and what IDNA2008 does not
 * allow, emoji among it, is refused. Before, upper case, wide and narrow forms and ideographic full stops become what they stand for (RFC 5895 §2).
 * Apart from {@link DomainName}, so that names in ASCII never load the table.
 */
final class InternationalName {
    private static final Set<UnicodeScript> KATAKANA_DOT_GOES_WITH =
            EnumSet.of(UnicodeScript.HIRAGANA, UnicodeScript.KATAKANA, UnicodeScript.HAN);

    private InternationalName() {}

    /**
     * The name in A-labels.
     *
     * @throws IllegalArgumentException with the name and the rule it breaks
     */
    static String toAscii(String text, String what) {
        String name = Normalizer.normalize(mapped(text, what), Normalizer.Form.NFC);
        String[] labels = name.split("\\.", -1);
        boolean rightToLeft = Arrays.stream(labels).anyMatch(InternationalName::isRightToLeft);
        StringJoiner ascii = new StringJoiner(".");
        for (String label : labels) {
            if (DomainName.isAscii(label)) {
                ascii.add(label);
            } else {
                check(label, text, what);
                ascii.add("xn--" + Punycode.encode(label));
            }
            if (rightToLeft && !label.isEmpty() && !keepsBidiRule(label)) {
                throw DomainName.refused(what, text, "it mixes directions of writing as RFC 5893 does not allow");
            }
        }
        return ascii.toString();
    }

    private static String mapped(String text, String what) {
        StringBuilder mapped = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (c == '\u3002' || c == '\uff0e' || c == '\uff61') {
                mapped.append('.');
            } else if (c < 0x80) {
                mapped.append(Character.toLowerCase((char) c));
            } else if (IdnaTable.isValid(c)) {
                mapped.appendCodePoint(c);
            } else if (IdnaTable.of(c).mapped()) {
                mapped.append(mapped(c));
            } else {
                throw notAllowed(c, text, what);
            }
        });
        return mapped.toString();
    }

    /** One character at a time: of a word, Java would turn the last capital sigma into another letter. */
    static String mapped(int c) {
        String text = Character.toString(c);
        boolean wideOrNarrow = c >= 0xff00 && c <= 0xffef;
        return (wideOrNarrow ? Normalizer.normalize(text, Normalizer.Form.NFKC) : text).toLowerCase(Locale.ROOT);
    }

    private static IllegalArgumentException notAllowed(int c, String text, String what) {
        return DomainName.refused(what, text, String.format(Locale.ROOT, "IDNA2008 does not allow U+%04X here", c));
    }

    private static void check(String label, String text, String what) {
        int[] points = label.codePoints().toArray();
        if (label.startsWith("-") || label.endsWith("-")) {
            throw DomainName.refused(what, text, "a label begins or ends with a hyphen");
        }
        if (label.startsWith("--", 2)) {
            throw DomainName.refused(what, text, "a label that is not ASCII has hyphens in third and fourth place");
        }
        for (int i = 0; i < points.length; i++) {
            boolean allowed = IdnaTable.isValid(points[i])
                    && !(i == 0 && IdnaTable.of(points[0]).mark())
                    && fitsItsContext(points, i);
            if (!allowed) {
                throw notAllowed(points[i], text, what);
            }
        }
    }

    /** The contextual rules of RFC 5892, appendix A. */
    private static boolean fitsItsContext(int[] label, int at) {
        int c = label[at];
        return switch (c) {
            case 0x200c -> isAfterVirama(label, at) || joins(label, at);
            case 0x200d -> isAfterVirama(label, at);
            case 0x00b7 -> at > 0 && at + 1 < label.length && label[at - 1] == 'l' && label[at + 1] == 'l';
            case 0x0375 -> at + 1 < label.length && UnicodeScript.of(label[at + 1]) == UnicodeScript.GREEK;
            case 0x05f3, 0x05f4 -> at > 0 && UnicodeScript.of(label[at - 1]) == UnicodeScript.HEBREW;
            case 0x30fb -> Arrays.stream(label).mapToObj(UnicodeScript::of).anyMatch(KATAKANA_DOT_GOES_WITH::contains);
            default -> !isArabicIndic(c) || Arrays.stream(label).noneMatch(InternationalName::isExtendedArabicIndic);
        };
    }

    private static boolean isArabicIndic(int c) {
        return c >= 0x0660 && c <= 0x0669;
    }

    private static boolean isExtendedArabicIndic(int c) {
        return c >= 0x06f0 && c <= 0x06f9;
    }

    private static boolean isAfterVirama(int[] label, int at) {
        return at > 0 && IdnaTable.of(label[at - 1]).virama();
    }

    private static boolean joins(int[] label, int at) {
        int before = at - 1;
        while (before >= 0 && IdnaTable.of(label[before]).joining() == 'T') {
            before--;
        }
        int after = at + 1;
        while (after < label.length && IdnaTable.of(label[after]).joining() == 'T') {
            after++;
        }
        return before >= 0
                && after < label.length
                && "LD".indexOf(IdnaTable.of(label[before]).joining()) >= 0
                && "RD".indexOf(IdnaTable.of(label[after]).joining()) >= 0;
    }

    private static boolean isRightToLeft(String label) {
        return label.codePoints()
                .mapToObj(c -> IdnaTable.of(c).bidi())
                .anyMatch(bidi -> bidi == IdnaTable.Bidi.R || bidi == IdnaTable.Bidi.AL || bidi == IdnaTable.Bidi.AN);
    }

    /** The Bidi rule (RFC 5893 §2). */
    private static boolean keepsBidiRule(String label) {
        EnumSet<IdnaTable.Bidi> all = EnumSet.noneOf(IdnaTable.Bidi.class);
        IdnaTable.Bidi end = IdnaTable.Bidi.NSM;
        for (int c : label.codePoints().toArray()) {
            IdnaTable.Bidi bidi = IdnaTable.of(c).bidi();
            all.add(bidi);
            end = bidi == IdnaTable.Bidi.NSM ? end : bidi;
        }
        return switch (IdnaTable.of(label.codePointAt(0)).bidi()) {
            case R, AL ->
                !all.contains(IdnaTable.Bidi.L)
                        && !(all.contains(IdnaTable.Bidi.EN) && all.contains(IdnaTable.Bidi.AN))
                        && (end == IdnaTable.Bidi.R
                                || end == IdnaTable.Bidi.AL
                                || end == IdnaTable.Bidi.EN
                                || end == IdnaTable.Bidi.AN);
            case L -> !isRightToLeft(label) && (end == IdnaTable.Bidi.L || end == IdnaTable.Bidi.EN);
            default -> false;
        };
    }
}
