package io.github.mtasts.cli;

import io.github.mtasts.testkit.SmallInternet;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** The command line, run in this process: what it printed and how it ended. */
record CommandRun(int code, String out, String err) {

    static CommandRun of(String... arguments) {
        return with(Ansi.OFF, arguments);
    }

    static CommandRun with(Ansi ansi, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        line.setColorScheme(CommandLine.Help.defaultColorScheme(ansi));
        int code = line.execute(arguments);
        line.getOut().flush();
        line.getErr().flush();
        return new CommandRun(code, out.toString(), err.toString());
    }

    /** The arguments, and those that lead into the small internet. */
    static String[] into(SmallInternet net, Path ca, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        Stream.of(
                        "--dns",
                        net.dnsServer(),
                        "--ca",
                        ca.toString(),
                        "--https-port",
                        String.valueOf(net.httpsPort()),
                        "--smtp-port",
                        String.valueOf(net.smtpPort()),
                        "--allow-private-addresses")
                .forEach(all::add);
        return all.toArray(String[]::new);
    }
}
