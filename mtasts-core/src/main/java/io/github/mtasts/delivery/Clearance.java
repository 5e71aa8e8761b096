package io.github.mtasts.delivery;

/** What a delivery may do now, after one thing happened on a connection. */
public enum Clearance {
    /** Send over this TLS session: its peer proved to be the MX host. */
    VERIFIED_TLS,
    /** Send over this TLS session: no proof was needed. */
    ANY_TLS,
    /** Send on this connection in clear text: nothing demands TLS. */
    CLEARTEXT,
    /** The connection is dead; connect again, do not start TLS, and send in clear text: nothing demands TLS. */
    RECONNECT_IN_CLEAR,
    /** Do not send here. Go on to the next address or host. */
    NEXT_HOST;

    /** {@return whether mail may be sent now on the connection at hand} */
    public boolean maySend() {
        return this == VERIFIED_TLS || this == ANY_TLS || this == CLEARTEXT;
    }
}
