package io.github.mtasts.tls;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.security.KeyManagementException;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS towards one peer: sockets and engines that name it (SNI, RFC 8461 §7.1), and the verdict on what came of the handshake. Strict ones fail the handshake of
 * a peer that does not pass.
 *
 * <p>Each has an {@link SSLContext} of its own, so no session is ever resumed from another: a resumed session would not be checked again. Safe for any number of
 * threads.
 */
public final class ClientTls {
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    private final PeerVerifier verifier;
    private final String name;
    private final boolean strict;
    private final @Nullable Provider provider;
    private @Nullable SSLContext context;
    private volatile @Nullable Judged judged;

    ClientTls(PeerVerifier verifier, String name, boolean strict, @Nullable Provider provider) {
        this.verifier = verifier;
        this.name = name;
        this.strict = strict;
        this.provider = provider;
    }

    /** Made when it is needed: a message over a kept connection needs none. */
    private synchronized SSLContext context() {
        SSLContext made = context;
        if (made == null) {
            made = newContext(provider);
            try {
                made.init(null, new TrustManager[] {new Trust()}, null);
            } catch (KeyManagementException e) {
                throw new IllegalStateException("the TLS provider cannot be used: " + e.getMessage(), e);
            }
            context = made;
        }
        return made;
    }

    @CanIgnoreReturnValue
    static SSLContext newContext(@Nullable Provider provider) {
        try {
            return provider == null ? SSLContext.getInstance("TLS") : SSLContext.getInstance("TLS", provider);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("the TLS provider cannot be used: " + e.getMessage(), e);
        }
    }

    /** {@return the name the peer has to prove: A-labels, lower case, no trailing dot} */
    public String name() {
        return name;
    }

    /** {@return whether the handshake fails when the peer does not pass} */
    public boolean isStrict() {
        return strict;
    }

    /** {@return TLS towards the same peer, strict} */
    public ClientTls strict() {
        return strict ? this : verifier.strict(name);
    }

    /**
     * A new engine in client mode, ready to shake hands.
     *
     * @return the engine
     * @throws IllegalStateException if the TLS provider cannot be used
     */
    public SSLEngine newEngine() {
        SSLEngine engine = context().createSSLEngine();
        engine.setUseClientMode(true);
        engine.setSSLParameters(parameters(engine.getSSLParameters(), engine.getSupportedProtocols()));
        return engine;
    }

    /**
     * A factory whose sockets are set up for this peer, whatever host name they are asked for. Layer TLS over a connected socket with
     * {@link SSLSocketFactory#createSocket(Socket, String, int, boolean)}.
     *
     * @return the factory
     * @throws IllegalStateException if the TLS provider cannot be used
     */
    public SSLSocketFactory socketFactory() {
        return new Factory(context().getSocketFactory());
    }

    /**
     * The verdict on an established session.
     *
     * @param session the session of the completed handshake
     * @return the verdict
     */
    public TlsCheck check(SSLSession session) {
        Judged last = judged;
        if (last != null && last.isOf(session)) {
            return withSession(last.check, session);
        }
        return verifier.verify(name, session);
    }

    /**
     * The verdict that a failed handshake stands for: at least one fault.
     *
     * @param handshakeFailure what the handshake was ended by
     * @return the verdict
     */
    public TlsCheck check(Throwable handshakeFailure) {
        return verifier.verdictOf(name, handshakeFailure);
    }

    private TlsCheck withSession(TlsCheck chain, SSLSession session) {
        TlsCheck full = new TlsCheck(
                chain.referenceName(),
                chain.faults(),
                chain.certificate(),
                session.getProtocol(),
                session.getCipherSuite());
        if (Strength.isStrong(session.getProtocol(), session.getCipherSuite())) {
            return full;
        }
        return verifier.verify(name, session);
    }

    private SSLParameters parameters(SSLParameters parameters, String[] supported) {
        parameters.setProtocols(Arrays.stream(PROTOCOLS)
                .filter(protocol -> Arrays.asList(supported).contains(protocol))
                .toArray(String[]::new));
        if (strict) {
            parameters.setCipherSuites(Arrays.stream(parameters.getCipherSuites())
                    .filter(Strength::isForwardSecret)
                    .toArray(String[]::new));
        }
        parameters.setServerNames(serverNames(name));
        parameters.setEndpointIdentificationAlgorithm(null); // names are checked by PeerVerifier
        return parameters;
    }

    private static List<SNIServerName> serverNames(String name) {
        try {
            return List.of(new SNIHostName(name));
        } catch (IllegalArgumentException e) {
            return List.of(); // a name that SNI cannot carry, such as mx_1.example, goes without
        }
    }

    /** The chain judged last, so that an established session is not checked twice. */
    private record Judged(X509Certificate[] chain, TlsCheck check) {
        boolean isOf(SSLSession session) {
            try {
                return Arrays.equals(chain, session.getPeerCertificates());
            } catch (javax.net.ssl.SSLPeerUnverifiedException e) {
                return false;
            }
        }
    }

    /** Judges the peer in the middle of the handshake; a strict one ends it there. */
    private final class Trust extends X509ExtendedTrustManager {
        private void judge(X509Certificate[] chain, @Nullable SSLSession handshake) throws CertificateException {
            if (!strict) {
                return; // opportunistic: judged afterwards, in check(SSLSession)
            }
            TlsCheck check = verifier.judgeChain(name, List.of(chain), handshake);
            if (!check.passed()) {
                throw new PeerRejectedException(check);
            }
            judged = new Judged(chain.clone(), check);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            judge(chain, engine.getHandshakeSession());
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            judge(chain, socket instanceof SSLSocket tls ? tls.getHandshakeSession() : null);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            judge(chain, null);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("a client trusts no clients");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            throw new CertificateException("a client trusts no clients");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("a client trusts no clients");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private final class Factory extends SSLSocketFactory {
        private final SSLSocketFactory factory;

        Factory(SSLSocketFactory factory) {
            this.factory = factory;
        }

        private Socket ready(Socket socket) {
            SSLSocket tls = (SSLSocket) socket;
            tls.setUseClientMode(true);
            tls.setSSLParameters(parameters(tls.getSSLParameters(), tls.getSupportedProtocols()));
            return tls;
        }

        @Override
        public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
            return ready(factory.createSocket(socket, name, port, autoClose));
        }

        @Override
        public Socket createSocket() throws IOException {
            return ready(factory.createSocket());
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            return ready(factory.createSocket(host, port));
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress localHost, int localPort)
                throws IOException, UnknownHostException {
            return ready(factory.createSocket(host, port, localHost, localPort));
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return ready(factory.createSocket(host, port));
        }

        @Override
        public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
                throws IOException {
            return ready(factory.createSocket(address, port, localAddress, localPort));
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return factory.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return factory.getSupportedCipherSuites();
        }
    }
}
