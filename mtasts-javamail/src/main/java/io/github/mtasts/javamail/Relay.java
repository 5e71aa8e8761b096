package io.github.mtasts.javamail;

import io.github.mtasts.delivery.NextHop;
import io.github.mtasts.policy.MxHost;

/**
 * A relay named by configuration: it takes all mail, and its own name decides which policy is asked for (RFC 8461 §3.4).
 *
 * @param nextHop the relay
 * @param port its port; 0 for the configured one
 */
record Relay(NextHop nextHop, int port) {

    /**
     * Reads {@code example.com}, {@code example.com:587}, {@code [relay.example.com]} or {@code [relay.example.com]:587}.
     *
     * @throws IllegalArgumentException with the rule that the text breaks
     */
    static Relay parse(String text) {
        int end = text.startsWith("[") ? text.indexOf(']') + 1 : 0;
        int colon = text.indexOf(':', end);
        if (colon < 0) {
            return new Relay(NextHop.parse(text), 0);
        }
        return new Relay(NextHop.parse(text.substring(0, colon)), Form.number(text.substring(colon + 1), 1, 65_535));
    }

    /**
     * The relay that a caller of {@code connect} names: a host, without MX look-up.
     *
     * @param port -1 or 0 for the configured one
     * @throws IllegalArgumentException with the rule that the name breaks
     */
    static Relay of(String host, int port) {
        boolean literal = host.startsWith("[") || host.indexOf(':') >= 0 || host.matches("[0-9.]+");
        if (!literal) {
            return new Relay(new NextHop.Host(MxHost.of(host)), Math.max(0, port));
        }
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return new Relay(
                bare.indexOf(':') >= 0 || bare.matches("[0-9.]+")
                        ? new NextHop.AddressLiteral(Form.address(bare))
                        : NextHop.parse(host),
                Math.max(0, port));
    }

    /** Whether its name is the configuration's own, and not one that DNS gave. */
    boolean isNamedHost() {
        return nextHop instanceof NextHop.Host;
    }
}
