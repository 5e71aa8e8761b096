package io.github.mtasts.cli;

import io.github.mtasts.policy.MxPattern;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.PolicyTolerance;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import java.io.IOException;
import java.io.PrintWriter;
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

/** Reads policy files and says whether senders would accept them. */
@Command(
        name = "lint",
        description = "Read policy files (RFC 8461 section 3.2) and say whether senders accept them.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:every file is a valid policy",
            "1:some file is not",
            "64:wrong usage",
            "66:some file cannot be read"
        })
final class Lint implements Callable<Integer> {
    @Option(names = "--strict", description = "Accept nothing outside the grammar of RFC 8461.")
    private boolean strict;

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(
            paramLabel = "FILE",
            arity = "1..*",
            description = "Policy files, as served at /.well-known/mta-sts.txt.")
    private List<Path> files = List.of();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private Lint() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        List<Map<String, @Nullable Object>> reports = new ArrayList<>();
        int code = Main.ExitCode.OK;
        for (Path file : files) {
            byte[] body;
            try {
                body = Files.readAllBytes(file);
            } catch (IOException e) {
                spec.commandLine().getErr().println("mtasts: cannot read " + file + ": " + Words.reason(e));
                code = Main.ExitCode.NO_INPUT;
                continue;
            }
            PolicyResult result = strict ? StsPolicyParser.parseStrict(body) : StsPolicyParser.parse(body);
            if (result instanceof PolicyResult.Invalid && code == Main.ExitCode.OK) {
                code = Main.ExitCode.PROBLEMS;
            }
            if (json.isOn()) {
                reports.add(report(file, result));
            } else {
                print(out, file, result);
            }
        }
        if (json.isOn()) {
            out.println(Json.of(reports));
        }
        out.flush();
        return code;
    }

    private static void print(PrintWriter out, Path file, PolicyResult result) {
        if (result instanceof PolicyResult.Valid valid) {
            StsPolicy policy = valid.policy();
            out.println(file + ": valid");
            out.println("  mode     " + policy.mode().text());
            out.println("  max_age  " + policy.maxAge().toSeconds());
            for (MxPattern pattern : policy.mx()) {
                out.println("  mx       " + pattern);
            }
            for (PolicyTolerance tolerance : policy.tolerances()) {
                out.println("  accepted though outside the grammar: " + tolerance.text());
            }
        } else {
            out.println(file + ": invalid");
            for (PolicyResult.PolicyError error : ((PolicyResult.Invalid) result).errors()) {
                out.println("  " + Words.error(error));
            }
        }
    }

    private static Map<String, @Nullable Object> report(Path file, PolicyResult result) {
        Map<String, @Nullable Object> report = new LinkedHashMap<>();
        report.put("file", file.toString());
        report.putAll(PolicyJson.of(result));
        return report;
    }
}
