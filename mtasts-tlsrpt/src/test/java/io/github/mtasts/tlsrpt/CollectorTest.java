package io.github.mtasts.tlsrpt;

import static io.github.mtasts.tlsrpt.Sessions.DOMAIN;
import static io.github.mtasts.tlsrpt.Sessions.policy;
import static io.github.mtasts.tlsrpt.Sessions.result;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.testkit.TestClock;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The moments at which DNS may answer while counts are on their way to the store. */
class CollectorTest {
    private static final LocalDate DAY = LocalDate.of(2026, 11, 27);

    private final TestClock clock = new TestClock(Instant.parse("2026-11-27T12:00:00Z"));
    private final Recorder recorder = new Recorder(clock);
    private final CompletableFuture<DnsAnswer<String>> answer = new CompletableFuture<>();
    private final ReportStore kept = ReportStore.inMemory();

    @ParameterizedTest
    @ValueSource(strings = {"before", "meanwhile", "afterwards"})
    @Tag("T-4-14")
    void countsThatNobodyWantsAreDroppedWheneverTheAnswerComes(String when) throws IOException {
        Collector collector = collector(when, new DnsAnswer.Absent<>(true, Duration.ofMinutes(5), Security.UNKNOWN));

        collector.collect();
        answer.complete(new DnsAnswer.Absent<>(true, Duration.ofMinutes(5), Security.UNKNOWN));
        collector.collect();

        assertThat(kept.counted(DAY)).isEmpty();
    }

    @Test
    @Tag("T-4-14")
    void countsThatAreWantedStay() throws IOException {
        DnsAnswer<String> wanted = new DnsAnswer.Found<>(
                List.of("v=TLSRPTv1; rua=mailto:r@example.com"), Duration.ofMinutes(5), Security.UNKNOWN, "owner");
        Collector collector = collector("meanwhile", wanted);

        collector.collect();
        collector.collect();

        assertThat(kept.counted(DAY)).containsExactly(new ReportKey(DAY, DOMAIN));
    }

    /** With one session counted, and DNS answering before, in the middle of, or after the first collection. */
    private Collector collector(String when, DnsAnswer<String> says) {
        if (when.equals("before")) {
            answer.complete(says);
        }
        ReportStore store = (ReportStore) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ReportStore.class}, (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(kept, arguments);
                        if (method.getName().equals("add") && when.equals("meanwhile")) {
                            answer.complete(says);
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        Collector collector = new Collector(recorder, store);
        collector.ask(new RecordLookup(new Asked(answer), clock));
        recorder.session(result(policy("enforce")));
        return collector;
    }

    /** Answers every question with one answer. */
    private record Asked(CompletableFuture<DnsAnswer<String>> answer) implements DnsClient {
        @Override
        public CompletionStage<DnsAnswer<String>> txt(String name) {
            return answer;
        }

        @Override
        public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
            throw new AssertionError(name);
        }

        @Override
        public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
            throw new AssertionError(host);
        }

        @Override
        public void close() {}
    }
}
