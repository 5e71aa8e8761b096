package io.github.mtasts.javamail;

/** What came of handing a message to one server, for one recipient. */
sealed interface Fate {

    /** The server took it. */
    record Taken() implements Fate {}

    /** The server's last word is no (RFC 5321 §4.2.1). */
    record Refused(Reply reply) implements Fate {}

    /** Not taken, certainly: another server may be asked. */
    record NotTaken(Kind kind, String status, String why) implements Fate {
        /** How that came. */
        enum Kind {
            /** The server heard of this recipient and said: not now. */
            ANSWERED,
            /** The server wants fewer recipients at once. */
            TOO_MANY,
            /** The connection ended before anything came of it. */
            LOST
        }
    }

    /** It must not be handed to anybody else now: it may have been taken, or nobody could be given it. */
    record Held(String status, String why) implements Fate {}
}
