package io.github.mtasts.tlsrpt.report;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A private key in PEM (RFC 7468). No message shows any of it. */
final class PemKey {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([A-Za-z0-9+/=\\s]*+)-----END \\1-----");

    /** The head of PKCS #8 around a PKCS #1 key: version 0, and the algorithm rsaEncryption. */
    private static final byte[] RSA_HEAD = HexFormat.of().parseHex("020100300d06092a864886f70d0101010500");

    private PemKey() {}

    static PrivateKey read(String pem) {
        if (pem.contains("ENCRYPTED")) {
            throw new IllegalArgumentException("the private key is encrypted; decrypt it first (openssl pkey)");
        }
        Matcher block = BLOCK.matcher(pem);
        if (!block.find()) {
            throw new IllegalArgumentException("no private key in PEM (BEGIN PRIVATE KEY)");
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(block.group(2));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the private key is not base64", e);
        }
        return switch (block.group(1)) {
            case "PRIVATE KEY" -> key(der);
            case "RSA PRIVATE KEY" -> key(wrapped(der));
            default -> throw new IllegalArgumentException("not an RSA or Ed25519 key: BEGIN " + block.group(1));
        };
    }

    private static PrivateKey key(byte[] pkcs8) {
        for (String algorithm : List.of("RSA", "Ed25519")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException e) {
                // the other one, then
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e); // both are the platform's
            }
        }
        throw new IllegalArgumentException("the private key is neither RSA nor Ed25519, or damaged");
    }

    private static byte[] wrapped(byte[] pkcs1) {
        return tagged(0x30, RSA_HEAD, tagged(0x04, pkcs1, new byte[0]));
    }

    private static byte[] tagged(int tag, byte[] first, byte[] second) {
        ByteArrayOutputStream der = new ByteArrayOutputStream();
        int length = first.length + second.length;
        der.write(tag);
        byte[] lengthBytes = BigInteger.valueOf(length).toByteArray();
        if (length > 127) {
            int skipped = lengthBytes[0] == 0 ? 1 : 0; // the sign
            der.write(0x80 | lengthBytes.length - skipped);
            der.write(lengthBytes, skipped, lengthBytes.length - skipped);
        } else {
            der.write(length);
        }
        der.writeBytes(first);
        der.writeBytes(second);
        return der.toByteArray();
    }
}
