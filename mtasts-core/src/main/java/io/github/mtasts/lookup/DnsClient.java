package io.github.mtasts.lookup;

import java.net.InetAddress;
import java.util.concurrent.CompletionStage;

/**
 * Asks DNS. Names are A-labels, taken as absolute: no search path, no trailing dot. Nothing is remembered here: each call asks the
 * resolver. A stage always completes normally, within the client's own deadline; failures are {@link DnsAnswer.Unavailable}.
 * Implementations are safe for any number of threads and never block the caller.
 */
public interface DnsClient extends AutoCloseable {

    /** The TXT records of a name: per record the character-strings joined with nothing between, each byte one char (ISO 8859-1). */
    CompletionStage<DnsAnswer<String>> txt(String name);

    /** The MX records of a name, in no order. CNAMEs are followed. */
    CompletionStage<DnsAnswer<MxRecord>> mx(String name);

    /**
     * The IPv6 and IPv4 addresses of a host, asked side by side, in resolver order within a family. Found when either family has
     * addresses; Absent when both are; otherwise Unavailable. Each address carries the host's name, so no reverse look-up ever occurs.
     */
    CompletionStage<DnsAnswer<InetAddress>> addresses(String host);

    @Override
    void close();
}
