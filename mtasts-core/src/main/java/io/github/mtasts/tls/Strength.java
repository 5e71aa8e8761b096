package io.github.mtasts.tls;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.DSAPublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.InvalidParameterSpecException;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How strong keys, signatures and sessions must be (RFC 9325): lists of ours, the same on every JDK. */
final class Strength {
    private static final int RSA_BITS = 2048;
    private static final int EC_BITS = 224;
    private static final String PSS = "1.2.840.113549.1.1.10";

    /** Signatures over MD2, MD5 and SHA-1. */
    private static final Set<String> WEAK_SIGNATURES = Set.of(
            "1.2.840.113549.1.1.2",
            "1.2.840.113549.1.1.3",
            "1.2.840.113549.1.1.4",
            "1.2.840.113549.1.1.5",
            "1.3.14.3.2.29",
            "1.2.840.10040.4.3",
            "1.2.840.10045.4.1");

    private Strength() {}

    /** What is weak in a certificate; null when nothing is. */
    static @Nullable String weaknessOf(X509Certificate certificate) {
        PublicKey key = certificate.getPublicKey();
        if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() < RSA_BITS) {
            return "an RSA key of " + rsa.getModulus().bitLength() + " bits; " + RSA_BITS + " are needed";
        }
        if (key instanceof ECPublicKey ec && ec.getParams().getOrder().bitLength() < EC_BITS) {
            return "an EC key of " + ec.getParams().getOrder().bitLength() + " bits; " + EC_BITS + " are needed";
        }
        if (key instanceof DSAPublicKey) {
            return "a DSA key";
        }
        if (WEAK_SIGNATURES.contains(certificate.getSigAlgOID()) || isWeakPss(certificate)) {
            return "a weak signature (" + certificate.getSigAlgName() + ")";
        }
        return null;
    }

    private static boolean isWeakPss(X509Certificate certificate) {
        if (!PSS.equals(certificate.getSigAlgOID())) {
            return false;
        }
        byte[] encoded = certificate.getSigAlgParams();
        if (encoded == null) {
            return true; // the default digest is SHA-1 (RFC 4055 §3.1)
        }
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
            parameters.init(encoded);
            PSSParameterSpec spec = parameters.getParameterSpec(PSSParameterSpec.class);
            return spec.getDigestAlgorithm().equals("SHA-1")
                    || (spec.getMGFParameters() instanceof MGF1ParameterSpec mgf
                            && mgf.getDigestAlgorithm().equals("SHA-1"));
        } catch (InvalidParameterSpecException | IOException | NoSuchAlgorithmException e) {
            return true;
        }
    }

    /** TLS 1.3, or 1.2 with forward secrecy and without a broken cipher. */
    static boolean isStrong(String protocol, String cipherSuite) {
        return protocol.equals("TLSv1.3") || (protocol.equals("TLSv1.2") && isForwardSecret(cipherSuite));
    }

    /** Suites of TLS 1.3 (which name no key exchange), and (EC)DHE suites of TLS 1.2 without RC4, NULL, export, (3)DES or anonymous peers. */
    static boolean isForwardSecret(String suite) {
        boolean tls13 = suite.startsWith("TLS_AES_") || suite.startsWith("TLS_CHACHA20_");
        boolean ephemeral = suite.startsWith("TLS_ECDHE_") || suite.startsWith("TLS_DHE_");
        return tls13
                || (ephemeral
                        && !suite.contains("_anon_")
                        && !suite.contains("_RC4_")
                        && !suite.contains("_NULL_")
                        && !suite.contains("_EXPORT_")
                        && !suite.contains("_DES")
                        && !suite.contains("_3DES_"));
    }
}
