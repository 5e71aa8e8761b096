package io.github.mtasts.lookup;

/**
 * One MX record as published.
 *
 * @param preference 0 to 65535, lower first
 * @param exchange the host as published, lower case, without trailing dot; empty for the root (null MX, RFC 7505)
 */
public record MxRecord(int preference, String exchange) {}
