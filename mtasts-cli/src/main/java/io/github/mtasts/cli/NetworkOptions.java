package io.github.mtasts.cli;

import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
        List<X509Certificate> anchors = trustAnchors();
        return anchors.isEmpty() ? builder : builder.trustAlso(anchors);
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
            if (trustAnchors().isEmpty()) {
                throw new IllegalStateException("no trust anchors");
            }
            properties.setProperty("mail.mtasts.ca", anchors.toString());
        }
        return properties;
    }

    /**
     * {@return the certificates of {@code --ca}; empty where it is not given}
     *
     * @throws ParameterException if they cannot be read
     */
    List<X509Certificate> trustAnchors() {
        Path file = ca;
        if (file == null) {
            return List.of();
        }
        List<X509Certificate> anchors = new ArrayList<>();
        try (InputStream in = Files.newInputStream(file)) {
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                anchors.add((X509Certificate) certificate);
            }
        } catch (NoSuchFileException e) {
            throw new ParameterException(spec.commandLine(), "--ca: no such file: " + file, e);
        } catch (IOException | CertificateException e) {
            throw new ParameterException(
                    spec.commandLine(), "--ca: no certificates can be read from " + file + ": " + e.getMessage(), e);
        }
        if (anchors.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--ca: there is no certificate in " + file);
        }
        return anchors;
    }

    /** {@code 192.0.2.1:53}, {@code [2001:db8::1]:53}, {@code localhost:53}; the port may be left out. */
    static final class ServerConverter implements ITypeConverter<InetSocketAddress> {
        @Override
        public InetSocketAddress convert(String text) {
            boolean bare = text.indexOf(':') != text.lastIndexOf(':') && !text.startsWith("[");
            int colon = bare ? -1 : text.lastIndexOf(':');
            boolean hasPort = colon > text.lastIndexOf(']');
            String host = hasPort ? text.substring(0, colon) : text;
            try {
                int port = hasPort ? Integer.parseInt(text.substring(colon + 1)) : 53;
                if (host.isEmpty() || port < 1 || port > 65_535) {
                    throw new TypeConversionException("a DNS server is written as HOST:PORT: \"" + text + "\"");
                }
                return new InetSocketAddress(InetAddress.getByName(host), port);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("a DNS server is written as HOST:PORT: \"" + text + "\"");
            } catch (UnknownHostException e) {
                throw new TypeConversionException("the DNS server's address is not known: \"" + host + "\"");
            }
        }

        static String text(InetSocketAddress server) {
            String address = server.getAddress().getHostAddress();
            return (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + server.getPort();
        }
    }
}
