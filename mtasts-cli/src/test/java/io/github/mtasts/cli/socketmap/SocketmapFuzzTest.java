package io.github.mtasts.cli.socketmap;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.PolicyDomain;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever comes over a connection: it is answered or the connection is closed, the others never notice, and nothing piles up. */
@Timeout(300)
class SocketmapFuzzTest {
    private static final String GOOD = Client.question("mtasts example.com");

    private static final boolean LOAD = Boolean.getBoolean("mtasts.load");

    private SocketmapServer server;
    private SocketAddress address;

    @BeforeEach
    void start() throws IOException {
        server = new SocketmapServer(SocketmapFuzzTest::nothing, 1, 5_000, Duration.ofMinutes(2));
        address = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static CompletableFuture<PolicyInForce> nothing(PolicyDomain domain) {
        return CompletableFuture.completedFuture(
                new PolicyInForce.NotInForce(domain, PolicyInForce.NotInForce.Reason.NO_RECORD, null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "99999999999999999999:x",
                "2147483648:x",
                "4294967297:x",
                "1000000:x",
                ":",
                ",,,,",
                "-1:,",
                "018:mtasts example.com,",
                "18:mtasts example.com;",
                "18 mtasts example.com,",
                "\u0000\u0000\u0000\u0000",
                "GET / HTTP/1.0\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000",
                "EHLO me\r\n",
                "1:",
                "9"
            })
    void hostileFramesBehindAQuestionHarmNobody(String hostile) throws IOException {
        try (Client other = new Client(address);
                Client client = new Client(address)) {
            assertThat(client.ask("mtasts", "example.com")).isEqualTo("NOTFOUND ");

            client.send(hostile);
            client.channel.shutdownOutput();

            assertThat(client.rest()).isEmpty();
            assertThat(other.ask("mtasts", "example.com")).isEqualTo("NOTFOUND ");
        }
    }

    /** Tens of thousands of pieces of random garbage, each as much as a connection that gives up at the first fault would bring. */
    @Test
    void randomGarbageIsAnsweredOrEndsTheConnection() throws IOException {
        Random random = new Random(8461);
        long sent = 0;
        for (int connection = 0; connection < 2_000; connection++) {
            byte[] garbage = garbage(random);
            try (Client client = new Client(address)) {
                client.send(garbage);
                client.channel.shutdownOutput();
                client.rest();
            } catch (IOException e) {
                // it was closed while it was written to
            }
            sent += garbage.length;
        }

        assertThat(sent).isGreaterThan(500_000);
        assertServes();
    }

    /** As many connections as would take an hour over sockets: each a state of its own, on the code that serves sockets. */
    @Test
    @Timeout(900)
    void aCrowdOfGarbledConnectionsLeavesNothingBehind() {
        Random random = new Random(461);
        SocketmapCounters counters = new SocketmapCounters();
        int connections = LOAD ? 1_000_000 : 10_000;
        long answers = 0;
        for (int i = 0; i < connections; i++) {
            EmbeddedChannel channel =
                    new EmbeddedChannel(new SocketmapConnection(SocketmapFuzzTest::nothing, counters));
            ByteBuf garbage = Unpooled.buffer().writeBytes(garbage(random));

            channel.writeInbound(garbage);
            channel.finish();

            for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
                answers += out.isReadable() ? 1 : 0;
                out.release();
            }
            assertThat(garbage.refCnt()).isZero();
        }

        assertThat(counters.garbled.sum()).isGreaterThan(connections / 2);
        assertThat(counters.waiting).hasValue(0);
        assertThat(answers).isPositive();
    }

    /** Random cuts of good questions, so that every state of the reader is met at every byte. */
    @Test
    void goodQuestionsInRandomPiecesAreAllAnswered() throws IOException {
        Random random = new Random(8460);
        int questions = 20_000;
        byte[] all = GOOD.repeat(questions).getBytes(StandardCharsets.US_ASCII);
        try (Client client = new Client(address)) {
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
                try {
                    for (int at = 0; at < all.length; ) {
                        int length = Math.min(all.length - at, 1 + random.nextInt(1 << random.nextInt(14)));
                        client.send(Arrays.copyOfRange(all, at, at + length));
                        at += length;
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });

            for (int i = 0; i < questions; i++) {
                assertThat(client.answer()).isEqualTo("NOTFOUND ");
            }
            writing.join();
        }
    }

    /** 256 MB of digits, of questions that never end, and of frames that lie about their length: more than the heap of a server that kept them could hold. */
    @Test
    void endlessInputIsCutOff() throws IOException {
        for (String endless : List.of("1", "0", "1024:", "x")) {
            long sent = 0;
            byte[] chunk = endless.repeat(64 * 1024 / endless.length()).getBytes(StandardCharsets.US_ASCII);
            try (Client client = new Client(address)) {
                while (sent < 64_000_000) {
                    client.send(chunk);
                    sent += chunk.length;
                }
            } catch (IOException e) {
                // closed, as it should be
            }

            assertThat(sent).isLessThan(64_000_000);
        }
        assertServes();
    }

    @Test
    void hundredsOfHalfQuestionsDoNotKeepOthersFromBeingAnswered() throws IOException {
        List<Client> all = new ArrayList<>();
        try {
            for (int i = 0; i < (LOAD ? 4_000 : 500); i++) {
                Client client = new Client(address);
                all.add(client);
                client.send(GOOD.substring(0, 1 + i % (GOOD.length() - 1)));
            }
            assertServes();

            for (int i = 0; i < all.size(); i++) {
                all.get(i).send(GOOD.substring(1 + i % (GOOD.length() - 1)));
                assertThat(all.get(i).answer()).isEqualTo("NOTFOUND ");
            }
        } finally {
            for (Client client : all) {
                client.close();
            }
        }
    }

    private void assertServes() throws IOException {
        try (Client client = new Client(address)) {
            assertThat(client.ask("mtasts", "example.com")).isEqualTo("NOTFOUND ");
            assertThat(server.counters().waiting).hasValue(0);
        }
    }

    private static byte[] garbage(Random random) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        int pieces = 1 + random.nextInt(20);
        for (int i = 0; i < pieces; i++) {
            byte[] piece = switch (random.nextInt(6)) {
                case 0 -> GOOD.getBytes(StandardCharsets.US_ASCII);
                case 1 -> bytes(random, 64);
                case 2 -> netstring(bytes(random, 256));
                case 3 -> (random.nextInt(2000) + ":").getBytes(StandardCharsets.US_ASCII);
                case 4 -> GOOD.substring(0, random.nextInt(GOOD.length())).getBytes(StandardCharsets.US_ASCII);
                default ->
                    netstring(("mtasts " + new String(bytes(random, 60), StandardCharsets.UTF_8))
                            .getBytes(StandardCharsets.UTF_8));
            };
            all.writeBytes(piece);
        }
        return all.toByteArray();
    }

    private static byte[] bytes(Random random, int most) {
        byte[] bytes = new byte[random.nextInt(most)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] netstring(byte[] inside) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes((inside.length + ":").getBytes(StandardCharsets.US_ASCII));
        all.writeBytes(inside);
        all.write(',');
        return all.toByteArray();
    }
}
