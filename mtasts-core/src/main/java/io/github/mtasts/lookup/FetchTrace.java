package io.github.mtasts.lookup;

import io.github.mtasts.tls.TlsCheck;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a fetch saw, as far as it came. Null where it did not come so far.
 *
 * @param addresses the policy host's addresses that passed the guard
 * @param connectedTo the address in use last
 * @param tlsVersion for example {@code TLSv1.3}
 * @param tls the verdict on the certificate, with what it said
 * @param status the HTTP status
 * @param contentType the media type as sent
 * @param size bytes of body read
 * @param took from the first DNS packet to the end
 */
public record FetchTrace(
        List<InetAddress> addresses,
        @Nullable InetAddress connectedTo,
        @Nullable String tlsVersion,
        @Nullable TlsCheck tls,
        @Nullable Integer status,
        @Nullable String contentType,
        long size,
        Duration took) {
    /**
     * Copies the list.
     *
     * @param addresses the policy host's addresses that passed the guard
     * @param connectedTo the address in use last
     * @param tlsVersion for example {@code TLSv1.3}
     * @param tls the verdict on the certificate, with what it said
     * @param status the HTTP status
     * @param contentType the media type as sent
     * @param size bytes of body read
     * @param took from the first DNS packet to the end
     */
    public FetchTrace {
        addresses = List.copyOf(addresses);
    }
}
