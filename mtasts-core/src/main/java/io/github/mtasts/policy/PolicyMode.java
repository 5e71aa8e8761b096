package io.github.mtasts.policy;

/** What a policy asks of a sender (RFC 8461 §3.2, §5). */
public enum PolicyMode {
    /** Mail must not be delivered to a host that fails the policy. */
    ENFORCE,
    /** Mail is delivered as if there were no policy; failures are reported. */
    TESTING,
    /** The domain has no active policy. */
    NONE;
}
