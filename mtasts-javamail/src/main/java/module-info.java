/** A Jakarta Mail transport that delivers to MX hosts as their MTA-STS policies demand. */
module io.github.mtasts.javamail {
    requires static transitive org.jspecify;
    requires transitive io.github.mtasts.core;
    requires transitive jakarta.mail;
    requires org.eclipse.angus.mail;
    requires org.slf4j;

    exports io.github.mtasts.javamail;

    provides jakarta.mail.Provider with
            io.github.mtasts.javamail.MtaStsProvider;
}
