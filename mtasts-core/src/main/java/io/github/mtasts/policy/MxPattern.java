package io.github.mtasts.policy;

/**
 * One {@code mx} pattern of a policy (RFC 8461 §4.1).
 *
 * @param domain the domain, A-labels, lower case, without {@code *.}
 * @param wildcard whether it began with {@code *.}: then it matches exactly one label more
 */
public record MxPattern(String domain, boolean wildcard) {
    @Override
    public String toString() {
        return wildcard ? "*." + domain : domain;
    }
}
