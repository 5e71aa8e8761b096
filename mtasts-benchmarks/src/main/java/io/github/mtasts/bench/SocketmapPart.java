package io.github.mtasts.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** The bridge for Postfix under load: each connection asks its next question when it has its answer. */
final class SocketmapPart implements Part {
    private static final int[] CONNECTIONS = {1, 16, 64};
    private static final double[] TARGETS = {25_000, 60_000, 85_000};

    @Override
    public void run(Page page, boolean quick) throws Exception {
        int rounds = quick ? 3 : 7;
        page.heading("The bridge for Postfix");
        page.say(
                "`socketmap`, " + Page.number(SocketmapHost.DOMAINS)
                        + " domains that are known, one question at a time on each connection. The server has one thread, on one core (`taskset`); the client is another process, on the other core. *Per CPU second* is what the server's own core would serve if it had nothing else to do and the client were never late. "
                        + "*Echo* is the least that any server can do here: a selector loop that reads the question and writes one and the same answer.");
        page.table(
                "domains",
                "connections",
                "questions per s, wall",
                "per CPU second of the server",
                "p50 µs",
                "p99 µs",
                "rounds");
        try (Child server = new Child(List.of("-Xmx512m"), SocketmapHost.class)) {
            int port = Integer.parseInt(server.ask("port"));
            pin(server.pid(), "0");
            pin(ProcessHandle.current().pid(), "1");
            int echo = Integer.parseInt(server.ask("echo"));
            for (Kind kind : Kind.values()) {
                boolean absent = kind == Kind.ABSENT;
                int to = kind == Kind.ECHO ? echo : port;
                load(server, to, absent, 16, 60_000, quick ? 100_000 : 400_000); // warm-up
                for (int i = 0; i < CONNECTIONS.length; i++) {
                    Samples wall = new Samples();
                    Samples cpu = new Samples();
                    Samples middle = new Samples();
                    Samples late = new Samples();
                    for (int round = 0; round < rounds; round++) {
                        double[] one = load(server, to, absent, CONNECTIONS[i], 1000, 2_000_000);
                        wall.add(one[0]);
                        cpu.add(one[1]);
                        middle.add(one[2]);
                        late.add(one[3]);
                    }
                    page.row(kind.shown, CONNECTIONS[i], wall, cpu, middle, late, rounds);
                    if (kind == Kind.ECHO) {
                        continue;
                    }
                    String name = "socketmap, " + (absent ? "no policy, " : "") + CONNECTIONS[i] + " connection(s)";
                    page.atLeast(TARGETS[i], "per s", name, wall.median());
                    if (CONNECTIONS[i] == 64) {
                        page.atMost(2500, "µs", name + ", p99", late.median());
                    }
                }
            }
        }
    }

    /** What is asked for. */
    private enum Kind {
        KNOWN("with a policy"),
        ABSENT("without a policy"),
        ECHO("*echo*");

        private final String shown;

        Kind(String shown) {
            this.shown = shown;
        }
    }

    private static void pin(long process, String core) throws IOException, InterruptedException {
        new ProcessBuilder("taskset", "-a", "-p", "-c", core, String.valueOf(process))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    /** Until the time is over or there were so many answers. Questions per second, questions per second of the server's processor time, and two percentiles in microseconds. */
    private static double[] load(Child server, int port, boolean absent, int connections, long millis, int most)
            throws IOException {
        ByteBuffer[] questions = new ByteBuffer[SocketmapHost.DOMAINS];
        for (int i = 0; i < questions.length; i++) {
            String text = "mtasts "
                    + (absent ? SocketmapHost.absent(i) : Policies.domain(i).name());
            byte[] netstring = (text.length() + ":" + text + ",").getBytes(StandardCharsets.US_ASCII);
            questions[i] =
                    ByteBuffer.allocateDirect(netstring.length).put(netstring).flip();
        }
        int[] took = new int[most];
        int answers = 0;
        try (Selector selector = Selector.open()) {
            long[] asked = new long[connections];
            for (int i = 0; i < connections; i++) {
                SocketChannel channel =
                        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, i);
            }
            ByteBuffer answer = ByteBuffer.allocateDirect(8192);
            long cpu = Long.parseLong(server.ask("cpu"));
            long began = System.nanoTime();
            int next = 0;
            for (SelectionKey key : selector.keys()) {
                asked[(int) key.attachment()] = System.nanoTime();
                ((SocketChannel) key.channel()).write(questions[next++ % questions.length].duplicate());
            }
            while (System.nanoTime() - began < millis * 1_000_000 && answers < took.length - connections) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    SocketChannel channel = (SocketChannel) key.channel();
                    answer.clear();
                    if (channel.read(answer) <= 0 || answer.get(answer.position() - 1) != ',') {
                        throw new IOException("an answer in parts");
                    }
                    byte kind = answer.get(answer.get(1) == ':' ? 2 : answer.get(2) == ':' ? 3 : 4);
                    if (kind != (absent ? 'N' : 'O')) {
                        throw new IOException("not the answer expected");
                    }
                    int connection = (int) key.attachment();
                    long now = System.nanoTime();
                    took[answers++] = (int) (now - asked[connection]);
                    asked[connection] = now;
                    channel.write(questions[next++ % questions.length].duplicate());
                }
                selector.selectedKeys().clear();
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            double cpuSeconds = (Long.parseLong(server.ask("cpu")) - cpu) / 1e9;
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            Arrays.sort(took, 0, answers);
            return new double[] {
                answers / seconds, answers / cpuSeconds, took[answers / 2] / 1e3, took[(int) (answers * 0.99)] / 1e3
            };
        }
    }
}
