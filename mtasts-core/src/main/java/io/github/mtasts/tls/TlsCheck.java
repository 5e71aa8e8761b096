package io.github.mtasts.tls;

import java.util.List;
import java.util.Map;

/**
 * The verdict on a TLS peer: every fault found, each with what was seen; none means that the peer is who it should be.
 *
 * @param referenceName the DNS name the peer had to prove, A-labels
 * @param faults fault to what was seen, for people; empty when all is well; iterated in priority order
 * @param presentedNames the DNS names in the leaf certificate, escaped and cut, at most 20
 * @param protocol for example {@code TLSv1.3}, empty when no session was established
 * @param cipherSuite empty when no session was established
 */
public record TlsCheck(
        String referenceName,
        Map<TlsFault, String> faults,
        List<String> presentedNames,
        String protocol,
        String cipherSuite) {

    /** Whether nothing is wrong. */
    public boolean passed() {
        return faults.isEmpty();
    }
}
