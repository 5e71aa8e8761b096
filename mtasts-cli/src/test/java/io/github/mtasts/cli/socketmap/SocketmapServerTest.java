package io.github.mtasts.cli.socketmap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.MtaSts;
import io.github.mtasts.MtaStsBuilder;
import io.github.mtasts.testkit.SmallInternet;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The server as Postfix sees it: over real sockets, before an engine that asks a small internet. */
@Timeout(120)
class SocketmapServerTest {
    private final SmallInternet net = new SmallInternet();
    private MtaSts mtaSts;
    private SocketmapServer server;
    private SocketAddress address;

    @BeforeEach
    void start() throws IOException {
        start(engine());
    }

    private void start(MtaStsBuilder engine) throws IOException {
        mtaSts = engine.build();
        server = new SocketmapServer(mtaSts::policyForAsync, 2, 1_000, Duration.ofMinutes(2), Duration.ofMinutes(1));
        address = server.listen(loopback());
    }

    private MtaStsBuilder engine() {
        return MtaSts.builder()
                .dnsServer(net.dns().address())
                .httpsPort(net.httpsPort())
                .trustAnchors(net.ca().trustStore())
                .allowPrivateAddresses(true);
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    @AfterEach
    void stop() {
        server.close();
        mtaSts.close();
        net.close();
    }

    @Test
    void aPolicyThatIsEnforcedIsHandedToPostfix() throws IOException {
        net.domain("example.com").sts("enforce", "mx1.example.com", "*.example.net");

        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts", "example.com"))
                    .isEqualTo("OK secure match=mx1.example.com:.example.net servername=hostname");
            assertThat(postfix.ask("mtasts-tlsrpt", "example.com"))
                    .contains(" policy_type=sts policy_domain=example.com ");
        }
    }

    @Test
    @Tag("S-5-7")
    void testingNoneAndNoPolicyAreNotFound() throws IOException {
        net.domain("testing.example").sts("testing", "mx.testing.example");
        net.domain("none.example").sts("none");
        net.domain("without.example");

        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts", "testing.example")).isEqualTo("NOTFOUND ");
            assertThat(postfix.ask("mtasts", "none.example")).isEqualTo("NOTFOUND ");
            assertThat(postfix.ask("mtasts", "without.example")).isEqualTo("NOTFOUND ");
        }
    }

    @Test
    @Tag("S-3.3-14")
    void aPolicyThatIsKnownOutlivesItsRecordAndItsHost() throws IOException {
        net.domain("example.com").sts("enforce", "mx1.example.com");
        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts", "example.com")).startsWith("OK secure ");
        }

        net.dns().remove("_mta-sts.example.com");
        net.policyHost("example.com").down();

        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts", "example.com")).startsWith("OK secure ");
        }
    }

    @Test
    void strictDiscoveryKeepsMailBackWhenDnsIsDown() throws IOException {
        net.dns().fail("_mta-sts.example.com", "TXT", "SERVFAIL");
        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts", "example.com")).isEqualTo("NOTFOUND ");
        }
        server.close();
        mtaSts.close();

        start(engine().strictDiscovery(true));

        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts", "example.com"))
                    .isEqualTo("TEMP the MTA-STS policy of example.com is not known: dns unavailable");
        }
    }

    @Test
    void bogusDnsKeepsMailBack() throws IOException {
        net.dns().failExtended("_mta-sts.example.com", "TXT", 6);

        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts", "example.com"))
                    .isEqualTo("TEMP the MTA-STS policy of example.com is not known: dns bogus");
        }
    }

    @Test
    @Tag("S-3.4-5")
    void neitherParentsNorAddressesAreAskedFor() throws IOException {
        net.domain("example.com").sts("enforce", "mx1.example.com");

        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts", ".example.com")).isEqualTo("NOTFOUND ");
            assertThat(postfix.ask("mtasts", "[192.0.2.1]:25")).isEqualTo("NOTFOUND ");
        }

        assertThat(net.dns().queries()).isEmpty();
    }

    @Test
    void questionsSentTogetherAreAnsweredInTheirOrderThoughTheFirstIsTheLastToBeKnown() throws IOException {
        net.domain("slow.example").sts("enforce", "mx.slow.example");
        net.domain("fast.example").sts("enforce", "mx.fast.example");
        net.dns().hold("_mta-sts.slow.example", "TXT");

        try (Client postfix = new Client(address);
                Client other = new Client(address)) {
            postfix.send(Client.question("mtasts slow.example")
                    + Client.question("mtasts fast.example")
                    + Client.question("mtasts .example")
                    + Client.question("mtasts slow.example"));
            assertThat(other.ask("mtasts", "fast.example")).contains("=mx.fast.example ");
            net.dns().release("_mta-sts.slow.example", "TXT");

            assertThat(postfix.answer()).contains("=mx.slow.example ");
            assertThat(postfix.answer()).contains("=mx.fast.example ");
            assertThat(postfix.answer()).isEqualTo("NOTFOUND ");
            assertThat(postfix.answer()).contains("=mx.slow.example ");
        }
    }

    @Test
    void manyMoreQuestionsThanMayWaitAreAllAnswered() throws IOException {
        int questions = 20 * SocketmapConnection.MOST_WAITING;
        net.dns().hold("_mta-sts.held.example", "TXT");
        StringBuilder all = new StringBuilder(Client.question("mtasts held.example"));
        for (int i = 0; i < questions; i++) {
            all.append(Client.question("mtasts d" + i % 50 + ".example"));
        }

        try (Client postfix = new Client(address)) {
            postfix.send(all.toString());
            net.dns().awaitQueries(queries -> queries.size() >= 50);
            int waiting = server.counters().waiting.get();
            net.dns().release("_mta-sts.held.example", "TXT");

            for (int i = 0; i <= questions; i++) {
                assertThat(postfix.answer()).isEqualTo("NOTFOUND ");
            }
            assertThat(waiting).isBetween(1, SocketmapConnection.MOST_WAITING);
            assertThat(server.counters().waiting).hasValue(0);
        }
    }

    @Test
    void aClientThatDoesNotTakeItsAnswersIsNotReadFrom() throws IOException {
        net.domain("example.com").sts("enforce", many("mx%d.example.com", 200));
        String question = Client.question("mtasts-tlsrpt example.com");

        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts-tlsrpt", "example.com")).startsWith("OK ");
            postfix.channel.configureBlocking(false);
            byte[] flood = question.repeat(1000).getBytes(StandardCharsets.US_ASCII);
            long sent = 0;
            long stuckSince = System.nanoTime();
            while (sent < 50_000_000 && System.nanoTime() - stuckSince < TimeUnit.SECONDS.toNanos(1)) {
                int written = postfix.channel.write(ByteBuffer.wrap(flood));
                sent += written;
                stuckSince = written > 0 ? System.nanoTime() : stuckSince;
                Thread.onSpinWait();
            }

            // what the kernel's buffers hold is all that goes out: 50 MB of questions would be answered by 20 GB
            assertThat(sent).isLessThan(50_000_000);
            try (Client other = new Client(address)) {
                assertThat(other.ask("mtasts", "example.com")).startsWith("OK ");
            }
        }
    }

    private static String[] many(String form, int count) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(String.format(form, i));
        }
        return all.toArray(String[]::new);
    }

    @Test
    void aQuestionMayComeByteByByte() throws IOException {
        net.domain("example.com").sts("enforce", "mx1.example.com");

        try (Client postfix = new Client(address)) {
            for (char c : Client.question("mtasts example.com").toCharArray()) {
                postfix.send(String.valueOf(c));
            }

            assertThat(postfix.answer()).startsWith("OK ");
        }
    }

    @Test
    void whoClosesHisHalfStillGetsHisAnswers() throws IOException {
        net.domain("example.com").sts("enforce", "mx1.example.com");

        try (Client postfix = new Client(address)) {
            postfix.send(Client.question("mtasts example.com") + Client.question("mtasts .example"));
            postfix.channel.shutdownOutput();

            assertThat(postfix.answer()).startsWith("OK ");
            assertThat(postfix.answer()).isEqualTo("NOTFOUND ");
            assertThat(postfix.rest()).isEmpty();
        }
    }

    @Test
    void answersOverAUnixSocketAndReplacesOneThatIsLeftOver(@TempDir Path folder) throws IOException {
        net.domain("example.com").sts("enforce", "mx1.example.com");
        UnixDomainSocketAddress unix = UnixDomainSocketAddress.of(folder.resolve("socketmap"));
        try (ServerSocketChannel former = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            former.bind(unix); // closing leaves the file
        }

        server.listen(unix);

        try (Client postfix = new Client(unix)) {
            assertThat(postfix.ask("mtasts", "example.com")).startsWith("OK secure ");
        }
        server.close();
        assertThat(unix.getPath()).doesNotExist();
    }

    @Test
    void aUnixSocketInUseAndAFileAreLeftAlone(@TempDir Path folder) throws IOException {
        UnixDomainSocketAddress used = UnixDomainSocketAddress.of(folder.resolve("used"));
        UnixDomainSocketAddress file = UnixDomainSocketAddress.of(Files.createFile(folder.resolve("file")));
        server.listen(used);

        assertThatThrownBy(() -> server.listen(used))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("another process");
        assertThatThrownBy(() -> server.listen(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot listen");
        assertThat(file.getPath()).exists();
        try (Client postfix = new Client(used)) {
            assertThat(postfix.ask("mtasts", ".example")).isEqualTo("NOTFOUND ");
        }
    }

    @Test
    void aPortInUseIsSaid() {
        assertThatThrownBy(() -> server.listen(address))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot listen at ");
    }

    @Test
    void tooManyConnectionsAreClosedAndTheOthersGoOn() throws IOException {
        server.close();
        server = new SocketmapServer(mtaSts::policyForAsync, 1, 2, Duration.ofMinutes(2));
        address = server.listen(loopback());

        try (Client first = new Client(address);
                Client second = new Client(address)) {
            assertThat(first.ask("mtasts", ".a")).isEqualTo("NOTFOUND ");
            assertThat(second.ask("mtasts", ".a")).isEqualTo("NOTFOUND ");
            try (Client third = new Client(address)) {
                assertThat(third.rest()).isEmpty();
            }
            assertThat(first.ask("mtasts", ".a")).isEqualTo("NOTFOUND ");
            assertThat(server.counters().refused.sum()).isEqualTo(1);
        }
    }

    @Test
    void aConnectionWithoutQuestionsIsClosed() throws IOException {
        server.close();
        server = new SocketmapServer(mtaSts::policyForAsync, 1, 1_000, Duration.ofMillis(200));
        address = server.listen(loopback());

        try (Client postfix = new Client(address)) {
            postfix.send("18:mtasts exam");

            assertThat(postfix.rest()).isEmpty();
            assertThat(server.counters().idle.sum()).isEqualTo(1);
        }
    }

    @Test
    void theEndAnswersWhatWasAskedAndTakesNoMore() throws Exception {
        net.domain("example.com").sts("enforce", "mx1.example.com");
        net.dns().hold("_mta-sts.example.com", "TXT");

        try (Client postfix = new Client(address);
                Client idle = new Client(address)) {
            assertThat(idle.ask("mtasts", ".a")).isEqualTo("NOTFOUND ");
            postfix.send(Client.question("mtasts example.com"));
            net.dns().awaitQueries(queries -> !queries.isEmpty());
            CompletableFuture<Void> end = CompletableFuture.runAsync(server::close);
            assertThat(idle.rest()).isEmpty(); // so the end has begun
            net.dns().release("_mta-sts.example.com", "TXT");

            assertThat(postfix.answer()).startsWith("OK secure ");
            assertThat(postfix.rest()).isEmpty();
            end.get(60, TimeUnit.SECONDS);
        }
        assertThatThrownBy(() -> new Client(address)).isInstanceOf(IOException.class);
    }

    @Test
    void theEndDoesNotWaitForEver() throws Exception {
        server.close();
        server = new SocketmapServer(mtaSts::policyForAsync, 1, 1_000, Duration.ofMinutes(2), Duration.ofMillis(100));
        address = server.listen(loopback());
        net.dns().hold("_mta-sts.example.com", "TXT");

        try (Client postfix = new Client(address)) {
            postfix.send(Client.question("mtasts example.com"));
            net.dns().awaitQueries(queries -> !queries.isEmpty());
            server.close();

            assertThat(postfix.rest()).isEmpty(); // Postfix asks again, elsewhere or later
            assertThat(server.counters().waiting).hasValue(0);
        }
    }

    @Test
    void whatIsNoNetstringEndsTheConnection() throws IOException {
        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts", ".a")).isEqualTo("NOTFOUND ");

            postfix.send("GET / HTTP/1.1\r\n");

            assertThatThrownBy(postfix::answer).isInstanceOfAny(EOFException.class, IOException.class);
            assertThat(server.counters().garbled.sum()).isEqualTo(1);
        }
    }

    @Test
    void healthAndCountersAreTold() throws Exception {
        net.domain("example.com").sts("enforce", "mx1.example.com");
        InetSocketAddress health = server.listenForHealth(loopback(), () -> Map.of("discovery_lookups", 7L));
        try (Client postfix = new Client(address)) {
            assertThat(postfix.ask("mtasts", "example.com")).startsWith("OK ");
            assertThat(postfix.ask("mtasts", "other.example")).isEqualTo("NOTFOUND ");

            assertThat(http(health, "GET /health"))
                    .startsWith("HTTP/1.1 200 OK\r\n")
                    .endsWith("\r\n{\"status\":\"up\"}\n");
            assertThat(http(health, "GET /metrics"))
                    .contains(
                            "mtasts_socketmap_answers_secure 1\n",
                            "mtasts_socketmap_answers_not_found 1\n",
                            "mtasts_socketmap_connections_open 1\n",
                            "mtasts_discovery_lookups 7\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET /other, HTTP/1.1 404 ",
        "POST /health, HTTP/1.1 405 ",
        "GET http://example.com/health, HTTP/1.1 404 ",
        "18:mtasts, HTTP/1.1 400 "
    })
    void theHealthPortRefusesWhatItDoesNotServe(String request, String answer) throws Exception {
        InetSocketAddress health = server.listenForHealth(loopback(), Map::of);

        assertThat(http(health, request)).startsWith(answer);
        assertThat(http(health, "GET /health")).startsWith("HTTP/1.1 200 ");
    }

    private static String http(InetSocketAddress server, String request) throws IOException {
        try (Client client = new Client(server)) {
            client.send(request + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            return client.rest();
        }
    }
}
