package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.text.Quoted;

/**
 * Who sends reports.
 *
 * @param organization the name, as people know it ({@code organization-name})
 * @param contact a mail address that somebody reads ({@code contact-info}); report mails come from it, and are signed by its domain
 */
public record Reporter(String organization, String contact) {
    /**
     * Checks both.
     *
     * @param organization not blank
     * @param contact an ASCII mail address at a domain
     * @throws IllegalArgumentException if either is not
     */
    public Reporter {
        if (organization.isBlank()) {
            throw new IllegalArgumentException("the organization has no name");
        }
        int at = contact.lastIndexOf('@');
        String local = at < 0 ? "" : contact.substring(0, at);
        if (!local.matches("[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")) {
            throw new IllegalArgumentException("the contact is not a mail address: " + Quoted.quote(contact));
        }
        contact = local + "@" + PolicyDomain.of(contact.substring(at + 1)).name();
    }

    /** {@return the domain of the contact, which the RFC calls the submitter} */
    public PolicyDomain domain() {
        return PolicyDomain.of(contact.substring(contact.lastIndexOf('@') + 1));
    }
}
