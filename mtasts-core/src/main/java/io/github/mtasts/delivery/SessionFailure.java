package io.github.mtasts.delivery;

import io.github.mtasts.policy.ReportType;

/**
 * One way in which a session did not comply with a policy.
 *
 * @param type how a TLS report calls it (RFC 8460 §4.3)
 * @param reason a short code or text, printable; empty when the type says it all
 */
public record SessionFailure(ReportType type, String reason) {
    /** The policy does not list the MX host; RFC 8460 has no type of its own for it. */
    static final SessionFailure MX_MISMATCH = new SessionFailure(ReportType.VALIDATION_FAILURE, "sts-mx-mismatch");
}
