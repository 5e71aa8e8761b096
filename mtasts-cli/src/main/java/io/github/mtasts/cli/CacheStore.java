package io.github.mtasts.cli;

import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The policy directory that a command works on, and how its failures end the command. */
final class CacheStore {
    @Option(names = "--policies", required = true, paramLabel = "DIRECTORY", description = "The policy directory.")
    private Path directory = Path.of("");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    CacheStore() {}

    /** What a command does with the store; returns its exit code. */
    interface Work {
        int on(PolicyStore store) throws IOException;
    }

    /** Works on a directory that must be there: a wrong name would look like an empty store. */
    int existing(Work work) {
        if (Files.isDirectory(directory)) {
            return existingOrNew(work);
        }
        err().println("mtasts: there is no directory " + directory);
        return Main.ExitCode.NO_INPUT;
    }

    /** Works on a directory that is made if it is not there. */
    int existingOrNew(Work work) {
        try (PolicyStore store = PolicyStore.inDirectory(directory)) {
            int code = work.on(store);
            out().flush();
            return code;
        } catch (IOException e) {
            err().println("mtasts: " + directory + ": " + reason(e));
            return Main.ExitCode.IO;
        }
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** Says what is wrong with a file that is not part of the store. */
    int unreadable(Path file, IOException e) {
        err().println("mtasts: cannot read " + file + ": " + reason(e));
        return Main.ExitCode.NO_INPUT;
    }

    static String reason(IOException e) {
        return e instanceof NoSuchFileException missing && missing.getReason() == null
                ? "no such file: " + missing.getFile()
                : String.valueOf(e.getMessage());
    }

    /** The present, as it is written. */
    static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }

    /** A domain as people write it. */
    static final class DomainConverter implements ITypeConverter<PolicyDomain> {
        @Override
        public PolicyDomain convert(String text) {
            try {
                return PolicyDomain.of(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
