package io.github.mtasts.spring;

import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.delivery.DeliveryObserver;
import io.github.mtasts.delivery.SessionFailure;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.discovery.DiscoveryFailure;
import io.github.mtasts.discovery.DiscoveryListener;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.micrometer.MtaStsMetrics;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tlsrpt.TlsReporting;
import io.github.mtasts.tlsrpt.report.DkimSigner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.mail.MailSender;
import org.springframework.mail.javamail.JavaMailSender;
import org.springframework.mail.javamail.JavaMailSenderImpl;

/**
 * Makes, after {@link MtaStsProperties}, an engine and a {@link JavaMailSender} that hands mail to MX hosts as their policies demand, unless the application has beans of its own in
 * their place. What a policy keeps back arrives as a {@code MailSendException} whose cause is an {@code MtaStsDeliveryException}.
 *
 * <p>A {@link PolicyStore}, a {@link DiscoveryListener} or a {@link DeliveryObserver} among the application's beans is taken into use. It comes before Spring Boot's own mail sender.
 */
@AutoConfiguration(
        beforeName = {
            "org.springframework.boot.autoconfigure.mail.MailSenderAutoConfiguration", // Boot 3
            "org.springframework.boot.mail.autoconfigure.MailSenderAutoConfiguration" // Boot 4
        })
@ConditionalOnProperty(prefix = "mtasts", name = "enabled", matchIfMissing = true)
@EnableConfigurationProperties(MtaStsProperties.class)
public class MtaStsAutoConfiguration {
    private static final Logger LOG = LoggerFactory.getLogger(MtaStsAutoConfiguration.class);

    /** For Spring. */
    public MtaStsAutoConfiguration() {}

    /**
     * Where policies outlive the process.
     *
     * @param properties what is set
     * @return a store in the directory
     */
    @Bean(destroyMethod = "close")
    @ConditionalOnProperty(prefix = "mtasts", name = "policy-directory")
    @ConditionalOnMissingBean
    public PolicyStore mtaStsPolicyStore(MtaStsProperties properties) {
        return PolicyStore.inDirectory(Objects.requireNonNull(properties.policyDirectory()));
    }

    /**
     * The engine: one for the application, ended with it.
     *
     * @param properties what is set
     * @param store keeps policies, where there is one
     * @param listener all of them are told of policies
     * @param observer all of them are told of deliveries
     * @return the engine
     */
    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    public MtaSts mtaSts(
            MtaStsProperties properties,
            ObjectProvider<PolicyStore> store,
            ObjectProvider<DiscoveryListener> listener,
            ObjectProvider<DeliveryObserver> observer) {
        MtaStsBuilder builder = MtaSts.builder()
                .strictDiscovery(properties.strictDiscovery())
                .allowClearText(properties.allowClearText())
                .neverClearText(properties.neverClearText().stream()
                        .map(PolicyDomain::of)
                        .collect(Collectors.toSet()))
                .ownNames(properties.ownNames().stream().map(MxHost::of).collect(Collectors.toSet()))
                .fetchDeadline(properties.fetchTimeout())
                .httpsPort(properties.httpsPort())
                .allowPrivateAddresses(properties.allowPrivateAddresses());
        properties.dns().forEach(builder::dnsServer);
        if (properties.ca() != null) {
            try {
                builder.trustAlso(properties.ca());
            } catch (IOException | CertificateException e) {
                throw new IllegalArgumentException("mtasts.ca: " + properties.ca() + ": " + e.getMessage(), e);
            }
        }
        store.ifAvailable(builder::policyStore);
        List<DiscoveryListener> listeners = listener.orderedStream().toList();
        if (!listeners.isEmpty()) {
            builder.listener(event -> listeners.forEach(each -> each.on(event)));
        }
        List<DeliveryObserver> observers = observer.orderedStream().toList();
        if (!observers.isEmpty()) {
            builder.observer(new Observers(observers));
        }
        return builder.build();
    }

    /**
     * The mail sender.
     *
     * @param engine decides
     * @param properties what is set
     * @param environment tells whether Spring Boot's own mail sender is configured as well
     * @return a sender for the protocol {@code mtasts}
     */
    @Bean
    @ConditionalOnMissingBean(MailSender.class)
    public JavaMailSender mtaStsMailSender(MtaSts engine, MtaStsProperties properties, Environment environment) {
        String host = environment.getProperty("spring.mail.host");
        if (host != null) {
            LOG.warn(
                    "spring.mail.host={} is not used: mail goes to the MX hosts of its recipients; a relay is named by mtasts.mail.relay, and mtasts.enabled=false turns this off",
                    host);
        }
        MailJars.warnIfTwice(LOG);
        JavaMailSenderImpl sender = new JavaMailSenderImpl();
        sender.setProtocol("mtasts");
        Properties mail = mailProperties(properties);
        mail.put("mail.mtasts.engine", engine);
        sender.setJavaMailProperties(mail);
        return sender;
    }

    private static Properties mailProperties(MtaStsProperties properties) {
        Properties mail = new Properties();
        properties.mail().forEach((key, value) -> mail.setProperty("mail.mtasts." + key, value));
        if (properties.localhost() != null) {
            mail.setProperty("mail.mtasts.localhost", properties.localhost());
        }
        return mail;
    }

    /** Counters of the engine as meters, where Micrometer and mtasts-micrometer are there. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(
            name = {"io.github.mtasts.micrometer.MtaStsMetrics", "io.micrometer.core.instrument.MeterRegistry"})
    static class Metrics {
        @Bean
        @ConditionalOnMissingBean
        MtaStsMetrics mtaStsMetrics(MtaSts engine) {
            return new MtaStsMetrics(engine.discovery().counters());
        }
    }

    /** Reports to the domains that mail goes to, where mtasts-tlsrpt is there and a contact is set. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = "io.github.mtasts.tlsrpt.TlsReporting")
    @ConditionalOnProperty(prefix = "mtasts.tlsrpt", name = "contact")
    static class Reports {
        @Bean(destroyMethod = "close")
        @ConditionalOnMissingBean
        TlsReporting mtaStsTlsReporting(MtaStsProperties properties) throws IOException {
            MtaStsProperties.Tlsrpt tlsrpt = properties.tlsrpt();
            String contact = required(tlsrpt.contact(), "contact");
            TlsReporting.Builder builder = TlsReporting.builder()
                    .organization(required(tlsrpt.organization(), "organization"))
                    .contact(contact)
                    .allowPrivateAddresses(properties.allowPrivateAddresses())
                    .mailProperties(mailProperties(properties));
            if (tlsrpt.directory() != null) {
                builder.directory(tlsrpt.directory());
            }
            if (tlsrpt.dkimKey() != null) {
                PolicyDomain domain = PolicyDomain.of(contact.substring(contact.lastIndexOf('@') + 1));
                builder.signer(
                        DkimSigner.fromPem(domain, required(tlsrpt.dkimSelector(), "dkim-selector"), tlsrpt.dkimKey()));
            }
            return builder.build();
        }

        @Bean
        DeliveryObserver mtaStsReportObserver(TlsReporting reporting) {
            return reporting.observer();
        }

        /** Begins to send when all is there, and ends before the engine does. */
        @Bean
        Sending mtaStsReportSending(TlsReporting reporting, MtaSts engine) {
            reporting.start(engine);
            return new Sending(reporting);
        }

        record Sending(TlsReporting reporting) implements AutoCloseable {
            @Override
            public void close() {
                reporting.close();
            }
        }

        private static String required(@Nullable String value, String name) {
            if (value == null || value.isBlank()) {
                throw new IllegalArgumentException("mtasts.tlsrpt." + name + " is not set, and reports need it");
            }
            return value;
        }
    }

    /** Health where Spring Boot 3's actuator is there. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = "org.springframework.boot.actuate.health.HealthIndicator")
    static class Boot3 {
        @Bean
        @ConditionalOnMissingBean(name = "mtaStsHealthIndicator")
        org.springframework.boot.actuate.health.HealthIndicator mtaStsHealthIndicator(MtaSts engine) {
            MtaStsHealth health = new MtaStsHealth(engine);
            return () -> org.springframework.boot.actuate.health.Health.up()
                    .withDetails(health.details())
                    .build();
        }
    }

    /** Health where Spring Boot 4's is. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = "org.springframework.boot.health.contributor.HealthIndicator")
    static class Boot4 {
        @Bean
        @ConditionalOnMissingBean(name = "mtaStsHealthIndicator")
        org.springframework.boot.health.contributor.HealthIndicator mtaStsHealthIndicator(MtaSts engine) {
            MtaStsHealth health = new MtaStsHealth(engine);
            return () -> org.springframework.boot.health.contributor.Health.up()
                    .withDetails(health.details())
                    .build();
        }
    }

    /** Several observers as one. */
    private record Observers(List<DeliveryObserver> all) implements DeliveryObserver {
        @Override
        public void session(SessionResult result) {
            all.forEach(each -> each.session(result));
        }

        @Override
        public void sessionBroke(SessionResult told, SessionFailure failure) {
            all.forEach(each -> each.sessionBroke(told, failure));
        }

        @Override
        public void policyFailure(PolicyInForce policy, DiscoveryFailure failure) {
            all.forEach(each -> each.policyFailure(policy, failure));
        }
    }

    /** What the class path has to say of the mail API. */
    static final class MailJars {
        private MailJars() {}

        /** Two jars with the same classes: which one is used depends on their order. */
        static void warnIfTwice(Logger log) {
            List<String> places = places(Thread.currentThread().getContextClassLoader());
            if (places.size() > 1) {
                log.warn(
                        "the mail API is on the class path {} times: exclude org.eclipse.angus:jakarta.mail from spring-boot-starter-mail, or leave that starter out: {}",
                        places.size(),
                        places);
            }
        }

        static List<String> places(ClassLoader loader) {
            try {
                return loader.resources("jakarta/mail/Session.class")
                        .map(Object::toString)
                        .toList();
            } catch (UncheckedIOException e) {
                return List.of();
            }
        }
    }
}
