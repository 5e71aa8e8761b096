package io.github.mtasts.javamail;

import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import io.github.mtasts.cache.PolicyStore;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The properties {@code mail.mtasts.*} of one session, read and checked once: what a user changes afterwards has no effect on a transport that is connected, and what is
 * unknown or malformed is refused. Properties of other protocols are never read. Immutable.
 */
final class SmtpSettings {
    /** An engine handed in by the user, as an object. */
    static final String ENGINE = Setting.PREFIX + "engine";

    /** What Jakarta Mail itself reads of a protocol. */
    private static final Set<String> OF_JAKARTA_MAIL =
            Set.of(Setting.PREFIX + "host", Setting.PREFIX + "user", Setting.PREFIX + "class", ENGINE);

    /** What makes an engine: transports that agree in these share one. */
    private static final Set<Setting> OF_ENGINE = Collections.unmodifiableSet(EnumSet.of(
            Setting.OWN_NAMES,
            Setting.CLEARTEXT,
            Setting.CLEARTEXT_NEVER,
            Setting.STRICT,
            Setting.POLICY_DIRECTORY,
            Setting.FETCH_TIMEOUT,
            Setting.DNS,
            Setting.CA_FILE,
            Setting.HTTPS_PORT,
            Setting.PRIVATE));

    private final Map<Setting, String> values;
    private final boolean utf8;
    private final @Nullable MtaSts engine;

    private SmtpSettings(Map<Setting, String> values, boolean utf8, @Nullable MtaSts engine) {
        this.values = Map.copyOf(values);
        this.utf8 = utf8;
        this.engine = engine;
    }

    /** Reads and checks. */
    static SmtpSettings of(Properties properties) throws MessagingException {
        Map<Setting, String> values = new EnumMap<>(Setting.class);
        Set<Object> keys = new HashSet<>(properties.keySet());
        keys.addAll(properties.stringPropertyNames()); // those in defaults, too
        for (Object key : keys) {
            if (key instanceof String name && name.startsWith(Setting.PREFIX) && !OF_JAKARTA_MAIL.contains(name)) {
                Object object = properties.get(name);
                String text = object == null ? properties.getProperty(name) : String.valueOf(object);
                Setting setting = Setting.of(name).orElseThrow(() -> unknown(name, text));
                if (!text.isBlank() || !setting.usual().isEmpty()) {
                    values.put(setting, checked(setting, text.strip()));
                }
            }
        }
        Object given = properties.get(ENGINE);
        if (given == null) {
            given = properties.getProperty(ENGINE);
        }
        if (given != null && !(given instanceof MtaSts)) {
            throw new MessagingException("property " + ENGINE + " has to be an MtaSts object, and is a "
                    + given.getClass().getName());
        }
        MtaSts engine = (MtaSts) given;
        if (engine != null) {
            for (Setting setting : OF_ENGINE) {
                if (values.containsKey(setting)) {
                    // passed over in silence, it could be one that was to make things safer
                    throw new MessagingException("property " + setting.property() + " has no effect beside " + ENGINE
                            + ": tell the engine's builder");
                }
            }
        }
        boolean utf8 = Boolean.parseBoolean(String.valueOf(
                properties.getOrDefault("mail.mime.allowutf8", properties.getProperty("mail.mime.allowutf8"))));
        return new SmtpSettings(values, utf8, engine);
    }

    private static MessagingException unknown(String name, String text) {
        String value = name.contains("password") ? "" : " (" + Form.quote(text) + ")";
        boolean tls = name.matches(".*\\.(ssl|starttls|socketFactory|socks|proxy)\\b.*");
        return new MessagingException("unknown property " + Form.quote(name) + value + ": "
                + (tls
                        ? "no property changes how TLS is verified here, nor how connections are made"
                        : "it is not in the table of mail.mtasts.* properties"));
    }

    private static String checked(Setting setting, String text) throws MessagingException {
        try {
            setting.form().check(text);
            return text;
        } catch (IllegalArgumentException e) {
            throw new MessagingException(
                    "property " + setting.property() + " is " + Form.quote(text) + ": " + e.getMessage(), e);
        }
    }

    /** The text of a setting; empty where nothing is set and there is no default. */
    String text(Setting setting) {
        return values.getOrDefault(setting, setting.usual());
    }

    boolean flag(Setting setting) {
        return Form.flag(text(setting));
    }

    int number(Setting setting) {
        return Form.number(text(setting), 0, Integer.MAX_VALUE);
    }

    Duration duration(Setting setting) {
        return Form.duration(text(setting));
    }

    private boolean isSet(Setting setting) {
        return !text(setting).isEmpty();
    }

    /** The engine handed in; null where the properties make one. */
    @Nullable
    MtaSts engine() {
        return engine;
    }

    /** Whether addresses beyond ASCII may be used where a server offers SMTPUTF8: {@code mail.mime.allowutf8}. */
    boolean allowsUtf8() {
        return utf8;
    }

    /** The relay that takes all mail; null for MX hosts. */
    @Nullable
    Relay relay() {
        return isSet(Setting.RELAY) ? Relay.parse(text(Setting.RELAY)) : null;
    }

    /** Whether TLS begins with the first byte at a relay's port (RFC 8314 §3.3). */
    boolean implicitTls(int port) {
        return isSet(Setting.RELAY_IMPLICIT_TLS) ? flag(Setting.RELAY_IMPLICIT_TLS) : port == 465;
    }

    /** The local address to connect from; null for any. */
    @Nullable
    InetAddress localAddress() {
        return isSet(Setting.LOCAL_ADDRESS) ? Form.address(text(Setting.LOCAL_ADDRESS)) : null;
    }

    /** The name for EHLO; empty where there is none that is qualified, so that the address connected from has to do. */
    String ehloName() {
        if (isSet(Setting.LOCALHOST)) {
            return text(Setting.LOCALHOST);
        }
        try {
            String name = InetAddress.getLocalHost().getHostName();
            Form.EHLO_NAME.check(name);
            return isQualified(name) ? name : "";
        } catch (UnknownHostException | IllegalArgumentException e) {
            return "";
        }
    }

    /** Whether receivers can make sense of a name (RFC 5321 §4.1.1.1). */
    static boolean isQualified(String name) {
        return name.startsWith("[")
                || (name.contains(".") && !name.toLowerCase(Locale.ROOT).startsWith("localhost."));
    }

    /** The part that makes an engine, as a key. */
    Map<Setting, String> engineKey() {
        Map<Setting, String> key = new EnumMap<>(Setting.class);
        OF_ENGINE.forEach(setting -> key.put(setting, text(setting)));
        return Collections.unmodifiableMap(key);
    }

    /** Where policies are kept beyond the process; null for memory only. */
    @Nullable
    PolicyStore openStore() {
        return isSet(Setting.POLICY_DIRECTORY)
                ? PolicyStore.inDirectory(Form.path(text(Setting.POLICY_DIRECTORY)))
                : null;
    }

    /** A new engine after these settings. */
    MtaSts openEngine(@Nullable PolicyStore store) throws MessagingException {
        MtaStsBuilder builder = MtaSts.builder()
                .httpsPort(number(Setting.HTTPS_PORT))
                .allowPrivateAddresses(flag(Setting.PRIVATE))
                .allowClearText(flag(Setting.CLEARTEXT))
                .strictDiscovery(flag(Setting.STRICT))
                .fetchDeadline(duration(Setting.FETCH_TIMEOUT));
        if (isSet(Setting.CLEARTEXT_NEVER)) {
            builder.neverClearText(Form.domains(text(Setting.CLEARTEXT_NEVER)));
        }
        if (isSet(Setting.OWN_NAMES)) {
            builder.ownNames(Form.hosts(text(Setting.OWN_NAMES)));
        }
        if (isSet(Setting.DNS)) {
            Form.servers(text(Setting.DNS)).forEach(builder::dnsServer);
        }
        if (isSet(Setting.CA_FILE)) {
            builder.trustAlso(certificates());
        }
        if (store != null) {
            builder.policyStore(store);
        }
        try {
            return builder.build();
        } catch (IllegalStateException e) {
            throw new MessagingException("no engine can be made: " + e.getMessage(), e);
        }
    }

    private List<X509Certificate> certificates() throws MessagingException {
        String file = text(Setting.CA_FILE);
        try (InputStream in = Files.newInputStream(Form.path(file))) {
            List<X509Certificate> certificates =
                    CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (!certificates.isEmpty()) {
                return certificates;
            }
            throw new CertificateException("there are none");
        } catch (IOException | CertificateException e) {
            throw new MessagingException(
                    "property " + Setting.CA_FILE.property() + ": certificates cannot be read from " + Form.quote(file)
                            + ": " + e.getMessage(),
                    e);
        }
    }

    /**
     * A session of our own for SMTP dialogues: these settings, and nothing else of the user's but the wish to see the dialogue. TLS is not its business: the connection
     * underneath sees to it.
     */
    Session dialogue(Session users) {
        Properties smtp = new Properties();
        smtp.setProperty("mail.smtp.auth", "false");
        smtp.setProperty("mail.smtp.starttls.enable", "false");
        smtp.setProperty("mail.smtp.sendpartial", "true");
        smtp.setProperty("mail.smtp.quitwait", text(Setting.QUIT_WAIT));
        smtp.setProperty("mail.smtp.allow8bitmime", text(Setting.ALLOW_8BITMIME));
        smtp.setProperty("mail.mime.allowutf8", String.valueOf(utf8));
        copy(smtp, Setting.AUTH_MECHANISMS, "mail.smtp.auth.mechanisms");
        copy(smtp, Setting.FROM, "mail.smtp.from");
        copy(smtp, Setting.DSN_NOTIFY, "mail.smtp.dsn.notify");
        copy(smtp, Setting.DSN_RET, "mail.smtp.dsn.ret");
        copy(smtp, Setting.SUBMITTER, "mail.smtp.submitter");
        if (number(Setting.CHUNK_SIZE) > 0) {
            copy(smtp, Setting.CHUNK_SIZE, "mail.smtp.chunksize");
        }
        Session dialogue = Session.getInstance(smtp);
        dialogue.setDebugOut(users.getDebugOut());
        dialogue.setDebug(users.getDebug());
        return dialogue;
    }

    private void copy(Properties smtp, Setting setting, String property) {
        if (isSet(setting)) {
            smtp.setProperty(property, text(setting));
        }
    }
}
