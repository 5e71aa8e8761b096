package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.policy.PolicyDomain;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;

/** Keys of tests. */
final class DkimKeys {
    /** One for the whole run: it takes a while to make. */
    static final KeyPair RSA = rsa(2048);

    private DkimKeys() {}

    static KeyPair rsa(int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The private key of RFC 8463's example. */
    static PrivateKey ed25519PrivateKey() {
        try {
            byte[] seed = Base64.getDecoder().decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
            return KeyFactory.getInstance("Ed25519")
                    .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The public key of RFC 8463's example, as its key record has it. */
    static PublicKey ed25519PublicKey() {
        try {
            String point = HexFormat.of()
                    .formatHex(Base64.getDecoder().decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
            return KeyFactory.getInstance("Ed25519")
                    .generatePublic(
                            new X509EncodedKeySpec(HexFormat.of().parseHex("302a300506032b6570032100" + point)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static DkimSigner ed25519(String domain) {
        return DkimSigner.of(PolicyDomain.of(domain), "ed", ed25519PrivateKey());
    }

    static DkimSigner rsa(String domain) {
        return DkimSigner.of(PolicyDomain.of(domain), "rsa", RSA.getPrivate());
    }
}
