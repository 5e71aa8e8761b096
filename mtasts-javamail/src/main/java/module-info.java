/** A Jakarta Mail transport that delivers to MX hosts as their MTA-STS policies demand. */
@SuppressWarnings("module") // the one module named below is built after this one
module io.github.mtasts.javamail {
    requires static transitive org.jspecify;
    requires transitive io.github.mtasts.core;
    requires transitive jakarta.mail;
    requires transitive org.eclipse.angus.mail;
    requires org.slf4j;

    exports io.github.mtasts.javamail;
    exports io.github.mtasts.javamail.unenforced to
            io.github.mtasts.tlsrpt;

    provides jakarta.mail.Provider with
            io.github.mtasts.javamail.MtaStsProvider;
}
