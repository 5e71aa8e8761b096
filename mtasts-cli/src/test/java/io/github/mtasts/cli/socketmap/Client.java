package io.github.mtasts.cli.socketmap;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** Speaks to the server as Postfix does, and as it never would. */
final class Client implements AutoCloseable {
    final SocketChannel channel;
    private final InputStream in;

    Client(SocketAddress server) throws IOException {
        channel = SocketChannel.open(server);
        in = new BufferedInputStream(Channels.newInputStream(channel));
    }

    String ask(String map, String key) throws IOException {
        send(question(map + " " + key));
        return answer();
    }

    static String question(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length + ":" + text + ",";
    }

    void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.UTF_8));
    }

    void send(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** One answer, checked to be a netstring. */
    String answer() throws IOException {
        int length = 0;
        for (int c = next(); c != ':'; c = next()) {
            length = length * 10 + Character.digit(c, 10);
        }
        byte[] text = in.readNBytes(length);
        if (next() != ',') {
            throw new IOException("no netstring");
        }
        return new String(text, StandardCharsets.US_ASCII);
    }

    private int next() throws IOException {
        int c = in.read();
        if (c < 0) {
            throw new EOFException("closed");
        }
        return c;
    }

    /** Reads to the end; whether the end is a close or a reset. */
    String rest() {
        StringBuilder all = new StringBuilder();
        try {
            for (int c = in.read(); c >= 0; c = in.read()) {
                all.append((char) c);
            }
        } catch (IOException e) {
            // a reset is an end, too
        }
        return all.toString();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
