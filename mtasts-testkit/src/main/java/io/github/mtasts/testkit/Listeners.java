package io.github.mtasts.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Many hosts on one port, each at a loopback address of its own, accepted by one thread. */
final class Listeners implements AutoCloseable {
    private final Selector selector;
    private final Socket reserved;
    private final int port;
    private final int network;
    private final AtomicInteger last = new AtomicInteger();
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    /**
     * Hosts at 127.network.x.y.
     */
    Listeners(String name, int network) {
        this.network = network;
        try {
            selector = Selector.open();
            reserved =
                    new Socket(); // bound and never connected: keeps the port from others, at an address that no host
            // has
            reserved.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
            port = reserved.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Threads.start(name, this::run);
    }

    int port() {
        return port;
    }

    /** An address that nobody has yet. */
    InetAddress newAddress() {
        int number = last.incrementAndGet();
        try {
            return InetAddress.getByAddress(new byte[] {127, (byte) network, (byte) (number >> 8), (byte) number});
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Listens at the address; the handler runs on the accepting thread and must not block. */
    ServerSocketChannel listen(InetAddress address, Consumer<SocketChannel> handler) {
        try {
            ServerSocketChannel channel = ServerSocketChannel.open();
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(new InetSocketAddress(address, port), 4096);
            channel.configureBlocking(false);
            tasks.add(() -> {
                try {
                    channel.register(selector, SelectionKey.OP_ACCEPT, handler);
                } catch (ClosedChannelException e) {
                    // it was stopped before it began
                }
            });
            selector.wakeup();
            return channel;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops listening: when this returns, connections are refused. Only the selector can close a channel that it watches. */
    void stop(ServerSocketChannel channel) {
        CountDownLatch stopped = new CountDownLatch(1);
        tasks.add(() -> {
            try {
                channel.close();
                selector.selectNow();
            } catch (IOException e) {
                // as good as closed
            } finally {
                stopped.countDown();
            }
        });
        selector.wakeup();
        boolean interrupted = false;
        while (!closed) {
            try {
                if (stopped.await(10, TimeUnit.MILLISECONDS)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs the action once the other side has closed the connection or sent an end; what it sends is thrown away. */
    void watch(SocketChannel channel, Runnable closed) {
        tasks.add(() -> {
            try {
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, closed);
            } catch (IOException e) {
                closed.run();
            }
        });
        selector.wakeup();
    }

    private static void drain(SelectionKey key) {
        ByteBuffer buffer = ByteBuffer.allocate(4096);
        try {
            int read = ((SocketChannel) key.channel()).read(buffer);
            while (read > 0) {
                buffer.clear();
                read = ((SocketChannel) key.channel()).read(buffer);
            }
            if (read == 0) {
                return;
            }
        } catch (IOException e) {
            // reset: closed as well
        }
        key.cancel();
        ((Runnable) key.attachment()).run();
    }

    @SuppressWarnings("unchecked")
    private static void serve(SelectionKey key) {
        try {
            if (key.isValid() && key.isReadable()) {
                drain(key);
            } else if (key.isValid() && key.isAcceptable()) {
                SocketChannel accepted = ((ServerSocketChannel) key.channel()).accept();
                if (accepted != null) {
                    ((Consumer<SocketChannel>) key.attachment()).accept(accepted);
                }
            }
        } catch (IOException | CancelledKeyException e) {
            key.cancel(); // it was closed meanwhile; the others go on
        }
    }

    private void run() {
        while (!closed) {
            try {
                selector.select();
                for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                    task.run();
                }
                for (SelectionKey key : selector.selectedKeys()) {
                    serve(key);
                }
                selector.selectedKeys().clear();
            } catch (IOException e) {
                if (!closed) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        try {
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
            reserved.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
    }
}
