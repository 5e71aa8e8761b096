/** The {@code mtasts} command. */
module io.github.mtasts.cli {
    requires static transitive org.jspecify;
    requires io.github.mtasts.core;
    requires io.github.mtasts.javamail;
    requires io.github.mtasts.tlsrpt;
    requires info.picocli;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires com.fasterxml.jackson.jr.ob;
    requires org.slf4j;

    opens io.github.mtasts.cli to
            info.picocli;
}
