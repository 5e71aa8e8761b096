package io.github.mtasts.javamail;

import jakarta.mail.Provider;

/** Tells Jakarta Mail of the protocol {@code mtasts}. The protocol {@code smtp} is left alone. */
public final class MtaStsProvider extends Provider {
    /** For Jakarta Mail, which finds it as a service. */
    public MtaStsProvider() {
        super(Provider.Type.TRANSPORT, "mtasts", MtaStsTransport.class.getName(), "the mtasts authors", null);
    }
}
