package io.github.mtasts.policy;

import com.ibm.icu.lang.UCharacter;
import com.ibm.icu.text.IDNA;
import java.util.Locale;

/**
 * U-labels to A-labels as IDNA2008 has it (RFC 5891): letters that IDNA2003 would fold away (ß, ς) are kept, and what IDNA2008 does not
 * allow, emoji among it, is refused. Apart from {@link DomainName}, so that names in ASCII never load the tables.
 */
final class InternationalName {
    private static final IDNA IDNA2008 = IDNA.getUTS46Instance(IDNA.NONTRANSITIONAL_TO_ASCII
            | IDNA.NONTRANSITIONAL_TO_UNICODE
            | IDNA.CHECK_BIDI
            | IDNA.CHECK_CONTEXTJ
            | IDNA.CHECK_CONTEXTO);

    private static final String EXCEPTIONS = "\u00B7\u0375\u05F3\u05F4\u30FB\u200C\u200D\u06FD\u06FE\u0F0B\u3007";

    private InternationalName() {}

    static String toAscii(String text, String what) {
        StringBuilder ascii = new StringBuilder();
        IDNA.Info info = new IDNA.Info();
        IDNA2008.nameToASCII(text, ascii, info);
        if (info.hasErrors()) {
            throw DomainName.refused(what, text, "IDNA2008 does not allow it (" + errors(info) + ")");
        }
        StringBuilder unicode = new StringBuilder();
        IDNA2008.nameToUnicode(ascii, unicode, new IDNA.Info());
        unicode.codePoints().filter(c -> !isAllowed(c)).findFirst().ifPresent(c -> {
            throw DomainName.refused(what, text, "IDNA2008 does not allow U+" + String.format("%04X", c));
        });
        return ascii.toString().toLowerCase(Locale.ROOT);
    }

    /** Every A-label decodes, and encodes to itself again (RFC 5891 §5.4). */
    static void checkALabels(String name, String text, String what) {
        StringBuilder unicode = new StringBuilder();
        IDNA.Info info = new IDNA.Info();
        IDNA2008.nameToUnicode(name, unicode, info);
        if (info.hasErrors()) {
            throw DomainName.refused(what, text, "it has an invalid A-label (" + errors(info) + ")");
        }
        if (!toAscii(unicode.toString(), what).equals(name)) {
            throw DomainName.refused(what, text, "it has an A-label that does not stand for itself");
        }
    }

    /** UTS 46, which the tables follow, lets symbols pass that RFC 5892 §2 does not. */
    private static boolean isAllowed(int c) {
        if (c < 0x80) {
            return true;
        }
        return switch (UCharacter.getType(c)) {
            case UCharacter.LOWERCASE_LETTER,
                    UCharacter.OTHER_LETTER,
                    UCharacter.MODIFIER_LETTER,
                    UCharacter.NON_SPACING_MARK,
                    UCharacter.COMBINING_SPACING_MARK,
                    UCharacter.DECIMAL_DIGIT_NUMBER -> true;
            // RFC 5892 §2.6: exceptions, and joiners; the tables check the context these need
            default -> EXCEPTIONS.indexOf(c) >= 0;
        };
    }

    private static String errors(IDNA.Info info) {
        return info.getErrors().toString().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
