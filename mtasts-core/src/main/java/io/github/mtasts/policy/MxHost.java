package io.github.mtasts.policy;

import java.util.Locale;

/** The name of a mail host as an MX record gives it: A-labels, lower case, without trailing dot. Equal when these are equal. */
public final class MxHost {
    private final String name;

    private MxHost(String name) {
        this.name = name;
    }

    /**
     * The MX host of a name from DNS or configuration; letters, digits, hyphens and underscores.
     *
     * @throws IllegalArgumentException with the name and the rule, if it is no host name
     */
    public static MxHost of(String host) {
        String lower = host.toLowerCase(Locale.ROOT);
        return new MxHost(lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower);
    }

    /** The host as A-labels, lower case, no trailing dot. */
    public String name() {
        return name;
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
