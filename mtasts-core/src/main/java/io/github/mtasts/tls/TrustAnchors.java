package io.github.mtasts.tls;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyStore;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Trust anchors by their names: PKIX would look at all of them for each chain. */
final class TrustAnchors {
    private final Map<X500Principal, Set<TrustAnchor>> byName;

    private TrustAnchors(Map<X500Principal, Set<TrustAnchor>> byName) {
        this.byName = byName;
    }

    /**
     * Reads them.
     *
     * @param store instead of the platform's anchors
     * @throws GeneralSecurityException if they cannot be read, or there are none
     */
    static TrustAnchors of(@Nullable KeyStore store, List<X509Certificate> further) throws GeneralSecurityException {
        return new TrustAnchors(certificates(store, further).stream()
                .distinct()
                .collect(Collectors.groupingBy(
                        X509Certificate::getSubjectX500Principal,
                        Collectors.mapping(
                                certificate -> new TrustAnchor(certificate, null), Collectors.toUnmodifiableSet()))));
    }

    Set<TrustAnchor> named(X500Principal name) {
        return byName.getOrDefault(name, Set.of());
    }

    private static List<X509Certificate> certificates(@Nullable KeyStore store, List<X509Certificate> further)
            throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        List<X509Certificate> certificates = new ArrayList<>(further);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                certificates.addAll(List.of(x509.getAcceptedIssuers()));
            }
        }
        if (certificates.isEmpty()) {
            throw new InvalidAlgorithmParameterException("there is no trust anchor");
        }
        return certificates;
    }
}
