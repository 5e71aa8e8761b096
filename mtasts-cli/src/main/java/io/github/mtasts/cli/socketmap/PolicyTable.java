package io.github.mtasts.cli.socketmap;

import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.MxPattern;
import io.github.mtasts.policy.StsPolicy;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Writes what is in force for a domain as Postfix's TLS policy table has it. Nothing of a policy file gets into an answer but names of letters, digits, hyphens, underscores
 * and dots.
 */
final class PolicyTable {
    /** Names that mean something else behind {@code match=}: with {@code hostname}, any host would do that a forged MX record names. */
    private static final Set<String> RESERVED = Set.of("hostname", "nexthop", "dot-nexthop");

    private PolicyTable() {}

    static Answer answer(Query.Ask query, PolicyInForce inForce) {
        if (inForce instanceof PolicyInForce.Enforce enforce) {
            return enforce(query, enforce.cached().policy());
        }
        if (inForce instanceof PolicyInForce.Undetermined undetermined) {
            return Answer.later(
                    "the MTA-STS policy of " + query.domain() + " is not known: " + words(undetermined.reason()));
        }
        // RFC 8461 §5: under testing and none, mail goes as if there were no policy; NotInForce is that there is none
        return Answer.NOT_FOUND;
    }

    private static Answer enforce(Query.Ask query, StsPolicy policy) {
        Set<MxPattern> patterns = toWrite(policy);
        if (patterns.isEmpty()) {
            return Answer.later("the MTA-STS policy of " + query.domain() + " lists no MX host that can be checked");
        }
        MxHost host = query.host();
        if (host != null && !(policy.lists(host) && canBeWritten(new MxPattern(host.name(), false)))) {
            return Answer.later("the MTA-STS policy of " + query.domain() + " does not list the host " + host);
        }
        StringBuilder text = new StringBuilder("secure match=");
        if (host != null) {
            // the one host that Postfix will use is known here: its certificate has to bear its own name (RFC 8461
            // §4.2)
            text.append(host.name());
        } else {
            String separator = "";
            for (MxPattern pattern : patterns) {
                text.append(separator).append(pattern.wildcard() ? "." : "").append(pattern.domain());
                separator = ":";
            }
        }
        text.append(" servername=hostname");
        if (query.map() == PolicyMap.MTASTS_TLSRPT) {
            appendForReports(text, query, policy, patterns);
        }
        return text.length() + 3 > Answer.LONGEST
                ? Answer.later("the MTA-STS policy of " + query.domain() + " is too long for Postfix")
                : Answer.secure(text.toString());
    }

    private static void appendForReports(
            StringBuilder text, Query.Ask query, StsPolicy policy, Set<MxPattern> patterns) {
        text.append(" policy_type=sts policy_domain=").append(query.domain());
        for (MxPattern pattern : patterns) {
            text.append(" mx_host_pattern=").append(pattern);
        }
        // the policy as it was understood, not as it was served: its text cannot end a brace
        text.append(" { policy_string = version: STSv1 } { policy_string = mode: enforce }");
        for (MxPattern pattern : patterns) {
            text.append(" { policy_string = mx: ").append(pattern).append(" }");
        }
        text.append(" { policy_string = max_age: ")
                .append(policy.maxAge().toSeconds())
                .append(" }");
    }

    /** Those that can be written, each once. By loops: with streams this was a third of an answer's cost. */
    private static Set<MxPattern> toWrite(StsPolicy policy) {
        Set<MxPattern> patterns = new LinkedHashSet<>();
        for (MxPattern pattern : policy.mx()) {
            if (canBeWritten(pattern)) {
                patterns.add(pattern);
            }
        }
        return patterns;
    }

    /** Whether the name stands for itself behind {@code match=}. */
    private static boolean canBeWritten(MxPattern pattern) {
        String name = pattern.domain();
        if (name.isEmpty() || name.startsWith(".") || (!pattern.wildcard() && RESERVED.contains(name))) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.')) {
                return false;
            }
        }
        return true;
    }

    private static String words(PolicyInForce.Undetermined.Reason reason) {
        return reason.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
