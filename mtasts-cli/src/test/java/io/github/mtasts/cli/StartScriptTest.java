package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/mtasts} of the zip, with a Java that tells how it was called. */
class StartScriptTest {
    @TempDir
    private Path folder;

    private Path script;
    private Path java;

    @BeforeEach
    void unpack() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "there is no /bin/sh");
        script = Files.createDirectories(folder.resolve("a folder/bin")).resolve("mtasts");
        Files.copy(Path.of("src/package/bin/mtasts"), script, StandardCopyOption.COPY_ATTRIBUTES);
        java = Files.createDirectories(folder.resolve("jre/bin")).resolve("java");
        java("17.0.15");
    }

    private void java(String version) throws IOException {
        Files.writeString(
                java,
                "#!/bin/sh\nif [ \"$1\" = -version ]; then echo 'openjdk version \"" + version
                        + "\" 2025-04-15' >&2; exit 0; fi\nprintf '<%s>' \"$@\"\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
    }

    private record Run(int code, String output) {}

    private Run run(Path start, String options, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("/bin/sh", start.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", folder.resolve("jre").toString());
        builder.environment().put("MTASTS_JAVA_OPTS", options);
        Process process = builder.directory(folder.toFile()).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Run(process.exitValue(), output);
    }

    private String jar() throws IOException {
        return folder.toRealPath().resolve("a folder/mtasts.jar").toString();
    }

    @Test
    void handsItsArgumentsOnAsTheyAre() throws IOException, InterruptedException {
        Run run = run(script, "", "check", "a b", "$x");

        assertThat(run).isEqualTo(new Run(0, "<-jar><" + jar() + "><check><a b><$x>"));
    }

    @Test
    void findsItsFolderBehindSymbolicLinks() throws IOException, InterruptedException {
        Path first = Files.createSymbolicLink(folder.resolve("first"), Path.of("a folder/bin/mtasts"));
        Path second = Files.createSymbolicLink(folder.resolve("second"), first);

        Run run = run(second, "", "lint");

        assertThat(run).isEqualTo(new Run(0, "<-jar><" + jar() + "><lint>"));
    }

    @Test
    void passesOptionsForJava() throws IOException, InterruptedException {
        Run run = run(script, "-Xmx256m -Da=b", "lint");

        assertThat(run.output()).isEqualTo("<-Xmx256m><-Da=b><-jar><" + jar() + "><lint>");
    }

    @Test
    void refusesAJavaThatIsTooOld() throws IOException, InterruptedException {
        java("11.0.2");

        Run run = run(script, "", "lint");

        assertThat(run.code()).isEqualTo(69);
        assertThat(run.output()).contains("is Java 11, and 17 or later is needed");
    }

    @Test
    void acceptsEarlyReleasesOfNewerOnes() throws IOException, InterruptedException {
        java("25-ea");

        assertThat(run(script, "", "lint").code()).isZero();
    }

    @Test
    void saysThatThereIsNoJava() throws IOException, InterruptedException {
        Files.delete(java);

        Run run = run(script, "", "lint");

        assertThat(run.code()).isEqualTo(69);
        assertThat(run.output()).contains("no Java at ").contains("set JAVA_HOME");
    }
}
