package io.github.mtasts.testkit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPRespBuilder;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPReq;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.Req;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.jcajce.JcaRespID;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** Says over HTTP which certificates of one issuer are revoked (RFC 6960). TLS servers ask it for what they staple; clients have no business here. */
final class OcspResponder implements AutoCloseable {
    private final X509Certificate issuer;
    private final PrivateKey key;
    private final ServerSocket server;
    private final Set<BigInteger> revoked = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();

    OcspResponder(X509Certificate issuer, PrivateKey key) {
        this.issuer = issuer;
        this.key = key;
        try {
            server = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Threads.start("ocsp", this::serve);
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort() + "/");
    }

    void revoke(X509Certificate certificate) {
        revoked.add(certificate.getSerialNumber());
    }

    int connections() {
        return connections.get();
    }

    private void serve() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                connections.incrementAndGet();
                socket.setSoTimeout(60_000);
                answer(new BufferedInputStream(socket.getInputStream()), socket.getOutputStream());
            } catch (IOException e) {
                // the client went away, or the responder is closed
            } catch (OCSPException | OperatorCreationException | GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private void answer(InputStream in, OutputStream out)
            throws IOException, OCSPException, OperatorCreationException, GeneralSecurityException {
        String request = line(in);
        int length = 0;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            if (header.regionMatches(true, 0, "Content-Length:", 0, 15)) {
                length = Integer.parseInt(header.substring(15).strip());
            }
        }
        byte[] asked = request.startsWith("POST ")
                ? in.readNBytes(length)
                : Base64.getDecoder()
                        .decode(URLDecoder.decode(request.split(" ")[1].substring(1), StandardCharsets.US_ASCII));
        byte[] response = response(new OCSPReq(asked));
        out.write(("HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nConnection: close\r\nContent-Length: "
                        + response.length + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        out.write(response);
        out.flush();
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
            line.write(b);
        }
        return line.toString(StandardCharsets.US_ASCII).strip();
    }

    private byte[] response(OCSPReq asked)
            throws IOException, OCSPException, OperatorCreationException, GeneralSecurityException {
        Instant now = Instant.now();
        BasicOCSPRespBuilder answers = new BasicOCSPRespBuilder(new JcaRespID(
                issuer.getPublicKey(),
                new JcaDigestCalculatorProviderBuilder().build().get(JcaRespID.HASH_SHA1)));
        for (Req one : asked.getRequestList()) {
            CertificateStatus status = revoked.contains(one.getCertID().getSerialNumber())
                    ? new RevokedStatus(Date.from(now.minusSeconds(3600)), CRLReason.keyCompromise)
                    : CertificateStatus.GOOD;
            answers.addResponse(
                    one.getCertID(), status, Date.from(now.minusSeconds(60)), Date.from(now.plusSeconds(86_400)));
        }
        return new OCSPRespBuilder()
                .build(
                        OCSPRespBuilder.SUCCESSFUL,
                        answers.build(
                                new JcaContentSignerBuilder("SHA256withECDSA").build(key),
                                new JcaX509CertificateHolder[] {new JcaX509CertificateHolder(issuer)},
                                Date.from(now)))
                .getEncoded();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            // as good as closed
        }
    }
}
