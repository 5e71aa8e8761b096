package io.github.mtasts.tls;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The verdict on a TLS peer: every fault found, each with what was seen; none means that the peer is who it should be (RFC 8461 §4.2). Immutable.
 *
 * @param referenceName the DNS name the peer had to prove, A-labels
 * @param faults fault to what was seen, for people; empty when all is well; iterated in order of priority
 * @param certificate what the peer's own certificate says; null when none was seen
 * @param protocol for example {@code TLSv1.3}; empty when no session was established
 * @param cipherSuite empty when no session was established
 */
public record TlsCheck(
        String referenceName,
        Map<TlsFault, String> faults,
        @Nullable PresentedCertificate certificate,
        String protocol,
        String cipherSuite) {

    /**
     * Takes the parts as they are described above.
     *
     * @param referenceName the DNS name the peer had to prove, A-labels
     * @param faults fault to what was seen, for people; empty when all is well; iterated in order of priority
     * @param certificate what the peer's own certificate says; null when none was seen
     * @param protocol for example {@code TLSv1.3}; empty when no session was established
     * @param cipherSuite empty when no session was established
     */
    public TlsCheck {
        Map<TlsFault, String> ordered = new EnumMap<>(TlsFault.class);
        ordered.putAll(faults);
        faults = Collections.unmodifiableMap(ordered);
    }

    /** {@return whether nothing is wrong} */
    public boolean passed() {
        return faults.isEmpty();
    }

    /**
     * {@return one line for people: what was verified, or each fault with what was seen, and then what else the certificate says: its names, its issuer, its dates}
     *
     * <p>Remote text is escaped and cut, and each part stands there once.
     */
    public String describe() {
        if (passed()) {
            return "certificate verified for " + referenceName + (protocol.isEmpty() ? "" : " over " + protocol);
        }
        String seen = describeFaults();
        if (certificate == null) {
            return seen;
        }
        StringBuilder text = new StringBuilder(seen).append(" (certificate ");
        if (!faults.containsKey(TlsFault.NAME_MISMATCH)) {
            text.append("for ").append(certificate.namesInShort()).append(", ");
        }
        if (!seen.contains(certificate.issuer())) {
            text.append("issued by ").append(certificate.issuer()).append(", ");
        }
        return text.append("valid ")
                .append(day(certificate.notBefore()))
                .append(" to ")
                .append(day(certificate.notAfter()))
                .append(')')
                .toString();
    }

    /** {@return each fault with what was seen, in one line for people who see the certificate elsewhere; empty when nothing is wrong} */
    public String describeFaults() {
        return String.join("; ", faults.values());
    }

    private static LocalDate day(Instant instant) {
        return LocalDate.ofInstant(instant, ZoneOffset.UTC);
    }
}
