package io.github.mtasts.lookup;

import io.github.mtasts.policy.PolicyDomain;
import java.util.concurrent.CompletionStage;

/**
 * Gets the policy text of a domain over HTTPS from its policy host (RFC 8461 §3.3). A stage always completes normally, within the
 * fetcher's own deadline. Cancelling the stage's future closes the connection. Implementations are safe for any number of threads and never block the caller.
 */
public interface PolicyFetcher extends AutoCloseable {

    /** One GET of {@code https://mta-sts.<domain>/.well-known/mta-sts.txt}; nothing is remembered and nothing is tried twice. */
    CompletionStage<FetchResult> fetch(PolicyDomain domain);

    @Override
    void close();
}
