package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.policy.PolicyDomain;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** Where a domain wants its reports (RFC 8460 §3, {@code rua}). It may be under any domain: nothing has to authorise it. */
public sealed interface ReportDestination {
    /**
     * By mail.
     *
     * @param address an addr-spec (RFC 5321), its local part quoted where need be and its domain of A-labels; ASCII, without controls
     */
    record Mailto(String address) implements ReportDestination {}

    /**
     * By HTTPS POST.
     *
     * @param uri with a host, without user and fragment. The host is a stranger's choice: guard against private addresses before connecting
     */
    record Https(URI uri) implements ReportDestination {}

    /**
     * Reads one URI of the list.
     *
     * @param text the URI
     * @return the destination; empty where it is not a usable {@code mailto} or {@code https} URI
     */
    static Optional<ReportDestination> parse(String text) {
        int colon = text.indexOf(':');
        return switch (colon < 0 ? "" : text.substring(0, colon).toLowerCase(Locale.ROOT)) {
            case "mailto" -> mailto(text.substring(colon + 1));
            case "https" -> https(text);
            default -> Optional.empty();
        };
    }

    private static Optional<ReportDestination> https(String text) {
        try {
            URI uri = new URI(text);
            if (uri.getHost() == null || uri.getRawUserInfo() != null || uri.getPort() == 0 || uri.getPort() > 65535) {
                return Optional.empty();
            }
            int fragment = text.indexOf('#');
            return Optional.of(new Https(fragment < 0 ? uri : new URI(text.substring(0, fragment))));
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    /** The one address; header fields behind a question mark are ignored. */
    private static Optional<ReportDestination> mailto(String text) {
        int query = text.indexOf('?');
        String address = decoded(query < 0 ? text : text.substring(0, query));
        int at = address.lastIndexOf('@');
        String local = address.substring(0, Math.max(0, at));
        // RFC 5321 §4.5.3.1: 64 octets before the at sign; what decodes to controls would end the line it is put on
        if (local.isEmpty() || local.length() > 64 || !local.chars().allMatch(c -> c >= ' ' && c <= '~')) {
            return Optional.empty();
        }
        try {
            String domain = PolicyDomain.of(address.substring(at + 1)).name();
            return Optional.of(new Mailto(quotedIfNeeded(local) + "@" + domain));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static String quotedIfNeeded(String local) {
        if (local.matches("[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
                || local.matches("\"([^\"\\\\]|\\\\.)*\"")) {
            return local;
        }
        return '"' + local.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** Percent-decoded; empty where that is not possible, which no address is. */
    private static String decoded(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != '%') {
                out.put(bytes[i]);
                continue;
            }
            int high = i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(bytes[i + 2], 16);
            if (low < 0) {
                return "";
            }
            out.put((byte) (high << 4 | low));
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(out.flip()).toString();
        } catch (CharacterCodingException e) {
            return "";
        }
    }
}
