package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.testkit.SmallInternet;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The command as an operator starts it. */
@Timeout(120)
class SocketmapCommandTest {
    private static final String QUESTION = "18:mtasts example.com,";
    private static final String ANSWER = "OK secure match=mx1.example.com servername=hostname";

    private final SmallInternet net = new SmallInternet();

    @TempDir
    Path folder;

    @AfterEach
    void close() {
        net.close();
    }

    @Test
    void servesUntilInterruptedAndKeepsPoliciesForTheNextTime() throws Exception {
        net.domain("example.com").sts("enforce", "mx1.example.com");
        String policies = folder.resolve("policies").toString();
        try (Running first = start("--listen", "inet:127.0.0.1:0", "--policies", policies)) {
            assertThat(ask(first.port("listening at inet:127.0.0.1:(\\d+)"))).isEqualTo(ANSWER);
            assertThat(first.stop()).isZero();
        }
        net.dns().remove("_mta-sts.example.com");
        net.policyHost("example.com").down();

        try (Running second = start("--listen", "inet:127.0.0.1:0", "--policies", policies)) {
            assertThat(ask(second.port("listening at inet:127.0.0.1:(\\d+)"))).isEqualTo(ANSWER);
        }
        try (Running without = start("--listen", "inet:127.0.0.1:0")) {
            assertThat(ask(without.port("listening at inet:127.0.0.1:(\\d+)"))).isEqualTo("NOTFOUND ");
            assertThat(without.err.toString()).contains("policies are forgotten at the end of this process");
        }
    }

    @Test
    void strictKeepsMailBackWhereDnsCannotSay() throws Exception {
        net.dns().fail("_mta-sts.example.com", "TXT", "SERVFAIL");

        try (Running strict = start("--listen", "inet:127.0.0.1:0", "--strict")) {
            assertThat(ask(strict.port("listening at inet:127.0.0.1:(\\d+)"))).startsWith("TEMP ");
        }
    }

    @Test
    void listensAtSeveralAddressesAndTellsThemInJson() throws Exception {
        Path socket = folder.resolve("socketmap");

        try (Running running = start(
                "--json", "--listen", "inet:127.0.0.1:0", "--listen", "unix:" + socket, "--health", "127.0.0.1:0")) {
            running.port("\"health\" : \"127.0.0.1:(\\d+)\"");
            assertThat(running.out.toString()).contains("\"unix:" + socket + "\"", "\"inet:127.0.0.1:");
            assertThat(Files.exists(socket)).isTrue();
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void aPortInUseIsUnavailable() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            Running running = start("--listen", "inet:0.0.0.0:" + taken.getLocalPort());

            assertThat(running.code.get(60, TimeUnit.SECONDS)).isEqualTo(69);
            assertThat(running.err.toString()).contains("mtasts: cannot listen at ");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--listen=127.0.0.1:8461",
                "--listen=inet:8461",
                "--listen=inet:127.0.0.1:99999",
                "--listen=inet:::1:8461",
                "--listen=unix:relative",
                "--health=8462",
                "--threads=0",
                "--max-connections=0",
                "--timeout=96",
                "extra"
            })
    void wrongUsageIsRefused(String argument) throws Exception {
        Running running = start(argument);

        assertThat(running.code.get(60, TimeUnit.SECONDS)).isEqualTo(64);
        assertThat(running.err.toString()).contains("Try 'mtasts socketmap --help'.");
    }

    @Test
    void helpTellsTheLineForPostfixAndTheExitCodes() throws Exception {
        Running running = start("--help");

        assertThat(running.code.get(60, TimeUnit.SECONDS)).isZero();
        assertThat(running.out.toString())
                .contains("smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:mtasts", "Exit codes:", "3.10.5");
    }

    private Running start(String... options) {
        List<String> arguments = new ArrayList<>(List.of("socketmap"));
        arguments.addAll(List.of(
                "--dns",
                net.dnsServer(),
                "--https-port",
                String.valueOf(net.httpsPort()),
                "--allow-private-addresses"));
        arguments.addAll(List.of("--ca", rootFile().toString()));
        arguments.addAll(List.of(options));
        return new Running(arguments);
    }

    private Path rootFile() {
        try {
            return Files.writeString(folder.resolve("root.pem"), net.ca().rootPem());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String ask(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(QUESTION.getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            InputStream in = socket.getInputStream();
            String all = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            return all.substring(all.indexOf(':') + 1, all.length() - 1);
        }
    }

    /** One run of the command, on a thread of its own. */
    private static final class Running implements AutoCloseable {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        final CompletableFuture<Integer> code = new CompletableFuture<>();
        private final CountDownLatch told = new CountDownLatch(1);
        private final Thread thread;

        Running(List<String> arguments) {
            CommandLine line = Main.commandLine()
                    .setOut(new PrintWriter(out) {
                        @Override
                        public void flush() {
                            super.flush();
                            told.countDown();
                        }
                    })
                    .setErr(new PrintWriter(err, true));
            thread = new Thread(() -> {
                code.complete(line.execute(arguments.toArray(String[]::new)));
                told.countDown();
            });
            thread.start();
        }

        int port(String form) throws InterruptedException {
            assertThat(told.await(60, TimeUnit.SECONDS)).isTrue();
            Matcher matcher = Pattern.compile(form).matcher(out.toString());
            assertThat(matcher.find()).as("%s in %s, and %s", form, out, err).isTrue();
            return Integer.parseInt(matcher.group(1));
        }

        int stop() {
            thread.interrupt();
            return code.orTimeout(60, TimeUnit.SECONDS).join();
        }

        @Override
        public void close() {
            stop();
        }
    }
}
