package io.github.mtasts.bench;

import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** {@link Hosts} in another process, and how they are reached. */
final class Net implements AutoCloseable {
    final Child server;
    final InetSocketAddress dns;
    final int httpsPort;
    final X509Certificate root;
    final List<Host> hosts = new ArrayList<>();

    /** A policy host. */
    record Host(String name, InetAddress address) {}

    Net(int domains, String behaviour) throws IOException, GeneralSecurityException {
        Path folder = Files.createTempDirectory("mtasts-bench");
        server = new Child(
                List.of("-Xmx2g", "-Xss256k", "-XX:+UseSerialGC"),
                Hosts.class,
                String.valueOf(domains),
                folder.toString(),
                behaviour);
        String[] parts = server.ask("dns").split(":");
        dns = new InetSocketAddress(parts[0], Integer.parseInt(parts[1]));
        httpsPort = Integer.parseInt(server.ask("https"));
        try (InputStream pem = Files.newInputStream(folder.resolve("root.pem"))) {
            root = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem);
        }
        for (String line : Files.readAllLines(folder.resolve("hosts"))) {
            String[] host = line.split("\t");
            hosts.add(new Host(
                    host[0],
                    InetAddress.getByAddress(
                            host[0], InetAddress.getByName(host[1]).getAddress())));
        }
    }

    /** An engine's builder that finds these hosts. */
    MtaStsBuilder builder() {
        return builder(dns, httpsPort);
    }

    /** An engine's builder that finds these hosts at a distance. */
    MtaStsBuilder far(Delay delay) {
        return builder(delay.dns(), delay.httpsPort());
    }

    private MtaStsBuilder builder(InetSocketAddress dnsServer, int port) {
        return MtaSts.builder()
                .dnsServer(dnsServer)
                .httpsPort(port)
                .trustAlso(Set.of(root))
                .allowPrivateAddresses(true);
    }

    /** The JDK's own trust managers, over the platform's anchors and the one of these hosts. */
    TrustManager[] trust() throws GeneralSecurityException, IOException {
        TrustManagerFactory platform = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        platform.init((KeyStore) null);
        KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
        anchors.load(null, null);
        anchors.setCertificateEntry("root", root);
        for (TrustManager manager : platform.getTrustManagers()) {
            for (X509Certificate anchor : ((X509TrustManager) manager).getAcceptedIssuers()) {
                anchors.setCertificateEntry(anchor.getSubjectX500Principal().getName(), anchor);
            }
        }
        TrustManagerFactory all = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        all.init(anchors);
        return all.getTrustManagers();
    }

    @Override
    public void close() {
        server.close();
    }
}
