package io.github.mtasts.policy;

/**
 * A policy domain (RFC 8461 §3.4): the next-hop domain of a message, as IDNA2008 A-labels, lower case, without trailing dot. Equal
 * when these are equal.
 */
public final class PolicyDomain implements Comparable<PolicyDomain> {
    private final String name;

    private PolicyDomain(String name) {
        this.name = name;
    }

    /**
     * The policy domain of a name as people write it: U-labels become A-labels (IDNA2008), one trailing dot goes. Underscores are kept, since mail to such
     * domains does flow. Address literals have no policy and are refused here (RFC 8461 §3.4).
     *
     * @throws IllegalArgumentException with the name and the rule, if it is no domain name
     */
    public static PolicyDomain of(String domain) {
        return new PolicyDomain(DomainName.normalise(domain, "domain name"));
    }

    /** The domain as A-labels, lower case, no trailing dot. */
    public String name() {
        return name;
    }

    /** The name of the TXT record: {@code _mta-sts.} and the domain (RFC 8461 §3.1). */
    public String recordName() {
        return "_mta-sts." + name;
    }

    /** The policy host: {@code mta-sts.} and the domain (RFC 8461 §3.3). */
    public String policyHost() {
        return "mta-sts." + name;
    }

    @Override
    public int compareTo(PolicyDomain other) {
        return name.compareTo(other.name);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PolicyDomain that && name.equals(that.name);
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
