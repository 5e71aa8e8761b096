package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.delivery.SessionFailure;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.policy.ReportType;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every fault that a host can have on the way to TLS, under every mode, at the only candidate and at the first of two: what becomes of the message, and what the host itself saw
 * of it. Each row without a fault is the twin of all others.
 */
@Tag("S-4-1")
@Tag("S-4.2-1")
@Tag("S-4.2-2")
@Tag("S-5-1")
@Tag("S-5-2")
@Tag("S-5-3")
@Tag("S-5-5")
@Tag("S-5-6")
@Tag("S-5-7")
@Tag("S-7.2-1")
@Tag("M-3207-3")
@Tag("M-3207-4")
@Tag("M-3207-6")
@Tag("M-3207-7")
@Tag("N-2")
@Tag("N-4")
@Tag("N-7")
@Tag("N-9")
@Tag("N-10")
@Tag("N-11")
class FaultTableTest {
    private static final List<String> MODES = List.of("enforce", "testing", "none", "absent");
    private static final AtomicInteger ROWS = new AtomicInteger();
    private static World world;

    /** What a fault comes to where nothing is enforced. */
    private enum Effect {
        /** There is none: TLS passes. */
        VERIFIED,
        /** TLS comes about, and its peer does not pass. */
        UNVERIFIED,
        /** STARTTLS is not to be had; the session goes on. */
        NO_STARTTLS,
        /** TLS is offered and comes to nothing; the session is dead. */
        DEAD_TLS,
        /** There is no SMTP dialogue at all, which is no matter of TLS. */
        UNREACHABLE
    }

    /** One fault. */
    private record Fault(String name, Effect effect, Consumer<MxServer> sets) {
        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    static void open() {
        world = new World();
    }

    @AfterAll
    static void close() {
        world.close();
    }

    private static List<Fault> faults() {
        List<Fault> faults = new ArrayList<>();
        for (MxServer.StartTls startTls : MxServer.StartTls.values()) {
            Effect effect = switch (startTls) {
                case OFFERED -> Effect.VERIFIED;
                case NOT_OFFERED, REFUSED_454, REFUSED_502 -> Effect.NO_STARTTLS;
                case GARBAGE_REPLY,
                        GARBAGE_HANDSHAKE,
                        INJECTED,
                        INJECTED_LATER,
                        CLOSED,
                        OLD_TLS,
                        SILENT,
                        ALERT_AFTERWARDS -> Effect.DEAD_TLS;
            };
            // the one has a test of its own, since it takes its time, the other among the tests of reports: its session
            // is told twice
            if (startTls != MxServer.StartTls.SILENT && startTls != MxServer.StartTls.ALERT_AFTERWARDS) {
                faults.add(new Fault("STARTTLS " + startTls, effect, mx -> mx.startTls(startTls)));
            }
        }
        for (CertificateFault certificate : CertificateFault.values()) {
            boolean good = certificate == CertificateFault.NONE || certificate == CertificateFault.WILDCARD;
            faults.add(new Fault(
                    "certificate " + certificate,
                    good ? Effect.VERIFIED : Effect.UNVERIFIED,
                    mx -> mx.certificate(certificate)));
        }
        faults.add(new Fault(
                "static RSA", Effect.UNVERIFIED, mx -> staticRsa(mx))); // both JDKs refuse it under a strict check
        faults.add(new Fault("STARTTLS 503", Effect.NO_STARTTLS, mx -> mx.reply("STARTTLS", "503 5.5.1 not now")));
        faults.add(new Fault("STARTTLS 250", Effect.DEAD_TLS, mx -> mx.reply("STARTTLS", "250 2.0.0 what?")));
        faults.add(new Fault("STARTTLS closed", Effect.DEAD_TLS, mx -> mx.drop("STARTTLS")));
        faults.add(new Fault("STARTTLS 421", Effect.UNREACHABLE, mx -> mx.reply("STARTTLS", "421 4.3.2 closing")));
        faults.add(new Fault("EHLO 502", Effect.NO_STARTTLS, mx -> mx.reply("EHLO", "502 5.5.1 what?")));
        faults.add(new Fault("EHLO 451", Effect.UNREACHABLE, mx -> mx.reply("EHLO", "451 4.3.0 not now")));
        faults.add(new Fault("EHLO 421", Effect.UNREACHABLE, mx -> mx.reply("EHLO", "421 4.3.2 closing")));
        faults.add(new Fault("EHLO garbage", Effect.UNREACHABLE, mx -> mx.reply("EHLO", "hello there")));
        faults.add(new Fault("EHLO closed", Effect.UNREACHABLE, mx -> mx.drop("EHLO")));
        faults.add(new Fault("greeting 421", Effect.UNREACHABLE, mx -> mx.reply("GREETING", "421 4.3.2 full")));
        faults.add(new Fault("greeting 554", Effect.UNREACHABLE, mx -> mx.reply("GREETING", "554 5.3.2 no mail")));
        faults.add(new Fault("greeting garbage", Effect.UNREACHABLE, mx -> mx.reply("GREETING", "hello there")));
        faults.add(new Fault("greeting closed", Effect.UNREACHABLE, mx -> mx.drop("GREETING")));
        faults.add(new Fault("refused", Effect.UNREACHABLE, MxServer::down));
        return faults;
    }

    private static void staticRsa(MxServer mx) {
        mx.certificate(world.net.ca().issueRsa(mx.name()));
        mx.cipherSuites("TLS_RSA_WITH_AES_128_GCM_SHA256");
    }

    static Stream<Arguments> rows() {
        return faults().stream()
                .filter(fault -> !fault.name().equals("static RSA") || staticRsaIsEnabled())
                .flatMap(fault -> MODES.stream().map(mode -> Arguments.of(fault, mode)));
    }

    /** On 17 it is, on 25 no JDK speaks it. */
    private static boolean staticRsaIsEnabled() {
        return Runtime.version().feature() < 24;
    }

    @ParameterizedTest(name = "{0} under {1}")
    @MethodSource("rows")
    void atTheOnlyCandidate(Fault fault, String mode) throws MessagingException {
        String domain = "row" + ROWS.incrementAndGet() + ".example";
        MxServer mx = only(domain, mode, fault);

        Optional<MtaStsDeliveryException> refused = send(domain);

        if (isTaken(fault, mode)) {
            assertThat(refused).isEmpty();
            assertTaken(mx, fault);
        } else {
            MtaStsDeliveryException told = refused.orElseThrow();
            assertThat(told.status()).isEqualTo(status(fault));
            assertThat(told.getValidUnsentAddresses()).containsExactly(World.addresses("a@" + domain));
            assertThat(told.getValidSentAddresses()).isEmpty();
            assertThat(told.getInvalidAddresses()).isEmpty();
            assertThat(told).hasMessageContaining(domain).hasMessageContaining(mx.name());
            assertThat(mx.sawMailFrom()).isFalse();
        }
        assertRecorded(domain, mode, fault);
    }

    @ParameterizedTest(name = "{0} under {1}")
    @MethodSource("rows")
    void atTheFirstOfTwo(Fault fault, String mode) throws MessagingException {
        String domain = "row" + ROWS.incrementAndGet() + ".example";
        world.domain(domain, mode, "*." + domain).mx(10, "mx1." + domain).mx(20, "mx2." + domain);
        MxServer first = world.mx("mx1." + domain);
        MxServer second = world.mx("mx2." + domain);
        fault.sets().accept(first);

        Optional<MtaStsDeliveryException> refused = send(domain);

        assertThat(refused).isEmpty();
        if (isTaken(fault, mode)) {
            assertTaken(first, fault);
            assertThat(second.connections()).isEmpty();
        } else {
            assertThat(first.sawMailFrom()).isFalse();
            assertThat(first.mails()).isEmpty();
            assertThat(second.mails())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.encrypted()).isTrue());
        }
    }

    @Test
    void aHandshakeThatIsRefusedWhenTheClientHasASession() throws MessagingException {
        for (String mode : MODES) {
            Fault late = new Fault("late", Effect.DEAD_TLS, mx -> mx.startTls(MxServer.StartTls.ALERT_AFTERWARDS));
            String domain = mode + "-late.example";
            MxServer mx = only(domain, mode, late);

            Optional<MtaStsDeliveryException> refused = send(domain);

            assertThat(refused.isPresent()).isEqualTo(mode.equals("enforce"));
            if (refused.isPresent()) {
                assertThat(refused.get().status()).startsWith("4.");
                assertThat(mx.sawMailFrom()).isFalse();
            } else {
                assertTaken(mx, late);
            }
        }
    }

    @Test
    void aSilentHandshakeAtTheOnlyCandidate() throws Exception {
        Fault silent = new Fault("silent", Effect.DEAD_TLS, mx -> mx.startTls(MxServer.StartTls.SILENT));
        world.properties.put("mail.mtasts.timeout", "3000");
        ExecutorService threads = Executors.newFixedThreadPool(MODES.size());
        try {
            List<CompletableFuture<Void>> rows = new ArrayList<>();
            for (String mode : MODES) {
                String domain = mode + "-silent.example";
                MxServer mx = only(domain, mode, silent);
                MimeMessage message = world.message("a@" + domain);
                rows.add(CompletableFuture.runAsync(
                        () -> {
                            Optional<MtaStsDeliveryException> refused = send(message);

                            assertThat(refused.isPresent()).isEqualTo(mode.equals("enforce"));
                            assertThat(mx.sawMailFrom()).isEqualTo(!mode.equals("enforce"));
                            assertThat(mx.mails()).hasSize(mode.equals("enforce") ? 0 : 1);
                        },
                        threads));
            }

            CompletableFuture.allOf(rows.toArray(CompletableFuture[]::new)).join();
        } finally {
            threads.shutdown();
            world.properties.put("mail.mtasts.timeout", "60000");
        }
    }

    @Test
    @Tag("S-4.1-1")
    void aHostThatThePolicyDoesNotListIsNotConnectedToUnderEnforceOnly() throws MessagingException {
        for (String mode : MODES) {
            String domain = mode + "-unlisted.example";
            world.domain(domain, mode, "other." + domain).mx(10, "mx." + domain);

            Optional<MtaStsDeliveryException> refused = send(domain);

            assertThat(refused.map(MtaStsDeliveryException::status))
                    .isEqualTo(mode.equals("enforce") ? Optional.of("4.7.5") : Optional.empty());
            assertThat(world.mx("mx." + domain).connections()).hasSize(mode.equals("enforce") ? 0 : 1);
        }
    }

    @Test
    @Tag("S-4.2-3")
    void theCertificateHasToNameTheHostAndNotJustWhatThePolicyLists() throws MessagingException {
        world.domain("names.example", "enforce", "*.names.example").mx(10, "mx1.names.example");
        world.mx("mx1.names.example").certificate(world.net.ca().issue("mx2.names.example", CertificateFault.NONE));

        MtaStsDeliveryException refused = send("names.example").orElseThrow();

        assertThat(refused.status()).isEqualTo("4.7.5");
        assertThat(refused).hasMessageContaining("mx2.names.example");
        assertThat(world.mx("mx1.names.example").sawMailFrom()).isFalse();
    }

    @Test
    @Tag("N-1")
    void aNameThatDnsGaveOnTheWayToTheAddressProvesNothing() throws MessagingException {
        world.domain("alias.example", "enforce", "mx.alias.example");
        world.net.mx("real.provider.example");
        world.net.dns().mx("alias.example", 10, "mx.alias.example");
        world.net.dns().cname("mx.alias.example", "real.provider.example");

        MtaStsDeliveryException refused = send("alias.example").orElseThrow();

        assertThat(refused.status()).isEqualTo("4.7.5");
        assertThat(world.mx("real.provider.example").connections()).isNotEmpty();
        assertThat(world.mx("real.provider.example").sawMailFrom()).isFalse();
    }

    private static MxServer only(String domain, String mode, Fault fault) {
        world.domain(domain, mode, "*." + domain).mx(10, "mx1." + domain);
        MxServer mx = world.mx("mx1." + domain);
        fault.sets().accept(mx);
        return mx;
    }

    private static Optional<MtaStsDeliveryException> send(String domain) throws MessagingException {
        return send(world.message("a@" + domain));
    }

    private static Optional<MtaStsDeliveryException> send(MimeMessage message) {
        try (MtaStsTransport transport = world.connected()) {
            World.send(transport, message);
            return Optional.empty();
        } catch (MtaStsDeliveryException e) {
            return Optional.of(e);
        } catch (MessagingException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean isTaken(Fault fault, String mode) {
        return switch (fault.effect()) {
            case VERIFIED -> true;
            case UNVERIFIED, NO_STARTTLS, DEAD_TLS -> !mode.equals("enforce");
            case UNREACHABLE -> false;
        };
    }

    private static String status(Fault fault) {
        return switch (fault.effect()) {
            case NO_STARTTLS -> "4.7.4";
            case UNVERIFIED, DEAD_TLS -> "4.7.5";
            case VERIFIED, UNREACHABLE -> "4.4.1";
        };
    }

    private static void assertTaken(MxServer mx, Fault fault) {
        boolean encrypted = fault.effect() == Effect.VERIFIED || fault.effect() == Effect.UNVERIFIED;
        assertThat(mx.mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.encrypted()).isEqualTo(encrypted));
        // a dead session is never gone on with: the message comes over another, which says nothing of TLS
        assertThat(mx.connections()).hasSize(fault.effect() == Effect.DEAD_TLS ? 2 : 1);
        MxServer.Connection last = mx.connections().get(mx.connections().size() - 1);
        if (fault.effect() == Effect.DEAD_TLS) {
            assertThat(mx.connections().get(0).saw("MAIL FROM")).isFalse();
            assertThat(last.saw("STARTTLS")).isFalse();
        }
        if (encrypted) {
            assertThat(last.sni()).isEqualTo(mx.name());
            assertThat(last.protocol()).isIn("TLSv1.2", "TLSv1.3");
        }
    }

    /** Under testing the very failures are recorded that enforce refuses for; nothing was promised by the others. */
    private static void assertRecorded(String domain, String mode, Fault fault) {
        List<SessionResult> sessions = world.sessions.stream()
                .filter(session -> session.mx().name().endsWith("." + domain))
                .toList();
        if (fault.effect() == Effect.UNREACHABLE) {
            assertThat(sessions).isEmpty(); // RFC 8460 §4.3 counts sessions, and there was none
            return;
        }
        boolean promised = mode.equals("enforce") || mode.equals("testing");
        boolean clear = fault.effect() == Effect.NO_STARTTLS || fault.effect() == Effect.DEAD_TLS;
        SessionResult first = sessions.get(0);
        assertThat(first.complied()).isEqualTo(fault.effect() == Effect.VERIFIED || (!promised && !clear));
        if (fault.effect() == Effect.NO_STARTTLS) {
            assertThat(first.failures())
                    .extracting(SessionFailure::type)
                    .containsExactly(ReportType.STARTTLS_NOT_SUPPORTED);
        }
        if (fault.effect() == Effect.DEAD_TLS) {
            assertThat(first.failures())
                    .extracting(SessionFailure::type)
                    .containsExactly(ReportType.VALIDATION_FAILURE);
        }
        if (fault.name().startsWith("certificate") && !first.complied()) {
            assertThat(first.failures().get(0).type().name().toLowerCase(Locale.ROOT))
                    .startsWith("certificate");
        }
        assertThat(sessions).hasSize(1);
    }
}
