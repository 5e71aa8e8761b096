package io.github.mtasts.cli;

import io.github.mtasts.tlsrpt.report.ReceivedReport;
import io.github.mtasts.tlsrpt.report.TlsReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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

/** Reads reports as they were received, and shows them. */
@Command(
        name = "read",
        description =
                "Read received reports, and show what they tell: for each domain the sessions that succeeded and that failed, and why.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:every file is a report",
            "64:wrong usage",
            "65:some file is no report",
            "66:some file cannot be read",
            "73:the page cannot be written"
        })
final class TlsRptRead implements Callable<Integer> {
    @Option(
            names = "--html",
            paramLabel = "OUT",
            description = "Write a page to this file too: one file, which needs no other.")
    private @Nullable Path html;

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(
            paramLabel = "FILE",
            arity = "1..*",
            description = "Reports: JSON, JSON in gzip, or whole mails; - for standard input.")
    private List<Path> files = List.of();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private TlsRptRead() {}

    @Override
    public Integer call() {
        Map<String, ReceivedReport> read = new LinkedHashMap<>();
        int code = Main.ExitCode.OK;
        for (Path file : files) {
            try {
                ReceivedReport report = read(file);
                read.put(file.toString(), report);
                if (report instanceof ReceivedReport.Unreadable && code == Main.ExitCode.OK) {
                    code = Main.ExitCode.DATA;
                }
            } catch (IOException e) {
                complain("cannot read " + file + ": " + Words.reason(e));
                code = Main.ExitCode.NO_INPUT;
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        TlsRptSummary summary = TlsRptSummary.of(read);
        if (json.isOn()) {
            out.println(Json.of(objects(read)));
        } else {
            TlsRptTable.print(out, summary);
        }
        out.flush();
        if (html != null) {
            try {
                Files.writeString(html, TlsRptPage.of(summary), StandardCharsets.UTF_8);
            } catch (IOException e) {
                complain("cannot write " + html + ": " + Words.reason(e));
                return Main.ExitCode.CANT_CREATE;
            }
        }
        return code;
    }

    private static ReceivedReport read(Path file) throws IOException {
        return file.toString().equals("-") ? TlsReport.read(System.in) : TlsReport.read(file);
    }

    private void complain(String what) {
        spec.commandLine().getErr().println("mtasts: " + what);
        spec.commandLine().getErr().flush();
    }

    private static List<Map<String, Object>> objects(Map<String, ReceivedReport> read) {
        List<Map<String, Object>> objects = new ArrayList<>();
        read.forEach((file, received) -> {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("file", file);
            if (received instanceof ReceivedReport.Found found) {
                object.put("report", found.report().toJsonObject());
                object.put("tolerated", found.tolerated());
                object.put("error", null);
            } else if (received instanceof ReceivedReport.Unreadable unreadable) {
                object.put("report", null);
                object.put("tolerated", List.of());
                object.put("error", Words.lower(unreadable.reason()));
                object.put("detail", unreadable.detail());
            }
            objects.add(object);
        });
        return objects;
    }
}
