package io.github.mtasts.bench;

import io.github.mtasts.cli.socketmap.SocketmapServer;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** In a process of its own: the bridge for Postfix, over an engine that has seen all domains. */
public final class SocketmapHost {
    static final int DOMAINS = 2000;

    private SocketmapHost() {}

    /** Serves, with one thread. */
    public static void main(String[] args) throws IOException {
        PolicyDiscovery discovery = PolicyDiscovery.builder(
                        Stub.dns(name -> "20240507"), Stub.fetcher(domain -> Policies.file(2)))
                .build();
        for (int i = 0; i < DOMAINS; i++) {
            discovery.policyForAsync(Policies.domain(i)).join();
            discovery.policyForAsync(PolicyDomain.of(absent(i))).join();
        }
        SocketmapServer server = new SocketmapServer(discovery::policyForAsync, 1, 5000, Duration.ofMinutes(2));
        SocketAddress address = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Child.answer(Map.of(
                "port",
                () -> String.valueOf(((InetSocketAddress) address).getPort()),
                "echo",
                () -> String.valueOf(echo()),
                "cpu",
                () -> String.valueOf(Cpu.nanos())));
    }

    /** Starts what any such server has to do at the least: it reads, and writes an answer of the usual length, always the same. */
    private static int echo() {
        try {
            ServerSocketChannel listening =
                    ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            listening.configureBlocking(false);
            Selector selector = Selector.open();
            listening.register(selector, SelectionKey.OP_ACCEPT);
            Thread thread = new Thread(() -> serveEcho(listening, selector), "echo");
            thread.setDaemon(true);
            thread.start();
            return ((InetSocketAddress) listening.getLocalAddress()).getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void serveEcho(ServerSocketChannel listening, Selector selector) {
        byte[] text = "79:OK secure match=mx1.domain0000000.example:mx2.domain0000000.example servername=hostname,"
                .getBytes(StandardCharsets.US_ASCII);
        ByteBuffer answer = ByteBuffer.allocateDirect(text.length).put(text).flip();
        ByteBuffer question = ByteBuffer.allocateDirect(8192);
        try {
            while (true) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.isAcceptable()) {
                        SocketChannel accepted = listening.accept();
                        accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
                        accepted.configureBlocking(false);
                        accepted.register(selector, SelectionKey.OP_READ);
                    } else {
                        SocketChannel channel = (SocketChannel) key.channel();
                        question.clear();
                        if (channel.read(question) < 0) {
                            channel.close();
                        } else {
                            channel.write(answer.duplicate());
                        }
                    }
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String absent(int n) {
        return String.format("absent%07d.example", n);
    }
}
