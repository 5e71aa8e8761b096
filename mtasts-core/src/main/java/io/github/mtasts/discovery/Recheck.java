package io.github.mtasts.discovery;

/** What looking a policy up again came to, before a refusal under it is reported (RFC 8461 §5.1). */
public enum Recheck {
    /** Another policy, or none, is in force now: try again at once. */
    CHANGED,
    /** The same policy was fetched again, or nothing in DNS calls for another. */
    UNCHANGED,
    /** DNS or the policy host gave no usable answer in time; the known policy holds. */
    COULD_NOT_TELL
}
