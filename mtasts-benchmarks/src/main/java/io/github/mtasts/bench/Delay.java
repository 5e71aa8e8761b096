package io.github.mtasts.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Distance to DNS and to policy hosts: whatever passes arrives so much later, in each direction. A connection itself is made at once. */
final class Delay implements AutoCloseable {
    private final long nanos;
    private final DatagramSocket dns;
    private final ServerSocket https;

    /** What arrives at some time, to be passed on later. */
    private record Late(long due, byte[] bytes) {
        private static final byte[] END = {};

        boolean isEnd() {
            return bytes == END;
        }

        byte[] awaited() throws InterruptedException {
            TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
            return bytes;
        }
    }

    private interface Passing {
        void pass() throws IOException, InterruptedException;
    }

    Delay(long millisEachWay, InetSocketAddress dnsServer, int httpsPort) throws IOException {
        nanos = TimeUnit.MILLISECONDS.toNanos(millisEachWay);
        dns = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        https = new ServerSocket(0);
        https.setReuseAddress(true);
        start(() -> passQueries(dnsServer));
        start(() -> passConnections(httpsPort));
    }

    InetSocketAddress dns() {
        return new InetSocketAddress(dns.getLocalAddress(), dns.getLocalPort());
    }

    /** At the same addresses as the hosts'. */
    int httpsPort() {
        return https.getLocalPort();
    }

    private static void start(Passing passing) {
        Thread thread = new Thread(
                () -> {
                    try {
                        passing.pass();
                    } catch (IOException | InterruptedException e) {
                        // closed
                    }
                },
                "delay");
        thread.setDaemon(true);
        thread.start();
    }

    private void passQueries(InetSocketAddress server) throws IOException {
        while (true) {
            DatagramPacket query = new DatagramPacket(new byte[4096], 4096);
            dns.receive(query);
            Late late = late(Arrays.copyOf(query.getData(), query.getLength()));
            start(() -> {
                byte[] bytes = late.awaited();
                try (DatagramSocket socket = new DatagramSocket()) {
                    socket.setSoTimeout(5000);
                    socket.send(new DatagramPacket(bytes, bytes.length, server));
                    DatagramPacket answer = new DatagramPacket(new byte[4096], 4096);
                    socket.receive(answer);
                    byte[] back = late(Arrays.copyOf(answer.getData(), answer.getLength()))
                            .awaited();
                    dns.send(new DatagramPacket(back, back.length, query.getSocketAddress()));
                }
            });
        }
    }

    private void passConnections(int port) throws IOException {
        while (true) {
            Socket client = https.accept();
            Socket server = new Socket(client.getLocalAddress(), port);
            for (Socket socket : new Socket[] {client, server}) {
                socket.setTcpNoDelay(true);
            }
            pass(client, server);
            pass(server, client);
        }
    }

    private void pass(Socket from, Socket to) {
        BlockingQueue<Late> way = new LinkedBlockingQueue<>();
        start(() -> {
            InputStream in = from.getInputStream();
            byte[] buffer = new byte[16 * 1024];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                way.add(late(Arrays.copyOf(buffer, read)));
            }
            way.add(new Late(System.nanoTime() + nanos, Late.END));
        });
        start(() -> {
            try (to) {
                OutputStream out = to.getOutputStream();
                for (Late late = way.take(); !late.isEnd(); late = way.take()) {
                    out.write(late.awaited());
                }
            }
        });
    }

    private Late late(byte[] bytes) {
        return new Late(System.nanoTime() + nanos, bytes);
    }

    @Override
    public void close() throws IOException {
        dns.close();
        https.close();
    }
}
