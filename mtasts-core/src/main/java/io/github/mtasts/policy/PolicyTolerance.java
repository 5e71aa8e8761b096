package io.github.mtasts.policy;

/** Something outside RFC 8461's grammar that cannot change the meaning and was accepted. */
public enum PolicyTolerance {
    BOM("bom"),
    BLANK_LINE("blank-line"),
    LEADING_SPACE("leading-space"),
    SPACE_BEFORE_COLON("space-before-colon"),
    MX_TRAILING_DOT("mx-trailing-dot"),
    MAX_AGE_CLAMPED("max_age-clamped");

    private final String text;

    PolicyTolerance(String text) {
        this.text = text;
    }

    /** The name people see, for example {@code blank-line}. */
    public String text() {
        return text;
    }
}
