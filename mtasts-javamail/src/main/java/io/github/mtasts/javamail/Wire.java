package io.github.mtasts.javamail;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection to an address of an MX host, in clear at first and over TLS once that is started. Every wait has a deadline, in both directions, and ends at once when the
 * waiting thread is interrupted; every reply has a greatest length.
 *
 * <p>What the SMTP dialogue reads comes line by line: bytes that a server sends behind a line stay here, where {@link #startTls} finds them (RFC 3207 §6), and are never read as
 * if they had come over TLS. The dialogue goes on over the same {@link #socket()} when TLS is started underneath.
 *
 * <p>For one thread at a time, but for {@link #close()}.
 */
final class Wire implements Closeable {
    /** Longer than any reply that means something; RFC 5321 §4.5.3.1.5 allows lines of 512 bytes. */
    private static final int LONGEST_REPLY = 64 * 1024;

    private static final Duration FAREWELL = Duration.ofSeconds(2);

    private final InetAddress address;
    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final ByteBuffer received = ByteBuffer.allocate(8192).flip();
    private final View plain = new View(new PlainInput(), new PlainOutput());
    private final Lines lines = new Lines();
    private final View dialogue = new View(lines, new Current());
    private @Nullable SSLSocket tls;
    private InputStream in = plain.input;
    private OutputStream out = plain.output;
    private Duration writeTimeout;
    private long readBefore;
    private int replyLeft;
    private boolean broken;

    private Wire(InetAddress address, SocketChannel channel, Selector selector, Duration writeTimeout)
            throws IOException {
        this.address = address;
        this.channel = channel;
        this.selector = selector;
        this.writeTimeout = writeTimeout;
        this.key = channel.register(selector, 0);
    }

    /**
     * Connects.
     *
     * @param local the address to connect from; null for any
     * @param address carries the host's name, so that nobody looks it up again
     * @throws IOException if there is no connection within the time
     */
    static Wire connect(
            @Nullable InetAddress local, InetAddress address, int port, Duration within, Duration writeTimeout)
            throws IOException {
        SocketChannel channel = SocketChannel.open();
        Selector selector = null;
        boolean connected = false;
        try {
            selector = Selector.open();
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            if (local != null) {
                channel.bind(new InetSocketAddress(local, 0));
            }
            Wire wire = new Wire(address, channel, selector, writeTimeout);
            if (!channel.connect(new InetSocketAddress(address, port))) {
                wire.await(SelectionKey.OP_CONNECT, System.nanoTime() + within.toNanos());
                channel.finishConnect();
            }
            connected = true;
            return wire;
        } catch (UnsupportedAddressTypeException e) {
            throw new SocketException("this machine cannot connect to addresses of this kind");
        } finally {
            if (!connected) {
                channel.close();
                if (selector != null) {
                    selector.close();
                }
            }
        }
    }

    /** What the SMTP dialogue reads from and writes to, in clear or over TLS, whichever it is at the moment. */
    Socket socket() {
        return dialogue;
    }

    /** The address connected to, with the host's name. */
    InetAddress address() {
        return address;
    }

    /** The address connected from. */
    InetAddress localAddress() {
        return channel.socket().getLocalAddress();
    }

    /** From now on a new reply is read: it has to be complete within the time, and of a length in reason. */
    void expectReply(Duration within) {
        readBefore = System.nanoTime() + within.toNanos();
        replyLeft = LONGEST_REPLY;
    }

    /** Whether reading, writing or TLS has failed here: nothing more can be said. */
    boolean isBroken() {
        return broken;
    }

    /** Whether nothing has come since the last reply: not the end, and not a word that nobody asked for. */
    boolean isQuiet() {
        try {
            return !broken && lines.isEmpty() && in.available() == 0 && !received.hasRemaining() && fill() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** The TLS session of this very connection; null in clear text. */
    @Nullable
    SSLSession session() {
        SSLSocket secure = tls;
        return secure == null ? null : secure.getSession();
    }

    /**
     * Starts TLS, once and for all.
     *
     * @param factory layers TLS over a connected socket
     * @return the session
     * @throws IOException if anything was received since the last reply, or the handshake fails; the connection is of no use any more
     */
    SSLSession startTls(SSLSocketFactory factory, Duration within) throws IOException {
        if (tls != null) {
            throw new IllegalStateException("TLS is started once on a connection (RFC 3207 §4.2)");
        }
        boolean done = false;
        try {
            readBefore = System.nanoTime() + within.toNanos();
            if (received.hasRemaining() || fill() > 0) {
                // RFC 3207 §6: nothing may come between the reply and the handshake
                throw new SSLException("the server sent plain text behind its reply to STARTTLS");
            }
            SSLSocket secure = (SSLSocket) factory.createSocket(plain, address.getHostName(), plain.getPort(), true);
            secure.startHandshake();
            in = secure.getInputStream();
            out = secure.getOutputStream();
            tls = secure;
            done = true;
            return secure.getSession();
        } finally {
            broken |= !done;
        }
    }

    /** Ends the connection, over TLS with a notice if that takes no time. Closing twice does nothing. */
    @Override
    public void close() throws IOException {
        SSLSocket secure = tls;
        try {
            if (secure != null && !broken && channel.isOpen()) {
                readBefore = System.nanoTime() + FAREWELL.toNanos();
                writeTimeout = FAREWELL;
                secure.close();
            }
        } finally {
            cut();
        }
    }

    /** Ends the connection without a word. */
    void cut() throws IOException {
        try {
            channel.close();
        } finally {
            selector.close();
        }
    }

    /** Takes what has arrived, without waiting; -1 at the end. */
    private int fill() throws IOException {
        received.clear();
        try {
            return channel.read(received);
        } finally {
            received.flip();
        }
    }

    private void await(int operation, long until) throws IOException {
        try {
            key.interestOps(operation);
            do {
                long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime() + 999_999);
                if (left <= 0) {
                    throw new SocketTimeoutException(
                            operation == SelectionKey.OP_CONNECT
                                    ? "no connection in time"
                                    : operation == SelectionKey.OP_READ
                                            ? "no answer in time"
                                            : "what was written is not taken in time");
                }
                selector.select(left);
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedIOException("interrupted");
                }
            } while (selector.selectedKeys().isEmpty());
            selector.selectedKeys().clear();
        } catch (ClosedSelectorException | CancelledKeyException e) {
            throw new SocketException("closed while waiting");
        }
    }

    /** What arrives on the connection itself. */
    private final class PlainInput extends InputStream {
        @Override
        public int read() throws IOException {
            return ready() ? received.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!ready()) {
                return -1;
            }
            int count = Math.min(length, received.remaining());
            received.get(buffer, offset, count);
            return count;
        }

        @Override
        public int available() throws IOException {
            return received.hasRemaining() ? received.remaining() : Math.max(0, fill());
        }

        private boolean ready() throws IOException {
            boolean failed = true;
            try {
                while (!received.hasRemaining()) {
                    if (fill() < 0) {
                        return false;
                    }
                    if (!received.hasRemaining()) {
                        int timeout = plain.getSoTimeout(); // TLS sets one while it says farewell
                        await(
                                SelectionKey.OP_READ,
                                timeout == 0
                                        ? readBefore
                                        : Math.min(
                                                readBefore,
                                                System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeout)));
                    }
                }
                failed = false;
                return true;
            } finally {
                broken |= failed;
            }
        }
    }

    /** What leaves on the connection itself. */
    private final class PlainOutput extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(buffer, offset, length);
            long until = System.nanoTime() + writeTimeout.toNanos();
            boolean failed = true;
            try {
                while (bytes.hasRemaining()) {
                    if (channel.write(bytes) > 0) {
                        until = System.nanoTime() + writeTimeout.toNanos();
                    } else {
                        await(SelectionKey.OP_WRITE, until);
                    }
                }
                failed = false;
            } finally {
                broken |= failed;
            }
        }
    }

    /** One line at a time, from whichever layer is the current one. */
    private final class Lines extends InputStream {
        private final byte[] deciphered = new byte[512];
        private int position;
        private int limit;
        private int carriageReturns;

        boolean isEmpty() {
            return position == limit;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            boolean failed = true;
            try {
                int count = 0;
                while (count < length) {
                    int b = next();
                    if (b < 0) {
                        return count == 0 ? -1 : count;
                    }
                    buffer[offset + count++] = (byte) b;
                    if (b == '\n') {
                        break;
                    }
                }
                failed = false;
                return count;
            } finally {
                broken |= failed;
            }
        }

        private int next() throws IOException {
            if (replyLeft-- <= 0) {
                throw new IOException("the server sent a reply longer than " + LONGEST_REPLY + " bytes");
            }
            int b = take();
            if (carriageReturns > 0 && b != '\n' && (b != '\r' || carriageReturns > 1)) {
                // the dialogue would end a line here, and keep what is behind it, unseen
                throw new IOException("the server sent a carriage return that ends no line");
            }
            carriageReturns = b == '\r' ? carriageReturns + 1 : 0;
            return b;
        }

        /** In clear byte by byte, so that what is behind a line stays where TLS finds it; over TLS that is a dear way to read. */
        private int take() throws IOException {
            if (tls == null) {
                return in.read();
            }
            if (position == limit) {
                position = 0;
                limit = 0;
                int count = in.read(deciphered);
                if (count <= 0) {
                    return -1;
                }
                limit = count;
            }
            return deciphered[position++] & 0xff;
        }
    }

    /** Writes to whichever layer is the current one. */
    private final class Current extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            boolean failed = true;
            try {
                out.write(buffer, offset, length);
                failed = false;
            } finally {
                broken |= failed;
            }
        }
    }

    /** This connection as a socket, as TLS and the dialogue want it. */
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // closing must not wait for whoever holds a lock
    private final class View extends Socket {
        private final InputStream input;
        private final OutputStream output;
        private volatile int timeout;

        View(InputStream input, OutputStream output) {
            this.input = input;
            this.output = output;
        }

        @Override
        public InputStream getInputStream() {
            return input;
        }

        @Override
        public OutputStream getOutputStream() {
            return output;
        }

        @Override
        public InetAddress getInetAddress() {
            return address;
        }

        @Override
        public InetAddress getLocalAddress() {
            return localAddress();
        }

        @Override
        public int getPort() {
            return channel.socket().getPort();
        }

        @Override
        public int getLocalPort() {
            return channel.socket().getLocalPort();
        }

        @Override
        public SocketAddress getRemoteSocketAddress() {
            return new InetSocketAddress(address, getPort());
        }

        @Override
        public SocketAddress getLocalSocketAddress() {
            return channel.socket().getLocalSocketAddress();
        }

        @Override
        public void setSoTimeout(int milliseconds) {
            timeout = milliseconds;
        }

        @Override
        public int getSoTimeout() {
            return timeout;
        }

        @Override
        public void setSoLinger(boolean on, int linger) {
            // as the system has it
        }

        @Override
        public int getSoLinger() {
            return -1;
        }

        @Override
        public boolean isConnected() {
            return channel.isConnected();
        }

        @Override
        public boolean isBound() {
            return true;
        }

        @Override
        public boolean isClosed() {
            return !channel.isOpen();
        }

        @Override
        public boolean isInputShutdown() {
            return isClosed();
        }

        @Override
        public boolean isOutputShutdown() {
            return isClosed();
        }

        @Override
        public void shutdownInput() {
            // TLS ends with the connection
        }

        @Override
        public void shutdownOutput() throws IOException {
            channel.shutdownOutput();
        }

        @Override
        public void close() throws IOException {
            if (this == dialogue) {
                Wire.this.close();
            } else {
                channel.close();
            }
        }

        @Override
        public String toString() {
            return Wire.this.toString();
        }
    }

    @Override
    public String toString() {
        return address.getHostName() + "[" + address.getHostAddress() + "]";
    }
}
