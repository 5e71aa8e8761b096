package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.MtaSts;
import io.github.mtasts.policy.PolicyDomain;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Engines made from properties alone: shared, ended when idle, gone with the application. */
class MtaStsEnginesTest {
    private final World world = new World();

    @TempDir
    private Path folder;

    @BeforeEach
    void propertiesAlone() throws IOException {
        Path ca = folder.resolve("ca.pem");
        Files.writeString(ca, world.net.ca().rootPem());
        world.properties.remove("mail.mtasts.engine");
        world.properties.put("mail.mtasts.dns", world.net.dnsServer());
        world.properties.put("mail.mtasts.httpsport", String.valueOf(world.net.httpsPort()));
        world.properties.put("mail.mtasts.allowprivateaddresses", "true");
        world.properties.put("mail.mtasts.ca", ca.toString());
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
    }

    @AfterEach
    void close() {
        MtaStsEngines.closeAll();
        world.close();
    }

    private static MtaSts engine(World world) throws MessagingException {
        MtaStsEngines.Use use = MtaStsEngines.use(SmtpSettings.of(world.properties));
        use.end();
        return use.engine();
    }

    @Test
    void onAPlatformWithoutTrustAnchorsConnectingFailsAndSaysSo() {
        String before = System.getProperty("javax.net.ssl.trustStore");
        System.setProperty("javax.net.ssl.trustStore", "NONE");
        try {
            world.properties.remove("mail.mtasts.ca");

            assertThatThrownBy(world::connected)
                    .isInstanceOf(MessagingException.class)
                    .hasMessage("no engine can be made: trust anchors cannot be read: there is no trust anchor");
        } finally {
            if (before == null) {
                System.clearProperty("javax.net.ssl.trustStore");
            } else {
                System.setProperty("javax.net.ssl.trustStore", before);
            }
        }
    }

    @Test
    void sessionsWithTheSamePropertiesShareOne() throws MessagingException {
        world.send("a@example.com");
        world.send("b@example.com");

        assertThat(world.mx("mx.example.com").mails()).hasSize(2);
        assertThat(world.net.policyHost("example.com").requests()).hasSize(1);
        assertThat(engine(world)).isSameAs(engine(world));
    }

    @Test
    void anotherConfigurationHasAnotherAndOneThatDoesNotConcernItHasNot() throws MessagingException {
        MtaSts first = engine(world);

        world.properties.put("mail.mtasts.timeout", "1234");
        assertThat(engine(world)).isSameAs(first);

        world.properties.put("mail.mtasts.strictdiscovery", "true");
        assertThat(engine(world)).isNotSameAs(first);
    }

    @Test
    void oneThatIsIdleForTenMinutesEndsAndOneInUseDoesNot() throws MessagingException {
        MtaSts idle = engine(world);
        world.properties.put("mail.mtasts.strictdiscovery", "true");
        try (MtaStsTransport transport = world.connected()) {
            MtaSts busy = engine(world);

            MtaStsEngines.sweep(System.nanoTime() + Duration.ofMinutes(11).toNanos());

            assertThat(engine(world)).isSameAs(busy);
            World.send(transport, world.message("a@example.com"));
        }
        world.properties.remove("mail.mtasts.strictdiscovery");
        assertThat(engine(world)).isNotSameAs(idle);
    }

    @Test
    void oneThatIsIdleForNineMinutesStays() throws MessagingException {
        MtaSts idle = engine(world);

        MtaStsEngines.sweep(System.nanoTime() + Duration.ofMinutes(9).toNanos());

        assertThat(engine(world)).isSameAs(idle);
    }

    @Test
    void aTransportThatOutlivesItsEngineDefersAndDoesNotEndTheNext() throws MessagingException {
        MtaStsTransport old = world.connected();
        MtaStsEngines.closeAll();

        MtaStsDeliveryException told = world.refusal(old, "a@example.com");
        try (MtaStsTransport fresh = world.connected()) {
            old.close();
            MtaStsEngines.sweep(System.nanoTime() + Duration.ofMinutes(11).toNanos());
            World.send(fresh, world.message("b@example.com"));
        }

        assertThat(told.status()).startsWith("4.");
        assertThat(world.mx("mx.example.com").mails()).hasSize(1);
    }

    @Test
    void aDirectoryIsFreeAgainWhereTheEngineCouldNotBeMade() throws Exception {
        world.properties.put(
                "mail.mtasts.policydirectory", folder.resolve("policies").toString());
        Object ca = world.properties.put(
                "mail.mtasts.ca", folder.resolve("none.pem").toString());
        assertThatThrownBy(() -> world.send("a@example.com"))
                .isInstanceOf(MessagingException.class)
                .hasMessageContaining("mail.mtasts.ca")
                .hasMessageContaining("none.pem");

        world.properties.put("mail.mtasts.ca", ca);
        world.send("a@example.com");

        assertThat(world.mx("mx.example.com").mails()).hasSize(1);
    }

    @Test
    void theirThreadsAreDaemonsAndEnd() throws MessagingException {
        world.send("a@example.com");
        List<Thread> during = ours();

        MtaStsEngines.closeAll();

        assertThat(during).isNotEmpty().allMatch(Thread::isDaemon);
        assertThat(during).allSatisfy(MtaStsEnginesTest::ends);
    }

    private static void ends(Thread thread) {
        try {
            thread.join(30_000);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        assertThat(thread.isAlive()).as(thread.getName()).isFalse();
    }

    /** Threads of engines; one of the test's own world, which has an engine too, is none of them. */
    private List<Thread> ours() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("mtasts-engines"))
                .toList();
    }

    @Test
    void anApplicationThatIsTakenOutLeavesNoThreadAndNoLoaderBehind() throws Exception {
        ReferenceQueue<ClassLoader> gone = new ReferenceQueue<>();
        // the container's dnsjava has its one thread already, which outlives applications
        assertThat(world.engine.policyFor(PolicyDomain.of("absent.example")).known())
                .isEmpty();

        WeakReference<ClassLoader> loader = new WeakReference<>(deployAndTakeOut(), gone);

        // JDK 17 itself keeps the class of the record whose methods were linked last (MethodHandle.asTypeCache)
        assertThat(new Last(new Last(null)))
                .isEqualTo(new Last(new Last(null)))
                .hasSameHashCodeAs(new Last(new Last(null)));
        assertThat(new Last(null).toString()).contains("null");
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (loader.get() != null && System.nanoTime() < deadline) {
            clearSoftReferences();
            gone.remove(100);
        }
        assertThat(loader.get()).as("the application's class loader").isNull();
        assertThat(world.mx("mx.example.com").mails()).hasSize(1);
    }

    private record Last(@Nullable Last other) {}

    /** They are cleared before memory runs out for certain; later JDKs hold the record's class by one of them. */
    private static void clearSoftReferences() {
        try {
            long[] tooMuch = new long
                    [(int) Math.min(Integer.MAX_VALUE - 8, Runtime.getRuntime().maxMemory() / 8 + 1)];
            assertThat(tooMuch).isEmpty();
        } catch (OutOfMemoryError e) {
            System.gc();
        }
    }

    /** An application's loader: what is of mtasts, and what it needs, is its own; Jakarta Mail and DNS come with the container. */
    private ClassLoader deployAndTakeOut() throws Exception {
        URL[] jars = Stream.of(
                        MtaSts.class,
                        MtaStsTransport.class,
                        Class.forName("com.github.benmanes.caffeine.cache.Caffeine"),
                        Class.forName("org.apache.hc.core5.http.HttpHost"))
                .map(type -> type.getProtectionDomain().getCodeSource().getLocation())
                .toArray(URL[]::new);
        ClassLoader container = new ClassLoader(null) {
            @Override
            protected Class<?> findClass(String name) throws ClassNotFoundException {
                if (name.startsWith("io.github.mtasts.")
                        || name.startsWith("com.github.benmanes.")
                        || name.startsWith("org.apache.hc.")) {
                    throw new ClassNotFoundException(name);
                }
                return MtaStsEnginesTest.class.getClassLoader().loadClass(name);
            }

            @Override
            protected @Nullable URL findResource(String name) {
                return name.startsWith("META-INF/services/jakarta.mail.Provider")
                        ? null
                        : MtaStsEnginesTest.class.getClassLoader().getResource(name);
            }
        };
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader application = new URLClassLoader(jars, container)) {
            thread.setContextClassLoader(application);
            Properties properties = new Properties();
            properties.putAll(world.properties);
            Session session = Session.getInstance(properties);
            MimeMessage message = new MimeMessage(session);
            message.setFrom("a@sender.example");
            message.setRecipients(Message.RecipientType.TO, "a@example.com");
            message.setText("hello");
            try (Transport transport = session.getTransport("mtasts")) {
                assertThat(transport.getClass().getClassLoader()).isSameAs(application);
                transport.connect();
                message.saveChanges();
                transport.sendMessage(message, message.getAllRecipients());
            }

            application
                    .loadClass(MtaStsEngines.class.getName())
                    .getMethod("closeAll")
                    .invoke(null);

            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (threadsOf(application).findAny().isPresent() && System.nanoTime() < deadline) {
                LockSupport.parkNanos(5_000_000);
            }
            assertThat(threadsOf(application)).isEmpty();
            return application;
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static Stream<Thread> threadsOf(ClassLoader application) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread != Thread.currentThread())
                .filter(thread -> thread.getClass().getClassLoader() == application
                        || thread.getContextClassLoader() == application);
    }
}
