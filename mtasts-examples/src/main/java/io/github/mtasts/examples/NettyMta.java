package io.github.mtasts.examples;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.Candidate;
import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.DeliveryAttempt;
import io.github.mtasts.delivery.NextHop;
import io.github.mtasts.delivery.TlsTerms;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLException;

/** An SMTP client over Netty that delivers as MTA-STS demands, without a thread that waits. It uses mtasts-core alone. */
final class NettyMta {
    private static final int TIMEOUT_SECONDS = 30; // RFC 5321 asks for minutes
    private static final int LONGEST_LINE = 4096;

    private final MtaSts mtaSts;
    private final int port;
    private final Bootstrap bootstrap;

    NettyMta(MtaSts mtaSts, int port, EventLoopGroup threads) {
        this.mtaSts = mtaSts;
        this.port = port;
        this.bootstrap = new Bootstrap()
                .group(threads)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, TIMEOUT_SECONDS * 1000);
    }

    CompletionStage<Outcome> deliver(NextHop nextHop, Mail mail) {
        return mtaSts.attemptAsync(nextHop).thenCompose(attempt -> nextHost(attempt, mail));
    }

    private CompletionStage<Outcome> nextHost(DeliveryAttempt attempt, Mail mail) {
        return attempt.nextCandidate()
                .thenCompose(next -> next.isPresent()
                        ? nextAddress(
                                attempt, next.get(), next.get().addresses().iterator(), mail)
                        : attempt.concludeAsync().thenApply(Outcome.Kept::new));
    }

    private CompletionStage<Outcome> nextAddress(
            DeliveryAttempt attempt, Candidate mx, Iterator<InetAddress> addresses, Mail mail) {
        if (!addresses.hasNext()) {
            return nextHost(attempt, mail);
        }
        InetAddress address = addresses.next();
        return offer(mx, address, mail, true)
                .thenCompose(clearance -> clearance == Clearance.RECONNECT_IN_CLEAR
                        ? offer(mx, address, mail, false) // TLS failed, and no policy demands it
                        : CompletableFuture.completedFuture(clearance))
                .thenCompose(clearance -> clearance.maySend()
                        ? CompletableFuture.completedFuture(new Outcome.Sent(mx.host(), clearance))
                        : nextAddress(attempt, mx, addresses, mail));
    }

    /** One connection. Completes with what was sent over, or with what to do instead. */
    private CompletableFuture<Clearance> offer(Candidate mx, InetAddress address, Mail mail, boolean tls) {
        CompletableFuture<Clearance> done = new CompletableFuture<>();
        Dialogue dialogue = new Dialogue(mx, mail, tls, done);
        bootstrap
                .clone()
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new ReadTimeoutHandler(TIMEOUT_SECONDS))
                                .addLast("lines", new LineBasedFrameDecoder(LONGEST_LINE))
                                .addLast(new StringDecoder(StandardCharsets.ISO_8859_1))
                                .addLast(new StringEncoder(StandardCharsets.ISO_8859_1))
                                .addLast(dialogue);
                    }
                })
                .connect(address, port)
                .addListener(connected -> {
                    if (!connected.isSuccess()) {
                        dialogue.failed(connected.cause());
                    }
                });
        return done;
    }

    /** What is said on one connection, step by step. */
    private static final class Dialogue extends SimpleChannelInboundHandler<String> {
        private enum Step {
            GREETING,
            EHLO,
            STARTTLS,
            HANDSHAKE,
            SENDING
        }

        private final Candidate mx;
        private final TlsTerms terms;
        private final Iterator<String> commands;
        private final boolean tls;
        private final CompletableFuture<Clearance> done;
        private Step step = Step.GREETING;
        private Clearance clearance = Clearance.CLEARTEXT;
        private boolean offersTls;

        Dialogue(Candidate mx, Mail mail, boolean tls, CompletableFuture<Clearance> done) {
            this.mx = mx;
            this.terms = mx.tls();
            this.tls = tls;
            this.done = done;
            this.commands = List.of(
                            "EHLO client.example",
                            "MAIL FROM:<" + mail.from() + ">",
                            "RCPT TO:<" + mail.to() + ">",
                            "DATA",
                            mail.text() + "\r\n.")
                    .iterator();
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, String line) throws IOException {
            if (step == Step.HANDSHAKE) {
                throw new SSLException("plain text behind the reply to STARTTLS"); // RFC 3207 section 6
            }
            offersTls |= step == Step.EHLO && line.toUpperCase(Locale.ROOT).endsWith("STARTTLS");
            if (line.length() > 3 && line.charAt(3) == '-') {
                return; // the reply goes on
            }
            boolean good = line.startsWith("2") || line.startsWith("3");
            if (!good && step != Step.STARTTLS) {
                throw new IOException("it says " + line); // a real one tells 4yz from 5yz here
            }
            switch (step) {
                case GREETING -> say(context, Step.EHLO, "EHLO client.example");
                case EHLO -> {
                    if (tls && offersTls) {
                        say(context, Step.STARTTLS, "STARTTLS");
                    } else {
                        go(context, tls ? terms.notOffered() : Clearance.CLEARTEXT);
                    }
                }
                case STARTTLS -> {
                    if (good) {
                        shakeHands(context);
                    } else {
                        go(context, terms.notOffered());
                    }
                }
                default -> sendOn(context);
            }
        }

        private void shakeHands(ChannelHandlerContext context) {
            step = Step.HANDSHAKE;
            SslHandler handler = new SslHandler(terms.newEngine());
            context.pipeline().addFirst(handler);
            handler.handshakeFuture().addListener(shaken -> {
                if (shaken.isSuccess()) {
                    go(context, terms.established(handler.engine().getSession()));
                } else {
                    failed(shaken.cause());
                }
            });
            // what the old one still holds came in clear: it is passed on, and refused above
            context.pipeline().replace("lines", "lines", new LineBasedFrameDecoder(LONGEST_LINE));
        }

        /** The one place where sending begins: on a clearance, and over the session that it was given for. */
        private void go(ChannelHandlerContext context, Clearance given) {
            clearance = given;
            step = Step.SENDING;
            if (given.maySend()) {
                sendOn(context);
            } else {
                end(context.channel(), given);
            }
        }

        private void sendOn(ChannelHandlerContext context) {
            if (commands.hasNext()) {
                say(context, Step.SENDING, commands.next());
            } else {
                end(context.channel(), clearance);
            }
        }

        private void say(ChannelHandlerContext context, Step next, String line) {
            step = next;
            context.writeAndFlush(line + "\r\n");
        }

        private void end(Channel channel, Clearance result) {
            done.complete(result);
            channel.close();
        }

        void failed(Throwable cause) {
            if (!done.isDone()) {
                if (step == Step.HANDSHAKE) {
                    done.complete(terms.handshakeFailed(cause));
                } else {
                    mx.unreachable(String.valueOf(cause.getMessage())); // an ordinary failure, no matter of policy
                    done.complete(Clearance.NEXT_HOST);
                }
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failed(cause.getCause() instanceof SSLException tlsFailure ? tlsFailure : cause);
            context.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            failed(new IOException("it closed the connection"));
        }
    }
}
