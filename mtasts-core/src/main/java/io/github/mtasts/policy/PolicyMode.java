package io.github.mtasts.policy;

/** What a policy asks of a sender (RFC 8461 §3.2, §5). */
public enum PolicyMode {
    /** Mail must not be delivered to a host that fails the policy. */
    ENFORCE("enforce"),
    /** Mail is delivered as if there were no policy; failures are reported. */
    TESTING("testing"),
    /** The domain has no active policy. */
    NONE("none");

    private final String text;

    PolicyMode(String text) {
        this.text = text;
    }

    /** {@return the value as it stands in a policy file, for example {@code enforce}} */
    public String text() {
        return text;
    }
}
