package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class MainTest {
    /** Those that do something: {@code lint}, {@code cache list}. */
    static Stream<String> commands() {
        return commands(Main.commandLine(), "");
    }

    private static Stream<String> commands(CommandLine parent, String names) {
        return parent.getSubcommands().entrySet().stream()
                .filter(command -> !command.getKey().equals("help"))
                .flatMap(command -> {
                    String name = names + command.getKey();
                    return command.getValue().getSubcommands().isEmpty()
                            ? Stream.of(name)
                            : commands(command.getValue(), name + " ");
                });
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpThatTellsItsExitCodes(String command) {
        CommandRun run = CommandRun.of((command + " --help").split(" "));

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
    void saysWhatAMistypedWordMayHaveMeant() {
        CommandRun command = CommandRun.of("checks", "example.com");
        CommandRun option = CommandRun.of("check", "--no-smpt", "example.com");

        assertThat(command.code()).isEqualTo(64);
        assertThat(command.err()).contains("mtasts: Unmatched argument").contains("Did you mean: mtasts check");
        assertThat(option.code()).isEqualTo(64);
        assertThat(option.err()).contains("Unknown option: '--no-smpt'").contains("--no-smtp");
    }

    @Test
    void tellsItsVersion() {
        assertThat(CommandRun.of("--version").out()).startsWith("mtasts ").doesNotContain("$");
    }
}
