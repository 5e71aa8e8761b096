package io.github.mtasts.cli;

import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.tls.TlsCheck;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What one address of an MX host showed, as far as it came. No mail is sent.
 *
 * @param address the address, with the host's name
 * @param reached how far it came
 * @param ehlo the name in the reply to EHLO; empty before
 * @param problem why it came no further, in a few words; empty when it came to the end
 * @param tls the verdict on its TLS; null where there was none
 * @param clearance what a sender is allowed on this connection by the policy in force; null where it did not come to that, or where the policy refuses the host by its name
 */
record MxProbe(
        InetAddress address,
        Reached reached,
        String ehlo,
        String problem,
        @Nullable TlsCheck tls,
        @Nullable Clearance clearance) {

    /** How far a connection came. */
    enum Reached {
        /** No connection: nothing may be concluded, networks that block port 25 are common. */
        NOTHING,
        /** A connection, and no SMTP server that goes on. */
        CONNECTED,
        /** A reply to EHLO without STARTTLS. */
        NO_STARTTLS,
        /** STARTTLS is offered, and refused or broken. */
        STARTTLS,
        /** A handshake was tried; {@link #tls} says what came of it. */
        HANDSHAKE
    }

    /** Whether a sender would learn here that the host does not do what a policy asks; what is not reached proves nothing. */
    boolean isFaulty() {
        TlsCheck check = tls;
        return switch (reached) {
            case NOTHING, CONNECTED -> false;
            case NO_STARTTLS, STARTTLS -> true;
            case HANDSHAKE -> check == null || !check.passed();
        };
    }

    /** Whether a TLS session was established with a peer that proved its name. */
    boolean isVerified() {
        TlsCheck check = tls;
        return reached == Reached.HANDSHAKE && check != null && check.passed();
    }

    boolean isUnknown() {
        return reached == Reached.NOTHING || reached == Reached.CONNECTED;
    }
}
