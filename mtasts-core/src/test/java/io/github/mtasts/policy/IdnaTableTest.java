package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.icu.lang.UCharacter;
import com.ibm.icu.lang.UCharacter.HangulSyllableType;
import com.ibm.icu.lang.UCharacter.JoiningType;
import com.ibm.icu.lang.UCharacter.UnicodeBlock;
import com.ibm.icu.lang.UCharacterEnums.ECharacterCategory;
import com.ibm.icu.lang.UCharacterEnums.ECharacterDirection;
import com.ibm.icu.lang.UProperty;
import com.ibm.icu.text.IDNA;
import com.ibm.icu.text.Normalizer2;
import com.ibm.icu.util.VersionInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The table is what RFC 5892 derives from Unicode's own data, and the names made with it are those that ICU makes. ICU is here, and not in
 * the library, for its size: it would be larger than all else together.
 */
class IdnaTableTest {
    private static final VersionInfo NEWEST = VersionInfo.getInstance(13);

    /** RFC 5892 §2.6. */
    private static final Set<Integer> PVALID_EXCEPTIONS = Set.of(0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007);

    private static final Set<Integer> DISALLOWED_EXCEPTIONS =
            Set.of(0x640, 0x7fa, 0x302e, 0x302f, 0x3031, 0x3032, 0x3033, 0x3034, 0x3035, 0x303b);

    private static final Set<Integer> CONTEXTO = Set.of(0xb7, 0x375, 0x5f3, 0x5f4, 0x30fb);

    private static final Set<Integer> LETTERS_AND_DIGITS = Set.of(
            (int) ECharacterCategory.LOWERCASE_LETTER,
            (int) ECharacterCategory.UPPERCASE_LETTER,
            (int) ECharacterCategory.OTHER_LETTER,
            (int) ECharacterCategory.DECIMAL_DIGIT_NUMBER,
            (int) ECharacterCategory.MODIFIER_LETTER,
            (int) ECharacterCategory.NON_SPACING_MARK,
            (int) ECharacterCategory.COMBINING_SPACING_MARK);

    private static final Set<UnicodeBlock> IGNORED_BLOCKS = Set.of(
            UnicodeBlock.COMBINING_MARKS_FOR_SYMBOLS,
            UnicodeBlock.MUSICAL_SYMBOLS,
            UnicodeBlock.ANCIENT_GREEK_MUSICAL_NOTATION);

    private static final Map<Integer, String> BIDI = Map.ofEntries(
            Map.entry(ECharacterDirection.LEFT_TO_RIGHT, "L"),
            Map.entry(ECharacterDirection.RIGHT_TO_LEFT, "R"),
            Map.entry(ECharacterDirection.RIGHT_TO_LEFT_ARABIC, "AL"),
            Map.entry(ECharacterDirection.ARABIC_NUMBER, "AN"),
            Map.entry(ECharacterDirection.EUROPEAN_NUMBER, "EN"),
            Map.entry(ECharacterDirection.EUROPEAN_NUMBER_SEPARATOR, "ES"),
            Map.entry(ECharacterDirection.COMMON_NUMBER_SEPARATOR, "CS"),
            Map.entry(ECharacterDirection.EUROPEAN_NUMBER_TERMINATOR, "ET"),
            Map.entry(ECharacterDirection.OTHER_NEUTRAL, "ON"),
            Map.entry(ECharacterDirection.BOUNDARY_NEUTRAL, "BN"),
            Map.entry(ECharacterDirection.DIR_NON_SPACING_MARK, "NSM"));

    private static final Map<Integer, String> JOINING = Map.of(
            JoiningType.NON_JOINING, "U",
            JoiningType.DUAL_JOINING, "D",
            JoiningType.LEFT_JOINING, "L",
            JoiningType.RIGHT_JOINING, "R",
            JoiningType.TRANSPARENT, "T",
            JoiningType.JOIN_CAUSING, "C");

    private static final IDNA ICU = IDNA.getUTS46Instance(IDNA.NONTRANSITIONAL_TO_ASCII
            | IDNA.CHECK_BIDI
            | IDNA.CHECK_CONTEXTJ
            | IDNA.CHECK_CONTEXTO
            | IDNA.USE_STD3_RULES);

    @Test
    void theTableIsWhatRfc5892Derives() throws IOException {
        List<String> derived = new ArrayList<>(
                List.of(
                        "# IDNA2008 (RFC 5892, RFC 5893) for the characters of Unicode " + NEWEST.getMajor()
                                + ", derived by IdnaTableTest: characters that a U-label may have, with",
                        "# bidirectional class, joining type and flags, and those that are mapped to such (RFC 5895). What is not here is not allowed."));
        int[] known = IntStream.range(0, Character.MAX_CODE_POINT + 1)
                .filter(IdnaTableTest::isKnown)
                .toArray();
        int first = 0;
        String properties = properties(known[0]);
        for (int i = 1; i <= known.length; i++) {
            String next = i < known.length ? properties(known[i]) : "";
            boolean same = i < known.length && known[i] == known[i - 1] + 1 && next.equals(properties);
            if (!same) {
                if (!properties.isEmpty()) {
                    derived.add(range(known[first], known[i - 1]) + " " + properties);
                }
                first = i;
                properties = next;
            }
        }

        String table = String.join("\n", derived) + "\n";

        try (InputStream file = Objects.requireNonNull(IdnaTable.class.getResourceAsStream("idna2008.txt"))) {
            String kept = new String(file.readAllBytes(), StandardCharsets.US_ASCII);
            if (!kept.equals(table)) {
                Files.writeString(Path.of("target", "idna2008.txt"), table);
            }
            assertThat(kept.equals(table))
                    .as("idna2008.txt is as derived (the derived one is now in target/idna2008.txt)")
                    .isTrue();
        }
    }

    @Test
    @Tag("S-3.1-1")
    void everyCharacterThatIsTakenIsMappedAndEncodedAsIcuDoesIt() {
        List<String> differences = new ArrayList<>();
        for (int c = 0x80; c <= Character.MAX_CODE_POINT; c++) {
            if (IdnaTable.isValid(c) || IdnaTable.of(c).mapped()) {
                String text = "a" + Character.toString(c) + "z";
                String ours = ours(text);

                if (!ours.equals(REFUSED) && !ours.equals(icu(text))) {
                    differences.add(String.format(Locale.ROOT, "U+%04X %s %s", c, ours, icu(text)));
                }
            }
        }

        assertThat(differences).isEmpty();
    }

    @Test
    @Tag("S-3.1-1")
    void namesOfManyScriptsAreJudgedAndEncodedAsIcuDoesIt() {
        Random random = new Random(5892);
        String[] alphabets = {
            "abcz019-_",
            "äößÄÉſçñ",
            "αβγςσΣά",
            "абвгдёЖ",
            "אבגדהוז״׳",
            "ابتث٠١٢ةى",
            "کگ۰۱۲ی",
            "कखगक्ष\u094d\u200d\u200c",
            "ཀཁག\u0f71\u0f0b",
            "ひらがなカタカナ・ー漢字々〇",
            "한국어가각",
            "l·l",
            "ทสอบ่้",
            "ე\u10d8ქ",
            "ａｂＣ１",
            "\u0301\u0300\u0323e",
            "ߊߋߌ",
            "ܐܒܓ",
            "😀☃①²ﬁ",
            "ᠮᠣᠩ\u180b"
        };
        List<String> differences = new ArrayList<>();
        int accepted = 0;
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder();
            String alphabet = alphabets[random.nextInt(alphabets.length)];
            for (int length = 1 + random.nextInt(6); length > 0; length--) {
                String letters = random.nextInt(6) == 0 ? alphabets[random.nextInt(alphabets.length)] : alphabet;
                int[] points = letters.codePoints().toArray();
                text.append(random.nextInt(12) == 0 ? "." : Character.toString(points[random.nextInt(points.length)]));
            }
            String ours = ours(text.toString());
            String icu = icu(text.toString());

            if (!ours.equals(REFUSED)) {
                accepted++;
            }
            if (!ours.equals(icu)
                    && !text.toString().contains("_")
                    && !text.toString().contains("--")
                    && !isOfIcuOnly(text.toString())) {
                differences.add(text + " " + ours + " " + icu);
            }
        }

        assertThat(differences).isEmpty();
        assertThat(accepted).isGreaterThan(5_000);
    }

    private static final String REFUSED = "refused";

    private static String ours(String text) {
        try {
            return PolicyDomain.of(text + ".example").name();
        } catch (IllegalArgumentException e) {
            return REFUSED;
        }
    }

    private static String icu(String text) {
        StringBuilder ascii = new StringBuilder();
        IDNA.Info info = new IDNA.Info();
        ICU.nameToASCII(text + ".example", ascii, info);
        return info.hasErrors() ? REFUSED : ascii.toString();
    }

    /** UTS 46, which ICU follows, lets symbols pass that RFC 5892 does not, and maps what RFC 5895 does not. */
    private static boolean isOfIcuOnly(String text) {
        return text.codePoints()
                .anyMatch(c ->
                        c >= 0x80 && !IdnaTable.isValid(c) && !IdnaTable.of(c).mapped());
    }

    private static String range(int first, int last) {
        String range = String.format(Locale.ROOT, "%04X", first);
        return first == last ? range : range + String.format(Locale.ROOT, "-%04X", last);
    }

    private static boolean isKnown(int c) {
        VersionInfo age = UCharacter.getAge(c);
        return (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                && age.getMajor() > 0
                && age.compareTo(NEWEST) <= 0;
    }

    private static String properties(int c) {
        if (isValid(c)) {
            int category = UCharacter.getType(c);
            boolean mark = category == ECharacterCategory.NON_SPACING_MARK
                    || category == ECharacterCategory.COMBINING_SPACING_MARK;
            return BIDI.get(UCharacter.getDirection(c))
                    + " " + JOINING.get(UCharacter.getIntPropertyValue(c, UProperty.JOINING_TYPE))
                    + (UCharacter.getCombiningClass(c) == 9 ? " virama" : "")
                    + (mark ? " mark" : "");
        }
        if (c < 0x80) {
            return "";
        }
        String mapped = Normalizer2.getNFCInstance().normalize(InternationalName.mapped(c));
        return mapped.codePoints().allMatch(IdnaTableTest::isValid) ? "mapped" : "";
    }

    /** PVALID, CONTEXTJ or CONTEXTO: the algorithm of RFC 5892 §3. */
    private static boolean isValid(int c) {
        if (PVALID_EXCEPTIONS.contains(c) || CONTEXTO.contains(c) || isArabicIndicDigit(c)) {
            return true;
        }
        if (DISALLOWED_EXCEPTIONS.contains(c) || !isKnown(c)) {
            return false;
        }
        if (c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 0x200c || c == 0x200d) {
            return true;
        }
        return !isUnstable(c)
                && !UCharacter.hasBinaryProperty(c, UProperty.DEFAULT_IGNORABLE_CODE_POINT)
                && !UCharacter.hasBinaryProperty(c, UProperty.WHITE_SPACE)
                && !UCharacter.hasBinaryProperty(c, UProperty.NONCHARACTER_CODE_POINT)
                && !isOfIgnoredBlock(c)
                && !isOldHangulJamo(c)
                && LETTERS_AND_DIGITS.contains(UCharacter.getType(c));
    }

    private static boolean isArabicIndicDigit(int c) {
        return (c >= 0x660 && c <= 0x669) || (c >= 0x6f0 && c <= 0x6f9);
    }

    private static boolean isUnstable(int c) {
        Normalizer2 nfkc = Normalizer2.getNFKCInstance();
        String text = Character.toString(c);
        return !text.equals(nfkc.normalize(UCharacter.foldCase(nfkc.normalize(text), true)));
    }

    private static boolean isOfIgnoredBlock(int c) {
        return IGNORED_BLOCKS.contains(UnicodeBlock.of(c));
    }

    private static boolean isOldHangulJamo(int c) {
        int type = UCharacter.getIntPropertyValue(c, UProperty.HANGUL_SYLLABLE_TYPE);
        return type == HangulSyllableType.LEADING_JAMO
                || type == HangulSyllableType.VOWEL_JAMO
                || type == HangulSyllableType.TRAILING_JAMO;
    }
}
