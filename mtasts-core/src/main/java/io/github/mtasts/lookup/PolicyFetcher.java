package io.github.mtasts.lookup;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tls.PeerVerifier;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * Gets the policy text of a domain over HTTPS from its policy host (RFC 8461 §3.3). A stage always completes normally, within the
 * fetcher's own deadline; failures are {@link FetchResult.Failed}. Implementations are safe for any number of threads and never block
 * the caller.
 *
 * <p>The fetcher made by {@link #builder} opens one connection per fetch, to an address that its DNS client gave and that passed its guard,
 * and closes it at the end, at the deadline, or when the stage's future is cancelled or completed by someone else. It completes its stages on
 * its own few threads: what is chained to a stage without an executor must not block.
 */
@CheckReturnValue
public interface PolicyFetcher extends AutoCloseable {

    /**
     * One GET of {@code https://mta-sts.<domain>/.well-known/mta-sts.txt}; nothing is remembered and nothing is tried twice.
     *
     * @param domain the policy domain
     * @return completes with the file or the failure
     */
    CompletionStage<FetchResult> fetch(PolicyDomain domain);

    /** Ends the fetcher: what waits completes as {@link FetchFailure#CLOSED}, as does every later call. May be called again. */
    @Override
    void close();

    /**
     * Settings of a fetcher over HTTPS.
     *
     * @param dns gives the addresses of policy hosts; not closed by the fetcher
     * @param verifier checks their certificates
     * @return a builder with the defaults
     */
    static Builder builder(DnsClient dns, PeerVerifier verifier) {
        return new Builder(dns, verifier);
    }

    /** What a {@link PolicyFetcher} is told. Not safe for several threads. */
    final class Builder {
        final DnsClient dns;
        final PeerVerifier verifier;
        int port = 443;
        Duration deadline = Duration.ofSeconds(60);
        int maxBody = 64 * 1024;
        AddressGuard guard = AddressGuard.publicOnly();
        boolean requireMediaType = true;
        int maxInFlight = 5_000;
        int places = 256;

        private Builder(DnsClient dns, PeerVerifier verifier) {
            this.dns = dns;
            this.verifier = verifier;
        }

        /**
         * The port of policy hosts. Default 443, as RFC 8461 demands; another is for tests.
         *
         * @param port the port
         * @return this
         * @throws IllegalArgumentException unless 1 to 65535
         */
        @CanIgnoreReturnValue
        public Builder port(int port) {
            if (port < 1 || port > 65_535) {
                throw new IllegalArgumentException("port " + port);
            }
            this.port = port;
            return this;
        }

        /**
         * The longest that a fetch may take, from the first DNS packet to the last byte: DNS, connection, TLS and HTTP. Default 60 s. When too
         * many are under way ({@link #maxInFlight}), a fetch first waits for its turn, as long again at most.
         *
         * @param deadline the longest time
         * @return this
         * @throws IllegalArgumentException if not above zero
         */
        @CanIgnoreReturnValue
        public Builder deadline(Duration deadline) {
            if (deadline.isNegative() || deadline.isZero()) {
                throw new IllegalArgumentException("must be above zero: " + deadline);
            }
            this.deadline = deadline;
            return this;
        }

        /**
         * The longest body in bytes; a longer one is a failure, never cut. Default 64 KiB.
         *
         * @param maxBody the most bytes
         * @return this
         * @throws IllegalArgumentException if not above zero
         */
        @CanIgnoreReturnValue
        public Builder maxBody(int maxBody) {
            if (maxBody < 1) {
                throw new IllegalArgumentException("must be above zero: " + maxBody);
            }
            this.maxBody = maxBody;
            return this;
        }

        /**
         * Whether policy hosts may have addresses that are private, of this machine, or otherwise not public. Default no: anyone who
         * publishes a record could make this machine connect to hosts inside its own network ({@link AddressGuard#publicOnly()}).
         *
         * @param allow whether they may
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder allowPrivateAddresses(boolean allow) {
            this.guard = allow ? AddressGuard.none() : AddressGuard.publicOnly();
            return this;
        }

        /**
         * Whether a response must say its media type (RFC 8461 §3.2). Default yes. With no, a response without {@code Content-Type} is
         * taken; one with another type than {@code text/plain} is still refused.
         *
         * @param require whether it must
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder requireMediaType(boolean require) {
            this.requireMediaType = require;
            return this;
        }

        /**
         * How many fetches may be under way at once; further ones wait, first come first served, and fail as {@link FetchFailure#OVERLOAD} when
         * their turn does not come within the deadline. Default 5,000. A fetch has one socket.
         *
         * @param maxInFlight the most fetches
         * @return this
         * @throws IllegalArgumentException if not above zero
         */
        @CanIgnoreReturnValue
        public Builder maxInFlight(int maxInFlight) {
            if (maxInFlight < 1) {
                throw new IllegalArgumentException("must be above zero: " + maxInFlight);
            }
            this.maxInFlight = maxInFlight;
            return this;
        }

        /** {@return the fetcher} Close it when done. */
        @CheckReturnValue
        public PolicyFetcher build() {
            return new HttpsPolicyFetcher(this);
        }
    }
}
