package io.github.mtasts.examples;

import io.github.mtasts.testkit.SmallInternet;
import org.jspecify.annotations.Nullable;

/**
 * One delivery of the demo: what the domain says, what the network does to it, and what has to come of it.
 *
 * @param name the case, in a few words
 * @param policy what the domain publishes
 * @param network what goes wrong
 * @param world sets it up for the domain given
 * @param learnt what happens between a first message, which teaches the sender the policy, and the one that counts; null when there is no first message
 * @param verdict what has to come of it
 */
record Scenario(
        String name,
        String policy,
        String network,
        World world,
        @Nullable World learnt,
        Verdict verdict) {

    /** Sets up one domain. */
    interface World {
        void build(SmallInternet net, String domain);
    }

    /** What may come of a delivery. */
    enum Verdict {
        /** Delivered over TLS that proved the MX host. */
        VERIFIED,
        /** Delivered over TLS that proved nothing. */
        TLS,
        /** Delivered in clear text. */
        CLEAR,
        /** Kept back, to be tried again. */
        HELD,
        /** Handed back for good. */
        REFUSED
    }
}
