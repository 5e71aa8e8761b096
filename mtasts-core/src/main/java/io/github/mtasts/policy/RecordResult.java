package io.github.mtasts.policy;

/** What the TXT records of a domain came to. */
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
     * There is one, or several, and it may not be used.
     *
     * @param offending quoted, escaped and cut at 200 characters
     */
    record Broken(Reason reason, String offending) implements RecordResult {}

    /** Why a record may not be used. */
    enum Reason {
        SEVERAL_RECORDS,
        TOO_LONG,
        TOO_MANY,
        NO_ID,
        BAD_ID,
        BAD_FIELD
    }
}
