package io.github.mtasts.lookup;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Asks DNS. Names are A-labels, taken as absolute: no search path, no trailing dot. Nothing is remembered here: each call asks the
 * resolver. A stage always completes normally, within the client's own deadline; failures are {@link DnsAnswer.Unavailable}.
 * Implementations are safe for any number of threads and never block the caller.
 *
 * <p>The client made by {@link #builder()} completes its stages on its own few threads: what is chained to a stage without an executor
 * must not block.
 */
@CheckReturnValue
public interface DnsClient extends AutoCloseable {

    /**
     * The TXT records of a name: per record the character-strings joined with nothing between, each byte one char (ISO 8859-1).
     * CNAMEs are followed.
     *
     * @param name the name
     * @return completes with the answer
     * @throws IllegalArgumentException if the name is not made of non-empty labels of ASCII letters, digits, hyphens and underscores
     */
    CompletionStage<DnsAnswer<String>> txt(String name);

    /**
     * The MX records of a name, in no order. CNAMEs are followed.
     *
     * @param name the name
     * @return completes with the answer
     * @throws IllegalArgumentException as {@link #txt}
     */
    CompletionStage<DnsAnswer<MxRecord>> mx(String name);

    /**
     * The IPv6 and IPv4 addresses of a host, asked side by side, in resolver order within a family, IPv6 first. Found when either
     * family has addresses, with a TTL of zero when the other could not be asked for; Absent when both are; otherwise Unavailable. Each address carries the host's name, so no reverse look-up
     * ever occurs. CNAMEs are followed.
     *
     * @param host the host's name
     * @return completes with the answer
     * @throws IllegalArgumentException as {@link #txt}
     */
    CompletionStage<DnsAnswer<InetAddress>> addresses(String host);

    /** Ends the client: what waits completes as {@link DnsFailure#CLOSED}, as does every later call. May be called again. */
    @Override
    void close();

    /** {@return a client of the system's resolvers, none of them trusted, with the default deadline} */
    static DnsClient system() {
        return builder().build();
    }

    /**
     * Reads the address of a DNS server as people write it: {@code 192.0.2.1}, {@code 192.0.2.1:5353}, {@code 2001:db8::1} or {@code [2001:db8::1]:5353}; the port is 53 where none
     * is named. Nothing is looked up, so a name is refused.
     *
     * @param text the text
     * @return the address and port
     * @throws IllegalArgumentException with the text and what is wrong with it
     */
    static InetSocketAddress serverAddress(String text) {
        return ServerAddress.parse(text);
    }

    /**
     * Settings of a client that asks recursive resolvers over UDP, and over TCP when an answer does not fit.
     *
     * @return a builder with the defaults
     */
    static Builder builder() {
        return new Builder();
    }

    /** What a {@link DnsClient} is told. Not safe for several threads. */
    final class Builder {
        private final List<InetSocketAddress> servers = new ArrayList<>();
        private boolean trusted;
        private Duration deadline = Duration.ofSeconds(10);
        private Duration retryAfter = Duration.ofSeconds(2);

        private Builder() {}

        /**
         * Adds a recursive resolver. Resolvers are asked in the order added, the next when one fails or is slow. Without any, those that
         * the system names (for example in {@code /etc/resolv.conf}) when the client is built.
         *
         * @param server its address and port
         * @return this
         * @throws IllegalArgumentException if the address is not resolved
         */
        @CanIgnoreReturnValue
        public Builder server(InetSocketAddress server) {
            if (server.isUnresolved()) {
                throw new IllegalArgumentException("DNS server without an address: " + server);
            }
            servers.add(server);
            return this;
        }

        /**
         * Says that the resolvers validate DNSSEC and that the way to them cannot be tampered with (loopback, as a rule). Only then does
         * the AD bit make an answer {@link Security#SECURE} or {@link Security#INSECURE}; otherwise all is {@link Security#UNKNOWN}.
         * Default: not trusted.
         *
         * @param trusted whether that is so
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder trustServers(boolean trusted) {
            this.trusted = trusted;
            return this;
        }

        /**
         * The longest that a look-up may take, CNAMEs and tries included. Default 10 s.
         *
         * @param deadline the longest time
         * @return this
         * @throws IllegalArgumentException if not above zero
         */
        @CanIgnoreReturnValue
        public Builder deadline(Duration deadline) {
            this.deadline = positive(deadline);
            return this;
        }

        /**
         * How long to wait for an answer before asking again, the next resolver if there is one. An answer to an earlier try still counts
         * for as long again. Default 2 s.
         *
         * @param retryAfter the wait before the next try
         * @return this
         * @throws IllegalArgumentException if not above zero
         */
        @CanIgnoreReturnValue
        public Builder retryAfter(Duration retryAfter) {
            this.retryAfter = positive(retryAfter);
            return this;
        }

        /** {@return the client} Close it when done. */
        @CheckReturnValue
        public DnsClient build() {
            return new ResolvingDnsClient(servers, trusted, deadline, retryAfter);
        }

        private static Duration positive(Duration duration) {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException("must be above zero: " + duration);
            }
            return duration;
        }
    }
}
