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

/**
 * Trust anchors by their names: PKIX would look at all of them for each chain. They are read when the first chain is there: the platform's take longer than the
 * rest of a start.
 */
final class TrustAnchors {
    private final @Nullable KeyStore store;
    private final List<X509Certificate> further;
    private volatile @Nullable Map<X500Principal, Set<TrustAnchor>> byName;

    /** @param store instead of the platform's anchors */
    TrustAnchors(@Nullable KeyStore store, List<X509Certificate> further) {
        this.store = store;
        this.further = List.copyOf(further);
    }

    /** @throws GeneralSecurityException if the anchors cannot be read, or there are none */
    Set<TrustAnchor> named(X500Principal name) throws GeneralSecurityException {
        return all().getOrDefault(name, Set.of());
    }

    /** Reads them now. Two threads may do so at once, with the same result. */
    void read() throws GeneralSecurityException {
        Map<X500Principal, Set<TrustAnchor>> unused = all();
    }

    private Map<X500Principal, Set<TrustAnchor>> all() throws GeneralSecurityException {
        Map<X500Principal, Set<TrustAnchor>> known = byName;
        if (known == null) {
            known = certificates().stream()
                    .distinct()
                    .collect(Collectors.groupingBy(
                            X509Certificate::getSubjectX500Principal,
                            Collectors.mapping(
                                    certificate -> new TrustAnchor(certificate, null),
                                    Collectors.toUnmodifiableSet())));
            byName = known;
        }
        return known;
    }

    private List<X509Certificate> certificates() throws GeneralSecurityException {
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
