package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.time.Instant;

/**
 * Signs report mails (DKIM, RFC 6376; Ed25519 by RFC 8463). Safe for any number of threads.
 *
 * <p>The key record at {@code <selector>._domainkey.<domain>} may say {@code s=email:tlsrpt}, or have no {@code s=} at all. Never {@code s=tlsrpt}
 * alone: ordinary verifiers would ignore the key, and the mail would count as unsigned.
 */
public interface DkimSigner {
    /** {@return the domain it signs for ({@code d=}), of A-labels; it has to be that of the reports' contact} */
    String domain();

    /**
     * Signs a message.
     *
     * @param message the whole message, with CRLF line ends
     * @param at what the signature gives as its time
     * @return the message with a {@code DKIM-Signature} before its other fields
     */
    byte[] sign(byte[] message, Instant at);

    /**
     * Signs with both: this one first, then another, whose signature covers the same fields. RFC 8463 §3 advises an RSA signature beside an Ed25519
     * one, which some verifiers do not know.
     *
     * @param other a signer for the same domain
     * @return both
     */
    default DkimSigner and(DkimSigner other) {
        if (!domain().equals(other.domain())) {
            throw new IllegalArgumentException("one signer is for " + domain() + ", the other for " + other.domain());
        }
        DkimSigner first = this;
        return new DkimSigner() {
            @Override
            public String domain() {
                return first.domain();
            }

            @Override
            public byte[] sign(byte[] message, Instant at) {
                return other.sign(first.sign(message, at), at);
            }
        };
    }

    /**
     * A signer with a key.
     *
     * @param domain the domain it signs for
     * @param selector the selector ({@code s=}) of the key record
     * @param key RSA of 2048 to 8192 bits, or Ed25519
     * @return the signer
     * @throws IllegalArgumentException if the key is of another kind or size, or a name is not one
     */
    static DkimSigner of(PolicyDomain domain, String selector, PrivateKey key) {
        return new KeyedDkimSigner(domain.name(), selector, key);
    }

    /**
     * A signer with the key in a PEM file: PKCS #8 ({@code BEGIN PRIVATE KEY}) with RSA or Ed25519, or PKCS #1 ({@code BEGIN RSA PRIVATE KEY}); not
     * encrypted.
     *
     * @param domain the domain it signs for
     * @param selector the selector ({@code s=}) of the key record
     * @param pem the file
     * @return the signer
     * @throws IOException if the file cannot be read
     * @throws IllegalArgumentException if it holds no such key; the message names the file, and never shows the key
     */
    static DkimSigner fromPem(PolicyDomain domain, String selector, Path pem) throws IOException {
        try {
            return of(domain, selector, PemKey.read(Files.readString(pem, StandardCharsets.ISO_8859_1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(pem + ": " + e.getMessage(), e);
        }
    }
}
