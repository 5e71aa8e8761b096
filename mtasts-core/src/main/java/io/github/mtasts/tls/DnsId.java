package io.github.mtasts.tls;

import java.util.Locale;

/** Whether a DNS-ID of a certificate stands for a name (RFC 9525 §6.3). */
final class DnsId {
    private DnsId() {}

    /**
     * Label by label, ASCII case-insensitive. A wildcard counts only as the whole left-most label and covers exactly one label; every other form, a trailing dot,
     * a NUL or a space just never matches.
     *
     * @param presented as it stands in the certificate
     * @param reference A-labels, lower case, no trailing dot
     */
    static boolean matches(String presented, String reference) {
        String lower = presented.toLowerCase(Locale.ROOT);
        if (!lower.startsWith("*.")) {
            return lower.equals(reference);
        }
        int dot = reference.indexOf('.');
        return dot > 0 && lower.length() > 2 && reference.substring(dot + 1).equals(lower.substring(2));
    }
}
