package io.github.mtasts.cli.socketmap;

/**
 * What Postfix is told.
 *
 * @param kind how it acts on it
 * @param text all of it, ASCII, at most {@link #LONGEST} characters
 */
record Answer(Kind kind, String text) {
    /** What Postfix takes unless {@code socketmap_max_reply_size} says otherwise. */
    static final int LONGEST = 100_000;

    /** Postfix goes on as if the table did not exist, with {@code smtp_tls_security_level}. */
    static final Answer NOT_FOUND = new Answer(Kind.NOT_FOUND, "NOTFOUND ");

    Answer {
        if (text.length() > LONGEST) {
            throw new IllegalArgumentException("an answer of " + text.length() + " characters");
        }
    }

    /** How Postfix acts. */
    enum Kind {
        /** It delivers only as the policy demands. */
        SECURE,
        /** It delivers as it would without this table. */
        NOT_FOUND,
        /** It defers the message. */
        LATER,
        /** It defers the message, and the operator has something to mend. */
        MALFORMED
    }

    static Answer secure(String policy) {
        return new Answer(Kind.SECURE, "OK " + policy);
    }

    static Answer later(String reason) {
        return new Answer(Kind.LATER, "TEMP " + reason);
    }

    static Answer malformed(String reason) {
        return new Answer(Kind.MALFORMED, "PERM " + reason);
    }
}
