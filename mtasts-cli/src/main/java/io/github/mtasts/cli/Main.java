package io.github.mtasts.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code mtasts} command. */
@Command(
        name = "mtasts",
        description =
                "MTA-STS (RFC 8461) for mail operators: check a domain, read policies, send a message as a policy demands.",
        // spotless:off one line each
        subcommands = {
            Check.class,
            Explain.class,
            Lint.class,
            Cache.class,
            Send.class,
            TlsRpt.class,
            Socketmap.class,
            CommandLine.HelpCommand.class
        },
        // spotless:on
        versionProvider = Main.Version.class,
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        usageHelpAutoWidth = true,
        synopsisSubcommandLabel = "COMMAND")
public final class Main {
    @Option(
            names = {"-v", "--verbose"},
            description = "Tell on standard error what is done.",
            scope = ScopeType.INHERIT)
    void verbose(boolean verbose) {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", verbose ? "debug" : "warn");
    }

    private Main() {}

    /**
     * Runs a command and ends the process with its exit code.
     *
     * @param arguments the command and its options
     */
    public static void main(String[] arguments) {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        System.setProperty("org.slf4j.simpleLogger.showThreadName", "false");
        System.setProperty("org.slf4j.simpleLogger.showLogName", "false");
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main());
        line.setParameterExceptionHandler((failure, ignored) -> {
            PrintWriter err = failure.getCommandLine().getErr();
            err.println("mtasts: " + failure.getMessage());
            CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
            err.println("Try '" + failure.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
            return ExitCode.USAGE;
        });
        line.setExecutionExceptionHandler((failure, at, ignored) -> {
            at.getErr().println("mtasts: " + failure.getMessage());
            return ExitCode.SOFTWARE;
        });
        // without a command there is nothing to do: say what there is
        line.setExecutionStrategy(parsed -> {
            if (!parsed.hasSubcommand() && !parsed.isUsageHelpRequested() && !parsed.isVersionHelpRequested()) {
                line.usage(line.getErr());
                return ExitCode.USAGE;
            }
            return new CommandLine.RunLast().execute(parsed);
        });
        return line;
    }

    /** Exit codes, those of {@code sysexits.h} where it has one. */
    static final class ExitCode {
        static final int OK = 0;
        static final int PROBLEMS = 1;
        static final int UNKNOWN = 2;
        static final int USAGE = 64;
        static final int DATA = 65;
        static final int NO_INPUT = 66;
        static final int UNAVAILABLE = 69;
        static final int SOFTWARE = 70;
        static final int CANT_CREATE = 73;
        static final int IO = 74;
        static final int TRY_AGAIN = 75;

        private ExitCode() {}
    }

    /** The version of this build. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() throws IOException {
            try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
                Properties properties = new Properties();
                properties.load(in);
                return new String[] {"mtasts " + properties.getProperty("version")};
            }
        }
    }
}
