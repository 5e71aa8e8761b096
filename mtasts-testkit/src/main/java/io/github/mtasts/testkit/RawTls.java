package io.github.mtasts.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;

/** What a server says where TLS is due, byte for byte: what no TLS library can be made to say, without a weaker policy for the whole JVM. */
final class RawTls {
    /** A ServerHello that chooses TLS 1.1 and TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA (RFC 4346 §7.4.1.3). */
    static final byte[] SERVER_HELLO_OF_TLS_1_1 = serverHello(new byte[] {3, 2}, new byte[] {(byte) 0xc0, 0x13});
    /** The fatal alert handshake_failure: no cipher suite in common (RFC 5246 §7.2.2). */
    static final byte[] HANDSHAKE_FAILURE = {21, 3, 3, 0, 2, 2, 40};

    private RawTls() {}

    private static byte[] serverHello(byte[] version, byte[] suite) {
        int body = version.length + 32 + 1 + suite.length + 1;
        return ByteBuffer.allocate(5 + 4 + body)
                .put((byte) 22)
                .put(version)
                .putShort((short) (4 + body))
                .put((byte) 2)
                .put((byte) 0)
                .putShort((short) body)
                .put(version)
                .put(new byte[32]) // the server's random
                .put((byte) 0) // no session id
                .put(suite)
                .put((byte) 0) // no compression
                .array();
    }

    /** Waits for the first record of the client, and leaves it read: its ClientHello. */
    static void awaitClientHello(InputStream in) throws IOException {
        byte[] header = in.readNBytes(5);
        if (header.length == 5) {
            in.readNBytes(ByteBuffer.wrap(header).getShort(3) & 0xffff);
        }
    }

    /** Sends the last bytes of a connection and reads on until the client is gone: closed with bytes unread, it would be reset, and the client might never see them. */
    static void sayLast(Socket socket, byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
        hangUp(socket);
    }

    /** Ends the connection in an orderly way: the client sees its end, and no reset. */
    static void hangUp(Socket socket) throws IOException {
        socket.shutdownOutput();
        byte[] ignored = new byte[4096];
        while (socket.getInputStream().read(ignored) >= 0) {
            // whatever it still sends
        }
    }
}
