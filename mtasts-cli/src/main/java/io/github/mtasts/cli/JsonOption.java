package io.github.mtasts.cli;

import picocli.CommandLine.Option;

/** The option {@code --json}, the same for every command: what is printed is one JSON value, on standard output. */
final class JsonOption {
    @Option(names = "--json", description = "Print JSON instead of text.")
    private boolean json;

    JsonOption() {}

    boolean isOn() {
        return json;
    }
}
