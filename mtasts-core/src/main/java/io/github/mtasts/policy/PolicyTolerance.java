package io.github.mtasts.policy;

/** Something outside RFC 8461's grammar that cannot change the meaning of a policy file and was accepted. */
public enum PolicyTolerance {
    /** The file begins with a byte-order mark. */
    BOM("bom"),
    /** A line is empty, or has spaces and tabs only. */
    BLANK_LINE("blank-line"),
    /** Spaces or tabs stand before a key. */
    LEADING_SPACE("leading-space"),
    /** Spaces or tabs stand between a key and its colon. */
    SPACE_BEFORE_COLON("space-before-colon"),
    /** An {@code mx} pattern ends in a dot. */
    MX_TRAILING_DOT("mx-trailing-dot"),
    /** The {@code max_age} is above the maximum of 31557600 seconds, which is then used. */
    MAX_AGE_CLAMPED("max_age-clamped");

    private final String text;

    PolicyTolerance(String text) {
        this.text = text;
    }

    /** {@return the name people see, for example {@code blank-line}} */
    public String text() {
        return text;
    }
}
