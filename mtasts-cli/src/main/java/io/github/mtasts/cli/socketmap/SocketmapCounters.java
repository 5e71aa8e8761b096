package io.github.mtasts.cli.socketmap;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What the server counts, and the two numbers that it is bounded by. Safe for any number of threads. */
final class SocketmapCounters {
    private final Map<Answer.Kind, LongAdder> answers = new EnumMap<>(Answer.Kind.class);

    /** Connections that are open. */
    final AtomicInteger open = new AtomicInteger();

    /** Look-ups that are not answered yet, over all connections. */
    final AtomicInteger waiting = new AtomicInteger();

    final LongAdder accepted = new LongAdder();

    /** Connections closed at once because too many were open. */
    final LongAdder refused = new LongAdder();

    /** Connections closed because what came over them was no netstring, or too long. */
    final LongAdder garbled = new LongAdder();

    /** Connections closed because no question came over them for long. */
    final LongAdder idle = new LongAdder();

    SocketmapCounters() {
        Arrays.stream(Answer.Kind.values()).forEach(kind -> answers.put(kind, new LongAdder()));
    }

    void count(Answer answer) {
        Objects.requireNonNull(answers.get(answer.kind())).increment();
    }

    long answers(Answer.Kind kind) {
        return Objects.requireNonNull(answers.get(kind)).sum();
    }

    /** {@return all of them by name} */
    Map<String, Long> all() {
        Map<String, Long> all = new LinkedHashMap<>();
        answers.forEach((kind, count) -> all.put("answers_" + kind.name().toLowerCase(Locale.ROOT), count.sum()));
        all.put("lookups_waiting", (long) waiting.get());
        all.put("connections_open", (long) open.get());
        all.put("connections_accepted", accepted.sum());
        all.put("connections_refused", refused.sum());
        all.put("connections_garbled", garbled.sum());
        all.put("connections_idle", idle.sum());
        return all;
    }
}
