package io.github.mtasts.delivery;

import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.MxHost;
import java.util.List;

/**
 * What one SMTP session, or one host passed over, came to (RFC 8460 §4.3).
 *
 * @param policy what was in force
 * @param mx the MX host
 * @param connection the connection, as far as there was one
 * @param clearance what was allowed
 * @param failures every way in which it did not comply; empty for success. Under testing the mail went out all the same.
 */
public record SessionResult(
        PolicyInForce policy,
        MxHost mx,
        ConnectionInfo connection,
        Clearance clearance,
        List<SessionFailure> failures) {
    /**
     * Copies the list.
     *
     * @param policy what was in force
     * @param mx the MX host
     * @param connection the connection, as far as there was one
     * @param clearance what was allowed
     * @param failures every way in which it did not comply
     */
    public SessionResult {
        failures = List.copyOf(failures);
    }

    /** {@return whether the session complied with what was in force} */
    public boolean complied() {
        return failures.isEmpty();
    }
}
