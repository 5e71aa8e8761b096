package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.mtasts.text.TaggedRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Whatever TXT records DNS holds, they are read without an exception, and by the grammar. */
class RecordFuzz {
    private static final String FIELD =
            "(?:id=[A-Za-z0-9]{1,32}|[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[\\x21-\\x3A\\x3C\\x3E-\\x7E]+)";

    /** The grammar of RFC 8461 §3.1 as one expression: too slow and too vague for the parser, good enough to judge it. */
    private static final Pattern GRAMMAR =
            Pattern.compile("v=STSv1(?:[ \\t]*;[ \\t]*" + FIELD + ")+(?:[ \\t]*;[ \\t]*)?");

    @DictionaryEntries({"v=STSv1;", "v=STSv1 ;", "id=", "; ", "v=spf1", "\\x0A"})
    @FuzzTest
    void anyRecordsAreReadByTheGrammar(byte[] lines) {
        List<String> records = List.of(new String(lines, StandardCharsets.ISO_8859_1).split("\n", -1));

        RecordResult result = StsRecordParser.parse(records);

        if (result instanceof RecordResult.Found found) {
            assertThat(found.id()).matches("[A-Za-z0-9]{1,32}");
            assertThat(records).anyMatch(record -> record.contains("id=" + found.id()));
            List<String> more = new ArrayList<>(records);
            more.add("v=spf1 -all");
            if (more.size() <= TaggedRecord.MOST) {
                assertThat(StsRecordParser.parse(more)).isEqualTo(result);
            }
        }
        if (records.size() == 1 && records.get(0).length() <= TaggedRecord.LONGEST) {
            boolean fits =
                    GRAMMAR.matcher(records.get(0)).matches() && records.get(0).matches(".*;[ \\t]*id=.*");
            if (result instanceof RecordResult.Found) {
                // later duplicates are skipped unread, so a record may be used though a duplicate breaks the grammar
                assertThat(fits || hasDuplicate(records.get(0)))
                        .as("%s", records)
                        .isTrue();
            } else if (fits) {
                assertThat(result)
                        .isInstanceOfSatisfying(
                                RecordResult.Broken.class,
                                broken -> assertThat(broken.reason()).isEqualTo(RecordResult.Reason.BAD_ID));
            }
        }
    }

    private static boolean hasDuplicate(String record) {
        List<String> names = Pattern.compile(";")
                .splitAsStream(record)
                .map(String::strip)
                .filter(field -> field.contains("="))
                .map(field -> field.substring(0, field.indexOf('=')))
                .toList();
        return names.stream().distinct().count() < names.size();
    }
}
