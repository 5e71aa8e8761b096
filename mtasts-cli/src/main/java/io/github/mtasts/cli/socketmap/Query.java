package io.github.mtasts.cli.socketmap;

import io.github.mtasts.delivery.NextHop;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What Postfix asks: a map's name, a space, and a next hop as {@code smtp_tls_policy_maps} is searched for it. */
sealed interface Query {
    /** A host in brackets or a name, and a number or the name of a service. */
    Pattern WITH_PORT = Pattern.compile("(\\[[^\\[\\]]*]|[^:\\[\\]]+):[A-Za-z0-9-]+");

    /**
     * There is a domain whose policy decides.
     *
     * @param host the host in brackets, for which MX hosts are not looked up; null for a domain
     */
    record Ask(PolicyMap map, PolicyDomain domain, @Nullable MxHost host) implements Query {}

    /** The answer needs no policy. */
    record Known(Answer answer) implements Query {}

    /**
     * Reads a question.
     *
     * @param text the inside of the netstring
     */
    static Query parse(String text) {
        int space = text.indexOf(' ');
        if (space < 0) {
            return new Known(Answer.malformed("a question is the name of a map, a space, and a next hop"));
        }
        PolicyMap map = PolicyMap.named(text.substring(0, space)).orElse(null);
        if (map == null) {
            return new Known(Answer.malformed("no such map: there are mtasts and mtasts-tlsrpt"));
        }
        return nextHop(map, text.substring(space + 1));
    }

    private static Query nextHop(PolicyMap map, String key) {
        if (key.startsWith(".")) {
            // Postfix goes on to .example.com after mail.example.com: a policy does not hold for subdomains (RFC 8461
            // §3.4)
            return new Known(Answer.NOT_FOUND);
        }
        try {
            NextHop nextHop = NextHop.parse(withoutPort(key));
            if (nextHop instanceof NextHop.Domain domain) {
                return new Ask(map, domain.domain(), null);
            }
            if (nextHop instanceof NextHop.Host host) {
                return new Ask(map, PolicyDomain.of(host.host().name()), host.host());
            }
            return new Known(Answer.NOT_FOUND); // RFC 8461 §3.4: an address literal has no policy
        } catch (IllegalArgumentException e) {
            // In ASCII it is an address, a path, or a name that no policy host's certificate can bear (RFC 8461 §3.3),
            // so no policy can be lost. Letters outside ASCII
            // may stand for a domain that has one, under a name that cannot be told from here.
            return new Known(
                    isAscii(key)
                            ? Answer.NOT_FOUND
                            : Answer.later("the next hop cannot be written as A-labels; tell Postfix its A-labels"));
        }
    }

    /** {@code example.com:587} and {@code [mx.example.com]:submission}: a port changes nothing. More than one colon is an IPv6 address. */
    private static String withoutPort(String key) {
        if (key.indexOf(':') < 0) {
            return key;
        }
        Matcher matcher = WITH_PORT.matcher(key);
        return matcher.matches() ? matcher.group(1) : key;
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }
}
