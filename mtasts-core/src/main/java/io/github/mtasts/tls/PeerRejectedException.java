package io.github.mtasts.tls;

import java.security.cert.CertificateException;

/** Ends a handshake whose peer did not pass; carries the verdict. */
final class PeerRejectedException extends CertificateException {
    private static final long serialVersionUID = 1L;

    private final transient TlsCheck check;

    PeerRejectedException(TlsCheck check) {
        super(check.describe());
        this.check = check;
    }

    TlsCheck check() {
        return check;
    }
}
