package io.github.mtasts.delivery;

import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.MxHost;

/** May this MX host be given the message, and over what TLS? */
public sealed interface MxDecision {

    /**
     * It may, over TLS as required.
     *
     * @param tls what TLS it has to be
     */
    record DeliverWith(TlsRequirement tls) implements MxDecision {
        static final DeliverWith VERIFIED = new DeliverWith(TlsRequirement.VERIFIED);
        static final DeliverWith OPPORTUNISTIC = new DeliverWith(TlsRequirement.OPPORTUNISTIC);
    }

    /**
     * It may not.
     *
     * @param reason why
     */
    record Refuse(Reason reason) implements MxDecision {
        static final Refuse NOT_LISTED = new Refuse(Reason.MX_NOT_LISTED);
        static final Refuse UNDETERMINED = new Refuse(Reason.POLICY_UNDETERMINED);
    }

    /** Why a host may not be used. */
    enum Reason {
        /** The policy is enforced and does not list the host: the next one may be tried (RFC 8461 §5). */
        MX_NOT_LISTED,
        /** Nobody knows which policy is in force: the message waits. */
        POLICY_UNDETERMINED
    }

    /**
     * The decision for a host under what is in force now. Costs no I/O.
     *
     * @param mx the name in the MX record
     * @param policy what is in force for the next hop
     * @return the decision
     */
    @CheckReturnValue
    static MxDecision of(PolicyInForce policy, MxHost mx) {
        if (policy instanceof PolicyInForce.Enforce) {
            return MxMatch.of(policy, mx) == MxMatch.LISTED ? DeliverWith.VERIFIED : Refuse.NOT_LISTED;
        }
        if (policy instanceof PolicyInForce.Undetermined) {
            return Refuse.UNDETERMINED;
        }
        // testing and no policy: as though validation had succeeded (RFC 8461 §5), which leaves opportunistic TLS
        return DeliverWith.OPPORTUNISTIC;
    }
}
