package io.github.mtasts.delivery;

import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.MxHost;

/** Whether a policy lists an MX host (RFC 8461 §4.1), apart from the mode, so that testing reports by the very rule that enforce refuses by. */
public enum MxMatch {
    /** A pattern matches the host. */
    LISTED,
    /** No pattern matches the host. */
    NOT_LISTED,
    /** There is no policy to ask. */
    NO_POLICY;

    /**
     * Matches the name in the MX record: never its CNAME target, never a name from the address.
     *
     * @param policy what is in force
     * @param mx the name in the MX record
     * @return whether the policy lists it
     */
    public static MxMatch of(PolicyInForce policy, MxHost mx) {
        if (policy instanceof PolicyInForce.Enforce enforce) {
            return enforce.cached().policy().lists(mx) ? LISTED : NOT_LISTED;
        }
        if (policy instanceof PolicyInForce.Testing testing) {
            return testing.cached().policy().lists(mx) ? LISTED : NOT_LISTED;
        }
        return NO_POLICY;
    }
}
