package io.github.mtasts.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.DeliveryObserver;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.javamail.MtaStsDeliveryException;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.tlsrpt.TlsReporting;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.mail.Address;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.mail.MailSendException;
import org.springframework.mail.SimpleMailMessage;
import org.springframework.mail.javamail.JavaMailSender;
import org.springframework.mail.javamail.JavaMailSenderImpl;

/** Runs on each Spring Boot that is served, on the small internet. */
class MtaStsAutoConfigurationTest {
    private final SmallInternet net = new SmallInternet();
    private final List<Address> queue = new ArrayList<>();
    private ApplicationContextRunner application = new ApplicationContextRunner();

    @TempDir
    Path folder;

    @BeforeEach
    void application() throws IOException {
        Path ca = Files.writeString(folder.resolve("ca.pem"), net.ca().rootPem());
        application = application
                .withConfiguration(AutoConfigurations.of(MtaStsAutoConfiguration.class))
                .withPropertyValues(
                        "mtasts.dns=" + net.dnsServer(),
                        "mtasts.ca=" + ca,
                        "mtasts.https-port=" + net.httpsPort(),
                        "mtasts.allow-private-addresses=true",
                        "mtasts.localhost=sender.example",
                        "mtasts.mail.port=" + net.smtpPort());
        net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
    }

    @AfterEach
    void close() {
        net.close();
    }

    @Test
    void theVersionOfSpringBootIsTheOneToBeTested() {
        assertThat(SpringBootVersion.getVersion()).isEqualTo(System.getProperty("spring-boot.version"));
    }

    @Test
    void theMailApiIsOnTheClassPathTwiceWhereSpringBoot3sMailStarterIs() {
        boolean three = SpringBootVersion.getVersion().startsWith("3.");

        assertThat(MtaStsAutoConfiguration.MailJars.places(getClass().getClassLoader()))
                .hasSize(three ? 2 : 1);
    }

    @Test
    void theMailSenderDeliversToTheMxHostThatThePolicyLists() {
        application.run(context -> {
            context.getBean(JavaMailSender.class).send(message());

            assertThat(net.mx("mx.example.com").mails()).hasSize(1);
        });
    }

    @Test
    @Tag("S-5-1")
    void theMailSenderHoldsWhatThePolicyKeepsBack() {
        net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        application.run(context -> {
            JavaMailSender sender = context.getBean(JavaMailSender.class);

            assertThatThrownBy(() -> sender.send(message())).isInstanceOfSatisfying(MailSendException.class, held -> {
                Exception why = held.getFailedMessages().values().iterator().next();
                assertThat(why).isInstanceOfSatisfying(MtaStsDeliveryException.class, e -> {
                    assertThat(e.status()).isEqualTo("4.7.4");
                    assertThat(e.retryable()).isPresent();
                });
            });
            assertThat(net.mx("mx.example.com").mails()).isEmpty();
        });
    }

    @Test
    void whatIsHeldMayBeTriedAgainLater() {
        net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        application.run(context -> send(context.getBean(JavaMailSender.class), message()));

        assertThat(queue).hasSize(1);
    }

    // spotless:off
    private void send(JavaMailSender mailSender, SimpleMailMessage message) {
        try {
            mailSender.send(message);
        } catch (MailSendException e) {
            for (Exception why : e.getFailedMessages().values()) {
                if (why instanceof MtaStsDeliveryException held) {
                    held.retryable().ifPresent(retry -> later(message, retry.recipients(), retry.delay()));
                }
            }
        }
    }
    // spotless:on

    private void later(SimpleMailMessage message, List<Address> recipients, Duration delay) {
        assertThat(message.getTo()).isNotNull();
        assertThat(delay).isPositive();
        queue.addAll(recipients);
    }

    @Test
    void policiesAreKeptInTheDirectoryBeyondTheApplication() {
        ApplicationContextRunner keeping =
                application.withPropertyValues("mtasts.policy-directory=" + folder.resolve("policies"));
        keeping.run(context -> context.getBean(JavaMailSender.class).send(message()));
        net.dns().remove("_mta-sts.example.com");
        net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        keeping.run(context -> assertThat(context.getBean(MtaSts.class)
                        .policyFor(PolicyDomain.of("example.com"))
                        .known())
                .isPresent());
    }

    @Test
    void observersOfTheApplicationAreTold() {
        application.withUserConfiguration(TwoObservers.class).run(context -> {
            context.getBean(JavaMailSender.class).send(message());

            assertThat(context.getBean("one", Observer.class).seen).hasSize(1);
            assertThat(context.getBean("other", Observer.class).seen).hasSize(1);
        });
    }

    @Test
    void aMailSenderOfTheApplicationStays() {
        application
                .withBean("mine", JavaMailSenderImpl.class)
                .run(context -> assertThat(context.getBean(JavaMailSender.class))
                        .isSameAs(context.getBean("mine"))
                        .extracting(sender -> ((JavaMailSenderImpl) sender).getProtocol())
                        .isNotEqualTo("mtasts"));
    }

    @Test
    void nothingIsMadeWhereItIsTurnedOff() {
        application
                .withPropertyValues("mtasts.enabled=false")
                .run(context ->
                        assertThat(context).doesNotHaveBean(MtaSts.class).doesNotHaveBean(JavaMailSender.class));
    }

    @Test
    void theEngineEndsWithTheApplication() {
        List<MtaSts> engines = new ArrayList<>();

        application.run(context -> engines.add(context.getBean(MtaSts.class)));

        assertThat(engines.get(0).policyFor(PolicyDomain.of("example.com")).toString())
                .contains("CLOSED");
    }

    @Test
    void malformedPropertiesAreRefusedWithTheirText() {
        application
                .withPropertyValues("mtasts.dns=resolver.example")
                .run(context -> assertThat(context.getStartupFailure())
                        .rootCause()
                        .hasMessageContaining("\"resolver.example\""));
        application
                .withPropertyValues("mtasts.ca=" + folder.resolve("none.pem"))
                .run(context ->
                        assertThat(context.getStartupFailure()).rootCause().hasMessageContaining("none.pem"));
    }

    @Test
    void anUnknownPropertyOfTheTransportIsRefused() {
        application.withPropertyValues("mtasts.mail.ssl.trust=*").run(context -> {
            JavaMailSender sender = context.getBean(JavaMailSender.class);

            assertThatThrownBy(() -> sender.send(message())).hasMessageContaining("mail.mtasts.ssl.trust");
            assertThat(net.mx("mx.example.com").mails()).isEmpty();
        });
    }

    @Test
    void theEnginesCountersAreMeters() {
        application.run(context -> {
            SimpleMeterRegistry registry = new SimpleMeterRegistry();
            context.getBeansOfType(MeterBinder.class).values().forEach(binder -> binder.bindTo(registry));

            context.getBean(JavaMailSender.class).send(message());

            assertThat(registry.get("mtasts.fetches").functionCounter().count()).isEqualTo(1);
        });
    }

    @Test
    void sessionsAreCountedForReportsWhereAContactIsSet() {
        net.dns().txt("_smtp._tls.example.com", "v=TLSRPTv1; rua=mailto:r@example.com");
        application
                .withPropertyValues(
                        "mtasts.tlsrpt.organization=Sender Inc.", "mtasts.tlsrpt.contact=tls@sender.example")
                .run(context -> {
                    context.getBean(JavaMailSender.class).send(message());

                    assertThat(context.getBean(TlsReporting.class).preview(LocalDate.now(ZoneOffset.UTC)))
                            .hasSize(1);
                });
    }

    @Test
    void nothingIsCountedForReportsWhereNoContactIsSet() {
        application.run(context -> assertThat(context).doesNotHaveBean(TlsReporting.class));
    }

    @Test
    void aReportsMissingPropertyIsNamed() {
        application
                .withPropertyValues("mtasts.tlsrpt.contact=tls@sender.example")
                .run(context -> assertThat(context.getStartupFailure())
                        .rootCause()
                        .hasMessageContaining("mtasts.tlsrpt.organization"));
    }

    @Test
    void healthShowsTheEngineAtWork() {
        application.run(context -> {
            context.getBean(JavaMailSender.class).send(message());

            Object indicator = context.getBean("mtaStsHealthIndicator");
            Object health = indicator.getClass().getMethod("health").invoke(indicator);

            assertThat(health.getClass().getMethod("getStatus").invoke(health)).hasToString("UP");
            assertThat(health.getClass().getMethod("getDetails").invoke(health))
                    .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.map(String.class, Object.class))
                    .containsAllEntriesOf(Map.of("fetches_good", 1L, "store_failures", 0L));
        });
    }

    private static SimpleMailMessage message() {
        SimpleMailMessage message = new SimpleMailMessage();
        message.setFrom("a@sender.example");
        message.setTo("b@example.com");
        message.setText("hello");
        return message;
    }

    /** Keeps what it is told. */
    static final class Observer implements DeliveryObserver {
        private final List<SessionResult> seen = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void session(SessionResult result) {
            seen.add(result);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class TwoObservers {
        @Bean
        Observer one() {
            return new Observer();
        }

        @Bean
        Observer other() {
            return new Observer();
        }
    }
}
