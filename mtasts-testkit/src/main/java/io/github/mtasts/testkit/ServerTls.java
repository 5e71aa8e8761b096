package io.github.mtasts.testkit;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** TLS with one identity, whatever name a client asks for and however bad it is. */
final class ServerTls {
    private static final String STAPLING = "jdk.tls.server.enableStatusRequestExtension";
    private static final String OCSP_RESPONDER = "1.3.6.1.5.5.7.1.1";

    private ServerTls() {}

    static SSLContext of(TestCa.Identity identity) {
        try {
            SSLContext context = namesResponder(identity) ? stapling() : SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {new OneKey(identity)}, null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean namesResponder(TestCa.Identity identity) {
        return identity.certificate().getExtensionValue(OCSP_RESPONDER) != null;
    }

    /** A context that staples what the responder says that the certificate names. There is no other way to ask for it than a property of the JVM. */
    private static synchronized SSLContext stapling() throws GeneralSecurityException {
        String before = System.setProperty(STAPLING, "true");
        try {
            return SSLContext.getInstance("TLS");
        } finally {
            if (before == null) {
                System.clearProperty(STAPLING);
            } else {
                System.setProperty(STAPLING, before);
            }
        }
    }

    /**
     * Shakes hands on a connection.
     *
     * @param suites the only cipher suites, in TLS 1.2; null for the platform's choice
     */
    static SSLSocket accept(SSLContext context, Socket plain, String @Nullable [] suites) throws IOException {
        if (suites != null && !allowed(context, suites)) {
            // such a server cannot be played by this platform, and neither can a client with a suite in common
            RawTls.awaitClientHello(plain.getInputStream());
            RawTls.sayLast(plain, RawTls.HANDSHAKE_FAILURE);
            throw new SSLHandshakeException("this platform disables " + List.of(suites));
        }
        SSLSocket secure = (SSLSocket) context.getSocketFactory().createSocket(plain, null, true);
        secure.setUseClientMode(false);
        if (suites != null) {
            secure.setEnabledCipherSuites(suites);
            secure.setEnabledProtocols(new String[] {"TLSv1.2"});
        }
        secure.startHandshake();
        return secure;
    }

    /** Shakes hands in TLS 1.3 and ends the session with an alert, for want of a certificate of the client's. */
    static void refuse(SSLContext context, Socket plain) throws IOException {
        // not closed along with it: a connection closed with bytes unread is reset, and the client might never see the
        // alert
        SSLSocket secure = (SSLSocket) context.getSocketFactory().createSocket(plain, null, false);
        secure.setUseClientMode(false);
        secure.setEnabledProtocols(new String[] {"TLSv1.3"});
        secure.setNeedClientAuth(true);
        try {
            secure.startHandshake();
            throw new SSLHandshakeException("the client has a certificate");
        } catch (SSLHandshakeException e) {
            RawTls.hangUp(plain);
        }
    }

    private static boolean allowed(SSLContext context, String[] suites) {
        return Stream.of(context.getDefaultSSLParameters().getCipherSuites()).anyMatch(Set.of(suites)::contains);
    }

    /** The name the client asked for in TLS; empty when none. */
    static String sni(SSLSocket socket) {
        for (SNIServerName asked : ((ExtendedSSLSession) socket.getSession()).getRequestedServerNames()) {
            if (asked instanceof SNIHostName host) {
                return host.getAsciiName();
            }
        }
        return "";
    }

    private static final class OneKey extends X509ExtendedKeyManager {
        private static final String ALIAS = "host";

        private final TestCa.Identity identity;

        OneKey(TestCa.Identity identity) {
            this.identity = identity;
        }

        private @Nullable String alias(String keyType) {
            String ours = identity.key().getAlgorithm();
            return keyType.equals(ours) || (keyType.startsWith("RSA") && ours.equals("RSA")) ? ALIAS : null;
        }

        @Override
        public @Nullable String chooseServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return alias(keyType);
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return alias(keyType);
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return identity.chain().toArray(X509Certificate[]::new);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return identity.key();
        }

        @Override
        public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseClientAlias(
                String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
            return new String[] {ALIAS};
        }
    }
}
