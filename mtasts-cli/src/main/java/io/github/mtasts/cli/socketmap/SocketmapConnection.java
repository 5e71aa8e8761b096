package io.github.mtasts.cli.socketmap;

import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.PolicyDomain;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of Postfix. Questions are answered in their order, though later ones may be known earlier. All runs on the connection's own event loop, and nothing blocks: what is
 * known is answered at once, in one write for all that was read.
 *
 * <p>Bounded: it reads on only while fewer than {@link #MOST_WAITING} questions wait and the peer takes its answers, and holds no more than one read and one unfinished question.
 */
final class SocketmapConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(SocketmapConnection.class);

    /** The most questions of one connection that wait for their answers. */
    static final int MOST_WAITING = 64;

    /** The most questions of all connections that wait; more are told to come later. */
    static final int MOST_WAITING_IN_ALL = 10_000;

    private static final int WRITE_AT = 32 * 1024;

    private final Function<PolicyDomain, CompletableFuture<PolicyInForce>> policies;
    private final SocketmapCounters counters;
    private final Queue<Waiting> waiting = new ArrayDeque<>();

    private @Nullable ByteBuf in;
    private @Nullable ByteBuf out;

    /** No question is read any more; what waits is answered, and the connection is closed. */
    private boolean ending;

    private boolean closed;

    SocketmapConnection(Function<PolicyDomain, CompletableFuture<PolicyInForce>> policies, SocketmapCounters counters) {
        this.policies = policies;
        this.counters = counters;
    }

    /** A question whose answer is not known, or not yet due. */
    private static final class Waiting {
        @Nullable
        Answer answer;

        @Nullable
        CompletableFuture<PolicyInForce> lookUp;
    }

    /** Stops reading, answers what waits, and closes. */
    void end(ChannelHandlerContext context) {
        ending = true;
        advance(context);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        context.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf more = (ByteBuf) message;
        in = in == null ? more : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context.alloc(), in, more);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        advance(context);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        advance(context);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            end(context);
        } else if (event instanceof IdleStateEvent) {
            counters.idle.increment();
            context.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closed = true;
        for (Waiting one : waiting) {
            if (one.lookUp != null) {
                one.lookUp.cancel(false); // others who wait for the same domain go on waiting
            }
        }
        waiting.clear();
        in = release(in);
        out = release(out);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("a connection broke: {}", cause.getMessage());
        } else {
            LOG.error("a fault in the socketmap server; the connection is closed", cause);
        }
        context.close();
    }

    /** Answers what can be answered, and reads on if that is all right. */
    private void advance(ChannelHandlerContext context) {
        if (closed) {
            return;
        }
        writeKnown(context);
        boolean needsMore = false;
        while (!ending
                && !needsMore
                && waiting.size() < MOST_WAITING
                && context.channel().isWritable()) {
            needsMore = !readQuestion(context);
        }
        flush(context);
        if (ending && waiting.isEmpty()) {
            closed = true;
            in = release(in);
            context.writeAndFlush(context.alloc().buffer(0)).addListener(done -> context.close());
        } else if (needsMore) {
            context.read();
        }
    }

    /** Reads one question if there is a whole one; returns whether there was. */
    private boolean readQuestion(ChannelHandlerContext context) {
        ByteBuf from = in;
        if (from == null) {
            return false;
        }
        int length = Netstring.frame(from);
        if (length == Netstring.MALFORMED) {
            counters.garbled.increment();
            ending = true;
            return true;
        }
        if (length == Netstring.INCOMPLETE) {
            return false;
        }
        String text = from.readCharSequence(length, StandardCharsets.UTF_8).toString();
        from.skipBytes(1);
        if (!from.isReadable()) {
            in = release(from);
        }
        ask(context, Query.parse(text));
        return true;
    }

    private void ask(ChannelHandlerContext context, Query query) {
        if (query instanceof Query.Known known) {
            answer(context, known.answer());
            return;
        }
        if (counters.waiting.get() >= MOST_WAITING_IN_ALL) {
            answer(context, Answer.later("too many questions are waiting"));
            return;
        }
        Query.Ask ask = (Query.Ask) query;
        CompletableFuture<PolicyInForce> lookUp = policies.apply(ask.domain());
        if (lookUp.isDone()) {
            answer(context, PolicyTable.answer(ask, lookUp.join()));
            return;
        }
        Waiting later = new Waiting();
        later.lookUp = lookUp;
        waiting.add(later);
        counters.waiting.incrementAndGet();
        lookUp.whenComplete((found, failure) -> {
            counters.waiting.decrementAndGet();
            Answer answer = failure == null
                    ? PolicyTable.answer(ask, found)
                    : Answer.later("a fault in the look-up of " + ask.domain());
            context.executor().execute(() -> {
                later.answer = answer;
                later.lookUp = null;
                if (waiting.peek() == later) {
                    advance(context);
                }
            });
        });
    }

    private void answer(ChannelHandlerContext context, Answer answer) {
        if (waiting.isEmpty()) {
            write(context, answer);
        } else {
            Waiting behind = new Waiting();
            behind.answer = answer;
            waiting.add(behind);
        }
    }

    private void writeKnown(ChannelHandlerContext context) {
        for (Waiting first = waiting.peek(); first != null && first.answer != null; first = waiting.peek()) {
            waiting.remove();
            write(context, first.answer);
        }
    }

    private void write(ChannelHandlerContext context, Answer answer) {
        counters.count(answer);
        ByteBuf to = out;
        if (to == null) {
            to = context.alloc().buffer(256);
            out = to;
        }
        Netstring.write(answer.text(), to);
        if (to.readableBytes() >= WRITE_AT) {
            flush(context);
        }
    }

    private void flush(ChannelHandlerContext context) {
        ByteBuf ready = out;
        if (ready != null) {
            out = null;
            context.writeAndFlush(ready, context.voidPromise());
        }
    }

    private static @Nullable ByteBuf release(@Nullable ByteBuf buffer) {
        if (buffer != null) {
            buffer.release();
        }
        return null;
    }
}
