package io.github.mtasts.tls;

import java.time.Instant;
import java.util.List;

/**
 * What a peer's own certificate says, for people. Remote text is escaped and cut.
 *
 * @param names its DNS names (SAN dNSName), at most 20
 * @param subject its subject, which proves nothing (RFC 9525 §6.4.4)
 * @param issuer who issued it
 * @param notBefore the start of its validity
 * @param notAfter the end of its validity
 */
public record PresentedCertificate(
        List<String> names, String subject, String issuer, Instant notBefore, Instant notAfter) {
    /**
     * Takes the parts as they are described above.
     *
     * @param names its DNS names (SAN dNSName), at most 20
     * @param subject its subject, which proves nothing (RFC 9525 §6.4.4)
     * @param issuer who issued it
     * @param notBefore the start of its validity
     * @param notAfter the end of its validity
     */
    public PresentedCertificate {
        names = List.copyOf(names);
    }

    /** Its names in one line, cut as all remote text is. */
    String namesInShort() {
        return names.isEmpty() ? "no DNS name" : Printable.of(String.join(", ", names));
    }
}
