package io.github.mtasts.javamail;

import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import io.github.mtasts.policy.MxHost;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The properties {@code mail.mtasts.*} of one session, read and checked once: what a user changes afterwards has no effect on a transport that is connected, and what is
 * unknown or malformed is refused. Properties of other protocols are never read.
 */
record SmtpSettings(Map<Setting, String> values) {
    /** An engine handed in by the user, as an object. */
    static final String ENGINE = Setting.PREFIX + "engine";

    /** What Jakarta Mail itself reads of a protocol. */
    private static final Set<String> OF_JAKARTA_MAIL =
            Set.of(Setting.PREFIX + "host", Setting.PREFIX + "user", Setting.PREFIX + "class", ENGINE);

    SmtpSettings {
        values = Map.copyOf(values);
    }

    static SmtpSettings of(Properties properties) throws MessagingException {
        Map<Setting, String> values = new EnumMap<>(Setting.class);
        Set<Object> keys = new HashSet<>(properties.keySet());
        keys.addAll(properties.stringPropertyNames());
        for (Object key : keys) {
            if (!(key instanceof String name) || !name.startsWith(Setting.PREFIX) || OF_JAKARTA_MAIL.contains(name)) {
                continue;
            }
            Setting setting = Setting.of(name)
                    .orElseThrow(() -> new MessagingException(
                            "unknown property \"" + name + "\": see the table of mail.mtasts.* properties"));
            Object value = properties.get(name);
            String text = value == null ? properties.getProperty(name) : String.valueOf(value);
            values.put(setting, text.strip());
        }
        SmtpSettings settings = new SmtpSettings(values);
        settings.check();
        return settings;
    }

    private void check() throws MessagingException {
        for (Setting number : List.of(Setting.PORT, Setting.HTTPS_PORT)) {
            number(number, 1, 65_535);
        }
        for (Setting number : List.of(Setting.FETCH_TIMEOUT, Setting.CONNECTION_TIMEOUT, Setting.TIMEOUT)) {
            number(number, 1, Integer.MAX_VALUE);
        }
        number(Setting.CHUNK_SIZE, 0, Integer.MAX_VALUE);
        for (Setting flag : List.of(Setting.PRIVATE, Setting.CLEARTEXT, Setting.STRICT, Setting.ALLOW_8BITMIME)) {
            flag(flag);
        }
        dnsServers();
        ownNames();
    }

    String text(Setting setting) {
        return values.getOrDefault(setting, setting.usual());
    }

    int number(Setting setting, int least, int most) throws MessagingException {
        try {
            int number = Integer.parseInt(text(setting));
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw malformed(setting, "a number from " + least + " to " + most);
    }

    int number(Setting setting) {
        return Integer.parseInt(text(setting)); // checked when read
    }

    boolean flag(Setting setting) throws MessagingException {
        String text = text(setting);
        if (!text.equals("true") && !text.equals("false")) {
            throw malformed(setting, "true or false");
        }
        return text.equals("true");
    }

    private boolean is(Setting setting) {
        return text(setting).equals("true"); // checked when read
    }

    private MessagingException malformed(Setting setting, String wanted) {
        String text = text(setting);
        return new MessagingException("property " + setting.property() + " is \""
                + (text.length() > 200 ? text.substring(0, 200) + "…" : text) + "\"; it has to be " + wanted);
    }

    private List<InetSocketAddress> dnsServers() throws MessagingException {
        String text = text(Setting.DNS);
        if (text.isEmpty()) {
            return List.of();
        }
        List<InetSocketAddress> servers = new ArrayList<>();
        for (String server : text.split(",", -1)) {
            int colon = server.lastIndexOf(':');
            String host = (colon < 0 ? server : server.substring(0, colon)).strip();
            String port = colon < 0 ? "53" : server.substring(colon + 1).strip();
            if (host.isEmpty() || !port.matches("[0-9]{1,5}")) {
                throw malformed(Setting.DNS, "host:port with commas between");
            }
            servers.add(new InetSocketAddress(host, Integer.parseInt(port)));
        }
        return servers;
    }

    private Set<MxHost> ownNames() throws MessagingException {
        Set<MxHost> names = new HashSet<>();
        for (String name : text(Setting.OWN_NAMES).split(",", -1)) {
            if (!name.isBlank()) {
                try {
                    names.add(MxHost.of(name.strip()));
                } catch (IllegalArgumentException e) {
                    throw malformed(Setting.OWN_NAMES, "host names with commas between");
                }
            }
        }
        return names;
    }

    /** The settings that make an engine: transports that agree in these share one. */
    SmtpSettings engine() {
        Map<Setting, String> engine = new EnumMap<>(Setting.class);
        for (Setting setting : List.of(
                Setting.DNS,
                Setting.CA_FILE,
                Setting.HTTPS_PORT,
                Setting.PRIVATE,
                Setting.CLEARTEXT,
                Setting.STRICT,
                Setting.FETCH_TIMEOUT,
                Setting.OWN_NAMES)) {
            engine.put(setting, text(setting));
        }
        return new SmtpSettings(engine);
    }

    /** A new engine after these settings. */
    MtaSts open() throws MessagingException {
        MtaStsBuilder builder = MtaSts.builder()
                .httpsPort(number(Setting.HTTPS_PORT))
                .allowPrivateAddresses(is(Setting.PRIVATE))
                .allowClearText(is(Setting.CLEARTEXT))
                .strictDiscovery(is(Setting.STRICT))
                .fetchDeadline(Duration.ofMillis(number(Setting.FETCH_TIMEOUT)))
                .ownNames(ownNames());
        dnsServers().forEach(builder::dnsServer);
        if (!text(Setting.CA_FILE).isEmpty()) {
            try (InputStream in = Files.newInputStream(Path.of(text(Setting.CA_FILE)))) {
                builder.trustAlso(CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                        .map(X509Certificate.class::cast)
                        .toList());
            } catch (IOException | CertificateException e) {
                throw new MessagingException(
                        "property " + Setting.CA_FILE.property() + ": certificates cannot be read from \""
                                + text(Setting.CA_FILE) + "\": " + e.getMessage(),
                        e);
            }
        }
        return builder.build();
    }

    /** The local address to connect from; null for any. */
    @Nullable
    InetSocketAddress localAddress() throws MessagingException {
        if (text(Setting.LOCAL_ADDRESS).isEmpty()) {
            return null;
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(text(Setting.LOCAL_ADDRESS)), 0);
        } catch (UnknownHostException e) {
            throw malformed(Setting.LOCAL_ADDRESS, "an address of this machine");
        }
    }

    /** A session of our own for one SMTP connection: nothing of the user's, and every key of TLS as we need it. */
    Session privateSession(boolean startTls) {
        Properties smtp = new Properties();
        smtp.setProperty("mail.smtp.starttls.enable", String.valueOf(startTls));
        smtp.setProperty("mail.smtp.ssl.checkserveridentity", "false"); // the terms check the name
        smtp.setProperty("mail.smtp.auth", "false");
        smtp.setProperty("mail.smtp.sendpartial", "true");
        smtp.setProperty("mail.smtp.quitwait", "false");
        smtp.setProperty("mail.smtp.timeout", text(Setting.TIMEOUT));
        smtp.setProperty("mail.smtp.allow8bitmime", text(Setting.ALLOW_8BITMIME));
        copy(smtp, Setting.LOCALHOST, "mail.smtp.localhost");
        copy(smtp, Setting.FROM, "mail.smtp.from");
        copy(smtp, Setting.DSN_NOTIFY, "mail.smtp.dsn.notify");
        copy(smtp, Setting.DSN_RET, "mail.smtp.dsn.ret");
        if (!text(Setting.CHUNK_SIZE).equals("0")) {
            copy(smtp, Setting.CHUNK_SIZE, "mail.smtp.chunksize");
        }
        return Session.getInstance(smtp);
    }

    private void copy(Properties smtp, Setting setting, String property) {
        if (!text(setting).isEmpty()) {
            smtp.setProperty(property, text(setting));
        }
    }
}
