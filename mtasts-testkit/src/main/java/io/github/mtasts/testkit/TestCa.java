package io.github.mtasts.testkit;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority: a root to trust, an intermediate that issues, and certificates with any fault. Validity is relative to the real time at which the
 * authority was made. Safe for any number of threads.
 */
public final class TestCa {
    private static final Duration DAY = Duration.ofDays(1);
    private static final AtomicLong SERIAL = new AtomicLong(System.nanoTime());

    private final Instant now = Instant.now();
    private final Map<String, KeyPair> keys = new ConcurrentHashMap<>();
    private final Issuer root = selfSigned("CN=Test Root");
    private final Issuer intermediate = subordinate("CN=Test Intermediate", root, "EC", true, null);
    private final Issuer stranger = selfSigned("CN=Unknown Root");

    /** A new authority, with a root of its own. */
    public TestCa() {}

    /** A certificate with its key and the chain that a server sends, leaf first. */
    public record Identity(PrivateKey key, List<X509Certificate> chain) {
        public Identity {
            chain = List.copyOf(chain);
        }

        /** The host's own certificate. */
        public X509Certificate certificate() {
            return chain.get(0);
        }
    }

    private record Issuer(X509Certificate certificate, PrivateKey key) {}

    /** The root: the one to trust. */
    public X509Certificate root() {
        return root.certificate();
    }

    /** The root as PEM. */
    public String rootPem() {
        try {
            StringWriter pem = new StringWriter();
            pem.write("-----BEGIN CERTIFICATE-----\n");
            pem.write(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(root().getEncoded()));
            pem.write("\n-----END CERTIFICATE-----\n");
            return pem.toString();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A key store that trusts the root, and nothing else. */
    public KeyStore trustStore() {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry("root", root());
            return store;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A certificate for a host, with the fault. */
    public Identity issue(String host, CertificateFault fault) {
        int dot = host.indexOf('.');
        String parent = dot < 0 ? host : host.substring(dot + 1);
        return switch (fault) {
            case NONE -> issue(host, List.of(host));
            case WILDCARD -> issue(host, List.of("*." + parent));
            case WRONG_NAME -> issue("other." + parent, List.of("other." + parent));
            case COMMON_NAME_ONLY -> issue(host, List.of());
            case PARTIAL_WILDCARD -> issue(host, List.of(host.charAt(0) + "*." + parent));
            case EXPIRED ->
                leaf(
                        host,
                        List.of(host),
                        intermediate,
                        "EC",
                        "SHA256withECDSA",
                        KeyPurposeId.id_kp_serverAuth,
                        -30,
                        -1,
                        true);
            case NOT_YET_VALID ->
                leaf(
                        host,
                        List.of(host),
                        intermediate,
                        "EC",
                        "SHA256withECDSA",
                        KeyPurposeId.id_kp_serverAuth,
                        1,
                        30,
                        true);
            case UNTRUSTED ->
                leaf(
                        host,
                        List.of(host),
                        stranger,
                        "EC",
                        "SHA256withECDSA",
                        KeyPurposeId.id_kp_serverAuth,
                        -1,
                        30,
                        false);
            case SELF_SIGNED -> selfSignedLeaf(host);
            case MISSING_INTERMEDIATE ->
                leaf(
                        host,
                        List.of(host),
                        intermediate,
                        "EC",
                        "SHA256withECDSA",
                        KeyPurposeId.id_kp_serverAuth,
                        -1,
                        30,
                        false);
            case CLIENT_AUTH_ONLY ->
                leaf(
                        host,
                        List.of(host),
                        intermediate,
                        "EC",
                        "SHA256withECDSA",
                        KeyPurposeId.id_kp_clientAuth,
                        -1,
                        30,
                        true);
            case WEAK_KEY ->
                leaf(
                        host,
                        List.of(host),
                        intermediate,
                        "RSA1024",
                        "SHA256withECDSA",
                        KeyPurposeId.id_kp_serverAuth,
                        -1,
                        30,
                        true);
            case SHA1_SIGNATURE ->
                leaf(
                        host,
                        List.of(host),
                        intermediate,
                        "EC",
                        "SHA1withECDSA",
                        KeyPurposeId.id_kp_serverAuth,
                        -1,
                        30,
                        true);
            case WEAK_INTERMEDIATE ->
                leaf(
                        host,
                        List.of(host),
                        subordinate("CN=Weak Intermediate", root, "RSA1024", true, null),
                        "EC",
                        "SHA256withRSA",
                        KeyPurposeId.id_kp_serverAuth,
                        -1,
                        30,
                        true);
            case INTERMEDIATE_NOT_CA ->
                leaf(
                        host,
                        List.of(host),
                        subordinate("CN=No Authority", root, "EC", false, null),
                        "EC",
                        "SHA256withECDSA",
                        KeyPurposeId.id_kp_serverAuth,
                        -1,
                        30,
                        true);
            case NAME_CONSTRAINTS ->
                leaf(
                        host,
                        List.of(host),
                        subordinate("CN=Constrained", root, "EC", true, "elsewhere.example"),
                        "EC",
                        "SHA256withECDSA",
                        KeyPurposeId.id_kp_serverAuth,
                        -1,
                        30,
                        true);
            case EVERYTHING ->
                leaf(
                        "other." + parent,
                        List.of("other." + parent),
                        stranger,
                        "EC",
                        "SHA256withECDSA",
                        KeyPurposeId.id_kp_serverAuth,
                        -30,
                        -1,
                        false);
        };
    }

    /** A good certificate with the common name and the DNS names given, taken as they are. */
    public Identity issue(String commonName, List<String> dnsNames) {
        return leaf(
                commonName,
                dnsNames,
                intermediate,
                "EC",
                "SHA256withECDSA",
                KeyPurposeId.id_kp_serverAuth,
                -1,
                30,
                true);
    }

    /** A good certificate with an RSA key of 2048 bits, for suites without elliptic curves. */
    public Identity issueRsa(String host) {
        return leaf(
                host,
                List.of(host),
                intermediate,
                "RSA2048",
                "SHA256withECDSA",
                KeyPurposeId.id_kp_serverAuth,
                -1,
                30,
                true);
    }

    private Identity leaf(
            String commonName,
            List<String> dnsNames,
            Issuer issuer,
            String keyType,
            String signature,
            KeyPurposeId purpose,
            int fromDays,
            int toDays,
            boolean sendIssuer) {
        KeyPair key = key(keyType, "leaf");
        X509Certificate certificate = sign("CN=" + commonName, key, issuer, signature, fromDays, toDays, builder -> {
            if (!dnsNames.isEmpty()) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(dnsNames.stream()
                                .map(name -> new GeneralName(GeneralName.dNSName, name))
                                .toArray(GeneralName[]::new)));
            }
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
        });
        List<X509Certificate> chain = new ArrayList<>(List.of(certificate));
        if (sendIssuer) {
            chain.add(issuer.certificate());
        }
        return new Identity(key.getPrivate(), chain);
    }

    private Identity selfSignedLeaf(String host) {
        KeyPair key = key("EC", "leaf");
        X509Certificate certificate = sign(
                "CN=" + host,
                key,
                null,
                "SHA256withECDSA",
                -1,
                30,
                builder -> builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(GeneralName.dNSName, host))));
        return new Identity(key.getPrivate(), List.of(certificate));
    }

    private Issuer selfSigned(String name) {
        KeyPair key = key("EC", name);
        return new Issuer(sign(name, key, null, "SHA256withECDSA", -365, 3650, TestCa::authority), key.getPrivate());
    }

    private Issuer subordinate(
            String name, Issuer issuer, String keyType, boolean authority, @Nullable String permitted) {
        KeyPair key = key(keyType, name);
        X509Certificate certificate = sign(name, key, issuer, "SHA256withECDSA", -365, 3650, builder -> {
            if (authority) {
                authority(builder);
            } else {
                builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            }
            if (permitted != null) {
                builder.addExtension(
                        Extension.nameConstraints,
                        true,
                        new NameConstraints(
                                new GeneralSubtree[] {
                                    new GeneralSubtree(new GeneralName(GeneralName.dNSName, permitted))
                                },
                                null));
            }
        });
        return new Issuer(certificate, key.getPrivate());
    }

    private static void authority(JcaX509v3CertificateBuilder builder) throws IOException {
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    }

    /** Adds the extensions of one certificate. */
    private interface Extensions {
        void addTo(JcaX509v3CertificateBuilder builder) throws IOException;
    }

    private X509Certificate sign(
            String subject,
            KeyPair key,
            @Nullable Issuer issuer,
            String signature,
            int fromDays,
            int toDays,
            Extensions extensions) {
        try {
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    issuer == null
                            ? new X500Principal(subject)
                            : issuer.certificate().getSubjectX500Principal(),
                    BigInteger.valueOf(SERIAL.incrementAndGet()),
                    Date.from(now.plus(DAY.multipliedBy(fromDays))),
                    Date.from(now.plus(DAY.multipliedBy(toDays))),
                    new X500Principal(subject),
                    key.getPublic());
            extensions.addTo(builder);
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(signature)
                            .build(issuer == null ? key.getPrivate() : issuer.key())));
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Keys are made once for each use: a certificate's name is what tests tell apart. */
    private KeyPair key(String type, String use) {
        return keys.computeIfAbsent(type + use, ignored -> {
            try {
                if (type.startsWith("RSA")) {
                    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
                    generator.initialize(Integer.parseInt(type.substring(3)));
                    return generator.generateKeyPair();
                }
                KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
                generator.initialize(new ECGenParameterSpec("secp256r1"));
                return generator.generateKeyPair();
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
