package io.github.mtasts.javamail;

import java.util.Arrays;
import java.util.Optional;

/** Every property {@code mail.mtasts.*}: the one list that reading, refusing and documenting go by. */
enum Setting {
    RELAY(
            "relay",
            Form.RELAY,
            "",
            "Hand all mail to a relay: a domain whose MX hosts are looked up, or a host without MX look-up."),
    RELAY_IMPLICIT_TLS(
            "relay.implicittls",
            Form.FLAG,
            "",
            "Whether TLS begins with the first byte at the relay; when not set, true for port 465 and false for others."),
    AUTH(
            "auth",
            Form.FLAG,
            "false",
            "Whether the relay wants credentials: then the session's Authenticator is asked for what is not given to `connect`. MX hosts are never offered any."),
    AUTH_MECHANISMS(
            "auth.mechanisms",
            Form.TEXT,
            "",
            "The mechanisms to try at the relay, with spaces between; any when empty."),
    PORT("port", Form.PORT, "25", "The SMTP port of MX hosts, and of a relay without one."),
    LOCALHOST("localhost", Form.EHLO_NAME, "", "The name to say in EHLO; this machine's own when empty."),
    FROM("from", Form.SENDER, "", "The envelope sender, `<>` for none; the message's From when empty."),
    LOCAL_ADDRESS("localaddress", Form.ADDRESS, "", "The local address to connect from."),
    OWN_NAMES(
            "ownnames",
            Form.HOSTS,
            "",
            "Names under which this sender receives mail itself, for the loop rule of RFC 5321."),
    CONNECTION_TIMEOUT(
            "connectiontimeout", Form.MILLISECONDS, "30000", "The longest that connecting to one address may take."),
    TIMEOUT(
            "timeout",
            Form.MILLISECONDS,
            "300000",
            "The longest wait for one whole reply or TLS handshake; twice as long for the reply to a message's end."),
    WRITE_TIMEOUT(
            "writetimeout",
            Form.MILLISECONDS,
            "180000",
            "The longest wait for the other side to take what is written."),
    CLEARTEXT(
            "cleartext",
            Form.FLAG,
            "true",
            "Whether mail may go in clear text where no policy is enforced and TLS is not to be had."),
    CLEARTEXT_NEVER(
            "cleartext.never",
            Form.DOMAINS,
            "",
            "Domains whose mail never goes in clear text, though `cleartext` is true."),
    STRICT("strictdiscovery", Form.FLAG, "false", "Whether mail waits while DNS cannot say if there is a policy."),
    POLICY_DIRECTORY(
            "policydirectory",
            Form.FILE,
            "",
            "Where policies are kept beyond the end of the process; in memory only when empty."),
    FETCH_TIMEOUT("fetchtimeout", Form.MILLISECONDS, "60000", "The longest a policy fetch may take."),
    DNS("dns", Form.SERVERS, "", "DNS servers to ask; the system's when empty."),
    CA_FILE("ca", Form.FILE, "", "A PEM file with further trust anchors, for policy hosts and MX hosts."),
    HTTPS_PORT("httpsport", Form.PORT, "443", "The port of policy hosts."),
    PRIVATE(
            "allowprivateaddresses",
            Form.FLAG,
            "false",
            "Whether policy hosts may be at private addresses, and MX hosts at loopback ones."),
    KEEP("keep", Form.COUNT, "10", "How many connections a transport keeps open between messages."),
    KEEP_IDLE(
            "keep.idle", Form.MILLISECONDS, "30000", "How long a kept connection may be idle and still be used again."),
    KEEP_MESSAGES("keep.messages", Form.AT_LEAST_ONE, "1000", "How many messages go over one connection."),
    QUIT_WAIT("quitwait", Form.FLAG, "true", "Whether the reply to QUIT is waited for, up to 5 seconds."),
    ALLOW_8BITMIME(
            "allow8bitmime",
            Form.FLAG,
            "false",
            "Whether text parts are sent as 8 bit where the server offers 8BITMIME."),
    CHUNK_SIZE("chunksize", Form.BYTES, "0", "The size of BDAT chunks, where the server offers CHUNKING; 0 for DATA."),
    DSN_NOTIFY("dsn.notify", Form.DSN_NOTIFY, "", "NOTIFY of RFC 3461, where the server offers DSN."),
    DSN_RET("dsn.ret", Form.DSN_RET, "", "RET of RFC 3461, where the server offers DSN."),
    SUBMITTER("submitter", Form.TEXT, "", "The AUTH parameter of MAIL (RFC 4954), where the server offers AUTH.");

    static final String PREFIX = "mail.mtasts.";

    private final String key;
    private final Form form;
    private final String usual;
    private final String meaning;

    Setting(String key, Form form, String usual, String meaning) {
        this.key = key;
        this.form = form;
        this.usual = usual;
        this.meaning = meaning;
    }

    String property() {
        return PREFIX + key;
    }

    /** What a text has to look like; an empty one is always allowed where {@link #usual()} is empty. */
    Form form() {
        return form;
    }

    /** The text that counts where nothing is set. */
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
