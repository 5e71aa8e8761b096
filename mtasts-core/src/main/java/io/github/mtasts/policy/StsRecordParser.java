package io.github.mtasts.policy;

import io.github.mtasts.text.Ascii;
import io.github.mtasts.text.Quoted;
import io.github.mtasts.text.TaggedRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the MTA-STS record among the TXT records of a name (RFC 8461 §3.1). Never throws on input; linear in its length. Stateless,
 * so safe for any number of threads.
 */
public final class StsRecordParser {
    private static final String VERSION = "v=STSv1";

    private StsRecordParser() {}

    /**
     * The verdict on all TXT records at {@code _mta-sts.<domain>}.
     *
     * <p>Records that do not begin with {@code v=STSv1;} are dropped, and then exactly one must be left. Where none begins so, one that
     * has spaces or tabs before its first semicolon counts: the grammar allows them, though the sentence on filtering does not.
     *
     * @param txtRecords per record its character-strings joined with nothing between, each byte one char
     * @return the record to use, none, or why it may not be used
     */
    public static RecordResult parse(List<String> txtRecords) {
        if (txtRecords.size() > TaggedRecord.MOST) {
            return new RecordResult.Broken(RecordResult.Reason.TOO_MANY, txtRecords.size() + " TXT records");
        }
        TaggedRecord.Choice choice = TaggedRecord.choose(txtRecords, VERSION);
        if (choice instanceof TaggedRecord.Several several) {
            return new RecordResult.Broken(RecordResult.Reason.SEVERAL_RECORDS, several.count() + " MTA-STS records");
        }
        return choice instanceof TaggedRecord.One one ? read(one.record()) : new RecordResult.NotOurs();
    }

    private static RecordResult read(String record) {
        if (record.length() > TaggedRecord.LONGEST) {
            return broken(RecordResult.Reason.TOO_LONG, record);
        }
        String id = null;
        for (TaggedRecord.Field field : TaggedRecord.fields(record, VERSION)) {
            RecordResult.Reason fault = fault(field);
            if (fault != null) {
                return broken(fault, field.text());
            }
            if (field.name().equals("id")) {
                id = field.value();
            }
        }
        return id == null ? broken(RecordResult.Reason.NO_ID, record) : new RecordResult.Found(id);
    }

    private static RecordResult.@Nullable Reason fault(TaggedRecord.Field field) {
        // though the grammar would let it, a bad id is no extension
        if (field.name().equals("id")) {
            return isId(field.value()) ? null : RecordResult.Reason.BAD_ID;
        }
        return !field.name().isEmpty() && field.hasPlainValue() ? null : RecordResult.Reason.BAD_FIELD;
    }

    private static boolean isId(String value) {
        for (int i = 0; i < value.length(); i++) {
            if (!Ascii.isLetterOrDigit(value.charAt(i))) {
                return false;
            }
        }
        return !value.isEmpty() && value.length() <= 32;
    }

    private static RecordResult broken(RecordResult.Reason reason, String offending) {
        return new RecordResult.Broken(reason, Quoted.quote(offending));
    }
}
