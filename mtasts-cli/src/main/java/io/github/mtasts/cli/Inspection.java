package io.github.mtasts.cli;

import io.github.mtasts.delivery.Conclusion;
import io.github.mtasts.delivery.MxMatch;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.RecordResult;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that was seen of a domain.
 *
 * @param txt the TXT records at {@link PolicyDomain#recordName()}
 * @param record what they came to; null where DNS gave no answer
 * @param policyHost the policy host's addresses, before any guard
 * @param fetch the policy fetch; null where none was made
 * @param policy the file read; null where there is none
 * @param inForce what a sender without a cache goes by, as the engine decided
 * @param noRoute why there is no MX host to try; null where there are some
 * @param mx the MX hosts in the order in which a sender tries them
 * @param probed whether MX hosts were connected to
 * @param tlsReports the TXT records at {@code _smtp._tls}
 */
record Inspection(
        PolicyDomain domain,
        DnsAnswer<String> txt,
        @Nullable RecordResult record,
        DnsAnswer<InetAddress> policyHost,
        @Nullable FetchResult fetch,
        @Nullable PolicyResult policy,
        PolicyInForce inForce,
        @Nullable Conclusion noRoute,
        List<Mx> mx,
        boolean probed,
        DnsAnswer<String> tlsReports) {
    Inspection {
        mx = List.copyOf(mx);
    }

    /**
     * One MX host.
     *
     * @param preference from the MX record; -1 where the domain has none and stands for itself
     * @param match whether the policy in force lists it
     * @param listed whether the policy that was fetched lists it, whatever its mode; null where there is none, or it lists none
     * @param addresses where it is
     * @param probes what its addresses showed; empty where they were not connected to
     */
    record Mx(
            MxHost host,
            int preference,
            MxMatch match,
            @Nullable Boolean listed,
            DnsAnswer<InetAddress> addresses,
            List<MxProbe> probes) {
        Mx {
            probes = List.copyOf(probes);
        }
    }

    /** The fetched policy if it is valid. */
    PolicyResult.@Nullable Valid validPolicy() {
        return policy instanceof PolicyResult.Valid valid ? valid : null;
    }

    boolean isEnforced() {
        return inForce instanceof PolicyInForce.Enforce;
    }
}
