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
     * The policy domain of a name as people write it, in at most 253 characters. Upper case becomes lower case, U-labels become A-labels (IDNA2008: ß and ς are kept,
     * emoji are refused; letters added to Unicode after version 13 have to be written as A-labels), ideographic and full-width full stops are dots, and
     * one trailing dot goes. A-labels are taken as they stand if they are Punycode.
     *
     * <p>Underscores are kept: mail to such domains does flow, and refusing them would stop it. They hardly have policies, since no public CA
     * certifies their policy hosts. Addresses and address literals have no policy (RFC 8461 §3.4) and are refused.
     *
     * @param domain the domain, in U-labels or A-labels
     * @return the domain in its one form
     * @throws IllegalArgumentException with the name and the rule, if it is no domain name
     */
    public static PolicyDomain of(String domain) {
        String what = "domain name";
        String name = DomainName.normalise(domain, what);
        DomainName.checkMailDomain(name, domain, what);
        return new PolicyDomain(name);
    }

    /** {@return the domain as A-labels, lower case, no trailing dot} */
    public String name() {
        return name;
    }

    /** {@return the name of the TXT record: {@code _mta-sts.} and the domain (RFC 8461 §3.1)} */
    public String recordName() {
        return "_mta-sts." + name;
    }

    /** {@return the policy host: {@code mta-sts.} and the domain (RFC 8461 §3.3)} */
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
