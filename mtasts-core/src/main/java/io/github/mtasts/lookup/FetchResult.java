package io.github.mtasts.lookup;

/** What a policy fetch came to. */
public sealed interface FetchResult {

    /** {@return what was seen on the way, for people who want to know why} */
    FetchTrace trace();

    /**
     * A complete response with status 200 and an acceptable media type. The body is not parsed.
     *
     * @param body the policy file, byte for byte, at most 64 KiB
     * @param trace what was seen on the way
     */
    record Fetched(byte[] body, FetchTrace trace) implements FetchResult {}

    /**
     * No policy file was obtained.
     *
     * @param reason why
     * @param detail for people: what was seen; printable, remote text quoted and cut, at most 200 characters
     * @param trace what was seen on the way
     */
    record Failed(FetchFailure reason, String detail, FetchTrace trace) implements FetchResult {}
}
