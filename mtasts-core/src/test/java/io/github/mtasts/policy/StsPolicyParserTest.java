package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.policy.PolicyResult.Reason;
import io.github.mtasts.text.Quoted;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 8461 §3.2: the policy file. */
@DisplayName("RFC 8461 §3.2 policy file")
class StsPolicyParserTest {
    private static final String GOOD =
            "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n";

    private static PolicyResult parse(String text) {
        return StsPolicyParser.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    private static PolicyResult strict(String text) {
        return StsPolicyParser.parseStrict(text.getBytes(StandardCharsets.UTF_8));
    }

    private static StsPolicy valid(PolicyResult result) {
        assertThat(result).isInstanceOf(PolicyResult.Valid.class);
        return ((PolicyResult.Valid) result).policy();
    }

    /** Valid in both, without anything tolerated. */
    private static StsPolicy clean(String text) {
        assertThat(strict(text)).isInstanceOf(PolicyResult.Valid.class);
        StsPolicy policy = valid(parse(text));
        assertThat(policy.tolerances()).isEmpty();
        return policy;
    }

    /** Valid by default with one tolerance, invalid in strict. */
    private static StsPolicy tolerated(String text, PolicyTolerance tolerance) {
        assertThat(strict(text)).isInstanceOf(PolicyResult.Invalid.class);
        StsPolicy policy = valid(parse(text));
        assertThat(policy.tolerances()).containsExactly(tolerance);
        return policy;
    }

    private static void refused(String text, Reason reason) {
        assertThat(strict(text)).isInstanceOf(PolicyResult.Invalid.class);
        assertThat(parse(text))
                .isInstanceOfSatisfying(
                        PolicyResult.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(PolicyResult.PolicyError::reason)
                                .contains(reason));
    }

    private static String without(String key) {
        return GOOD.lines().filter(line -> !line.startsWith(key)).reduce("", (text, line) -> text + line + "\n");
    }

    private static String with(String key, String line) {
        return without(key) + line + "\n";
    }

    @Test
    @Tag("S-3.2-1")
    void linesEndInCrLfOrLfAndTheLastMayEndInNothing() {
        StsPolicy policy = clean(GOOD);

        for (String text : List.of(
                GOOD.replace("\n", "\r\n"), GOOD.replaceFirst("\n", "\r\n"), GOOD.substring(0, GOOD.length() - 1))) {
            assertThat(clean(text)).hasToString(policy.toString());
        }
    }

    @Test
    @Tag("S-3.2-2")
    void aLoneCrIsNoLineEnd() {
        refused(GOOD.replace('\n', '\r'), Reason.BAD_VERSION);
    }

    @ParameterizedTest
    @CsvSource({"version,MISSING_VERSION", "mode,MISSING_MODE", "max_age,MISSING_MAX_AGE", "mx,MISSING_MX"})
    @Tag("S-3.2-3")
    void everyFieldIsNeeded(String key, Reason reason) {
        refused(without(key), reason);
    }

    @Test
    @Tag("S-3.2-3")
    void aPolicyOfModeNoneNeedsNoMx() {
        assertThat(clean("version: STSv1\nmode: none\nmax_age: 86400\n").mode()).isEqualTo(PolicyMode.NONE);
        refused("version: STSv1\nmode: testing\nmax_age: 86400\n", Reason.MISSING_MX);
    }

    @Test
    @Tag("S-3.2-4")
    void theVersionIsExactAndStandsAnywhere() {
        clean(without("version") + "version: STSv1\n");
        refused(with("version", "version: STSv2"), Reason.BAD_VERSION);
        refused(with("version", "version: stsv1"), Reason.BAD_VERSION);
    }

    @Test
    @Tag("S-3.2-5")
    void keysAndModesAreCaseSensitive() {
        refused(with("mode", "Mode: enforce"), Reason.MISSING_MODE);
        refused(with("mode", "mode: Enforce"), Reason.BAD_MODE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"report", "enforced", "", "enforce testing"})
    @Tag("S-3.2-6")
    void otherModesAreInvalidAndNeverGuessed(String mode) {
        refused(with("mode", "mode: " + mode), Reason.BAD_MODE);
    }

    @Test
    @Tag("S-3.2-6")
    void theThreeModesAreRead() {
        assertThat(clean(with("mode", "mode: enforce")).mode()).isEqualTo(PolicyMode.ENFORCE);
        assertThat(clean(with("mode", "mode: testing")).mode()).isEqualTo(PolicyMode.TESTING);
        assertThat(clean(with("mode", "mode: none")).mode()).isEqualTo(PolicyMode.NONE);
    }

    @Test
    @Tag("S-3.2-7")
    void spacesStandAfterTheColonAndAtTheEndAndAreToleratedBefore() {
        clean(with("mode", "mode:enforce"));
        clean(with("mode", "mode:\t enforce \t"));
        tolerated(with("mode", " mode: enforce"), PolicyTolerance.LEADING_SPACE);
        tolerated(with("mode", "mode : enforce"), PolicyTolerance.SPACE_BEFORE_COLON);
    }

    @ParameterizedTest
    @ValueSource(strings = {"+5", "-1", "1e5", "86400s", "12345678901", "٦٠٤٨٠٠", "", "8 6400"})
    @Tag("S-3.2-8")
    void maxAgeIsOneToTenDigits(String maxAge) {
        refused(with("max_age", "max_age: " + maxAge), Reason.BAD_MAX_AGE);
    }

    @Test
    @Tag("S-3.2-8")
    void maxAgeMayHaveLeadingZeros() {
        assertThat(clean(with("max_age", "max_age: 0000086400")).maxAge()).hasSeconds(86400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"31557601", "4294967296", "9999999999"})
    @Tag("S-3.2-9")
    void aGreaterMaxAgeIsClamped(String maxAge) {
        assertThat(tolerated(with("max_age", "max_age: " + maxAge), PolicyTolerance.MAX_AGE_CLAMPED)
                        .maxAge())
                .hasSeconds(31_557_600);
        assertThat(clean(with("max_age", "max_age: 31557600")).maxAge()).hasSeconds(31_557_600);
    }

    @Test
    @Tag("S-3.2-10")
    void aMaxAgeOfZeroIsValid() {
        assertThat(clean(with("max_age", "max_age: 0")).maxAge()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"mail.example.com", "*.example.net", "localhost", "a1.b-2.c3x", "x.xn--p1ai", "1.example", "a"})
    @Tag("S-3.2-12")
    void aPatternIsADomainWithOrWithoutAWildcardLabel(String pattern) {
        assertThat(clean(with("mx", "mx: " + pattern)).mx()).hasToString("[" + pattern + "]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*.",
                "*",
                "*.*.example",
                "m*.example",
                "a..b",
                "-a.b",
                "a-.b",
                "a.-b",
                "a.b-",
                "a b",
                "a,b",
                "[192.0.2.1]",
                "192.0.2.1",
                "*.1.2.3.4",
                "",
                ".a.b",
                "a.b..",
                "*..b",
                "mail.*.example"
            })
    @Tag("S-3.2-12")
    void otherPatternsAreInvalid(String pattern) {
        refused(with("mx", "mx: " + pattern), Reason.BAD_MX);
    }

    @Test
    @Tag("S-3.2-12")
    void labelsHave63CharactersAndNames253() {
        String label = "a".repeat(63);
        String longest = label + "." + label + "." + label + "." + "a".repeat(61);

        clean(with("mx", "mx: " + longest));
        refused(with("mx", "mx: " + longest + "a"), Reason.BAD_MX);
        refused(with("mx", "mx: " + label + "a.example"), Reason.BAD_MX);
        refused(with("mx", "mx: mail." + label + "a"), Reason.BAD_MX);
    }

    @Test
    @Tag("S-3.2-13")
    void patternsAreALabels() {
        refused(with("mx", "mx: *.münchen.example"), Reason.BAD_MX);
        clean(with("mx", "mx: *.xn--mnchen-3ya.example"));
    }

    @Test
    @Tag("S-3.2-14")
    void oneBadPatternInvalidatesThePolicy() {
        refused(GOOD + "mx: a_b.example\n", Reason.BAD_MX);
        clean(GOOD + "mx: a-b.example\n");
    }

    @Test
    @Tag("S-3.2-15")
    void oneTrailingDotOfAPatternIsTolerated() {
        StsPolicy policy = tolerated(with("mx", "mx: mail.example.com."), PolicyTolerance.MX_TRAILING_DOT);

        assertThat(policy.lists(MxHost.of("mail.example.com"))).isTrue();
        refused(with("mx", "mx: mail.example.com.."), Reason.BAD_MX);
    }

    @Test
    @Tag("S-3.2-16")
    void theFirstOfEqualKeysCountsAndLaterOnesAreNotRead() {
        assertThat(clean(GOOD + "mode: garbage\n").mode()).isEqualTo(PolicyMode.ENFORCE);
        assertThat(clean(GOOD + "max_age: garbage\nversion: garbage\n").maxAge())
                .hasSeconds(604_800);
        refused("mode: garbage\n" + GOOD, Reason.BAD_MODE);
    }

    @Test
    @Tag("S-3.2-17")
    void unknownKeysAreIgnored() {
        assertThat(clean(GOOD + "x-note: grüße an alle\n").toString())
                .isEqualTo(clean(GOOD).toString());
    }

    @Test
    @Tag("S-3.2-18")
    void aLineWithoutColonInvalidatesAndOneWithColonIsIgnored() {
        valid(parse(GOOD + "foo:\n"));
        valid(parse(GOOD + "# see: https://x.example\n"));
        refused("<html>\n" + GOOD, Reason.NO_COLON);
        refused(GOOD + "# comment\n", Reason.NO_COLON);
    }

    @Test
    @Tag("S-3.2-19")
    void blankLinesAreToleratedAnywhere() {
        tolerated(GOOD + "\n\n", PolicyTolerance.BLANK_LINE);
        tolerated("\n" + GOOD, PolicyTolerance.BLANK_LINE);
        tolerated(GOOD + " \t", PolicyTolerance.BLANK_LINE);
    }

    @Test
    @Tag("S-3.2-20")
    void theFileIsUtf8AndAByteOrderMarkIsTolerated() {
        byte[] latin = (GOOD + "x: \u00fc\n").getBytes(StandardCharsets.ISO_8859_1);

        assertThat(StsPolicyParser.parse(latin)).isInstanceOf(PolicyResult.Invalid.class);
        assertThat(StsPolicyParser.parseStrict(latin)).isInstanceOf(PolicyResult.Invalid.class);
        clean(GOOD + "x: \u00fc\n");
        refused(GOOD + "x: \0\n", Reason.ENCODING);
        assertThat(StsPolicyParser.parse(GOOD.getBytes(StandardCharsets.UTF_16)))
                .isInstanceOf(PolicyResult.Invalid.class);
        tolerated("\uFEFF" + GOOD, PolicyTolerance.BOM);
    }

    @Test
    @Tag("S-3.2-20")
    void whatIsNotUtf8IsToldWithItsLine() {
        byte[] latin = (GOOD + "x: y\nz: \u00fc\n").getBytes(StandardCharsets.ISO_8859_1);

        assertThat(StsPolicyParser.parse(latin)).isEqualTo(encodingError(7, "not UTF-8"));
        assertThat(parse(GOOD + "x: \0\n")).isEqualTo(encodingError(6, "a NUL byte"));
        assertThat(parse("\0" + GOOD)).isEqualTo(encodingError(1, "a NUL byte"));
    }

    private static PolicyResult encodingError(int line, String offending) {
        return new PolicyResult.Invalid(List.of(new PolicyResult.PolicyError(Reason.ENCODING, line, offending)));
    }

    @Test
    @Tag("S-3.2-21")
    void theLastPatternThatFitsCounts() {
        StsPolicy policy = clean(with("mx", "mx: a.example\n".repeat(254) + "mx: last.example"));

        assertThat(policy.lists(MxHost.of("last.example"))).isTrue();
        assertThat(policy.lists(MxHost.of("other.example"))).isFalse();
    }

    @Test
    @Tag("S-3.2-21")
    void linesPatternsAndLineLengthAreLimited() {
        clean(GOOD + "x: y\n".repeat(995));
        refused(GOOD + "x: y\n".repeat(996), Reason.TOO_MANY_LINES);
        clean(with("mx", "mx: a.example\n".repeat(255).strip()));
        refused(with("mx", "mx: a.example\n".repeat(256).strip()), Reason.TOO_MANY_MX);
        clean(GOOD + "x: " + "y".repeat(4093) + "\n");
        refused(GOOD + "x: " + "y".repeat(4094) + "\n", Reason.LINE_TOO_LONG);
    }

    @Test
    @Tag("S-3.2-21")
    void aLimitIsToldOnce() {
        assertThat(parse("<p>\n" + "x: y\n".repeat(5000)))
                .isEqualTo(new PolicyResult.Invalid(List.of(
                        new PolicyResult.PolicyError(Reason.NO_COLON, 1, "\"<p>\""),
                        new PolicyResult.PolicyError(Reason.TOO_MANY_LINES, 1001, "more than 1000 lines"))));
        assertThat(parse(GOOD + "mx: a.example\n".repeat(500)))
                .isEqualTo(new PolicyResult.Invalid(
                        List.of(new PolicyResult.PolicyError(Reason.TOO_MANY_MX, 259, "more than 255 mx lines"))));
    }

    @Test
    @Tag("S-3.2-22")
    void theLinesAreKeptAsServed() {
        assertThat(valid(parse("version:STSv1\r\n mode :\tenforce \r\nmx: A.Example\nx-note: grüße\n\nmax_age: 1"))
                        .lines())
                .containsExactly(
                        "version:STSv1", " mode :\tenforce ", "mx: A.Example", "x-note: grüße", "", "max_age: 1");
        assertThat(valid(parse("\n" + GOOD)).lines()).hasSize(6).startsWith("", "version: STSv1");
        assertThat(valid(parse("\uFEFF" + GOOD)).lines())
                .isEqualTo(valid(parse(GOOD)).lines())
                .hasSize(5);
    }

    @Test
    void theParsedPolicyIsItsOwnMaster() {
        byte[] body = GOOD.getBytes(StandardCharsets.UTF_8);
        StsPolicy policy = valid(StsPolicyParser.parse(body));

        java.util.Arrays.fill(body, (byte) 'x');

        assertThat(policy.body()).isEqualTo(GOOD);
        assertThat(policy)
                .isEqualTo(clean(GOOD))
                .hasSameHashCodeAs(clean(GOOD))
                .isNotEqualTo(clean(GOOD + "x: y\n"))
                .hasToString("mode=enforce max_age=604800 mx=[mail.example.com, *.example.net]");
    }

    @Test
    void aFileMayEndAnywhere() {
        for (String text : List.of(GOOD, "\uFEFFmax_age:\nmode:\nversion:\nmx:", "mx: *", "mx:*.", " \t", "mx")) {
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            for (int length = 0; length < body.length; length++) {
                byte[] cut = java.util.Arrays.copyOf(body, length);
                boolean whole =
                        length == GOOD.length() - 1 || (text.equals(GOOD) && length > GOOD.indexOf("max_age: 6"));

                assertThat(StsPolicyParser.parse(cut) instanceof PolicyResult.Valid)
                        .as("%s cut to %s", text, length)
                        .isEqualTo(whole && length > GOOD.indexOf("604800"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"x:\ty\tz", "x: a\u0001", "x: \u007f", "_x: y", "x y: z", "é: z"})
    void extensionsOutsideTheGrammarAreIgnoredAndStrictlyRefused(String line) {
        valid(parse(GOOD + line + "\n"));
        assertThat(strict(GOOD + line + "\n"))
                .isEqualTo(new PolicyResult.Invalid(
                        List.of(new PolicyResult.PolicyError(Reason.OUTSIDE_GRAMMAR, 6, Quoted.quote(line)))));
        clean(GOOD + "x: y z ! ~ \u0080 é\n");
        clean(GOOD + "x".repeat(32) + ": y\n0.-_: z\n");
    }

    @Test
    void tolerancesKeepTheirOrder() {
        assertThat(valid(parse("\uFEFF" + GOOD.replace("example.com", "example.com.") + "\n"))
                        .tolerances())
                .containsExactly(PolicyTolerance.BOM, PolicyTolerance.BLANK_LINE, PolicyTolerance.MX_TRAILING_DOT);
    }

    @Test
    void everyErrorIsToldWithItsLine() {
        PolicyResult.Invalid invalid = (PolicyResult.Invalid) parse("version: STSv1\nmode: off\nmx: a_b.example\n");

        assertThat(invalid.errors())
                .containsExactly(
                        new PolicyResult.PolicyError(Reason.BAD_MODE, 2, "\"off\""),
                        new PolicyResult.PolicyError(Reason.BAD_MX, 3, "\"a_b.example\""),
                        new PolicyResult.PolicyError(Reason.MISSING_MAX_AGE, 0, ""));
    }

    @Test
    void aPolicyThatIsWrittenDownAgainReadsTheSame() {
        Random random = new Random(8461);
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder("version: STSv1\nmode: ")
                    .append(List.of("enforce", "testing").get(random.nextInt(2)))
                    .append("\nmax_age: ")
                    .append(random.nextInt(31_557_600))
                    .append('\n');
            for (int mx = 1 + random.nextInt(20); mx > 0; mx--) {
                text.append(random.nextBoolean() ? "mx: *." : "mx: ")
                        .append(Integer.toString(random.nextInt(100_000), 36))
                        .append(".example\n");
            }

            StsPolicy policy = clean(text.toString());
            StringBuilder again = new StringBuilder("max_age: ")
                    .append(policy.maxAge().toSeconds())
                    .append("\nversion: STSv1\nx-unknown: whatever\nmode: ")
                    .append(policy.mode().name().toLowerCase(Locale.ROOT))
                    .append('\n');
            policy.mx().forEach(pattern -> again.append("mx: ").append(pattern).append('\n'));

            assertThat(clean(again.toString())).hasToString(policy.toString());
        }
    }

    @Test
    @Tag("S-3.2-17")
    void unknownFieldsNeverChangeTheOutcome() {
        Random random = new Random(17);
        for (int i = 0; i < 5_000; i++) {
            String text = mutilated(GOOD, random);
            String[] lines = text.split("\n", -1);
            int at = random.nextInt(lines.length);
            lines[at] = "x-" + Integer.toString(random.nextInt(100_000), 36) + ": "
                    + mutilated("ab", random).replaceAll("[\\s]", "_") + "\n" + lines[at];

            assertThat(outcome(parse(String.join("\n", lines)))).as(text).isEqualTo(outcome(parse(text)));
        }
    }

    /** All but the numbers of lines. */
    private static String outcome(PolicyResult result) {
        return result instanceof PolicyResult.Valid valid
                ? valid.policy() + " " + valid.policy().tolerances()
                : ((PolicyResult.Invalid) result)
                        .errors().stream()
                                .map(error -> error.reason() + " " + error.offending())
                                .toList()
                                .toString();
    }

    private static String mutilated(String text, Random random) {
        StringBuilder mutilated = new StringBuilder(text);
        for (int change = random.nextInt(3); change > 0; change--) {
            mutilated.setCharAt(random.nextInt(text.length()), (char) (' ' + random.nextInt(95)));
        }
        return mutilated.toString();
    }

    @Test
    void whateverStandsInAFileItIsReadWithoutAnException() {
        Random random = new Random(42);
        byte[] good = GOOD.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 20_000; i++) {
            byte[] text = good.clone();
            for (int change = 1 + random.nextInt(4); change > 0; change--) {
                text[random.nextInt(text.length)] = (byte) random.nextInt(256);
            }

            PolicyResult byDefault = StsPolicyParser.parse(text);
            PolicyResult strict = StsPolicyParser.parseStrict(text);

            if (strict instanceof PolicyResult.Valid valid) {
                assertThat(byDefault).isEqualTo(valid);
            }
        }
    }
}
