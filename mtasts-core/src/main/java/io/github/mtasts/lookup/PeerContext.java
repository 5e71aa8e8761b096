package io.github.mtasts.lookup;

import io.github.mtasts.tls.ClientTls;
import java.security.SecureRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** The TLS of one peer in the form that HttpCore asks for: engines, and nothing else. */
final class PeerContext extends SSLContext {

    /** @param maxBytes the most that a peer may send, TLS and all */
    PeerContext(ClientTls tls, int maxBytes) {
        super(new Engines(tls, maxBytes), null, "TLS");
    }

    private static final class Engines extends SSLContextSpi {
        private final ClientTls tls;
        private final int maxBytes;

        Engines(ClientTls tls, int maxBytes) {
            this.tls = tls;
            this.maxBytes = maxBytes;
        }

        @Override
        protected SSLEngine engineCreateSSLEngine() {
            return new MeteredEngine(tls.newEngine(), maxBytes);
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(String host, int port) {
            return engineCreateSSLEngine();
        }

        @Override
        protected void engineInit(
                KeyManager @Nullable [] keys, TrustManager @Nullable [] trust, @Nullable SecureRandom random) {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SSLSocketFactory engineGetSocketFactory() {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SSLServerSocketFactory engineGetServerSocketFactory() {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SSLSessionContext engineGetServerSessionContext() {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SSLSessionContext engineGetClientSessionContext() {
            throw new UnsupportedOperationException();
        }
    }
}
