/** The policy engine of MTA-STS (RFC 8461) for mail senders. */
@SuppressWarnings("module") // the modules named below are built after this one
module io.github.mtasts.core {
    requires static transitive org.jspecify;
    requires static transitive com.google.errorprone.annotations;
    requires org.slf4j;
    requires org.dnsjava;
    requires com.github.benmanes.caffeine;
    requires org.apache.httpcomponents.core5.httpcore5;
    requires jdk.net;

    exports io.github.mtasts.policy;
    exports io.github.mtasts.tls;
    exports io.github.mtasts.lookup;
    exports io.github.mtasts.cache;
    exports io.github.mtasts.discovery;
    exports io.github.mtasts.delivery;
    exports io.github.mtasts;
    exports io.github.mtasts.text to
            io.github.mtasts.tlsrpt,
            io.github.mtasts.cli;
}
