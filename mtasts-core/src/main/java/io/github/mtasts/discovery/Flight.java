package io.github.mtasts.discovery;

import io.github.mtasts.policy.PolicyDomain;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** One pass up the ladder for one domain; there is never more than one at a time for a domain. */
final class Flight {
    /** What it is made for. */
    enum Kind {
        /** A delivery is about to need the record; nothing is fetched yet. */
        AHEAD,
        /** A delivery needs the policy. */
        LOOKUP,
        /** The policy is to be seen again before a refusal under it is told. */
        RECHECK,
        /** The policy is to be renewed. */
        REFRESH;

        /** Whether the policy is fetched again even if the record does not call for it. */
        boolean fetchesAgain() {
            return this == RECHECK || this == REFRESH;
        }
    }

    /**
     * What a flight came to.
     *
     * @param answer what is in force after it
     * @param certain whether the policy host was heard (now, or in the last five minutes) and DNS has nothing newer
     * @param fetchCalledFor whether there is something to fetch that this flight did not; then the answer is void
     */
    record End(PolicyInForce answer, boolean certain, boolean fetchCalledFor) {}

    final PolicyDomain domain;
    final Kind kind;

    /** For those who deliver; may be there before the flight ends. */
    final CompletableFuture<PolicyInForce> answer = new CompletableFuture<>();

    /** When all is remembered. */
    final CompletableFuture<End> end = new CompletableFuture<>();

    /** Set when an operator purges the domain meanwhile: what was known before is not to be used. */
    volatile boolean purged;

    /** Set when an operator decides on a rule meanwhile: what the store told before is not to be used. */
    volatile boolean ruleDecided;

    /** By how many milliseconds the clock was set back meanwhile. */
    final AtomicLong setBack = new AtomicLong();

    Flight(PolicyDomain domain, Kind kind) {
        this.domain = domain;
        this.kind = kind;
    }
}
