package io.github.mtasts.spring;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties {@code mtasts.*}. None of them can weaken what a policy demands. Immutable.
 *
 * @param enabled Whether the mail sender and the engine behind it are made.
 * @param policyDirectory Where policies are kept beyond a restart; in memory only when not set.
 * @param localhost The name to say in EHLO: this machine's name in DNS.
 * @param dns DNS servers to ask, as host or host:port; the system's when empty.
 * @param strictDiscovery Whether mail waits while DNS cannot say if there is a policy.
 * @param allowClearText Whether mail may go in clear text where no policy is enforced and TLS is not to be had.
 * @param neverClearText Domains whose mail never goes in clear text, though others' may.
 * @param ownNames Names under which this sender receives mail itself, for the loop rule of RFC 5321.
 * @param ca A PEM file with further trust anchors, for policy hosts and MX hosts.
 * @param fetchTimeout The longest a policy fetch may take.
 * @param httpsPort The port of policy hosts: 443, but for tests.
 * @param allowPrivateAddresses Whether policy hosts may be at private addresses, and MX hosts at loopback ones.
 * @param tlsrpt Reports to the domains that mail goes to, with mtasts-tlsrpt on the class path.
 * @param mail Further properties of the transport, named as behind mail.mtasts., for example relay or timeout.
 */
@ConfigurationProperties("mtasts")
public record MtaStsProperties(
        @DefaultValue("true") boolean enabled,
        @Nullable Path policyDirectory,
        @Nullable String localhost,
        @DefaultValue List<String> dns,
        @DefaultValue("false") boolean strictDiscovery,
        @DefaultValue("true") boolean allowClearText,
        @DefaultValue List<String> neverClearText,
        @DefaultValue List<String> ownNames,
        @Nullable Path ca,
        @DefaultValue("60s") Duration fetchTimeout,
        @DefaultValue("443") int httpsPort,
        @DefaultValue("false") boolean allowPrivateAddresses,
        @DefaultValue Tlsrpt tlsrpt,
        @DefaultValue Map<String, String> mail) {

    /**
     * Keeps copies.
     *
     * @param enabled Whether the mail sender and the engine behind it are made.
     * @param policyDirectory Where policies are kept beyond a restart; in memory only when not set.
     * @param localhost The name to say in EHLO: this machine's name in DNS.
     * @param dns DNS servers to ask, as host or host:port; the system's when empty.
     * @param strictDiscovery Whether mail waits while DNS cannot say if there is a policy.
     * @param allowClearText Whether mail may go in clear text where no policy is enforced and TLS is not to be had.
     * @param neverClearText Domains whose mail never goes in clear text, though others' may.
     * @param ownNames Names under which this sender receives mail itself, for the loop rule of RFC 5321.
     * @param ca A PEM file with further trust anchors, for policy hosts and MX hosts.
     * @param fetchTimeout The longest a policy fetch may take.
     * @param httpsPort The port of policy hosts: 443, but for tests.
     * @param allowPrivateAddresses Whether policy hosts may be at private addresses, and MX hosts at loopback ones.
     * @param tlsrpt Reports to the domains that mail goes to, with mtasts-tlsrpt on the class path.
     * @param mail Further properties of the transport, named as behind mail.mtasts., for example relay or timeout.
     */
    public MtaStsProperties {
        dns = List.copyOf(dns);
        neverClearText = List.copyOf(neverClearText);
        ownNames = List.copyOf(ownNames);
        mail = Map.copyOf(mail);
    }

    /**
     * The properties {@code mtasts.tlsrpt.*}: reports are sent where a contact is set.
     *
     * @param organization Who reports, as people know it.
     * @param contact A mail address that somebody reads; report mails come from its domain.
     * @param directory Where counts are kept over a restart; in memory only when not set.
     * @param dkimSelector The selector under which the key stands in DNS.
     * @param dkimKey A PEM file with the private key that signs report mails; without one only reports by https are sent.
     */
    public record Tlsrpt(
            @Nullable String organization,
            @Nullable String contact,
            @Nullable Path directory,
            @Nullable String dkimSelector,
            @Nullable Path dkimKey) {}
}
