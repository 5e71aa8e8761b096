package io.github.mtasts.cli;

import io.github.mtasts.javamail.DeliveryOutcome;
import io.github.mtasts.javamail.MtaStsDeliveryException;
import io.github.mtasts.javamail.MtaStsEngines;
import io.github.mtasts.javamail.MtaStsTransport;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Hands a message to the MX hosts of its recipients' domains, as their policies demand. */
@Command(
        name = "send",
        description =
                "Hand a message (RFC 5322) to the MX hosts of its recipients' domains, as their policies demand. Nothing is queued. One reply is waited for up to 300 seconds.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:all delivered",
            "64:wrong usage",
            "65:some recipient was refused for good by a mail server",
            "66:the message cannot be read",
            "69:some domain takes no mail",
            "75:some domain has to be tried again"
        })
final class Send implements Callable<Integer> {
    /** As long as RFC 5321 §4.5.3.2 asks of a client. */
    private static final Duration TIMEOUT = Duration.ofMinutes(5);

    @Option(names = "--from", required = true, paramLabel = "ADDRESS", description = "The envelope sender.")
    private String from = "";

    @Option(
            names = "--to",
            required = true,
            split = ",",
            paramLabel = "ADDRESS",
            description = "The recipients, with commas between.")
    private List<String> to = List.of();

    @Option(
            names = "--ehlo",
            paramLabel = "NAME",
            description = "The name this machine has in DNS, for EHLO; its host name if not given.")
    private @Nullable String ehlo;

    @Mixin
    private NetworkOptions network = new NetworkOptions();

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(
            paramLabel = "FILE",
            arity = "0..1",
            defaultValue = "-",
            description = "The message; - for standard input, the default.")
    private String file = "-";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private Send() {}

    @Override
    public Integer call() throws MessagingException {
        Address[] recipients = recipients();
        Properties properties = properties();
        MimeMessage message;
        try (InputStream in =
                file.equals("-") ? System.in : new BufferedInputStream(Files.newInputStream(Path.of(file)))) {
            message = new MimeMessage(Session.getInstance(properties), in);
        } catch (IOException e) {
            spec.commandLine().getErr().println("mtasts: cannot read " + file + ": " + Words.reason(e));
            return Main.ExitCode.NO_INPUT;
        }
        List<DeliveryOutcome> outcomes;
        try (MtaStsTransport transport = (MtaStsTransport) message.getSession().getTransport("mtasts")) {
            transport.connect();
            try {
                transport.sendMessage(message, recipients);
            } catch (MtaStsDeliveryException e) {
                // told below, domain by domain
            }
            outcomes = transport.outcomes();
        } finally {
            MtaStsEngines.closeAll();
        }
        print(outcomes);
        return code(outcomes);
    }

    private Address[] recipients() {
        List<Address> recipients = new ArrayList<>();
        for (String recipient : to) {
            try {
                recipients.add(new InternetAddress(recipient.strip(), true));
            } catch (AddressException e) {
                throw new ParameterException(spec.commandLine(), "not a mail address: \"" + recipient + "\"", e);
            }
        }
        return recipients.toArray(Address[]::new);
    }

    private Properties properties() {
        Properties properties = network.mailProperties(TIMEOUT);
        properties.setProperty("mail.mtasts.from", from);
        if (ehlo != null) {
            properties.setProperty("mail.mtasts.localhost", ehlo);
        }
        return properties;
    }

    private void print(List<DeliveryOutcome> outcomes) {
        PrintWriter out = spec.commandLine().getOut();
        if (json.isOn()) {
            out.println(Json.of(outcomes.stream().map(Send::report).toList()));
        } else {
            outcomes.forEach(outcome -> out.println(outcome.domain() + ": " + outcome.describe()));
        }
        out.flush();
    }

    private static Map<String, Object> report(DeliveryOutcome outcome) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("domain", outcome.domain());
        report.put(
                "recipients",
                outcome.recipients().stream().map(Address::toString).toList());
        if (outcome instanceof DeliveryOutcome.Delivered delivered) {
            report.put("outcome", "delivered");
            report.put("mx", delivered.mx().name());
            report.put("tls", delivered.tls());
            report.put("verified", delivered.verified());
        } else if (outcome instanceof DeliveryOutcome.Deferred deferred) {
            report.put("outcome", "deferred");
            report.put("status", deferred.status());
            report.put("reason", deferred.reason());
        } else if (outcome instanceof DeliveryOutcome.Failed failed) {
            report.put("outcome", "failed");
            report.put("status", failed.status());
            report.put("reason", failed.reason());
        }
        return report;
    }

    /** What can be tried again comes before what cannot: a caller that queues must keep the message. */
    private static int code(List<DeliveryOutcome> outcomes) {
        if (outcomes.stream().anyMatch(DeliveryOutcome.Deferred.class::isInstance)) {
            return Main.ExitCode.TRY_AGAIN;
        }
        int code = Main.ExitCode.OK;
        for (DeliveryOutcome outcome : outcomes) {
            if (outcome instanceof DeliveryOutcome.Failed failed) {
                code = failed.mx() == null ? Main.ExitCode.UNAVAILABLE : Main.ExitCode.DATA;
            }
        }
        return code;
    }
}
