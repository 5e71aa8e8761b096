package io.github.mtasts.tlsrpt;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.MtaSts;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.tlsrpt.report.DkimSigner;
import io.github.mtasts.tlsrpt.report.ReceivedReport;
import io.github.mtasts.tlsrpt.report.TlsReport;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** A small internet with an engine, reporting that is driven by hand, a mailbox for reports and a place to post them to. */
final class World implements AutoCloseable {
    static final String MAILBOX = "mailto:tls@reports.example";
    private static final DkimSigner SIGNER = signer();

    final SmallInternet net = new SmallInternet();
    final LocalDate day;
    final ReportStore store;
    private final Consumer<TlsReporting.Builder> also;
    TlsReporting reporting;
    MtaSts engine;

    World() throws IOException {
        this(ReportStore.inMemory(), settings -> {});
    }

    World(Consumer<TlsReporting.Builder> also) throws IOException {
        this(ReportStore.inMemory(), also);
    }

    World(ReportStore store, Consumer<TlsReporting.Builder> also) throws IOException {
        this.store = store;
        this.also = also;
        // the day begins at its noon, whatever time it is
        day = LocalDate.ofInstant(net.clock().instant(), ZoneOffset.UTC);
        net.clock().set(day.atTime(12, 0).toInstant(ZoneOffset.UTC));
        net.domain("reports.example").mx(10, "mx.reports.example");
        reporting = reporting();
        engine = engine();
        reporting.start(engine);
    }

    private static DkimSigner signer() {
        try {
            return DkimSigner.of(
                    PolicyDomain.of("sender.example"),
                    "reports",
                    KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private TlsReporting reporting() throws IOException {
        Properties mail = new Properties();
        mail.setProperty("mail.mtasts.port", String.valueOf(net.smtpPort()));
        mail.setProperty("mail.mtasts.localhost", "sender.example");
        TlsReporting.Builder settings = TlsReporting.builder()
                .organization("Sender")
                .contact("tls-reports@sender.example")
                .signer(SIGNER)
                .store(store)
                .mailProperties(mail)
                .allowPrivateAddresses(true)
                .clock(net.clock())
                .submitEvery(Duration.ofDays(1));
        also.accept(settings);
        return settings.build();
    }

    private MtaSts engine() {
        return MtaSts.builder()
                .dnsServer(net.dns().address())
                .httpsPort(net.httpsPort())
                .trustAnchors(net.ca().trustStore())
                .clock(net.clock())
                .allowPrivateAddresses(true)
                .observer(reporting.observer())
                .build();
    }

    /** Ends the reporting as the end of a process would, and begins it anew on the same store. */
    void restart() throws IOException {
        reporting.close();
        engine.close();
        reporting = reporting();
        engine = engine();
        reporting.start(engine);
    }

    /** A domain that wants reports there. */
    SmallInternet.Domain wants(String domain, String... destinations) {
        net.dns().txt("_smtp._tls." + domain, "v=TLSRPTv1; rua=" + String.join(",", destinations));
        return net.domain(domain);
    }

    PolicyHost collector() {
        return collector("collector.example");
    }

    /** A host to post to, which says 200. */
    PolicyHost collector(String domain) {
        PolicyHost host = net.policyHost(domain);
        host.respond(200, "text/plain", "thanks");
        return host;
    }

    String url() {
        return url("collector.example");
    }

    String url(String domain) {
        return "https://mta-sts." + domain + ":" + net.httpsPort() + "/tls?v=1";
    }

    MxServer mailbox() {
        return net.mx("mx.reports.example");
    }

    /** One successful session, as a delivery tells it. */
    void session(String domain) {
        reporting.observer().session(Sessions.result(Sessions.policy(PolicyDomain.of(domain), "enforce")));
    }

    /** A session on this day, kept; then the time when all reports of the day are due. */
    void aDayWithASession(String domain) {
        session(domain);
        reporting.flush();
        net.clock().set(dueAt());
    }

    /** When the last report of the day is due. */
    Instant dueAt() {
        return day.plusDays(1).atTime(4, 0).toInstant(ZoneOffset.UTC);
    }

    /** Sends what is due, and waits until it is done. */
    void submit() {
        reporting.flush();
        reporting.submitDue();
        until("all reports are sent", () -> !reporting.isSending());
    }

    static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited in vain until " + what).isLessThan(end);
            LockSupport.parkNanos(2_000_000);
        }
    }

    static List<TlsReport> posted(PolicyHost host) {
        return host.requests().stream()
                .filter(request -> request.method().equals("POST"))
                .map(request -> read(request.body()))
                .toList();
    }

    static List<TlsReport> mailed(MxServer mx) {
        return mx.mails().stream()
                .map(mail -> read(mail.content().getBytes(StandardCharsets.ISO_8859_1)))
                .toList();
    }

    private static TlsReport read(byte[] bytes) {
        ReceivedReport received = TlsReport.read(bytes);
        assertThat(received).isInstanceOf(ReceivedReport.Found.class);
        return ((ReceivedReport.Found) received).report();
    }

    /** A source of random numbers that has only this one. */
    static RandomGenerator always(long number) {
        return () -> number;
    }

    Session session() {
        Properties properties = new Properties();
        properties.put("mail.transport.protocol.rfc822", "mtasts");
        properties.put("mail.mtasts.engine", engine);
        properties.put("mail.mtasts.port", String.valueOf(net.smtpPort()));
        properties.put("mail.mtasts.localhost", "sender.example");
        return Session.getInstance(properties);
    }

    MimeMessage message(Session session, String recipient) throws MessagingException {
        MimeMessage message = new MimeMessage(session);
        message.setFrom("sender@sender.example");
        message.setRecipient(MimeMessage.RecipientType.TO, new InternetAddress(recipient));
        message.setSubject("hello");
        message.setText("hello");
        message.saveChanges();
        return message;
    }

    void mail(String recipient) throws MessagingException {
        Transport.send(message(session(), recipient));
    }

    @Override
    public void close() {
        reporting.close();
        engine.close();
        store.close();
        net.close();
    }
}
