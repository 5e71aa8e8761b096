package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MainTest {
    static Stream<String> commands() {
        return Main.commandLine().getSubcommands().keySet().stream().filter(name -> !name.equals("help"));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpThatTellsItsExitCodes(String command) {
        CommandRun run = CommandRun.of(command, "--help");

        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("Usage: mtasts " + command);
        assertThat(run.out()).contains("Exit codes:").contains("64   ");
    }

    @Test
    void withoutACommandItSaysWhatThereIs() {
        CommandRun run = CommandRun.of();

        assertThat(run.code()).isEqualTo(64);
        assertThat(run.err()).contains("check").contains("lint").contains("send");
    }

    @Test
    void tellsItsVersion() {
        assertThat(CommandRun.of("--version").out()).startsWith("mtasts ").doesNotContain("$");
    }
}
