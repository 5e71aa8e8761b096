package io.github.mtasts.delivery;

import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;

/** Where a message goes next: the recipient's domain, or a relay (RFC 8461 §3.4). */
public sealed interface NextHop {

    /**
     * The domain whose policy decides; empty for an address literal, which has none.
     *
     * @return the domain, or empty
     */
    Optional<PolicyDomain> policyDomain();

    /**
     * A domain whose MX hosts are looked up.
     *
     * @param domain the recipient's domain, or a relay's
     */
    record Domain(PolicyDomain domain) implements NextHop {
        @Override
        public Optional<PolicyDomain> policyDomain() {
            return Optional.of(domain);
        }

        @Override
        public String toString() {
            return domain.name();
        }
    }

    /**
     * A host named by configuration: no MX look-up; its own name is the policy domain, and the policy has to list it.
     *
     * @param host the relay
     */
    record Host(MxHost host) implements NextHop {
        @Override
        public Optional<PolicyDomain> policyDomain() {
            return Optional.of(PolicyDomain.of(host.name()));
        }

        @Override
        public String toString() {
            return "[" + host.name() + "]";
        }
    }

    /**
     * An address: no name, so no policy and nothing a certificate could prove.
     *
     * @param address the address
     */
    record AddressLiteral(InetAddress address) implements NextHop {
        @Override
        public Optional<PolicyDomain> policyDomain() {
            return Optional.empty();
        }

        @Override
        public String toString() {
            return "[" + (address instanceof Inet6Address ? "IPv6:" : "") + address.getHostAddress() + "]";
        }
    }

    /**
     * Reads {@code example.com} (with MX look-up), {@code [relay.example.com]} (without), {@code [192.0.2.1]} or {@code [IPv6:2001:db8::1]}.
     *
     * @param text what configuration says
     * @return the next hop
     * @throws IllegalArgumentException with the text and the rule it breaks
     */
    static NextHop parse(String text) {
        if (!text.startsWith("[")) {
            return new Domain(PolicyDomain.of(text));
        }
        if (!text.endsWith("]")) {
            throw new IllegalArgumentException("not a next hop: \"" + text + "\": the bracket is not closed");
        }
        String inside = text.substring(1, text.length() - 1);
        boolean v6 = inside.toLowerCase(Locale.ROOT).startsWith("ipv6:");
        String address = v6 ? inside.substring(5) : inside;
        boolean isLiteral =
                v6 ? address.matches("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*") : address.matches("[0-9]+(\\.[0-9]+){3}");
        if (!v6 && !isLiteral) {
            return new Host(MxHost.of(PolicyDomain.of(inside).name())); // its policy is asked for under this very name
        }
        try {
            if (isLiteral) {
                return new AddressLiteral(InetAddress.getByName(address)); // digits only: nothing is looked up
            }
        } catch (UnknownHostException e) {
            // told below
        }
        throw new IllegalArgumentException("not an address literal: \"" + text + "\"");
    }
}
