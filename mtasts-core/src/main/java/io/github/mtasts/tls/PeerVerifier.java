package io.github.mtasts.tls;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Provider;
import java.security.cert.CertPath;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * Says whether a TLS peer is who it should be (RFC 8461 §4.2, RFC 9525, RFC 5280): a chain to a trust anchor, a DNS-ID for the name, dates, purpose, key
 * strength, and a session no weaker than RFC 9325 asks. The same for policy hosts and for MX hosts.
 *
 * <p>Chain building and validation are the platform's PKIX; the rest is checked here, since the platform accepts what RFC 8461 does not: a common name,
 * partial wildcards, RSA keys of 1024 bits. The checks run apart, so that a certificate that is expired <em>and</em> for another name is told to be both.
 *
 * <p>Nothing is ever fetched from a place named in a certificate. Immutable and safe for any number of threads.
 */
public final class PeerVerifier {
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final int LONGEST_PATH = 10;

    private final TrustAnchors anchors;
    private final InstantSource clock;
    private final @Nullable Provider provider;
    private final boolean stapledOcsp;

    private PeerVerifier(Builder builder, TrustAnchors anchors) {
        this.anchors = anchors;
        this.clock = builder.clock;
        this.provider = builder.provider;
        this.stapledOcsp = builder.stapledOcsp;
    }

    /**
     * A builder with the platform's trust anchors and TLS provider, and the system's clock.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * TLS for one connection to a peer that must prove the name: the handshake itself fails when it does not. Sessions are never resumed.
     *
     * @param name A-labels, lower case, no trailing dot
     * @return TLS towards the peer
     */
    public ClientTls strict(String name) {
        return new ClientTls(this, name, true, provider);
    }

    /**
     * TLS for one connection to a peer that need prove nothing (opportunistic): any certificate is accepted, and what is wrong with it is told afterwards by
     * {@link ClientTls#check(SSLSession)}. TLS 1.2 or later all the same (RFC 8996). Sessions are never resumed.
     *
     * @param name A-labels, lower case, no trailing dot
     * @return TLS towards the peer
     */
    public ClientTls opportunistic(String name) {
        return new ClientTls(this, name, false, provider);
    }

    /**
     * The verdict on an established session: its peer's certificates, its protocol and its cipher suite.
     *
     * @param name the name the peer has to prove: A-labels, lower case, no trailing dot
     * @param session the session of the completed handshake
     * @return the verdict
     */
    public TlsCheck verify(String name, SSLSession session) {
        try {
            Certificate[] certificates = session.getPeerCertificates();
            List<X509Certificate> chain = new ArrayList<>(certificates.length);
            for (Certificate certificate : certificates) {
                if (certificate instanceof X509Certificate x509) {
                    chain.add(x509);
                }
            }
            return verify(name, chain, session);
        } catch (SSLPeerUnverifiedException e) {
            return new TlsCheck(
                    name,
                    Map.of(TlsFault.UNTRUSTED, "the peer sent no certificate"),
                    null,
                    session.getProtocol(),
                    session.getCipherSuite());
        }
    }

    /** The verdict on a chain while the handshake goes on: its session has a stapled response, but no final protocol and suite yet. */
    TlsCheck judgeChain(String name, List<X509Certificate> chain, @Nullable SSLSession handshake) {
        return verify(name, chain, handshake, false);
    }

    private TlsCheck verify(String name, List<X509Certificate> chain, SSLSession session) {
        return verify(name, chain, session, true);
    }

    /** The verdict on a chain, leaf first; with a session its protocol, cipher suite and stapled response are judged too. */
    private TlsCheck verify(
            String name, List<X509Certificate> chain, @Nullable SSLSession session, boolean established) {
        Map<TlsFault, String> faults = new EnumMap<>(TlsFault.class);
        PresentedCertificate presented = null;
        if (chain.isEmpty()) {
            faults.put(TlsFault.UNTRUSTED, "the peer sent no certificate");
        } else {
            X509Certificate leaf = chain.get(0);
            List<String> names = dnsNames(leaf);
            presented = new PresentedCertificate(
                    names.stream().limit(20).map(Printable::of).toList(),
                    Printable.of(leaf.getSubjectX500Principal().getName()),
                    Printable.of(leaf.getIssuerX500Principal().getName()),
                    leaf.getNotBefore().toInstant(),
                    leaf.getNotAfter().toInstant());
            checkName(name, names, presented, faults);
            checkPurpose(leaf, faults);
            checkChain(chain, session, presented, faults);
        }
        if (session == null || !established) {
            return new TlsCheck(name, faults, presented, "", "");
        }
        checkSession(session, faults);
        return new TlsCheck(name, faults, presented, session.getProtocol(), session.getCipherSuite());
    }

    /** What a handshake's failure says of the peer: a verdict with at least one fault. */
    TlsCheck verdictOf(String name, Throwable failure) {
        TlsFault fault = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof PeerRejectedException rejected) {
                return rejected.check();
            }
            if (cause instanceof SSLException && fault == null) {
                fault = TlsFault.HANDSHAKE;
            } else if (cause instanceof IOException && !(cause instanceof SSLException)) {
                fault = TlsFault.IO;
            }
        }
        String seen = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        return new TlsCheck(
                name,
                Map.of(fault == null ? TlsFault.HANDSHAKE : fault, "TLS handshake failed: " + Printable.of(seen)),
                null,
                "",
                "");
    }

    private static void checkName(
            String name, List<String> names, PresentedCertificate presented, Map<TlsFault, String> faults) {
        for (String presentedName : names) {
            if (DnsId.matches(presentedName, name)) {
                return;
            }
        }
        faults.put(
                TlsFault.NAME_MISMATCH,
                "the certificate is not for " + name + ": "
                        + (names.isEmpty()
                                ? "it has no DNS name"
                                : "its DNS names are [" + presented.namesInShort() + "]"));
    }

    private static List<String> dnsNames(X509Certificate leaf) {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> alternatives = leaf.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (List<?> alternative : alternatives) {
                    if (Integer.valueOf(2).equals(alternative.get(0)) && alternative.get(1) instanceof String dnsName) {
                        names.add(dnsName);
                    }
                }
            }
        } catch (CertificateParsingException e) {
            return List.of(); // names that cannot be read prove nothing
        }
        return names;
    }

    private static void checkPurpose(X509Certificate leaf, Map<TlsFault, String> faults) {
        try {
            List<String> purposes = leaf.getExtendedKeyUsage();
            if (purposes != null && !purposes.contains(SERVER_AUTH) && !purposes.contains("2.5.29.37.0")) {
                faults.put(TlsFault.CONSTRAINTS, "the certificate is not for TLS servers (extended key usage)");
            }
        } catch (CertificateParsingException e) {
            faults.put(TlsFault.CONSTRAINTS, "the certificate's extended key usage cannot be read");
        }
    }

    private void checkChain(
            List<X509Certificate> chain,
            @Nullable SSLSession session,
            PresentedCertificate presented,
            Map<TlsFault, String> faults) {
        Instant now = clock.instant();
        byte[] staple = stapledOcsp ? staple(session) : null;
        try {
            List<X509Certificate> path = build(chain, now, staple);
            if (path.isEmpty()) {
                explain(chain, now, staple, presented, faults);
            } else {
                checkKeys(path, faults);
            }
        } catch (GeneralSecurityException e) {
            faults.put(
                    TlsFault.UNTRUSTED, "the chain cannot be checked: " + Printable.of(String.valueOf(e.getMessage())));
        }
    }

    private static final Set<TlsFault> CHAIN_FAULTS = EnumSet.of(
            TlsFault.EXPIRED,
            TlsFault.NOT_YET_VALID,
            TlsFault.UNTRUSTED,
            TlsFault.CONSTRAINTS,
            TlsFault.WEAK_KEY,
            TlsFault.REVOKED);

    /** The valid path that these certificates make, without its anchor; empty where there is none. */
    private List<X509Certificate> build(List<X509Certificate> chain, Instant at, byte @Nullable [] staple)
            throws GeneralSecurityException {
        Set<TrustAnchor> ends = anchorsOf(chain);
        if (ends.isEmpty()) {
            return List.of();
        }
        List<X509Certificate> served = asServed(chain);
        if (!served.isEmpty()) {
            try {
                validate(served, ends, at, staple);
                return served;
            } catch (CertPathValidatorException e) {
                // another path may be valid
            }
        }
        X509CertSelector leaf = new X509CertSelector();
        leaf.setCertificate(chain.get(0));
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(ends, leaf);
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
        parameters.setMaxPathLength(LONGEST_PATH);
        configure(parameters, at, chain.get(0), staple);
        try {
            return certificates(
                    CertPathBuilder.getInstance("PKIX").build(parameters).getCertPath());
        } catch (CertPathBuilderException e) {
            return List.of();
        }
    }

    /**
     * The path that almost every chain is: each certificate's issuer next to it, up to one that an anchor issued, by their names. Empty where it is not so simple. PKIX's own
     * search verifies one signature more.
     */
    private List<X509Certificate> asServed(List<X509Certificate> chain) throws GeneralSecurityException {
        for (int length = 1; length <= Math.min(chain.size(), LONGEST_PATH); length++) {
            X500Principal issuer = chain.get(length - 1).getIssuerX500Principal();
            if (!anchors.named(issuer).isEmpty()) {
                return chain.subList(0, length);
            }
            if (length < chain.size()
                    && !chain.get(length).getSubjectX500Principal().equals(issuer)) {
                break;
            }
        }
        return List.of();
    }

    private static void validate(
            List<X509Certificate> path, Set<TrustAnchor> ends, Instant at, byte @Nullable [] staple)
            throws GeneralSecurityException {
        PKIXParameters parameters = new PKIXParameters(ends);
        configure(parameters, at, path.get(0), staple);
        CertPathValidator.getInstance("PKIX")
                .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
    }

    /** The anchors that can end a path through these certificates: those with the name of an issuer, and those that may be among them. */
    private Set<TrustAnchor> anchorsOf(List<X509Certificate> chain) throws GeneralSecurityException {
        Set<TrustAnchor> found = new HashSet<>();
        for (X509Certificate certificate : chain) {
            found.addAll(anchors.named(certificate.getIssuerX500Principal()));
            found.addAll(anchors.named(certificate.getSubjectX500Principal()));
        }
        return found;
    }

    private static List<X509Certificate> certificates(CertPath path) {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Certificate certificate : path.getCertificates()) {
            certificates.add((X509Certificate) certificate);
        }
        return certificates;
    }

    private static void configure(PKIXParameters parameters, Instant at, X509Certificate leaf, byte @Nullable [] staple)
            throws GeneralSecurityException {
        parameters.setDate(Date.from(at));
        parameters.setRevocationEnabled(false);
        if (staple != null) {
            PKIXRevocationChecker revocation = (PKIXRevocationChecker)
                    CertPathValidator.getInstance("PKIX").getRevocationChecker();
            // the stapled response only: with one at hand nothing is asked over the network
            revocation.setOptions(EnumSet.of(
                    PKIXRevocationChecker.Option.ONLY_END_ENTITY,
                    PKIXRevocationChecker.Option.NO_FALLBACK,
                    PKIXRevocationChecker.Option.SOFT_FAIL));
            revocation.setOcspResponses(Map.of(leaf, staple));
            parameters.addCertPathChecker(revocation);
        }
    }

    private static byte @Nullable [] staple(@Nullable SSLSession session) {
        if (session instanceof ExtendedSSLSession extended) {
            List<byte[]> responses = extended.getStatusResponses();
            return responses.isEmpty() || responses.get(0).length == 0 ? null : responses.get(0);
        }
        return null;
    }

    /** Finds every reason why no path was built. Only ever adds faults: the verdict is already that the chain does not pass. */
    private void explain(
            List<X509Certificate> chain,
            Instant now,
            byte @Nullable [] staple,
            PresentedCertificate presented,
            Map<TlsFault, String> faults)
            throws GeneralSecurityException {
        X509Certificate leaf = chain.get(0);
        Instant at = now;
        if (now.isAfter(presented.notAfter())) {
            faults.put(TlsFault.EXPIRED, "the certificate expired at " + presented.notAfter());
            at = presented.notAfter();
        } else if (now.isBefore(presented.notBefore())) {
            faults.put(TlsFault.NOT_YET_VALID, "the certificate is not valid before " + presented.notBefore());
            at = presented.notBefore();
        }
        List<X509Certificate> path = new ArrayList<>(List.of(leaf));
        TrustAnchor anchor = link(path, chain);
        checkKeys(path, faults);
        if (anchor == null) {
            X509Certificate last = path.get(path.size() - 1);
            boolean selfSigned = last.getSubjectX500Principal().equals(last.getIssuerX500Principal());
            faults.put(
                    TlsFault.UNTRUSTED,
                    selfSigned && path.size() == 1
                            ? "the certificate is self-signed by " + presented.issuer()
                            : "no chain to a trust anchor: nothing trusted is known as "
                                    + Printable.of(last.getIssuerX500Principal().getName()));
            return;
        }
        try {
            validate(path, Set.of(anchor), at, staple);
        } catch (CertPathValidatorException e) {
            faults.putIfAbsent(
                    faultOf(e),
                    "the chain is not valid: " + Printable.of(String.valueOf(e.getMessage()))
                            + (e.getIndex() > 0 ? " (certificate " + e.getIndex() + " above the host's own)" : ""));
        }
        if (faults.keySet().stream().noneMatch(CHAIN_FAULTS::contains)) {
            faults.put(TlsFault.UNTRUSTED, "no valid chain to a trust anchor; issued by " + presented.issuer());
        }
    }

    /** Follows issuers from the leaf through what was presented, as far as it goes; the anchor it ends at, or null. */
    private @Nullable TrustAnchor link(List<X509Certificate> path, List<X509Certificate> presented)
            throws GeneralSecurityException {
        Set<X509Certificate> used = new HashSet<>(path);
        while (path.size() <= LONGEST_PATH) {
            X509Certificate last = path.get(path.size() - 1);
            for (TrustAnchor anchor : anchors.named(last.getIssuerX500Principal())) {
                X509Certificate root = anchor.getTrustedCert();
                if (root != null && isIssuer(root, last)) {
                    return anchor;
                }
            }
            X509Certificate next = null;
            for (X509Certificate candidate : presented) {
                if (!used.contains(candidate) && isIssuer(candidate, last)) {
                    next = candidate;
                    break;
                }
            }
            if (next == null) {
                return null;
            }
            used.add(next);
            path.add(next);
        }
        return null;
    }

    private static boolean isIssuer(X509Certificate issuer, X509Certificate subject) {
        if (!issuer.getSubjectX500Principal().equals(subject.getIssuerX500Principal())) {
            return false;
        }
        try {
            subject.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static TlsFault faultOf(CertPathValidatorException e) {
        CertPathValidatorException.Reason reason = e.getReason();
        if (reason instanceof CertPathValidatorException.BasicReason basic) {
            return switch (basic) {
                case EXPIRED -> TlsFault.EXPIRED;
                case NOT_YET_VALID -> TlsFault.NOT_YET_VALID;
                case REVOKED -> TlsFault.REVOKED;
                case ALGORITHM_CONSTRAINED -> TlsFault.WEAK_KEY;
                case INVALID_SIGNATURE, UNDETERMINED_REVOCATION_STATUS -> TlsFault.UNTRUSTED;
                case UNSPECIFIED -> TlsFault.CONSTRAINTS;
            };
        }
        return reason == PKIXReason.NO_TRUST_ANCHOR ? TlsFault.UNTRUSTED : TlsFault.CONSTRAINTS;
    }

    /** Strength of every certificate but the trust anchor. */
    private static void checkKeys(List<X509Certificate> path, Map<TlsFault, String> faults) {
        for (int i = 0; i < path.size(); i++) {
            String weakness = Strength.weaknessOf(path.get(i));
            if (weakness != null) {
                faults.putIfAbsent(
                        TlsFault.WEAK_KEY,
                        (i == 0 ? "the certificate has " : "certificate " + i + " above the host's own has ")
                                + weakness);
            }
        }
    }

    private static void checkSession(SSLSession session, Map<TlsFault, String> faults) {
        if (!Strength.isStrong(session.getProtocol(), session.getCipherSuite())) {
            faults.put(
                    TlsFault.WEAK_SESSION,
                    "the session is too weak: " + session.getProtocol() + " with " + session.getCipherSuite());
        }
    }

    /** Makes a {@link PeerVerifier}. Not safe for several threads. */
    public static final class Builder {
        private final List<X509Certificate> further = new ArrayList<>();
        private @Nullable KeyStore keyStore;
        private InstantSource clock = InstantSource.system();
        private @Nullable Provider provider;
        private boolean stapledOcsp;

        private Builder() {}

        /**
         * The trust anchors, instead of the platform's: every certificate entry of the store. It is read at once.
         *
         * @param anchors a key store whose certificates are trusted
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder trustAnchors(KeyStore anchors) {
            this.keyStore = anchors;
            return this;
        }

        /**
         * Further trust anchors, beside the platform's or the store's.
         *
         * @param anchors certificates to trust as well
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder trustAlso(Collection<X509Certificate> anchors) {
            further.addAll(anchors);
            return this;
        }

        /**
         * The time at which certificates must be valid; the system's clock by default.
         *
         * @param clock what tells the time
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder clock(InstantSource clock) {
            this.clock = clock;
            return this;
        }

        /**
         * The provider of TLS, instead of the platform's first choice. It does not check certificates: that remains here.
         *
         * @param provider an installed provider or another
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder tlsProvider(Provider provider) {
            this.provider = provider;
            return this;
        }

        /**
         * Whether a stapled OCSP response that says "revoked" counts (RFC 6066 §8); false by default. Nothing is asked over the network.
         *
         * @param stapledOcsp whether it counts
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder stapledOcsp(boolean stapledOcsp) {
            this.stapledOcsp = stapledOcsp;
            return this;
        }

        /**
         * The verifier.
         *
         * @return the verifier
         * @throws IllegalStateException if there is no trust anchor, or they cannot be read: found later, every policy host would fail, and a domain whose policy is not
         *     cached would go without; if the TLS provider cannot be used
         */
        public PeerVerifier build() {
            if (provider != null) {
                ClientTls.newContext(provider); // not in the middle of a delivery
            }
            try {
                return new PeerVerifier(this, TrustAnchors.of(keyStore, further));
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(
                        "trust anchors cannot be read: " + Printable.of(String.valueOf(e.getMessage())), e);
            }
        }
    }
}
