/** Reports to the domains that mail goes to (TLS-RPT, RFC 8460). */
module io.github.mtasts.tlsrpt {
    requires static transitive org.jspecify;
    requires static com.google.errorprone.annotations;
    requires transitive io.github.mtasts.core;
    requires transitive jakarta.mail;
    requires io.github.mtasts.javamail;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.jr.ob;
    requires com.github.benmanes.caffeine;
    requires com.h2database;
    requires org.apache.httpcomponents.core5.httpcore5;
    requires org.slf4j;

    exports io.github.mtasts.tlsrpt;
    exports io.github.mtasts.tlsrpt.report;
}
