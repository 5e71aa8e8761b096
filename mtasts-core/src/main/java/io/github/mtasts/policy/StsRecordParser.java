package io.github.mtasts.policy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the MTA-STS record among the TXT records of a name (RFC 8461 §3.1). Never throws on input; linear in its length. Stateless,
 * so safe for any number of threads.
 */
public final class StsRecordParser {
    /** The longest record read, in bytes; a longer one is broken. */
    static final int LONGEST_RECORD = 4096;

    /** The most records at one name; beyond, none is used. */
    static final int MOST_RECORDS = 64;

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
        if (txtRecords.size() > MOST_RECORDS) {
            return new RecordResult.Broken(RecordResult.Reason.TOO_MANY, txtRecords.size() + " TXT records");
        }
        String literal = null;
        String spaced = null;
        int literals = 0;
        int spaceds = 0;
        for (String record : txtRecords) {
            if (!record.startsWith(VERSION)) {
                continue;
            }
            int delimiter = skipBlanks(record, VERSION.length());
            if (delimiter < record.length() && record.charAt(delimiter) == ';') {
                if (delimiter == VERSION.length()) {
                    literal = record;
                    literals++;
                } else {
                    spaced = record;
                    spaceds++;
                }
            }
        }
        if (literals > 1 || (literals == 0 && spaceds > 1)) {
            return new RecordResult.Broken(
                    RecordResult.Reason.SEVERAL_RECORDS, (literals > 1 ? literals : spaceds) + " MTA-STS records");
        }
        String record = literal != null ? literal : spaced;
        return record == null ? new RecordResult.NotOurs() : new Fields(record).read();
    }

    private static int skipBlanks(String text, int from) {
        int at = from;
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
            at++;
        }
        return at;
    }

    /** One pass over the fields behind the version. */
    private static final class Fields {
        private final String record;
        private @Nullable String id;
        private @Nullable Set<String> extensions;

        Fields(String record) {
            this.record = record;
        }

        RecordResult read() {
            if (record.length() > LONGEST_RECORD) {
                return broken(RecordResult.Reason.TOO_LONG, record);
            }
            int at = skipBlanks(record, VERSION.length());
            while (at < record.length()) {
                // at stands on a semicolon
                int start = skipBlanks(record, at + 1);
                if (start == record.length()) {
                    break;
                }
                int end = record.indexOf(';', start);
                if (end < 0) {
                    end = record.length();
                }
                RecordResult fault = field(start, end);
                if (fault != null) {
                    return fault;
                }
                at = end;
            }
            return id == null ? broken(RecordResult.Reason.NO_ID, record) : new RecordResult.Found(id);
        }

        /** Reads the field between two delimiters; null when nothing is wrong with it. */
        private @Nullable RecordResult field(int start, int delimiter) {
            int end = delimiter;
            if (delimiter < record.length()) {
                while (end > start && (record.charAt(end - 1) == ' ' || record.charAt(end - 1) == '\t')) {
                    end--;
                }
            }
            int equals = record.indexOf('=', start);
            if (equals < 0 || equals >= end || !isName(start, equals)) {
                return broken(RecordResult.Reason.BAD_FIELD, record.substring(start, end));
            }
            // RFC 8461 §3.2: of a field that stands twice the first counts and the rest are ignored, hence not read
            if (record.startsWith("v=", start)) {
                return null;
            }
            if (record.startsWith("id=", start)) {
                if (id != null) {
                    return null;
                }
                if (!isId(equals + 1, end)) {
                    return broken(RecordResult.Reason.BAD_ID, record.substring(start, end));
                }
                id = record.substring(equals + 1, end);
                return null;
            }
            if (extensions == null) {
                extensions = new HashSet<>();
            }
            boolean duplicate = !extensions.add(record.substring(start, equals));
            return duplicate || isValue(equals + 1, end)
                    ? null
                    : broken(RecordResult.Reason.BAD_FIELD, record.substring(start, end));
        }

        private boolean isName(int start, int end) {
            if (end - start < 1 || end - start > 32 || !Ascii.isLetterOrDigit(record.charAt(start))) {
                return false;
            }
            for (int i = start + 1; i < end; i++) {
                char c = record.charAt(i);
                if (!Ascii.isLetterOrDigit(c) && c != '_' && c != '-' && c != '.') {
                    return false;
                }
            }
            return true;
        }

        private boolean isId(int start, int end) {
            if (end - start < 1 || end - start > 32) {
                return false;
            }
            for (int i = start; i < end; i++) {
                if (!Ascii.isLetterOrDigit(record.charAt(i))) {
                    return false;
                }
            }
            return true;
        }

        private boolean isValue(int start, int end) {
            for (int i = start; i < end; i++) {
                char c = record.charAt(i);
                if (c <= ' ' || c > '~' || c == '=') {
                    return false;
                }
            }
            return end > start;
        }

        private static RecordResult broken(RecordResult.Reason reason, String offending) {
            return new RecordResult.Broken(reason, Quoted.quote(offending));
        }
    }
}
