package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.text.Quoted;
import io.github.mtasts.text.TaggedRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the TXT records at {@code _smtp._tls.<domain>} came to (RFC 8460 §3). */
public sealed interface TlsRptRecord {
    /** The most destinations that are used. */
    int MOST_DESTINATIONS = 5;

    /**
     * One valid record.
     *
     * @param destinations at least one, at most five, in the record's order
     * @param skipped the URIs that are not used, each quoted, escaped and cut at 200 characters: of another scheme, malformed, or beyond the
     *     fifth
     */
    record Found(List<ReportDestination> destinations, List<String> skipped) implements TlsRptRecord {
        /**
         * Keeps copies of the lists.
         *
         * @param destinations at least one
         * @param skipped the URIs that are not used
         */
        public Found {
            destinations = List.copyOf(destinations);
            skipped = List.copyOf(skipped);
        }
    }

    /** None of the records is a TLS-RPT record: the domain wants no reports. */
    record NotOurs() implements TlsRptRecord {}

    /**
     * There is one, or several, and it may not be used: no reports are sent.
     *
     * @param reason which rule
     * @param offending the text, quoted, escaped and cut at 200 characters, or how many records there are
     */
    record Broken(Reason reason, String offending) implements TlsRptRecord {}

    /** Why a record may not be used. */
    enum Reason {
        /** More than one record begins with {@code v=TLSRPTv1;}. */
        SEVERAL_RECORDS,
        /** The record is longer than 4096 bytes. */
        TOO_LONG,
        /** More than 64 TXT records. */
        TOO_MANY,
        /** The record has no {@code rua}. */
        NO_RUA,
        /** No URI of {@code rua} is a usable {@code mailto} or {@code https} URI. */
        NO_DESTINATION,
        /** A field is empty, or not {@code name=value} in the characters that the grammar allows. */
        BAD_FIELD
    }

    /**
     * The verdict on all TXT records at {@code _smtp._tls.<domain>}. Never throws on input; linear in its length.
     *
     * <p>Records that do not begin with {@code v=TLSRPTv1;} are dropped, and then exactly one must be left, as in MTA-STS.
     *
     * @param txtRecords per record its character-strings joined with nothing between, each byte one char
     * @return the record to use, none, or why it may not be used
     */
    static TlsRptRecord parse(List<String> txtRecords) {
        String version = "v=TLSRPTv1";
        if (txtRecords.size() > TaggedRecord.MOST) {
            return new Broken(Reason.TOO_MANY, txtRecords.size() + " TXT records");
        }
        TaggedRecord.Choice choice = TaggedRecord.choose(txtRecords, version);
        if (choice instanceof TaggedRecord.Several several) {
            return new Broken(Reason.SEVERAL_RECORDS, several.count() + " TLS-RPT records");
        }
        if (!(choice instanceof TaggedRecord.One one)) {
            return new NotOurs();
        }
        String record = one.record();
        if (record.length() > TaggedRecord.LONGEST) {
            return new Broken(Reason.TOO_LONG, Quoted.quote(record));
        }
        TaggedRecord.@Nullable Field rua = null;
        for (TaggedRecord.Field field : TaggedRecord.fields(record, version)) {
            if (field.name().equals("rua")) {
                rua = field;
            } else if (field.name().isEmpty() || !field.hasPlainValue()) {
                return new Broken(Reason.BAD_FIELD, Quoted.quote(field.text()));
            }
        }
        return rua == null ? new Broken(Reason.NO_RUA, Quoted.quote(record)) : destinations(rua);
    }

    private static TlsRptRecord destinations(TaggedRecord.Field rua) {
        List<ReportDestination> destinations = new ArrayList<>();
        List<String> skipped = new ArrayList<>();
        for (String uri : rua.value().split(",", -1)) {
            String text = uri.replaceAll("^[ \t]+|[ \t]+$", "");
            ReportDestination destination = ReportDestination.parse(text).orElse(null);
            if (destination == null || destinations.size() == MOST_DESTINATIONS) {
                skipped.add(Quoted.quote(text));
            } else if (!destinations.contains(destination)) {
                destinations.add(destination);
            }
        }
        return destinations.isEmpty()
                ? new Broken(Reason.NO_DESTINATION, Quoted.quote(rua.text()))
                : new Found(destinations, skipped);
    }
}
