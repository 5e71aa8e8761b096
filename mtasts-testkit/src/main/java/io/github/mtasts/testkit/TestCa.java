package io.github.mtasts.testkit;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
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
    private @Nullable OcspResponder responder;

    /** A new authority, with a root of its own. */
    public TestCa() {}

    /**
     * A certificate with its key and the chain that a server sends.
     *
     * @param key the private key
     * @param chain what a server sends, leaf first
     */
    public record Identity(PrivateKey key, List<X509Certificate> chain) {
        /**
         * Copies the list.
         *
         * @param key the private key
         * @param chain what a server sends, leaf first
         */
        public Identity {
            chain = List.copyOf(chain);
        }

        /** {@return the host's own certificate} */
        public X509Certificate certificate() {
            return chain.get(0);
        }
    }

    private record Issuer(X509Certificate certificate, PrivateKey key) {}

    /** {@return the root: the one to trust} */
    public X509Certificate root() {
        return root.certificate();
    }

    /** {@return the root as PEM} */
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

    /** {@return a key store that trusts the root, and nothing else} */
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

    /**
     * A certificate for a host, with the fault.
     *
     * @param host the name of the host
     * @param fault what is wrong with it
     * @return the certificate with its key and chain
     */
    public Identity issue(String host, CertificateFault fault) {
        int dot = host.indexOf('.');
        String parent = dot < 0 ? host : host.substring(dot + 1);
        Leaf good = host(host);
        return switch (fault) {
            case NONE -> issue(good);
            case WILDCARD -> issue(good.names("*." + parent));
            case WRONG_NAME -> issue(host("other." + parent));
            case COMMON_NAME_ONLY -> issue(good.names());
            case PARTIAL_WILDCARD -> issue(good.names(host.charAt(0) + "*." + parent));
            case EXPIRED -> issue(good.valid(-30, -1));
            case NOT_YET_VALID -> issue(good.valid(1, 30));
            case UNTRUSTED -> alone(issue(good.by(stranger)));
            case SELF_SIGNED -> selfSignedLeaf(host);
            case MISSING_INTERMEDIATE -> alone(issue(good));
            case CLIENT_AUTH_ONLY -> issue(good.purpose(KeyPurposeId.id_kp_clientAuth));
            case WEAK_KEY -> issue(good.keyType("RSA1024"));
            case SHA1_SIGNATURE -> issue(good.signature("SHA1withECDSA"));
            case WEAK_INTERMEDIATE ->
                issue(good.by(subordinate("CN=Weak Intermediate", root, "RSA1024", true, null))
                        .signature("SHA256withRSA"));
            case INTERMEDIATE_NOT_CA -> issue(good.by(subordinate("CN=No Authority", root, "EC", false, null)));
            case NAME_CONSTRAINTS ->
                issue(good.by(subordinate("CN=Constrained", root, "EC", true, "elsewhere.example")));
            case EVERYTHING -> alone(issue(host("other." + parent).by(stranger).valid(-30, -1)));
        };
    }

    private Leaf host(String name) {
        return new Leaf(name, List.of(name), intermediate);
    }

    /**
     * A good certificate with the common name and the DNS names given, taken as they are.
     *
     * @param commonName the common name of the subject
     * @param dnsNames the DNS names; no such extension if there are none
     * @return the certificate with its key and chain
     */
    public Identity issue(String commonName, List<String> dnsNames) {
        return issue(new Leaf(commonName, dnsNames, intermediate));
    }

    /**
     * A good certificate with an RSA key of 2048 bits, for suites without elliptic curves.
     *
     * @param host the name of the host
     * @return the certificate with its key and chain
     */
    public Identity issueRsa(String host) {
        return issue(host(host).keyType("RSA2048"));
    }

    /**
     * A certificate that names an OCSP responder, whose answer the server staples: a good one, but for the answer. Only clients that look at the staple see the difference.
     *
     * @param host the name
     * @param revoked whether the answer says so
     * @return the certificate
     */
    public Identity issueStapling(String host, boolean revoked) {
        OcspResponder names = responder();
        Identity identity = issue(host(host).responder(names.uri()));
        if (revoked) {
            names.revoke(identity.certificate());
        }
        return identity;
    }

    /** {@return how often the responder was connected to: once by each server that staples}. Clients have no business there. */
    public synchronized int ocspConnections() {
        return responder == null ? 0 : responder.connections();
    }

    private synchronized OcspResponder responder() {
        OcspResponder made = responder;
        if (made == null) {
            made = new OcspResponder(intermediate.certificate(), intermediate.key());
            responder = made;
        }
        return made;
    }

    synchronized void close() {
        if (responder != null) {
            responder.close();
        }
    }

    /** What goes into a host's certificate. */
    private record Leaf(
            String commonName,
            List<String> dnsNames,
            Issuer issuer,
            String keyType,
            String signature,
            KeyPurposeId purpose,
            int fromDays,
            int toDays,
            @Nullable URI responder) {

        /** A good one. */
        Leaf(String commonName, List<String> dnsNames, Issuer issuer) {
            this(commonName, dnsNames, issuer, "EC", "SHA256withECDSA", KeyPurposeId.id_kp_serverAuth, -1, 30, null);
        }

        Leaf names(String... names) {
            return new Leaf(
                    commonName, List.of(names), issuer, keyType, signature, purpose, fromDays, toDays, responder);
        }

        Leaf by(Issuer other) {
            return new Leaf(commonName, dnsNames, other, keyType, signature, purpose, fromDays, toDays, responder);
        }

        Leaf keyType(String other) {
            return new Leaf(commonName, dnsNames, issuer, other, signature, purpose, fromDays, toDays, responder);
        }

        Leaf signature(String other) {
            return new Leaf(commonName, dnsNames, issuer, keyType, other, purpose, fromDays, toDays, responder);
        }

        Leaf purpose(KeyPurposeId other) {
            return new Leaf(commonName, dnsNames, issuer, keyType, signature, other, fromDays, toDays, responder);
        }

        Leaf valid(int from, int to) {
            return new Leaf(commonName, dnsNames, issuer, keyType, signature, purpose, from, to, responder);
        }

        Leaf responder(URI uri) {
            return new Leaf(commonName, dnsNames, issuer, keyType, signature, purpose, fromDays, toDays, uri);
        }
    }

    private Identity issue(Leaf leaf) {
        KeyPair key = key(leaf.keyType(), "leaf");
        Extensions extensions = builder -> {
            if (!leaf.dnsNames().isEmpty()) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(leaf.dnsNames().stream()
                                .map(name -> new GeneralName(GeneralName.dNSName, name))
                                .toArray(GeneralName[]::new)));
            }
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(leaf.purpose()));
            if (leaf.responder() != null) {
                builder.addExtension(
                        Extension.authorityInfoAccess,
                        false,
                        new AuthorityInformationAccess(
                                AccessDescription.id_ad_ocsp,
                                new GeneralName(
                                        GeneralName.uniformResourceIdentifier,
                                        leaf.responder().toString())));
            }
        };
        X509Certificate certificate = sign(
                "CN=" + leaf.commonName(),
                key,
                leaf.issuer(),
                leaf.signature(),
                leaf.fromDays(),
                leaf.toDays(),
                extensions);
        return new Identity(key.getPrivate(), List.of(certificate, leaf.issuer().certificate()));
    }

    /** The same, sent without its issuer. */
    private static Identity alone(Identity identity) {
        return new Identity(identity.key(), List.of(identity.certificate()));
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
