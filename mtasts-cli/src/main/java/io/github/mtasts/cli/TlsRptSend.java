package io.github.mtasts.cli;

import io.github.mtasts.MtaSts;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tlsrpt.ReportKey;
import io.github.mtasts.tlsrpt.ReportStore;
import io.github.mtasts.tlsrpt.SentReport;
import io.github.mtasts.tlsrpt.StoreInUseException;
import io.github.mtasts.tlsrpt.SubmissionResult;
import io.github.mtasts.tlsrpt.TlsReporting;
import io.github.mtasts.tlsrpt.report.DkimSigner;
import io.github.mtasts.tlsrpt.report.Reporter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends the reports of days that are over, without waiting for their time. */
@Command(
        name = "send",
        description = {
            "Send the reports of days that are over that are not sent yet, now. For a sender that does not run: one that does has its directory to itself, and sends them by itself.",
            "A report that was begun goes on with its id, its counts and its contact. What is not taken now waits in the directory, for the sender or for this command. Run it as the sender's user."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:all were accepted, or are not wanted; or there is none",
            "1:nobody takes some report, and it is given up",
            "64:wrong usage",
            "66:the directory holds no counts, or cannot be read",
            "69:a sender uses the directory; nothing was done",
            "75:some report waits: send again later"
        })
final class TlsRptSend implements Callable<Integer> {
    /** As long as RFC 5321 §4.5.3.2 asks of a client. */
    private static final Duration TIMEOUT = Duration.ofMinutes(5);

    @Option(names = "--day", paramLabel = "DATE", description = "Only this day (UTC), for example 2026-11-26.")
    private @Nullable LocalDate day;

    @Option(names = "--organization", required = true, paramLabel = "NAME", description = "Who reports.")
    private String organization = "";

    @Option(
            names = "--contact",
            required = true,
            paramLabel = "ADDRESS",
            description = "Whom to ask about the reports. Report mails come from this address.")
    private String contact = "";

    @Option(
            names = "--dkim-key",
            paramLabel = "SELECTOR=FILE",
            description =
                    "Sign report mails for the contact's domain with this key, PEM. May be given twice, for RSA and Ed25519. Without one, reports that go by mail wait.")
    private Map<String, Path> keys = new LinkedHashMap<>();

    @Mixin
    private NetworkOptions network = new NetworkOptions();

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(paramLabel = "DIRECTORY", description = "Where the sender keeps what it counted.")
    private Path directory = Path.of("");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private TlsRptSend() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        LocalDate only = day;
        if (only != null && !only.isBefore(LocalDate.now(ZoneOffset.UTC))) {
            throw new ParameterException(spec.commandLine(), "--day: " + only + " is not over");
        }
        TlsReporting.Builder settings = settings();
        try (MtaSts engine = network.engine().build()) {
            ReportStore opened;
            try {
                opened = ReportStore.existingIn(directory);
            } catch (StoreInUseException e) {
                complain(directory + " is in use: a sender that runs sends its reports by itself");
                return Main.ExitCode.UNAVAILABLE;
            } catch (IOException e) {
                complain("cannot read " + directory + ": " + Words.reason(e));
                return Main.ExitCode.NO_INPUT;
            }
            try (ReportStore store = opened;
                    TlsReporting reporting = settings.store(store).build()) {
                List<SentReport> sent = send(reporting, engine);
                print(sent);
                return code(sent);
            }
        }
    }

    private void complain(String what) {
        spec.commandLine().getErr().println("mtasts: " + what);
        spec.commandLine().getErr().flush();
    }

    /** All but the store. */
    private TlsReporting.Builder settings() {
        Properties mail = new Properties();
        mail.setProperty("mail.mtasts.port", String.valueOf(network.smtpPort()));
        mail.setProperty(
                "mail.mtasts.timeout", String.valueOf(network.timeout(TIMEOUT).toMillis()));
        try {
            Reporter reporter = new Reporter(organization, contact);
            return TlsReporting.builder()
                    .organization(organization)
                    .contact(contact)
                    .signer(signer(reporter.domain()))
                    .mailProperties(mail)
                    .allowPrivateAddresses(network.allowsPrivateAddresses());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private @Nullable DkimSigner signer(PolicyDomain domain) {
        DkimSigner signer = null;
        for (Map.Entry<String, Path> key : keys.entrySet()) {
            DkimSigner one;
            try {
                one = DkimSigner.fromPem(domain, key.getKey(), key.getValue());
            } catch (IOException e) {
                throw new ParameterException(
                        spec.commandLine(), "--dkim-key: cannot read " + key.getValue() + ": " + Words.reason(e), e);
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), "--dkim-key: " + e.getMessage(), e);
            }
            signer = signer == null ? one : signer.and(one);
        }
        return signer;
    }

    private List<SentReport> send(TlsReporting reporting, MtaSts engine) throws IOException, InterruptedException {
        List<ReportKey> unsent = new ArrayList<>(reporting.unsent());
        unsent.removeIf(key -> day != null && !key.day().equals(day));
        Progress progress =
                new Progress(spec.commandLine().getErr(), Ansi.AUTO.enabled() && !json.isOn(), unsent.size());
        progress.begin("sending " + Words.count(unsent.size(), "report") + " ...");
        try {
            return reporting.sendNow(
                    engine, unsent, one -> progress.done(one.key().domain().name()));
        } finally {
            progress.end();
        }
    }

    private void print(List<SentReport> sent) {
        PrintWriter out = spec.commandLine().getOut();
        if (json.isOn()) {
            out.println(Json.of(sent.stream().map(TlsRptSend::object).toList()));
        } else {
            for (SentReport one : sent) {
                out.println(one.key() + ": " + what(one));
                for (SentReport.Try tried : one.tries()) {
                    out.println("  " + Words.destination(tried.destination()) + ": " + word(tried.result())
                            + (reason(tried.result()).isEmpty() ? "" : ": " + reason(tried.result())));
                }
            }
            out.println(
                    sent.isEmpty()
                            ? "no report of a day that is over waits to be sent"
                            : Words.count(sent.size(), "report") + ": "
                                    + count(sent, SentReport.Outcome.ACCEPTED) + " accepted, "
                                    + count(sent, SentReport.Outcome.WAITS) + " waiting, "
                                    + count(sent, SentReport.Outcome.GIVEN_UP) + " given up, "
                                    + count(sent, SentReport.Outcome.UNWANTED) + " not wanted");
        }
        out.flush();
    }

    private static String what(SentReport one) {
        String why = one.tries().isEmpty() && !one.reason().isEmpty() ? ": " + one.reason() : "";
        String until = one.nextTry() == null ? "" : ", next try at " + one.nextTry();
        return switch (one.outcome()) {
            case ACCEPTED -> "accepted";
            case WAITS -> "waits" + until + why;
            case GIVEN_UP -> "given up" + why;
            case UNWANTED -> "not wanted" + why;
            case NOTHING_TO_DO -> "nothing to do" + why;
        };
    }

    private static String word(SubmissionResult result) {
        if (result instanceof SubmissionResult.Accepted) {
            return "accepted";
        }
        return result instanceof SubmissionResult.Refused ? "refused" : "not taken now";
    }

    private static String reason(SubmissionResult result) {
        if (result instanceof SubmissionResult.Refused refused) {
            return refused.reason();
        }
        return result instanceof SubmissionResult.TryAgain later ? later.reason() : "";
    }

    private static Map<String, Object> object(SentReport one) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("domain", one.key().domain().name());
        object.put("day", one.key().day().toString());
        object.put("outcome", Words.lower(one.outcome()));
        object.put("reason", one.reason());
        object.put("report-id", one.reportId());
        object.put("next-try", one.nextTry() == null ? null : one.nextTry().toString());
        List<Map<String, Object>> destinations = new ArrayList<>();
        for (SentReport.Try tried : one.tries()) {
            Map<String, Object> destination = new LinkedHashMap<>();
            destination.put("destination", Words.destination(tried.destination()));
            destination.put("result", word(tried.result()).replace(' ', '-'));
            destination.put("reason", reason(tried.result()));
            destinations.add(destination);
        }
        object.put("destinations", destinations);
        return object;
    }

    private static long count(List<SentReport> sent, SentReport.Outcome outcome) {
        return sent.stream().filter(one -> one.outcome() == outcome).count();
    }

    /** What can be sent later comes before what cannot. */
    private static int code(List<SentReport> sent) {
        if (count(sent, SentReport.Outcome.WAITS) > 0) {
            return Main.ExitCode.TRY_AGAIN;
        }
        return count(sent, SentReport.Outcome.GIVEN_UP) > 0 ? Main.ExitCode.PROBLEMS : Main.ExitCode.OK;
    }
}
