package io.github.mtasts.cache;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Policies, purges and rules as text that people can read: a header of {@code name: value} lines, an empty line, and for what has a policy the file as served, of the
 * length that the header says. So several may stand one behind the other.
 *
 * <pre>
 * mtasts-policy: 1
 * domain: example.com
 * id: 20260301
 * fetched: 2026-03-01T12:00:00Z
 * expires: 2026-03-08T12:00:00Z
 * last-used: 2026-03-01
 * bytes: 72
 *
 * version: STSv1
 * mode: enforce
 * mx: mx.example.com
 * max_age: 604800
 * </pre>
 */
final class StoredText {
    /** The longest text: a header, and a policy of 64 KiB. */
    static final int LONGEST = 64 * 1024 + 8 * 1024;

    private static final String FORMAT = "1";
    private static final String POLICY = "mtasts-policy";
    private static final String PURGE = "mtasts-purge";
    private static final String PIN = "mtasts-pin";
    private static final String EXEMPT = "mtasts-exempt";
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9]{1,32}");

    private StoredText() {}

    /** Something that was read. */
    sealed interface Entry {
        PolicyDomain domain();

        /** A policy. */
        record Policy(CachedPolicy policy, LocalDate lastUsed) implements Entry {
            @Override
            public PolicyDomain domain() {
                return policy.domain();
            }
        }

        /** A purge. */
        record Purged(PolicyDomain domain, Holding.Purge purge) implements Entry {}

        /** A rule. */
        record Rule(OperatorRule rule) implements Entry {
            @Override
            public PolicyDomain domain() {
                return rule.domain();
            }
        }
    }

    /** The text is not what it should be. */
    static final class BadTextException extends Exception {
        private static final long serialVersionUID = 1;

        BadTextException(String message) {
            super(message);
        }
    }

    static byte[] of(CachedPolicy policy, LocalDate lastUsed) {
        return text(
                policy.policy(),
                POLICY + ": " + FORMAT,
                "domain: " + policy.domain(),
                "id: " + policy.recordId(),
                "fetched: " + policy.fetchedAt(),
                "expires: " + policy.expiresAt(),
                "last-used: " + lastUsed);
    }

    static byte[] of(PolicyDomain domain, Holding.Purge purge) {
        return text(
                null,
                PURGE + ": " + FORMAT,
                "domain: " + domain,
                "purged: " + purge.at(),
                "tell-until: " + purge.tellUntil());
    }

    static byte[] of(OperatorRule rule) {
        OperatorRule.Pin pin = rule instanceof OperatorRule.Pin one ? one : null;
        return text(
                pin == null ? null : pin.policy(),
                (pin == null ? EXEMPT : PIN) + ": " + FORMAT,
                "domain: " + rule.domain(),
                "since: " + rule.since(),
                "until: " + rule.until(),
                "reason: " + rule.reason());
    }

    private static byte[] text(@Nullable StsPolicy policy, String... header) {
        byte[] body = policy == null ? new byte[0] : policy.body().getBytes(StandardCharsets.UTF_8);
        String bytes = policy == null ? "" : "bytes: " + body.length + "\n";
        byte[] head = (String.join("\n", header) + "\n" + bytes + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] text = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, text, head.length, body.length);
        return text;
    }

    /**
     * Reads one that fills the whole text.
     *
     * @throws BadTextException with what is wrong
     */
    static Entry read(byte[] text) throws BadTextException {
        Reading reading = new Reading(text);
        Entry entry = reading.next();
        if (entry == null) {
            throw new BadTextException("it is empty");
        }
        if (reading.at != text.length) {
            throw new BadTextException("it goes on after its end");
        }
        return entry;
    }

    /** Reads one after the other. */
    static final class Reading {
        private final byte[] text;
        private int at;

        Reading(byte[] text) {
            this.text = text;
        }

        /** How many bytes were read. */
        int position() {
            return at;
        }

        /** The next one; null at the end. */
        @Nullable
        Entry next() throws BadTextException {
            while (at < text.length && (text[at] == '\n' || text[at] == '\r')) {
                at++;
            }
            if (at == text.length) {
                return null;
            }
            String kind = null;
            Map<String, String> header = new HashMap<>();
            for (String line = line(); !line.isEmpty(); line = line()) {
                int colon = line.indexOf(": ");
                if (colon < 1) {
                    throw new BadTextException("a header line has no colon: " + quote(line));
                }
                String name = line.substring(0, colon);
                kind = kind == null ? name : kind;
                if (header.put(name, line.substring(colon + 2)) != null) {
                    throw new BadTextException("its header has " + quote(name) + " twice");
                }
            }
            return entry(kind == null ? "" : kind, header);
        }

        private String line() throws BadTextException {
            int end = at;
            while (end < text.length && text[end] != '\n') {
                end++;
            }
            if (end == text.length) {
                throw new BadTextException("it ends within its header");
            }
            String line = new String(text, at, end - at, StandardCharsets.UTF_8);
            at = end + 1;
            return line;
        }

        private Entry entry(String kind, Map<String, String> header) throws BadTextException {
            if (!FORMAT.equals(header.get(kind))) {
                throw new BadTextException("it is of no known kind: " + quote(kind + ": " + header.get(kind)));
            }
            PolicyDomain domain = domain(value(header, "domain"));
            try {
                return switch (kind) {
                    case POLICY -> policy(domain, header);
                    case PURGE ->
                        new Entry.Purged(
                                domain, new Holding.Purge(instant(header, "purged"), instant(header, "tell-until")));
                    case PIN ->
                        new Entry.Rule(new OperatorRule.Pin(
                                domain,
                                body(header),
                                value(header, "reason"),
                                instant(header, "since"),
                                instant(header, "until")));
                    case EXEMPT ->
                        new Entry.Rule(new OperatorRule.Exempt(
                                domain, value(header, "reason"), instant(header, "since"), instant(header, "until")));
                    default -> throw new BadTextException("it is of no known kind: " + quote(kind));
                };
            } catch (IllegalArgumentException | DateTimeParseException | ArithmeticException e) {
                throw new BadTextException(String.valueOf(e.getMessage()));
            }
        }

        private Entry policy(PolicyDomain domain, Map<String, String> header) throws BadTextException {
            String id = value(header, "id");
            if (!ID.matcher(id).matches()) {
                throw new BadTextException("its id is none: " + quote(id));
            }
            LocalDate lastUsed = LocalDate.parse(value(header, "last-used"));
            Instant fetched = instant(header, "fetched");
            Instant expires = instant(header, "expires");
            return new Entry.Policy(new CachedPolicy(domain, body(header), id, fetched, expires), lastUsed);
        }

        /** The policy, parsed again: what is in a file need not be what was written. */
        private StsPolicy body(Map<String, String> header) throws BadTextException {
            int length;
            try {
                length = Integer.parseInt(value(header, "bytes"));
            } catch (NumberFormatException e) {
                throw new BadTextException("its length is no number: " + quote(value(header, "bytes")));
            }
            if (length < 0 || length > text.length - at) {
                throw new BadTextException("it is cut short");
            }
            byte[] body = Arrays.copyOfRange(text, at, at + length);
            at += length;
            PolicyResult result = StsPolicyParser.parse(body);
            if (result instanceof PolicyResult.Valid valid) {
                return valid.policy();
            }
            throw new BadTextException("its policy is invalid: "
                    + ((PolicyResult.Invalid) result).errors().get(0));
        }

        private static PolicyDomain domain(String name) throws BadTextException {
            try {
                PolicyDomain domain = PolicyDomain.of(name);
                if (domain.name().equals(name)) {
                    return domain;
                }
            } catch (IllegalArgumentException e) {
                throw new BadTextException(String.valueOf(e.getMessage()));
            }
            throw new BadTextException("its domain is not in canonical form: " + quote(name));
        }

        private static Instant instant(Map<String, String> header, String name) throws BadTextException {
            return Instant.parse(value(header, name));
        }

        private static String value(Map<String, String> header, String name) throws BadTextException {
            String value = header.get(name);
            if (value == null) {
                throw new BadTextException("its header has no " + quote(name));
            }
            return value;
        }
    }

    /** Text of unknown origin, for a log. */
    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < Math.min(text.length(), 200); i++) {
            char c = text.charAt(i);
            quoted.append(c >= ' ' && c < 0x7f && c != '"' ? String.valueOf(c) : String.format("\\u%04x", (int) c));
        }
        return quoted.append(text.length() > 200 ? "…\"" : "\"").toString();
    }
}
