package io.github.mtasts.cli.socketmap;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers {@code GET /health} in JSON, and {@code GET /metrics} in the text format of Prometheus; then closes. */
final class Health extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(Health.class);

    private final BooleanSupplier stopping;
    private final SocketmapCounters counters;
    private final Supplier<Map<String, Long>> further;

    Health(BooleanSupplier stopping, SocketmapCounters counters, Supplier<Map<String, Long>> further) {
        this.stopping = stopping;
        this.counters = counters;
        this.further = further;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        context.writeAndFlush(answer(request)).addListener(ChannelFutureListener.CLOSE);
    }

    private FullHttpResponse answer(FullHttpRequest request) {
        if (!request.decoderResult().isSuccess()) {
            return text(HttpResponseStatus.BAD_REQUEST, "text/plain", "not HTTP\n");
        }
        if (!request.method().equals(HttpMethod.GET)) {
            return text(HttpResponseStatus.METHOD_NOT_ALLOWED, "text/plain", "only GET\n");
        }
        return switch (request.uri()) {
            case "/health" ->
                stopping.getAsBoolean()
                        ? text(
                                HttpResponseStatus.SERVICE_UNAVAILABLE,
                                "application/json",
                                "{\"status\":\"stopping\"}\n")
                        : text(HttpResponseStatus.OK, "application/json", "{\"status\":\"up\"}\n");
            case "/metrics" -> text(HttpResponseStatus.OK, "text/plain; version=0.0.4; charset=utf-8", metrics());
            default -> text(HttpResponseStatus.NOT_FOUND, "text/plain", "there are /health and /metrics\n");
        };
    }

    private String metrics() {
        Map<String, Long> all = new LinkedHashMap<>();
        counters.all().forEach((name, count) -> all.put("mtasts_socketmap_" + name, count));
        further.get().forEach((name, count) -> all.put("mtasts_" + name, count));
        StringBuilder text = new StringBuilder();
        all.forEach((name, count) -> text.append(name).append(' ').append(count).append('\n'));
        return text.toString();
    }

    private static FullHttpResponse text(HttpResponseStatus status, String type, String text) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, type)
                .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                .set(HttpHeaderNames.CONNECTION, "close");
        return response;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("a connection to the health port broke: {}", cause.toString());
        context.close();
    }
}
