package io.github.mtasts.tlsrpt;

/** Front door. */
public final class TlsReporting {
    private TlsReporting() {}

    /** Under TLSA. */
    public void daneSession() {}
}
