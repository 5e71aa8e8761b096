package io.github.mtasts.policy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** A valid policy (RFC 8461 §3.2), with the text it was read from. Immutable. Made by {@link StsPolicyParser} only. */
public final class StsPolicy {
    private final PolicyMode mode;
    private final Duration maxAge;
    private final List<MxPattern> mx;
    private final Set<PolicyTolerance> tolerances;
    private final byte[] body;

    StsPolicy(PolicyMode mode, Duration maxAge, List<MxPattern> mx, Set<PolicyTolerance> tolerances, byte[] body) {
        this.mode = mode;
        this.maxAge = maxAge;
        this.mx = List.copyOf(mx);
        this.tolerances = Set.copyOf(tolerances);
        this.body = body.clone();
    }

    public PolicyMode mode() {
        return mode;
    }

    /** How long the policy may be kept after it was fetched: 0 s to 31,557,600 s. */
    public Duration maxAge() {
        return maxAge;
    }

    /** The patterns in the order of the file. */
    public List<MxPattern> mx() {
        return mx;
    }

    /** What lies outside the grammar and was accepted. */
    public Set<PolicyTolerance> tolerances() {
        return tolerances;
    }

    /** Whether a pattern of this policy matches the host (RFC 8461 §4.1), whatever the mode; its cost does not grow with the number of patterns. */
    public boolean lists(MxHost host) {
        String name = host.name();
        int dot = name.indexOf('.');
        return mx.contains(new MxPattern(name, false))
                || (dot > 0 && mx.contains(new MxPattern(name.substring(dot + 1), true)));
    }

    /** The lines as served, without their terminators, for the report's {@code policy-string} (RFC 8460 §4.4). */
    public List<String> lines() {
        return body().lines().toList();
    }

    /** The policy file as served. */
    public String body() {
        return new String(body, StandardCharsets.UTF_8);
    }
}
