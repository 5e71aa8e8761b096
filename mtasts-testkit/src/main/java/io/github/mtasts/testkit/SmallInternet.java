package io.github.mtasts.testkit;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A small internet on loopback: DNS, a certificate authority, policy hosts that share one HTTPS port, MX hosts that share one SMTP port, and a clock to move. All on free
 * ports, in this process, over real sockets. Tell the mailer under test {@link #dns()}'s address, {@link #httpsPort()}, {@link #smtpPort()} and the root of {@link #ca()}, and
 * that private addresses are allowed.
 *
 * <p>Hosts have loopback addresses of their own (127.x.y.z), which Linux and Windows have without further ado. Safe for any number of threads.
 */
public final class SmallInternet implements AutoCloseable {
    private final TestDns dns = new TestDns();
    private final TestCa ca = new TestCa();
    private final TestClock clock = TestClock.now();
    private final Listeners https = new Listeners("https", 1);
    private final Listeners smtp = new Listeners("smtp", 2);
    private final Map<String, PolicyHost> policyHosts = new ConcurrentHashMap<>();
    private final Map<String, MxServer> mxServers = new ConcurrentHashMap<>();

    /** An empty one: every name is NXDOMAIN. */
    public SmallInternet() {}

    /** {@return the DNS server} */
    public TestDns dns() {
        return dns;
    }

    /** {@return the certificate authority whose root is to be trusted} */
    public TestCa ca() {
        return ca;
    }

    /** {@return the clock} */
    public TestClock clock() {
        return clock;
    }

    /** {@return the port of all policy hosts} */
    public int httpsPort() {
        return https.port();
    }

    /** {@return the port of all MX hosts} */
    public int smtpPort() {
        return smtp.port();
    }

    /**
     * A domain to describe: its records, its policy, its MX hosts.
     *
     * @param name the domain
     * @return its description, to be gone on with
     */
    public Domain domain(String name) {
        return new Domain(name);
    }

    /**
     * The policy host of a domain, made when first asked for, with its address in DNS.
     *
     * @param domain the policy domain, without {@code mta-sts.}
     * @return the host
     */
    public PolicyHost policyHost(String domain) {
        return policyHosts.computeIfAbsent(domain, ignored -> {
            PolicyHost host = new PolicyHost("mta-sts." + domain, ca, https, https.newAddress());
            dns.address(host.name(), host.address());
            return host;
        });
    }

    /**
     * An MX host, made when first asked for, with its address in DNS.
     *
     * @param name the host's name
     * @return the host
     */
    public MxServer mx(String name) {
        return mxServers.computeIfAbsent(name, ignored -> {
            MxServer server = new MxServer(name, ca, smtp, smtp.newAddress());
            dns.address(name, server.address());
            return server;
        });
    }

    /**
     * An MX host that has only an IPv6 address: {@code ::1}, so there can be one.
     *
     * @param name the host's name
     * @return the host
     */
    public MxServer mxOnIpv6(String name) {
        return mxServers.computeIfAbsent(name, ignored -> {
            MxServer server = new MxServer(name, ca, smtp, loopback6());
            dns.address(name, server.address());
            return server;
        });
    }

    /** {@return where the DNS server listens, as {@code host:port}} */
    public String dnsServer() {
        InetSocketAddress address = dns.address();
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    private static InetAddress loopback6() {
        try {
            byte[] one = new byte[16];
            one[15] = 1;
            return Inet6Address.getByAddress(one);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        policyHosts.values().forEach(PolicyHost::down);
        mxServers.values().forEach(MxServer::down);
        https.close();
        smtp.close();
        dns.close();
        ca.close();
    }

    /** Describes one domain. */
    public final class Domain {
        private final String name;

        private Domain(String name) {
            this.name = name;
            dns.exists(name);
        }

        /**
         * Publishes an MTA-STS record with the id.
         *
         * @param id the record's id
         * @return this
         */
        public Domain record(String id) {
            dns.txt("_mta-sts." + name, "v=STSv1; id=" + id + ";");
            return this;
        }

        /**
         * Serves a policy at the policy host.
         *
         * @param text the whole body
         * @return this
         */
        public Domain policy(String text) {
            policyHost(name).policy(text);
            return this;
        }

        /**
         * Publishes a record and a policy: mode, a week of max_age, and the patterns.
         *
         * @param mode {@code enforce}, {@code testing} or {@code none}
         * @param patterns one {@code mx} line each
         * @return this
         */
        public Domain sts(String mode, String... patterns) {
            StringBuilder text = new StringBuilder("version: STSv1\nmode: " + mode + "\nmax_age: 604800\n");
            for (String pattern : patterns) {
                text.append("mx: ").append(pattern).append('\n');
            }
            return record("20260101").policy(text.toString());
        }

        /**
         * Adds an MX record, and the host if there is none of that name.
         *
         * @param preference 0 to 65535, lower first
         * @param host the host's name
         * @return this
         */
        public Domain mx(int preference, String host) {
            SmallInternet.this.mx(host);
            dns.mx(name, preference, host);
            return this;
        }
    }
}
