package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.text.Quoted;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * DKIM with relaxed canonicalization of fields and body. Never {@code l=}: what is added to a report must break its signature.
 *
 * <p>Own code, because the libraries for Java that were tried sign wrongly or not at all with Ed25519, where RFC 8463 §3 signs the SHA-256 hash of
 * the fields and not the fields, and make broken signatures in a Turkish locale. Another library verifies these signatures in the tests.
 */
final class KeyedDkimSigner implements DkimSigner {
    /**
     * What is signed where it is there; and once more than it is there, so that nobody can add another one (RFC 6376 §8.15). RFC 8460 §5.3 asks for
     * the two TLS-Report fields.
     */
    private static final List<String> FIELDS = List.of(
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version",
            "Content-Type",
            "Auto-Submitted",
            "TLS-Required",
            "TLS-Report-Domain",
            "TLS-Report-Submitter");

    private final String domain;
    private final String selector;
    private final PrivateKey key;

    KeyedDkimSigner(String domain, String selector, PrivateKey key) {
        if (!selector.matches("[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
                || selector.length() > 200) {
            throw new IllegalArgumentException("not a DKIM selector: " + Quoted.quote(selector));
        }
        if (key instanceof RSAPrivateKey rsa) {
            int bits = rsa.getModulus().bitLength();
            if (bits < 2048 || bits > 8192) {
                throw new IllegalArgumentException("an RSA key for DKIM has 2048 to 8192 bits, this one " + bits);
            }
        } else if (!(key instanceof EdECPrivateKey ed
                && ed.getParams().getName().equals("Ed25519"))) {
            throw new IllegalArgumentException("a key for DKIM is RSA or Ed25519, this one " + key.getAlgorithm());
        }
        this.domain = domain;
        this.selector = selector;
        this.key = key;
    }

    @Override
    public String domain() {
        return domain;
    }

    @Override
    public byte[] sign(byte[] message, Instant at) {
        Parts parts = Parts.of(message);
        List<String> names = new ArrayList<>();
        for (String name : FIELDS) {
            long count =
                    parts.fields.stream().filter(field -> isNamed(field, name)).count();
            for (int i = 0; i <= count; i++) {
                names.add(name);
            }
        }
        String field = "DKIM-Signature: v=1; a=" + (isRsa() ? "rsa" : "ed25519") + "-sha256; c=relaxed/relaxed;\r\n"
                + "\td=" + domain + ";\r\n"
                + "\ts=" + selector + "; t=" + at.getEpochSecond() + ";\r\n"
                + "\th=" + String.join(":\r\n\t ", names) + ";\r\n"
                + "\tbh=" + Base64.getEncoder().encodeToString(sha256(relaxedBody(parts.body))) + ";\r\n"
                + "\tb=";
        String signature = signature(parts.fields, names, field).replaceAll("(.{70})(?=.)", "$1\r\n\t ");
        ByteArrayOutputStream signed = new ByteArrayOutputStream();
        signed.writeBytes((field + signature + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        signed.writeBytes(message);
        return signed.toByteArray();
    }

    /**
     * The signature over a message's fields and the signature's own field.
     *
     * @param fields of the message, each with its name and without its last line end
     * @param names which of them are signed, in order
     * @param signatureField the signature's own field, up to and with {@code b=}
     */
    String signature(List<String> fields, List<String> names, String signatureField) {
        Map<String, Deque<String>> lowestFirst = new HashMap<>();
        for (String field : fields) {
            lowestFirst
                    .computeIfAbsent(name(field), ignored -> new ArrayDeque<>())
                    .push(field);
        }
        StringBuilder data = new StringBuilder();
        for (String name : names) {
            Deque<String> left = lowestFirst.get(name.toLowerCase(Locale.ROOT));
            if (left != null && !left.isEmpty()) {
                data.append(relaxedField(left.pop())).append("\r\n");
            }
        }
        byte[] bytes = data.append(relaxedField(signatureField)).toString().getBytes(StandardCharsets.ISO_8859_1);
        try {
            Signature signature = Signature.getInstance(isRsa() ? "SHA256withRSA" : "Ed25519");
            signature.initSign(key);
            // RFC 8463 §3: Ed25519 signs the hash
            signature.update(isRsa() ? bytes : sha256(bytes));
            return Base64.getEncoder().encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot sign with the DKIM key of " + domain, e);
        }
    }

    private boolean isRsa() {
        return key instanceof RSAPrivateKey;
    }

    private static boolean isNamed(String field, String name) {
        return name(field).equals(name.toLowerCase(Locale.ROOT));
    }

    private static String name(String field) {
        return field.substring(0, Math.max(0, field.indexOf(':'))).strip().toLowerCase(Locale.ROOT);
    }

    /** RFC 6376 §3.4.2. */
    private static String relaxedField(String field) {
        String value = field.substring(field.indexOf(':') + 1).replace("\r\n", "");
        return name(field) + ":" + value.replaceAll("[ \t]+", " ").strip();
    }

    /** RFC 6376 §3.4.4: runs of blanks become one space, blanks at line ends and empty lines at the end go. */
    static byte[] relaxedBody(byte[] body) {
        String text = new String(body, StandardCharsets.ISO_8859_1);
        StringBuilder relaxed = new StringBuilder(text.length());
        int emptyLines = 0;
        for (String line : text.split("\r\n", -1)) {
            String shorter = line.replaceAll("[ \t]+", " ");
            if (shorter.endsWith(" ")) {
                shorter = shorter.substring(0, shorter.length() - 1);
            }
            if (shorter.isEmpty()) {
                emptyLines++;
            } else {
                relaxed.append("\r\n".repeat(emptyLines)).append(shorter).append("\r\n");
                emptyLines = 0;
            }
        }
        return relaxed.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java platform has SHA-256
        }
    }

    /**
     * A message taken apart.
     *
     * @param fields of the header, each with its name, folded as it was, without its last line end
     * @param body what stands behind the empty line
     */
    record Parts(List<String> fields, byte[] body) {
        static Parts of(byte[] message) {
            String text = new String(message, StandardCharsets.ISO_8859_1);
            int end = text.indexOf("\r\n\r\n");
            String header = end < 0 ? text : text.substring(0, end);
            List<String> fields = List.of(header.split("\r\n(?![ \t])", -1));
            String body = end < 0 ? "" : text.substring(end + 4);
            return new Parts(fields, body.getBytes(StandardCharsets.ISO_8859_1));
        }
    }
}
