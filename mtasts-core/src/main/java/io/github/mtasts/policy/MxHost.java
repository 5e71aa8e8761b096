package io.github.mtasts.policy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;

/** The name of a mail host as an MX record gives it: A-labels, lower case, without trailing dot. Equal when these are equal. */
public final class MxHost {
    private final String name;
    private final byte[] ascii;
    private final int parentAt;
    private final int parentHash;

    private MxHost(String name) {
        this.name = name;
        this.ascii = name.getBytes(StandardCharsets.ISO_8859_1);
        int dot = name.indexOf('.');
        this.parentAt = dot < 0 ? name.length() : dot + 1;
        this.parentHash = MxPatterns.hash(ascii, parentAt, ascii.length);
    }

    /**
     * The MX host of a name from DNS or configuration: labels of letters, digits, hyphens and underscores, in any order, since DNS has such names and a wildcard may
     * match them. A-labels are compared and not decoded; U-labels become A-labels as in {@link PolicyDomain#of}.
     *
     * @param host the name, with or without trailing dot
     * @return the host in its one form
     * @throws IllegalArgumentException with the name and the rule, if it is no host name
     */
    public static MxHost of(String host) {
        return new MxHost(DomainName.normalise(host, "host name"));
    }

    /**
     * An address in place of a name, as in {@code user@[192.0.2.1]}: no pattern lists it and no certificate proves it (RFC 8461 §3.4).
     *
     * @param address the address
     * @return a host named after it, in brackets
     */
    public static MxHost literal(InetAddress address) {
        String prefix = address instanceof Inet6Address ? "[IPv6:" : "[";
        return new MxHost(prefix + address.getHostAddress() + "]");
    }

    /** {@return the host as A-labels, lower case, no trailing dot} */
    public String name() {
        return name;
    }

    /** The name, as bytes that are not to be changed. */
    byte[] ascii() {
        return ascii;
    }

    /** Where all labels but the first begin, the name that a wildcard pattern must have; at the end, where no pattern is, for a host of one label. */
    int parentAt() {
        return parentAt;
    }

    /** The hash of all labels but the first. */
    int parentHash() {
        return parentHash;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MxHost that && name.equals(that.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}
