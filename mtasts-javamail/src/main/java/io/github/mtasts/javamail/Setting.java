package io.github.mtasts.javamail;

import java.util.Arrays;
import java.util.Optional;

/** Every property {@code mail.mtasts.*}: the one list that reading, refusing and documenting go by. */
enum Setting {
    RELAY("relay", "", "A relay for all mail: a domain with MX look-up, or [host] or [host]:port without."),
    DNS("dns", "", "DNS servers, host:port with commas between; the system's when empty."),
    CA_FILE("ca", "", "A PEM file with further trust anchors, for policy hosts and MX hosts."),
    PORT("port", "25", "The SMTP port of MX hosts."),
    HTTPS_PORT("httpsport", "443", "The port of policy hosts."),
    PRIVATE(
            "allowprivateaddresses",
            "false",
            "Whether policy hosts may be at private addresses, and MX hosts at loopback ones."),
    CLEARTEXT(
            "cleartext",
            "true",
            "Whether mail may go in clear text where no policy is enforced and TLS is not to be had."),
    STRICT("strictdiscovery", "false", "Whether mail waits when DNS cannot say if there is a policy."),
    FETCH_TIMEOUT("fetchtimeout", "60000", "The longest a policy fetch may take, in milliseconds."),
    OWN_NAMES(
            "ownnames",
            "",
            "Names under which this sender receives mail itself, with commas between, for the loop rule."),
    LOCALHOST("localhost", "", "The name for EHLO; the machine's own when empty."),
    FROM("from", "", "The envelope sender; the message's From when empty."),
    LOCAL_ADDRESS("localaddress", "", "The local address to connect from."),
    CONNECTION_TIMEOUT(
            "connectiontimeout", "30000", "The longest that connecting to one address may take, in milliseconds."),
    TIMEOUT("timeout", "300000", "The longest wait for one reply, in milliseconds."),
    ALLOW_8BITMIME("allow8bitmime", "false", "Whether text parts are sent as 8 bit where the server offers 8BITMIME."),
    DSN_NOTIFY("dsn.notify", "", "NOTIFY of RFC 3461: NEVER, or SUCCESS, FAILURE, DELAY with commas between."),
    DSN_RET("dsn.ret", "", "RET of RFC 3461: FULL or HDRS."),
    CHUNK_SIZE("chunksize", "0", "The size of BDAT chunks in bytes, where the server offers CHUNKING; 0 for DATA.");

    static final String PREFIX = "mail.mtasts.";

    private final String key;
    private final String usual;
    private final String meaning;

    Setting(String key, String usual, String meaning) {
        this.key = key;
        this.usual = usual;
        this.meaning = meaning;
    }

    String property() {
        return PREFIX + key;
    }

    String usual() {
        return usual;
    }

    String meaning() {
        return meaning;
    }

    static Optional<Setting> of(String property) {
        return Arrays.stream(values())
                .filter(setting -> setting.property().equals(property))
                .findFirst();
    }
}
