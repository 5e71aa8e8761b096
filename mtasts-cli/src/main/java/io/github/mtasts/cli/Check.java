package io.github.mtasts.cli;

import io.github.mtasts.policy.PolicyDomain;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Looks at domains as a sender does, live, and says what to mend. */
@Command(
        name = "check",
        description =
                "Look at a domain as a sender does, live: TXT record, policy host, policy, MX hosts and their TLS. Say what a sender does today, and what to mend. No mail is sent. A probe may take 30 seconds.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:every domain is sound",
            "1:some domain has problems",
            "2:of some domain it could not be told, and none has problems",
            "64:wrong usage",
            "66:the list cannot be read"
        })
final class Check implements Callable<Integer> {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final int SIDE_BY_SIDE = 16;

    @Option(names = "--no-smtp", description = "Do not connect to MX hosts: many networks let nobody out to port 25.")
    private boolean noSmtp;

    @Option(names = "--strict", description = "Count what RFC 8461's grammar does not allow as a problem.")
    private boolean strict;

    @Option(
            names = "--file",
            paramLabel = "LIST",
            description =
                    "Domains to check, one in a line; - for standard input. Empty lines and # comments are skipped.")
    private @Nullable String list;

    @Mixin
    private NetworkOptions network = new NetworkOptions();

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(
            paramLabel = "DOMAIN",
            arity = "0..*",
            description = "The domains. One is told in full; of several, each is told in one line.")
    private List<String> names = List.of();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private Check() {}

    /** A domain, with what was seen and what it means. */
    private record Checked(Inspection seen, Diagnosis diagnosis) {}

    @Override
    public Integer call() {
        Set<PolicyDomain> domains = new LinkedHashSet<>();
        for (String name : names) {
            domains.add(domain(name, ""));
        }
        String file = list;
        if (file != null) {
            try {
                read(file, domains);
            } catch (IOException e) {
                spec.commandLine().getErr().println("mtasts: cannot read " + file + ": " + Words.reason(e));
                return Main.ExitCode.NO_INPUT;
            }
        }
        if (domains.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "no domain to check");
        }
        List<Checked> all = inspect(List.copyOf(domains), domains.size() == 1 && file == null);
        return code(all);
    }

    private void read(String file, Set<PolicyDomain> domains) throws IOException {
        try (BufferedReader in = file.equals("-")
                ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                : Files.newBufferedReader(Path.of(file))) {
            int number = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                number++;
                String name = line.replaceFirst("#.*", "").strip();
                if (!name.isEmpty()) {
                    domains.add(domain(name, file + " line " + number + ": "));
                }
            }
        }
    }

    private PolicyDomain domain(String name, String where) {
        try {
            return PolicyDomain.of(name);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), where + e.getMessage(), e);
        }
    }

    private List<Checked> inspect(List<PolicyDomain> domains, boolean inFull) {
        PrintWriter out = spec.commandLine().getOut();
        CheckText text = new CheckText(out, spec.commandLine().getColorScheme().ansi());
        Progress progress =
                new Progress(spec.commandLine().getErr(), Ansi.AUTO.enabled() && !json.isOn(), domains.size());
        ExecutorService threads = Executors.newFixedThreadPool(Math.min(SIDE_BY_SIDE, domains.size()), work -> {
            Thread thread = new Thread(work, "mtasts-check");
            thread.setDaemon(true);
            return thread;
        });
        List<Checked> all = new ArrayList<>();
        try (Inspector inspector = new Inspector(network, network.timeout(TIMEOUT), !noSmtp)) {
            progress.begin("looking at " + Words.count(domains.size(), "domain") + " ...");
            List<CompletableFuture<Checked>> looks = new ArrayList<>();
            for (PolicyDomain domain : domains) {
                looks.add(CompletableFuture.supplyAsync(() -> look(inspector, domain, progress), threads));
            }
            for (CompletableFuture<Checked> look : looks) {
                Checked one = look.join();
                all.add(one);
                if (!json.isOn() && !inFull) {
                    progress.end();
                    text.line(one.seen(), one.diagnosis());
                    out.flush();
                }
            }
            progress.end();
        } finally {
            threads.shutdownNow();
        }
        if (json.isOn()) {
            out.println(Json.of(all.stream()
                    .map(one -> CheckJson.of(one.seen(), one.diagnosis()))
                    .toList()));
        } else if (inFull) {
            text.print(all.get(0).seen(), all.get(0).diagnosis());
        } else {
            out.println(Words.count(all.size(), "domain") + ": " + count(all, Diagnosis.State.SOUND) + " sound, "
                    + count(all, Diagnosis.State.PROBLEMS) + " with problems, "
                    + count(all, Diagnosis.State.UNKNOWN) + " could not be told");
        }
        out.flush();
        return all;
    }

    private Checked look(Inspector inspector, PolicyDomain domain, Progress progress) {
        Inspection seen = inspector.inspect(domain);
        Diagnosis diagnosis = Diagnosis.of(seen, strict, Instant.now());
        progress.done(domain.name());
        return new Checked(seen, diagnosis);
    }

    private static long count(List<Checked> all, Diagnosis.State state) {
        return all.stream().filter(one -> one.diagnosis().state() == state).count();
    }

    private static int code(List<Checked> all) {
        if (count(all, Diagnosis.State.PROBLEMS) > 0) {
            return Main.ExitCode.PROBLEMS;
        }
        return count(all, Diagnosis.State.UNKNOWN) > 0 ? Main.ExitCode.UNKNOWN : Main.ExitCode.OK;
    }
}
