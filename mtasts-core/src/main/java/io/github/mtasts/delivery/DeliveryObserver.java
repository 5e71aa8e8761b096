package io.github.mtasts.delivery;

import io.github.mtasts.discovery.DiscoveryFailure;
import io.github.mtasts.discovery.PolicyInForce;

/**
 * Is told what happens on deliveries, for reports and metrics. Called on the delivering thread: it must be quick, must not block, and is called by any number of
 * threads at once. What it throws is logged and changes nothing.
 */
public interface DeliveryObserver {
    /** Observes nothing. */
    DeliveryObserver NONE = new DeliveryObserver() {};

    /**
     * A session was established or refused, or a host was passed over for its name. Once for each.
     *
     * @param result what the session came to
     */
    default void session(SessionResult result) {}

    /**
     * A session told as a success broke on a TLS alert afterwards: it counts as a failure instead.
     *
     * @param told what was told of it before
     * @param failure what broke it
     */
    default void sessionBroke(SessionResult told, SessionFailure failure) {}

    /**
     * A delivery met a failure to get the domain's policy: once for each delivery, however often it was fetched.
     *
     * @param policy what is in force in spite of it
     * @param failure the failure
     */
    default void policyFailure(PolicyInForce policy, DiscoveryFailure failure) {}
}
