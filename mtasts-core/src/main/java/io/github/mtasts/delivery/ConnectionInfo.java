package io.github.mtasts.delivery;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an SMTP connection, for the report; null where it is not.
 *
 * @param local the sender's own address
 * @param remote the MX host's address
 * @param ehlo the name the server gave itself in its reply to EHLO
 */
public record ConnectionInfo(
        @Nullable InetAddress local,
        @Nullable InetAddress remote,
        @Nullable String ehlo) {
    /** Nothing is known. */
    public static final ConnectionInfo UNKNOWN = new ConnectionInfo(null, null, null);
}
