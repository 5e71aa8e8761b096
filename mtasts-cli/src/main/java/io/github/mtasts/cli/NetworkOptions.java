package io.github.mtasts.cli;

import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import io.github.mtasts.lookup.DnsClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options that say how the network is reached, the same for every command that uses it. */
@CheckReturnValue
final class NetworkOptions {
    @Option(
            names = "--dns",
            paramLabel = "HOST:PORT",
            converter = ServerConverter.class,
            description = "The DNS server to ask, instead of the system's.")
    private @Nullable InetSocketAddress dns;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "Further trust anchors for policy hosts and MX hosts, PEM.")
    private @Nullable Path ca;

    private int smtpPort = 25;
    private int httpsPort = 443;

    @Option(
            names = "--allow-private-addresses",
            description = "Let policy hosts and MX hosts be at private and loopback addresses.")
    private boolean privateAddresses;

    private @Nullable Duration timeout;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    NetworkOptions() {}

    @Option(
            names = "--smtp-port",
            paramLabel = "PORT",
            defaultValue = "25",
            description = "The port of MX hosts, instead of 25.")
    void smtpPort(int port) {
        smtpPort = port("--smtp-port", port);
    }

    @Option(
            names = "--https-port",
            paramLabel = "PORT",
            defaultValue = "443",
            description = "The port of policy hosts, instead of 443.")
    void httpsPort(int port) {
        httpsPort = port("--https-port", port);
    }

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "The longest wait for one answer, instead of this command's own.")
    void timeout(@Nullable Integer seconds) {
        if (seconds != null && (seconds < 1 || seconds > 86_400)) {
            throw new ParameterException(spec.commandLine(), "--timeout takes 1 to 86400 seconds: " + seconds);
        }
        timeout = seconds == null ? null : Duration.ofSeconds(seconds);
    }

    private int port(String option, int port) {
        if (port < 1 || port > 65_535) {
            throw new ParameterException(spec.commandLine(), option + " takes a port from 1 to 65535: " + port);
        }
        return port;
    }

    /** {@return the port of MX hosts} */
    int smtpPort() {
        return smtpPort;
    }

    /** {@return the port of policy hosts} */
    int httpsPort() {
        return httpsPort;
    }

    /** {@return the DNS server to ask; empty for the system's} */
    Optional<InetSocketAddress> dns() {
        return Optional.ofNullable(dns);
    }

    boolean allowsPrivateAddresses() {
        return privateAddresses;
    }

    /**
     * {@return the longest wait for one answer}
     *
     * @param usual the command's own, used where the option is not given
     */
    Duration timeout(Duration usual) {
        Duration given = timeout;
        return given == null ? usual : given;
    }

    /**
     * An engine's settings as given; the command adds its own.
     *
     * @throws ParameterException if the trust anchors cannot be read
     */
    MtaStsBuilder engine() {
        MtaStsBuilder builder = MtaSts.builder().httpsPort(httpsPort).allowPrivateAddresses(privateAddresses);
        dns().ifPresent(builder::dnsServer);
        trust(builder);
        return builder;
    }

    /** The same for the mail transport, as {@code mail.mtasts.*}. */
    Properties mailProperties(Duration usualTimeout) {
        Properties properties = new Properties();
        properties.setProperty("mail.mtasts.allowprivateaddresses", String.valueOf(privateAddresses));
        properties.setProperty(
                "mail.mtasts.timeout", String.valueOf(timeout(usualTimeout).toMillis()));
        properties.setProperty("mail.mtasts.port", String.valueOf(smtpPort));
        properties.setProperty("mail.mtasts.httpsport", String.valueOf(httpsPort));
        dns().ifPresent(server -> properties.setProperty("mail.mtasts.dns", ServerConverter.text(server)));
        Path anchors = ca;
        if (anchors != null) {
            trust(MtaSts.builder()); // told here, by the option's name, and not by the transport
            properties.setProperty("mail.mtasts.ca", anchors.toString());
        }
        return properties;
    }

    private void trust(MtaStsBuilder builder) {
        Path file = ca;
        if (file == null) {
            return;
        }
        try {
            builder.trustAlso(file);
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "--ca: cannot read " + file + ": " + Words.reason(e), e);
        } catch (CertificateException e) {
            throw new ParameterException(
                    spec.commandLine(), "--ca: no certificates in " + file + ": " + e.getMessage(), e);
        }
    }

    /** A DNS server as the engine reads it. */
    static final class ServerConverter implements ITypeConverter<InetSocketAddress> {
        @Override
        public InetSocketAddress convert(String text) {
            try {
                return DnsClient.serverAddress(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }

        static String text(InetSocketAddress server) {
            String address = server.getAddress().getHostAddress();
            return (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + server.getPort();
        }
    }
}
