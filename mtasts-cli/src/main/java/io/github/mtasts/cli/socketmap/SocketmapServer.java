package io.github.mtasts.cli.socketmap;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.PolicyDomain;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Answers Postfix's look-ups over TCP and Unix sockets, on a few threads for any number of connections. Safe for any number of threads.
 *
 * <p>{@link #close()} takes no new connection and no new question, answers what was asked, for up to {@link #GRACE}, and then ends.
 */
public final class SocketmapServer implements AutoCloseable {
    /** How long questions that were asked before the end may wait for their answers. */
    static final Duration GRACE = Duration.ofSeconds(5);

    private static final int LARGEST_READ = 16 * 1024;
    private static final int MOST_HEALTH_CONNECTIONS = 64;
    private static final int HEALTH_SECONDS = 10;

    private final Function<PolicyDomain, CompletableFuture<PolicyInForce>> policies;
    private final SocketmapCounters counters = new SocketmapCounters();
    private final MultiThreadIoEventLoopGroup loops;
    private final int mostConnections;
    private final Duration idle;
    private final Duration grace;
    private final List<Channel> listeners = new ArrayList<>();
    private final List<Path> sockets = new ArrayList<>();
    private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
    private final Set<Channel> healthConnections = ConcurrentHashMap.newKeySet();
    private volatile boolean stopping;

    /**
     * A server that listens nowhere yet.
     *
     * @param policies finds the policy in force, without blocking
     * @param threads how many threads serve all connections
     * @param mostConnections more are closed at once
     * @param idle a connection over which no question comes for so long is closed
     */
    public SocketmapServer(
            Function<PolicyDomain, CompletableFuture<PolicyInForce>> policies,
            int threads,
            int mostConnections,
            Duration idle) {
        this(policies, threads, mostConnections, idle, GRACE);
    }

    /** For tests: with another time for what was asked before the end. */
    SocketmapServer(
            Function<PolicyDomain, CompletableFuture<PolicyInForce>> policies,
            int threads,
            int mostConnections,
            Duration idle,
            Duration grace) {
        this.policies = policies;
        this.mostConnections = mostConnections;
        this.idle = idle;
        this.grace = grace;
        this.loops = new MultiThreadIoEventLoopGroup(
                threads, new DefaultThreadFactory("mtasts-socketmap", true), NioIoHandler.newFactory());
    }

    /**
     * Listens for Postfix. The socket file that a former process left behind is replaced; every user of the machine may connect to the new one, as to a port.
     *
     * @param address a TCP or a Unix address; port 0 is any free one
     * @return the address listened at
     * @throws IOException if that cannot be
     */
    @CanIgnoreReturnValue
    public synchronized SocketAddress listen(SocketAddress address) throws IOException {
        if (!(address instanceof UnixDomainSocketAddress unix)) {
            return bind(address, NioServerSocketChannel.class, socketmap());
        }
        removeLeftOver(unix);
        SocketAddress bound = bind(address, NioServerDomainSocketChannel.class, socketmap());
        sockets.add(unix.getPath());
        Files.setPosixFilePermissions(unix.getPath(), PosixFilePermissions.fromString("rw-rw-rw-"));
        return bound;
    }

    /**
     * Listens for {@code GET /health} and {@code GET /metrics} over HTTP.
     *
     * @param address where; port 0 is any free one
     * @param further counters to tell beside the server's own
     * @return the address listened at
     * @throws IOException if that cannot be
     */
    @CanIgnoreReturnValue
    public synchronized InetSocketAddress listenForHealth(
            InetSocketAddress address, Supplier<Map<String, Long>> further) throws IOException {
        return (InetSocketAddress) bind(address, NioServerSocketChannel.class, new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                healthConnections.add(channel);
                channel.closeFuture().addListener(closed -> healthConnections.remove(channel));
                if (healthConnections.size() > MOST_HEALTH_CONNECTIONS) {
                    channel.close();
                    return;
                }
                channel.pipeline()
                        .addLast(new ReadTimeoutHandler(HEALTH_SECONDS))
                        .addLast(new HttpServerCodec())
                        .addLast(new HttpObjectAggregator(1024))
                        .addLast(new Health(() -> stopping, counters, further));
            }
        });
    }

    private ChannelHandler socketmap() {
        return new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                int open = counters.open.incrementAndGet();
                connections.add(channel);
                channel.closeFuture().addListener(closed -> {
                    counters.open.decrementAndGet();
                    connections.remove(channel);
                });
                if (open > mostConnections || stopping) {
                    counters.refused.increment();
                    channel.close();
                    return;
                }
                counters.accepted.increment();
                channel.config().setAutoRead(false);
                channel.config()
                        .setRecvByteBufAllocator(
                                new AdaptiveRecvByteBufAllocator(64, 512, LARGEST_READ).maxMessagesPerRead(1));
                channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
                if (channel instanceof io.netty.channel.socket.SocketChannel tcp) {
                    tcp.config().setTcpNoDelay(true);
                }
                channel.pipeline()
                        .addLast(new IdleStateHandler(idle.toMillis(), 0, 0, TimeUnit.MILLISECONDS))
                        .addLast(new SocketmapConnection(policies, counters));
            }
        };
    }

    private SocketAddress bind(SocketAddress address, Class<? extends ServerChannel> type, ChannelHandler connection)
            throws IOException {
        ChannelFuture bound = new ServerBootstrap()
                .group(loops)
                .channel(type)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childHandler(connection)
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "cannot listen at " + address + ": " + bound.cause().getMessage(), bound.cause());
        }
        listeners.add(bound.channel());
        return bound.channel().localAddress();
    }

    /** Only a socket at which nobody listens is removed. */
    private static void removeLeftOver(UnixDomainSocketAddress address) throws IOException {
        Path path = address.getPath();
        if (!Files.exists(path) || Files.isRegularFile(path) || Files.isDirectory(path)) {
            return; // what is no socket stays, and binding fails
        }
        try {
            SocketChannel.open(address).close();
        } catch (SocketException refused) {
            Files.delete(path);
            return;
        }
        throw new IOException("cannot listen at " + path + ": another process does");
    }

    /** {@return the counters} */
    SocketmapCounters counters() {
        return counters;
    }

    @Override
    public synchronized void close() {
        if (stopping) {
            return;
        }
        stopping = true;
        long deadline = System.nanoTime() + grace.toNanos();
        listeners.forEach(listener -> listener.close().awaitUninterruptibly());
        for (Channel connection : connections) {
            connection.eventLoop().execute(() -> {
                ChannelHandlerContext context = connection.pipeline().context(SocketmapConnection.class);
                if (context != null) {
                    ((SocketmapConnection) context.handler()).end(context);
                }
            });
        }
        for (Channel connection : connections) {
            connection
                    .closeFuture()
                    .awaitUninterruptibly(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        }
        connections.forEach(Channel::close);
        healthConnections.forEach(Channel::close);
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        sockets.forEach(SocketmapServer::delete);
    }

    private static void delete(Path socket) {
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            // the next start removes it
        }
    }
}
