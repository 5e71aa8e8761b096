package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import jakarta.mail.MessagingException;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.eclipse.angus.mail.util.MailSSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every key of Angus's that has to do with TLS, trust, proxies, sockets and credentials, at its most permissive: the policy is obeyed all the same. The keys are read out of Angus's
 * own classes, so that one that comes with a later version fails here until it has a value.
 */
class HostileConfigurationTest {
    /** Angus's keys that have nothing to do with whom it talks to, and how securely. */
    private static final Set<String> HARMLESS = Set.of(
            ".allow8bitmime",
            ".chunksize",
            ".connectiontimeout",
            ".dsn.notify",
            ".dsn.ret",
            ".from",
            ".localhost",
            ".mailextension",
            ".noop.strict",
            ".quitonsessionreject",
            ".quitwait",
            ".reportsuccess",
            ".sendpartial",
            ".submitter",
            ".timeout",
            ".userset",
            ".usesocketchannels",
            ".writetimeout",
            ".executor.writetimeout");

    private final World world = new World();
    private final AtomicInteger used = new AtomicInteger();
    private final Map<String, String> texts = new LinkedHashMap<>();
    private final Map<String, Object> objects = new LinkedHashMap<>();
    private final ScheduledExecutorService executor = Executors.newScheduledThreadPool(1);
    private ServerSocket elsewhere;

    /** A host that must not be given mail. */
    private record Bad(String domain, Consumer<MxServer> sets) {}

    private static final List<Bad> BAD = List.of(
            new Bad("no-starttls.example", mx -> mx.startTls(MxServer.StartTls.NOT_OFFERED)),
            new Bad("refused.example", mx -> mx.startTls(MxServer.StartTls.REFUSED_454)),
            new Bad("injected.example", mx -> mx.startTls(MxServer.StartTls.INJECTED)),
            new Bad("self-signed.example", mx -> mx.certificate(CertificateFault.SELF_SIGNED)),
            new Bad("wrong-name.example", mx -> mx.certificate(CertificateFault.WRONG_NAME)),
            new Bad("common-name.example", mx -> mx.certificate(CertificateFault.COMMON_NAME_ONLY)),
            new Bad("expired.example", mx -> mx.certificate(CertificateFault.EXPIRED)));

    /** How the keys get into the session. */
    private enum Way {
        AS_TEXTS,
        AS_OBJECTS,
        IN_DEFAULTS,
        AFTER_CONNECT
    }

    /** Makes sockets that trust everybody, and counts. */
    private final class Trusting extends MailSSLSocketFactory {
        Trusting() throws Exception {
            setTrustAllHosts(true);
        }

        @Override
        public synchronized Socket createSocket() throws IOException {
            used.incrementAndGet();
            return super.createSocket();
        }

        @Override
        public synchronized Socket createSocket(Socket socket, String host, int port, boolean close)
                throws IOException {
            used.incrementAndGet();
            return super.createSocket(socket, host, port, close);
        }
    }

    @BeforeEach
    void configure() throws Exception {
        elsewhere = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        String port = String.valueOf(elsewhere.getLocalPort());
        SSLSocketFactory trusting = new Trusting();
        HostnameVerifier any = (host, session) -> {
            used.incrementAndGet();
            return true;
        };
        texts.put(".auth", "true");
        texts.put(".auth.", "true");
        texts.put(".auth.mechanisms", "PLAIN LOGIN XOAUTH2");
        texts.put(".auth.ntlm.domain", "X");
        texts.put(".disable", "false");
        texts.put(".ehlo", "false");
        texts.put(".localaddress", "127.0.0.2");
        texts.put(".localport", "0");
        texts.put(".port", port);
        texts.put(".proxy.host", "127.0.0.1");
        texts.put(".proxy.port", port);
        texts.put(".proxy.user", "user");
        texts.put(".proxy.password", "secret");
        texts.put(".socks.host", "127.0.0.1");
        texts.put(".socks.port", port);
        texts.put(".sasl.enable", "true");
        texts.put(".sasl.authorizationid", "user");
        texts.put(".sasl.mechanisms", "PLAIN");
        texts.put(".sasl.realm", "X");
        texts.put(".sasl.usecanonicalhostname", "true");
        texts.put(".saslrealm", "X");
        texts.put(".starttls.enable", "false");
        texts.put(".starttls.required", "false");
        texts.put(".ssl.enable", "false");
        texts.put(".ssl.trust", "*");
        texts.put(".ssl.checkserveridentity", "false");
        texts.put(".ssl.protocols", "SSLv3 TLSv1 TLSv1.1 TLSv1.2");
        texts.put(".ssl.ciphersuites", "TLS_RSA_WITH_AES_128_CBC_SHA TLS_ECDH_anon_WITH_AES_128_CBC_SHA");
        texts.put(".ssl.hostnameverifier", "any");
        texts.put(".ssl.hostnameverifier.class", "any");
        texts.put(".ssl.socketFactory", "");
        texts.put(".ssl.socketFactory.class", MailSSLSocketFactory.class.getName());
        texts.put(".ssl.socketFactory.port", port);
        texts.put(".socketFactory", "");
        texts.put(".socketFactory.class", MailSSLSocketFactory.class.getName());
        texts.put(".socketFactory.fallback", "true");
        texts.put(".socketFactory.port", port);
        objects.putAll(texts);
        objects.replaceAll((key, text) ->
                text.equals("true") || text.equals("false") ? Boolean.valueOf(text.equals("true")) : text);
        objects.put(".ssl.socketFactory", trusting);
        objects.put(".socketFactory", trusting);
        objects.put(".ssl.hostnameverifier", any);
        objects.put(".executor.writetimeout", executor);
    }

    @AfterEach
    void close() throws IOException {
        executor.shutdownNow();
        elsewhere.close();
        world.close();
    }

    private static void put(Properties properties, Map<String, ?> values) {
        values.forEach((key, value) -> {
            properties.put("mail.smtp" + key, value);
            properties.put("mail.smtps" + key, value);
        });
        properties.put("mail.host", "127.0.0.1");
        properties.put("mail.smtp.host", "127.0.0.1");
        properties.put("mail.user", "user");
        properties.put("mail.transport.protocol", "smtp");
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    @Tag("S-5-1")
    void noKeyOfAngusHasAnyEffect(Way way) throws MessagingException {
        for (Bad bad : BAD) {
            world.domain(bad.domain(), "enforce", "mx." + bad.domain()).mx(10, "mx." + bad.domain());
            bad.sets().accept(world.mx("mx." + bad.domain()));
        }
        world.domain("unlisted.example", "enforce", "other.example").mx(10, "mx.unlisted.example");
        world.domain("good.example", "enforce", "mx.good.example").mx(10, "mx.good.example");
        Properties mine = new Properties();
        mine.putAll(world.properties);
        if (way == Way.IN_DEFAULTS) {
            put(mine, texts);
            mine = new Properties(mine);
            mine.putAll(world.properties);
        } else if (way != Way.AFTER_CONNECT) {
            put(mine, way == Way.AS_TEXTS ? texts : objects);
        }

        jakarta.mail.Session session = jakarta.mail.Session.getInstance(mine);
        try (MtaStsTransport transport = (MtaStsTransport) session.getTransport("mtasts")) {
            transport.connect();
            if (way == Way.AFTER_CONNECT) {
                put(session.getProperties(), objects);
                objects.forEach((key, value) -> session.getProperties().put("mail.mtasts" + key, value));
            }
            for (Bad bad : BAD) {
                assertThat(world.refusal(transport, "a@" + bad.domain()).status())
                        .startsWith("4.7.");
                assertThat(world.mx("mx." + bad.domain()).sawMailFrom()).isFalse();
            }
            assertThat(world.refusal(transport, "a@unlisted.example").status()).isEqualTo("4.7.5");
            World.send(transport, world.message("a@good.example"));
        }

        assertThat(world.mx("mx.unlisted.example").connections()).isEmpty();
        assertThat(world.mx("mx.good.example").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.encrypted()).isTrue());
        assertThat(used).hasValue(0);
        assertThat(elsewhere).satisfies(HostileConfigurationTest::nobodyConnected);
    }

    private static void nobodyConnected(ServerSocket socket) throws IOException {
        socket.setSoTimeout(1); // whoever connected before is in the queue already
        assertThatThrownBy(socket::accept).isInstanceOf(java.net.SocketTimeoutException.class);
    }

    @Test
    void suchAKeyUnderOurOwnPrefixIsRefusedByName() throws MessagingException {
        for (String key : texts.keySet()) {
            if (Setting.of("mail.mtasts" + key).isPresent()) {
                continue; // documented, and tested where it belongs: none of them concerns TLS
            }
            for (Object value : new Object[] {texts.get(key), objects.get(key)}) {
                Properties mine = new Properties();
                mine.putAll(world.properties);
                mine.put("mail.mtasts" + key, value);
                jakarta.mail.Session session = jakarta.mail.Session.getInstance(mine);

                try (MtaStsTransport transport = (MtaStsTransport) session.getTransport("mtasts")) {
                    assertThatThrownBy(transport::connect)
                            .isInstanceOf(MessagingException.class)
                            .hasMessageContaining("unknown property \"mail.mtasts" + key + '"');
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ssl.trust",
                "ssl.checkserveridentity",
                "starttls.enable",
                "starttls.required",
                "socketFactory",
                "ssl.socketFactory",
                "proxy.host",
                "socks.host"
            })
    void theRefusalSaysThatNoPropertyChangesTls(String key) throws MessagingException {
        world.properties.put("mail.mtasts." + key, "*");

        try (MtaStsTransport transport = world.transport()) {
            assertThatThrownBy(transport::connect)
                    .hasMessageContaining("no property changes how TLS is verified here, nor how connections are made");
        }
    }

    @Test
    void everyKeyThatAngusKnowsIsAmongThem() throws IOException {
        Set<String> known = new TreeSet<>(texts.keySet());
        known.addAll(HARMLESS);

        Set<String> read = new TreeSet<>();
        read.addAll(keysIn("SMTPTransport", SMTPTransport.class));
        read.addAll(keysIn("/org/eclipse/angus/mail/util/SocketFetcher", SMTPTransport.class));

        assertThat(read)
                .contains(".ssl.trust", ".starttls.enable", ".socks.host")
                .isSubsetOf(known);
    }

    /** The constants of a class that look like the end of a property's name. */
    private static Set<String> keysIn(String name, Class<?> beside) throws IOException {
        Set<String> keys = new TreeSet<>();
        try (InputStream in = beside.getResourceAsStream(name + ".class");
                DataInputStream data = new DataInputStream(in)) {
            data.readInt();
            data.readInt();
            int constants = data.readUnsignedShort();
            for (int i = 1; i < constants; i++) {
                int tag = data.readUnsignedByte();
                switch (tag) {
                    case 1 -> {
                        String text = data.readUTF();
                        if (text.matches("\\.[a-z][A-Za-z0-9.]*")) {
                            keys.add(text);
                        }
                    }
                    case 7, 8, 16, 19, 20 -> data.skipNBytes(2);
                    case 15 -> data.skipNBytes(3);
                    case 5, 6 -> {
                        data.skipNBytes(8);
                        i++; // takes two places
                    }
                    default -> data.skipNBytes(4);
                }
            }
        }
        return keys;
    }
}
