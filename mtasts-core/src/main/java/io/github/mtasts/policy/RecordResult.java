package io.github.mtasts.policy;

/** What the TXT records at {@code _mta-sts.<domain>} came to (RFC 8461 §3.1). */
public sealed interface RecordResult {
    /**
     * One valid record.
     *
     * @param id opaque, 1 to 32 ASCII letters and digits, compared byte for byte
     */
    record Found(String id) implements RecordResult {}

    /** None of the records is an MTA-STS record. */
    record NotOurs() implements RecordResult {}

    /**
     * There is one, or several, and it may not be used: senders assume that the domain has no policy.
     *
     * @param reason which rule
     * @param offending the text, quoted, escaped and cut at 200 characters, or how many records there are
     */
    record Broken(Reason reason, String offending) implements RecordResult {}

    /** Why a record may not be used. */
    enum Reason {
        /** More than one record begins with {@code v=STSv1;}. */
        SEVERAL_RECORDS,
        /** The record is longer than 4096 bytes. */
        TOO_LONG,
        /** More than 64 TXT records. */
        TOO_MANY,
        /** The record has no {@code id}. */
        NO_ID,
        /** The {@code id} is not 1 to 32 ASCII letters and digits. */
        BAD_ID,
        /** A field is empty, or not {@code name=value} in the characters that the grammar allows. */
        BAD_FIELD
    }
}
