package io.github.mtasts.cli;

import io.github.mtasts.tlsrpt.ReportStore;
import io.github.mtasts.tlsrpt.TlsReporting;
import io.github.mtasts.tlsrpt.report.OutgoingReport;
import io.github.mtasts.tlsrpt.report.ReceivedReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows the reports of a day as they would be sent, also while the sender runs. */
@Command(
        name = "preview",
        description =
                "Show what would be reported of a day, by what a sender keeps in its directory, also while it runs. Only those of domains that ask for it will be sent.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:the reports are shown", "64:wrong usage", "66:the directory cannot be read"})
final class TlsRptPreview implements Callable<Integer> {
    @Option(
            names = "--day",
            paramLabel = "DATE",
            description = "The day (UTC), for example 2026-11-27; today if not given.")
    private @Nullable LocalDate day;

    @Option(
            names = "--organization",
            paramLabel = "NAME",
            defaultValue = "(organization)",
            description = "Who reports, for --json.")
    private String organization = "";

    @Option(
            names = "--contact",
            paramLabel = "ADDRESS",
            defaultValue = "contact@sender.invalid",
            description = "Whom to ask about the reports, for --json.")
    private String contact = "";

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(paramLabel = "DIRECTORY", description = "Where the sender keeps what it counted.")
    private Path directory = Path.of("");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private TlsRptPreview() {}

    @Override
    public Integer call() {
        Map<String, ReceivedReport> reports = new LinkedHashMap<>();
        try (ReportStore copy = ReportStore.copyOf(directory);
                TlsReporting reporting = TlsReporting.builder()
                        .organization(organization)
                        .contact(contact)
                        .store(copy)
                        .build()) {
            for (OutgoingReport report : reporting.preview(day == null ? LocalDate.now(ZoneOffset.UTC) : day)) {
                reports.put(report.domain().name(), new ReceivedReport.Found(report.report(), List.of()));
            }
        } catch (IOException e) {
            spec.commandLine().getErr().println("mtasts: cannot read " + directory + ": " + Words.reason(e));
            spec.commandLine().getErr().flush();
            return Main.ExitCode.NO_INPUT;
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json.isOn()) {
            List<Object> objects = new ArrayList<>();
            reports.values()
                    .forEach(report ->
                            objects.add(((ReceivedReport.Found) report).report().toJsonObject()));
            out.println(Json.of(objects));
        } else {
            TlsRptTable.print(out, TlsRptSummary.of(reports));
        }
        out.flush();
        return Main.ExitCode.OK;
    }
}
