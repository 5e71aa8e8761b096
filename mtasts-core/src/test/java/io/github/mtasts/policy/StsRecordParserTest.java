package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 8461 §3.1: the TXT record. */
@DisplayName("RFC 8461 §3.1 TXT record")
class StsRecordParserTest {

    private static void finds(String id, String... records) {
        assertThat(StsRecordParser.parse(List.of(records))).isEqualTo(new RecordResult.Found(id));
    }

    private static void refuses(RecordResult.Reason reason, String... records) {
        assertThat(StsRecordParser.parse(List.of(records)))
                .isInstanceOfSatisfying(
                        RecordResult.Broken.class,
                        broken -> assertThat(broken.reason()).isEqualTo(reason));
    }

    private static void isNotOurs(String... records) {
        assertThat(StsRecordParser.parse(List.of(records))).isEqualTo(new RecordResult.NotOurs());
    }

    @Test
    @Tag("S-3.1-2")
    void theVersionComesFirstAndIsCaseSensitive() {
        finds("1", "v=STSv1; id=1");

        isNotOurs("V=STSv1; id=1");
        isNotOurs("v=stsv1; id=1");
        isNotOurs("id=1; v=STSv1");
        isNotOurs("v=STSv2; id=1");
        isNotOurs("v=STSv1");
        isNotOurs("v=STSv1x; id=1");
        isNotOurs("v=STSv1,id=1");
    }

    @Test
    @Tag("S-3.1-3")
    void theIdIsRequiredAndOf1To32LettersAndDigits() {
        finds("a".repeat(32), "v=STSv1; id=" + "a".repeat(32));

        refuses(RecordResult.Reason.NO_ID, "v=STSv1;");
        refuses(RecordResult.Reason.BAD_ID, "v=STSv1; id=");
        refuses(RecordResult.Reason.BAD_ID, "v=STSv1; id=" + "a".repeat(33));
        refuses(RecordResult.Reason.BAD_ID, "v=STSv1; id=2020-01-01");
    }

    @Test
    @Tag("S-3.1-4")
    void theOrderOfTheOtherFieldsIsFree() {
        finds("a1", "v=STSv1; foo=bar; id=a1");
        finds("a1", "v=STSv1; id=a1; foo=bar");
    }

    @Test
    @Tag("S-3.1-5")
    void spacesAndTabsMayStandAroundDelimitersAndOneMayTrail() {
        finds("a1", "v=STSv1 ;\tid=a1 ; ");
        finds("a1", "v=STSv1;id=a1");
        finds("a1", "v=STSv1; id=a1;");

        refuses(RecordResult.Reason.BAD_FIELD, "v=STSv1; id=a1;;");
        refuses(RecordResult.Reason.BAD_FIELD, "v=STSv1; ; id=a1");
    }

    @Test
    @Tag("S-3.1-6")
    void noSpaceStandsElsewhere() {
        isNotOurs(" v=STSv1; id=a1");
        refuses(RecordResult.Reason.BAD_FIELD, "v=STSv1; id = a1");
        refuses(RecordResult.Reason.BAD_ID, "v=STSv1; id= a1");
        refuses(RecordResult.Reason.BAD_ID, "v=STSv1; id=a1 ");
        finds("a1", "v=STSv1; id=a1 ;");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x=é",
                "x=",
                "x=a=b",
                "x=a b",
                "x=a\u0007",
                "x=\u007f",
                "x=\u0080",
                "x{=a",
                "[=a",
                "@=a",
                "`=a",
                "/=a",
                ":=a",
                "=a",
                "x",
                "x y=a",
                "-x=a"
            })
    @Tag("S-3.1-7")
    void aMalformedExtensionInvalidatesTheRecord(String field) {
        refuses(RecordResult.Reason.BAD_FIELD, "v=STSv1; id=a1; " + field);
        refuses(RecordResult.Reason.BAD_FIELD, "v=STSv1; " + field + "; id=a1");
    }

    @Test
    @Tag("S-3.1-8")
    void wellFormedUnknownFieldsAreIgnored() {
        finds("a1", "v=STSv1; id=a1; foo_bar-1.z=%41!;");
        finds("a1", "v=STSv1; " + "x".repeat(32) + "=1; id=a1");
        finds("azAZ09", "v=STSv1; id=azAZ09; a=!; z=~; A=:; Z=<; 0=>; 9=?");
        refuses(RecordResult.Reason.BAD_FIELD, "v=STSv1; " + "x".repeat(33) + "=1; id=a1");
    }

    @Test
    @Tag("S-3.1-9")
    void exactlyOneRecordOfOursHasToBeThere() {
        finds("a", "v=spf1 -all", "v=STSv1; id=a");

        refuses(RecordResult.Reason.SEVERAL_RECORDS, "v=STSv1; id=a", "v=STSv1; id=b");
        refuses(RecordResult.Reason.SEVERAL_RECORDS, "v=STSv1; id=a", "v=STSv1; id=a");
        assertThat(StsRecordParser.parse(List.of("v=STSv1; id=a", "v=STSv1; id=b", "v=STSv1 ; id=c")))
                .isEqualTo(new RecordResult.Broken(RecordResult.Reason.SEVERAL_RECORDS, "2 MTA-STS records"));
        assertThat(StsRecordParser.parse(List.of("v=STSv1 ; id=a", "v=STSv1 ; id=b", "v=STSv1 ; id=c")))
                .isEqualTo(new RecordResult.Broken(RecordResult.Reason.SEVERAL_RECORDS, "3 MTA-STS records"));
        isNotOurs("v=spf1 -all");
        assertThat(StsRecordParser.parse(List.of())).isEqualTo(new RecordResult.NotOurs());
    }

    @Test
    @DisplayName("A-1: a record with space before its first semicolon counts only where none begins literally")
    void aLiteralRecordComesBeforeASpacedOne() {
        finds("a", "v=STSv1; id=a", "v=STSv1 ; id=b");
        finds("b", "v=STSv1 ; id=b");
        refuses(RecordResult.Reason.SEVERAL_RECORDS, "v=STSv1 ; id=a", "v=STSv1\t; id=b");
    }

    @Test
    @Tag("S-3.1-14")
    void theFirstOfEqualFieldsCountsAndLaterOnesAreNotRead() {
        finds("a", "v=STSv1; id=a; id=b");
        finds("ok", "v=STSv1; id=ok; id=a-b");
        finds("a", "v=STSv1; id=a; v=STSv2");
        finds("a", "v=STSv1; id=a; x=1; x=a=b");
        finds("a", "v=STSv1; id=a; x=1; x=é; id=é; v=é");
        refuses(RecordResult.Reason.BAD_FIELD, "v=STSv1; id=a; x=1; y=a=b");
    }

    @Test
    @Tag("S-3.1-15")
    void aBadIdIsNoExtension() {
        refuses(RecordResult.Reason.BAD_ID, "v=STSv1; id=a-b; id=ok");
        finds("ok", "v=STSv1; Id=a-b; id=ok");
    }

    @Test
    @Tag("S-3.1-16")
    void idsAreOpaqueAndKeepTheirCase() {
        assertThat(StsRecordParser.parse(List.of("v=STSv1; id=abc")))
                .isNotEqualTo(StsRecordParser.parse(List.of("v=STSv1; id=ABC")));
        finds("0020250101", "v=STSv1; id=0020250101");
    }

    @Test
    @Tag("S-3.1-17")
    void longRecordsAndLongListsAreRefused() {
        String fits = "v=STSv1; id=a; x=" + "y".repeat(4096 - 17);

        finds("a", fits);
        refuses(RecordResult.Reason.TOO_LONG, fits + "y");
        assertThat(StsRecordParser.parse(List.of("v=STSv1; id=a" + "; ".repeat(5000))))
                .isInstanceOf(RecordResult.Broken.class);
        assertThat(StsRecordParser.parse(Collections.nCopies(64, "v=spf1"))).isEqualTo(new RecordResult.NotOurs());
        assertThat(StsRecordParser.parse(Collections.nCopies(65, "v=spf1"))).isInstanceOf(RecordResult.Broken.class);
    }

    @Test
    void theOffendingTextIsQuotedEscapedAndCut() {
        RecordResult.Broken broken =
                (RecordResult.Broken) StsRecordParser.parse(List.of("v=STSv1; id=a\"\n" + "b".repeat(300)));

        assertThat(broken.offending())
                .startsWith("\"id=a\\\"\\u000abbb")
                .endsWith("…\"")
                .hasSizeLessThan(220);
    }

    @Test
    void whateverStandsInARecordItIsReadWithoutAnExceptionAndUnknownFieldsChangeNothing() {
        Random random = new Random(20260101);
        String alphabet = "v=STSv1; id=abc\t;;==. -_%é\u0000Z9";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "v=STSv1;" : "");
            for (int length = random.nextInt(40); length > 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }

            RecordResult result = StsRecordParser.parse(List.of(text.toString()));

            if (result instanceof RecordResult.Found found) {
                String more = "v=STSv1; zz9=q" + text.substring(text.indexOf(";"));
                assertThat(StsRecordParser.parse(List.of(more))).as(more).isEqualTo(found);
            }
        }
    }
}
