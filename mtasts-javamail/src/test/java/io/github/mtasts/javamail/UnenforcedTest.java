package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.javamail.unenforced.UnenforcedMail;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMessage;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Reports about TLS arrive where TLS is broken, and nothing else does. */
class UnenforcedTest {
    private final World world = new World();

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    @Tag("T-3-9")
    void aReportArrivesWhereTheCertificateIsBrokenAndIsNotCounted() throws MessagingException {
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
        world.mx("mx.example.com").certificate(CertificateFault.EXPIRED);

        try (MtaStsTransport transport = world.connected()) {
            transport.sendUnenforced(new UnenforcedMail(world.message(), List.of(World.addresses("a@example.com"))));
        }

        assertThat(world.mx("mx.example.com").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.encrypted()).isTrue());
        assertThat(world.sessions).isEmpty();
    }

    @Test
    @Tag("T-3-9")
    void aReportArrivesInClearTextWhereThereIsNoTls() throws MessagingException {
        world.domain("example.com", "enforce", "other.example.com").mx(10, "mx.example.com");
        world.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        try (MtaStsTransport transport = world.connected()) {
            transport.sendUnenforced(new UnenforcedMail(world.message(), List.of(World.addresses("a@example.com"))));
        }

        assertThat(world.mx("mx.example.com").mails()).hasSize(1);
        assertThat(world.net.dns().asked("_mta-sts.example.com", "TXT")).isZero();
    }

    @Test
    @Tag("S-X-1")
    void whatAReportWentOverCarriesNoMailThatAPolicyProtects() throws MessagingException {
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
        world.mx("mx.example.com").certificate(CertificateFault.EXPIRED);

        try (MtaStsTransport transport = world.connected()) {
            transport.sendUnenforced(new UnenforcedMail(world.message(), List.of(World.addresses("a@example.com"))));
            MtaStsDeliveryException refused = world.refusal(transport, "b@example.com");

            assertThat(refused.status()).isEqualTo("4.7.5");
        }

        assertThat(world.mx("mx.example.com").mails()).hasSize(1);
    }

    @Test
    void noPropertyHeaderOrClassOfMessageMakesAMailAReport() throws MessagingException {
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
        world.mx("mx.example.com").certificate(CertificateFault.EXPIRED);
        for (String key : List.of("unenforced", "enforce", "mtasts.unenforced", "mail.unenforced")) {
            world.properties.put(key, "true");
        }
        SMTPMessage message = new SMTPMessage(world.message("a@example.com"));
        message.setHeader("TLS-Required", "No");
        message.setHeader("TLS-Report-Domain", "example.com");
        message.setHeader("TLS-Report-Submitter", "sender.example");
        message.setHeader("Auto-Submitted", "auto-generated");
        message.setHeader("Content-Type", "multipart/report; report-type=\"tlsrpt\"; boundary=b");
        message.setEnvelopeFrom("tlsrpt@sender.example");

        try (MtaStsTransport transport = world.connected()) {
            assertThat(world.refusal(transport, message).status()).isEqualTo("4.7.5");
        }

        assertThat(world.mx("mx.example.com").sawMailFrom()).isFalse();
        assertThat(MimeMessage.class.isAssignableFrom(UnenforcedMail.class)).isFalse();
    }

    @Test
    void tlsRequiredNoIsLeftInPlace() throws MessagingException {
        world.domain("example.com", "enforce", "mx.example.com").mx(10, "mx.example.com");
        MimeMessage message = world.message("a@example.com");
        message.setHeader("TLS-Required", "No");

        try (MtaStsTransport transport = world.connected()) {
            World.send(transport, message);
        }

        assertThat(world.mx("mx.example.com").mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.content()).contains("TLS-Required: No"));
    }

    @Test
    void theModuleExportsTheTypeToTheReportingModuleAlone() {
        ModuleDescriptor module = ModuleFinder.of(Path.of("target/classes"))
                .find("io.github.mtasts.javamail")
                .orElseThrow()
                .descriptor();

        assertThat(module.exports())
                .filteredOn(export -> export.source().equals(UnenforcedMail.class.getPackageName()))
                .singleElement()
                .satisfies(export -> assertThat(export.targets()).isEqualTo(Set.of("io.github.mtasts.tlsrpt")));
        assertThat(module.opens()).isEmpty();
    }
}
