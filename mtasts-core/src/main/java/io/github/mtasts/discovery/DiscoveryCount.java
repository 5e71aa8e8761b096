package io.github.mtasts.discovery;

/** What discovery counts, from the start of the engine. */
public enum DiscoveryCount {
    /** Look-ups asked for. */
    LOOKUPS,
    /** Of these, answered from memory without any I/O. */
    LOOKUPS_FROM_MEMORY,
    /** TXT answers with one valid record. */
    RECORDS_FOUND,
    /** TXT answers without a record. */
    RECORDS_ABSENT,
    /** TXT answers with a record that may not be used. */
    RECORDS_UNUSABLE,
    /** TXT questions without a usable answer. */
    RECORDS_UNAVAILABLE,
    /** Of these, because DNSSEC validation failed. */
    RECORDS_BOGUS,
    /** Policy fetches begun. */
    FETCHES,
    /** Of these, with a valid policy. Failed ones are counted by reason: {@link DiscoveryCounters#fetchesFailed}. */
    FETCHES_GOOD,
    /** Of these, with a policy that is invalid. */
    FETCHES_INVALID,
    /** Fetches not begun for a failed one of the last five minutes. */
    FETCHES_BACKED_OFF,
    /** Times a cached policy was kept although the record was gone or unusable, or DNS or the fetch failed. */
    KEPT_AFTER_FAILURE,
    /** Look-ups that found too many fetches under way, with no policy cached. */
    OVERLOADS,
    /** Refreshes that renewed a policy. */
    REFRESHES_GOOD,
    /** Refreshes that failed. */
    REFRESHES_FAILED,
    /** Rechecks before a refusal is reported. */
    RECHECKS,
    /** Of these, that found another policy in force. */
    RECHECKS_CHANGED,
    /** Policies of mode enforce or testing whose time was over before they could be fetched again. */
    POLICIES_EXPIRED,
    /** Unexpired enforce policies forgotten because memory was full and no store held them. */
    POLICIES_EVICTED,
    /** Store calls that failed, were late, or could not be made. */
    STORE_FAILURES,
    /** Events dropped because a listener was slow. */
    EVENTS_DROPPED
}
