package io.github.mtasts.policy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A valid policy (RFC 8461 §3.2), with the text it was read from. Immutable. Made by {@link StsPolicyParser} only. */
public final class StsPolicy {
    private final PolicyMode mode;
    private final int maxAgeSeconds;
    /** For tests: how the patterns are laid out. */
    final MxPatterns patterns;

    private final Set<PolicyTolerance> tolerances;
    private final byte[] body;

    StsPolicy(
            PolicyMode mode,
            int maxAgeSeconds,
            MxPatterns.Draft patterns,
            EnumSet<PolicyTolerance> tolerances,
            byte[] body) {
        this.mode = mode;
        this.maxAgeSeconds = maxAgeSeconds;
        this.tolerances = tolerances.isEmpty() ? Set.of() : Collections.unmodifiableSet(EnumSet.copyOf(tolerances));
        this.body = body.clone();
        this.patterns = patterns.build(this.body);
    }

    /** {@return what the policy asks of a sender} */
    public PolicyMode mode() {
        return mode;
    }

    /** {@return how long the policy may be kept after it was fetched: 0 s to 31,557,600 s} */
    public Duration maxAge() {
        return Duration.ofSeconds(maxAgeSeconds);
    }

    /** {@return the patterns in the order of the file; a new list each time} */
    public List<MxPattern> mx() {
        return patterns.toList();
    }

    /** {@return what lies outside the grammar and was accepted, in the order of {@link PolicyTolerance}} */
    public Set<PolicyTolerance> tolerances() {
        return tolerances;
    }

    /**
     * Whether a pattern of this policy matches the host, whatever the mode (RFC 8461 §4.1). A wildcard stands for exactly one label. The cost does not grow
     * with the number of patterns.
     *
     * @param host the host that the MX record names, or that stands for it
     * @return whether the policy lists it
     */
    public boolean lists(MxHost host) {
        return patterns.match(host);
    }

    /** {@return the lines as served, without their terminators and without a byte-order mark, for a report's {@code policy-string} (RFC 8460 §4.4)} */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        String text = body();
        int at = text.startsWith("\uFEFF") ? 1 : 0;
        while (at < text.length()) {
            int lf = text.indexOf('\n', at);
            int end = lf < 0 ? text.length() : lf;
            lines.add(text.substring(at, lf > at && text.charAt(lf - 1) == '\r' ? end - 1 : end));
            at = end + 1;
        }
        return lines;
    }

    /** {@return the policy file as served} */
    public String body() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /** Equal when the files are equal, byte for byte. */
    @Override
    public boolean equals(Object other) {
        return other instanceof StsPolicy that && Arrays.equals(body, that.body);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(body);
    }

    @Override
    public String toString() {
        return "mode=" + mode.text() + " max_age=" + maxAgeSeconds + " mx=" + mx();
    }
}
