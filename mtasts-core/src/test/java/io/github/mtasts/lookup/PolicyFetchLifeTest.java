package io.github.mtasts.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import io.github.mtasts.tls.PeerVerifier;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When a fetch ends, and that nothing of it stays behind: at its deadline, when cancelled, when the fetcher is closed. */
class PolicyFetchLifeTest {
    private static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");
    private static final Duration DEADLINE = Duration.ofSeconds(1);
    /** On a busy machine; a connection that is not closed would stay much longer. */
    private static final Duration AT_ONCE = Duration.ofSeconds(2);

    private final SmallInternet internet = new SmallInternet();
    private final PolicyHost host = internet.policyHost("example.com");
    private final DnsClient dns =
            DnsClient.builder().server(internet.dns().address()).build();
    private final PeerVerifier verifier =
            PeerVerifier.builder().trustAnchors(internet.ca().trustStore()).build();
    private final List<AutoCloseable> open = new ArrayList<>();
    /** Connections to the address in question that are not the fetcher's. */
    private long others;

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
        dns.close();
        internet.close();
    }

    private PolicyFetcher.Builder settings() {
        return PolicyFetcher.builder(dns, verifier).port(internet.httpsPort()).allowPrivateAddresses(true);
    }

    private PolicyFetcher build(PolicyFetcher.Builder settings) {
        PolicyFetcher fetcher = settings.build();
        open.add(fetcher);
        return fetcher;
    }

    private static FetchResult.Failed failed(CompletableFuture<FetchResult> fetch) throws Exception {
        FetchResult result = fetch.get(1, TimeUnit.MINUTES);
        assertThat(result).isInstanceOf(FetchResult.Failed.class);
        return (FetchResult.Failed) result;
    }

    private static void drip(OutputStream out, String text) throws IOException {
        for (byte b : text.getBytes(StandardCharsets.US_ASCII)) {
            out.write(b);
            out.flush();
            LockSupport.parkNanos(20_000_000);
        }
    }

    private static String head(int length) {
        return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + length + "\r\n\r\n";
    }

    /** Where an exchange gets stuck. */
    private enum Stage {
        DNS("the addresses of the policy host") {
            @Override
            InetAddress arrange(PolicyFetchLifeTest test) {
                test.internet.dns().silence("mta-sts.example.com", "A");
                return test.host.address();
            }

            @Override
            boolean isReached(PolicyFetchLifeTest test) {
                return test.internet.dns().asked("mta-sts.example.com", "A") > 0;
            }
        },
        CONNECT("the connection") {
            @Override
            InetAddress arrange(PolicyFetchLifeTest test) throws IOException {
                BlackHole hole = new BlackHole("127.77.0.3", test.internet.httpsPort());
                test.open.add(hole);
                test.others = Sockets.connectedTo(hole.address());
                return test.onlyAddress(hole.address());
            }

            @Override
            boolean isReached(PolicyFetchLifeTest test) throws IOException {
                return Sockets.connectedTo(InetAddress.getByName("127.77.0.3")) > test.others;
            }
        },
        SILENT_TLS("the TLS handshake") {
            @Override
            InetAddress arrange(PolicyFetchLifeTest test) {
                test.host.greeting(PolicyHost.Greeting.SILENT);
                return test.host.address();
            }
        },
        DRIPPED_TLS("the TLS handshake") {
            @Override
            InetAddress arrange(PolicyFetchLifeTest test) throws IOException {
                ServerSocket server =
                        new ServerSocket(test.internet.httpsPort(), 10, InetAddress.getByName("127.77.0.4"));
                test.open.add(server);
                Thread thread = new Thread(() -> dripTls(server), "drip");
                thread.setDaemon(true);
                thread.start();
                return test.onlyAddress(server.getInetAddress());
            }

            @Override
            boolean isReached(PolicyFetchLifeTest test) throws IOException {
                return Sockets.connectedTo(InetAddress.getByName("127.77.0.4")) > 0;
            }
        },
        SILENT_HEAD("the response") {
            @Override
            InetAddress arrange(PolicyFetchLifeTest test) {
                test.host.script(PolicyHost.Script.SILENCE);
                return test.host.address();
            }
        },
        DRIPPED_HEAD("the response") {
            @Override
            InetAddress arrange(PolicyFetchLifeTest test) {
                test.host.script((request, out) -> drip(out, "HTTP/1.1 200 OK\r\n" + "X: y\r\n".repeat(1000)));
                return test.host.address();
            }
        },
        SILENT_BODY("the rest of the body") {
            @Override
            InetAddress arrange(PolicyFetchLifeTest test) {
                test.host.script((request, out) -> {
                    out.write(head(10).getBytes(StandardCharsets.US_ASCII));
                    out.flush();
                    LockSupport.parkNanos(Duration.ofMinutes(2).toNanos());
                });
                return test.host.address();
            }
        },
        DRIPPED_BODY("the rest of the body") {
            @Override
            InetAddress arrange(PolicyFetchLifeTest test) {
                test.host.script((request, out) -> {
                    out.write(head(10_000).getBytes(StandardCharsets.US_ASCII));
                    drip(out, "x".repeat(10_000));
                });
                return test.host.address();
            }
        };

        private final String awaited;

        Stage(String awaited) {
            this.awaited = awaited;
        }

        /** Makes the world get stuck there; says which address is concerned. */
        abstract InetAddress arrange(PolicyFetchLifeTest test) throws IOException;

        boolean isReached(PolicyFetchLifeTest test) throws IOException {
            boolean beforeHttp = this == SILENT_TLS;
            return beforeHttp
                    ? test.host.connections() > 0
                    : !test.host.requests().isEmpty();
        }

        private static void dripTls(ServerSocket server) {
            try (Socket socket = server.accept()) {
                // a handshake record of TLS 1.2, as long as they come
                socket.getOutputStream().write(new byte[] {22, 3, 3, 0x40, 0});
                drip(socket.getOutputStream(), "\2".repeat(16_384));
            } catch (IOException e) {
                // the client has gone
            }
        }
    }

    private InetAddress onlyAddress(InetAddress address) {
        internet.dns().remove("mta-sts.example.com");
        internet.dns().address("mta-sts.example.com", address);
        return address;
    }

    private boolean reached(Stage stage) {
        try {
            return stage.isReached(PolicyFetchLifeTest.this);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void assertClosed(InetAddress address) {
        Duration closing = Sockets.await("the connection's end", () -> Sockets.connectedTo(address) <= others);
        assertThat(closing).isLessThan(AT_ONCE);
    }

    @Nested
    @EnabledOnOs(OS.LINUX)
    class AtTheDeadline {

        @ParameterizedTest
        @EnumSource
        @Tag("S-3.3-12")
        void aFetchFailsAndItsConnectionIsClosedAtOnce(Stage stage) throws Exception {
            InetAddress address = stage.arrange(PolicyFetchLifeTest.this);

            FetchResult.Failed failed = timedOutAt(stage);

            assertThat(failed.detail()).contains(": still waiting for " + stage.awaited);
            assertClosed(address);
        }

        /** On a busy machine a second may be over before the exchange gets so far: then the next fetch has more. */
        private FetchResult.Failed timedOutAt(Stage stage) throws Exception {
            for (Duration deadline = DEADLINE; ; deadline = deadline.multipliedBy(3)) {
                PolicyFetcher fetcher = build(settings().deadline(deadline));
                long began = System.nanoTime();

                FetchResult.Failed failed = failed(fetcher.fetch(DOMAIN).toCompletableFuture());

                Duration took = Duration.ofNanos(System.nanoTime() - began);
                assertThat(failed.reason()).as(failed.detail()).isEqualTo(FetchFailure.TIMEOUT);
                assertThat(failed.detail()).startsWith("not done within " + deadline.toMillis() + " ms");
                assertThat(took).isBetween(deadline, deadline.plus(AT_ONCE));
                assertThat(failed.trace().took()).isBetween(deadline.minusMillis(20), deadline.plus(AT_ONCE));
                if (failed.detail().contains(stage.awaited) || deadline.compareTo(DEADLINE.multipliedBy(20)) > 0) {
                    return failed;
                }
            }
        }

        @Test
        @Tag("S-3.3-12")
        void aBodyThatDripsInTimeIsTaken() throws Exception {
            host.script((request, out) -> {
                out.write(head(10).getBytes(StandardCharsets.US_ASCII));
                drip(out, "x".repeat(10));
            });
            PolicyFetcher fetcher = build(settings().deadline(DEADLINE.multipliedBy(30)));

            assertThat(fetcher.fetch(DOMAIN).toCompletableFuture().get(1, TimeUnit.MINUTES))
                    .isInstanceOf(FetchResult.Fetched.class);
        }
    }

    @Nested
    @EnabledOnOs(OS.LINUX)
    class Cancelled {

        @ParameterizedTest
        @EnumSource
        void aFetchClosesItsConnectionAtOnce(Stage stage) throws Exception {
            InetAddress address = stage.arrange(PolicyFetchLifeTest.this);
            PolicyFetcher fetcher = build(settings());
            CompletableFuture<FetchResult> fetch = fetcher.fetch(DOMAIN).toCompletableFuture();
            Sockets.await("stage " + stage, () -> reached(stage));

            boolean cancelled = fetch.cancel(true);

            assertThat(cancelled).isTrue();
            assertThat(fetch).isCancelled();
            assertClosed(address);
        }

        @Test
        void aFetchThatACallerTimesOutEndsToo() throws Exception {
            host.script(PolicyHost.Script.SILENCE);
            PolicyFetcher fetcher = build(settings());
            CompletableFuture<FetchResult> fetch = fetcher.fetch(DOMAIN).toCompletableFuture();
            host.awaitRequests(1);

            CompletableFuture<FetchResult> bounded = fetch.orTimeout(1, TimeUnit.MILLISECONDS);

            assertThat(bounded)
                    .failsWithin(Duration.ofSeconds(5))
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOf(TimeoutException.class);
            host.awaitOpenConnections(count -> count == 0);
        }

        @Test
        void aFetchLeavesTheOthersAlone() throws Exception {
            host.policy("x");
            PolicyHost silent = internet.policyHost("silent.example");
            silent.script(PolicyHost.Script.SILENCE);
            PolicyFetcher fetcher = build(settings());
            CompletableFuture<FetchResult> stuck =
                    fetcher.fetch(PolicyDomain.of("silent.example")).toCompletableFuture();
            silent.awaitRequests(1);

            stuck.cancel(true);

            assertThat(fetcher.fetch(DOMAIN).toCompletableFuture().get(1, TimeUnit.MINUTES))
                    .isInstanceOf(FetchResult.Fetched.class);
        }
    }

    @Nested
    @EnabledOnOs(OS.LINUX)
    class AtTheEnd {

        /** The body is complete: nothing that the host may still say, or not say, keeps the connection. */
        @Test
        void aHostThatKeepsTheConnectionIsLeft() throws Exception {
            host.script((request, out) -> {
                out.write((head(2) + "ok").getBytes(StandardCharsets.US_ASCII));
                out.flush();
                drip(out, "x".repeat(10_000));
            });
            PolicyFetcher fetcher = build(settings());

            FetchResult result = fetcher.fetch(DOMAIN).toCompletableFuture().get(1, TimeUnit.MINUTES);

            assertThat(result).isInstanceOf(FetchResult.Fetched.class);
            Duration closing = Sockets.await("the connection's end", () -> Sockets.connectedTo(host.address()) == 0);
            assertThat(closing).isLessThan(AT_ONCE);
        }

        @Test
        void aFetchIsToldOnAThreadThatDoesNoIo() throws Exception {
            host.policy("x");
            PolicyFetcher fetcher = build(settings());

            String thread = fetcher.fetch(DOMAIN)
                    .thenApply(result -> Thread.currentThread().getName())
                    .toCompletableFuture()
                    .get(1, TimeUnit.MINUTES);

            assertThat(thread).doesNotContain("-io-");
        }
    }

    @Nested
    class WhenClosed {

        @Test
        void whatWaitsIsToldAndNoThreadStays() throws Exception {
            host.script(PolicyHost.Script.SILENCE);
            PolicyFetcher fetcher = build(settings().maxInFlight(1));
            CompletableFuture<FetchResult> underWay = fetcher.fetch(DOMAIN).toCompletableFuture();
            CompletableFuture<FetchResult> waiting = fetcher.fetch(DOMAIN).toCompletableFuture();
            host.awaitRequests(1);

            fetcher.close();
            fetcher.close();

            assertThat(failed(underWay).reason()).isEqualTo(FetchFailure.CLOSED);
            assertThat(failed(waiting).reason()).isEqualTo(FetchFailure.CLOSED);
            host.awaitOpenConnections(count -> count == 0);
            Sockets.await(
                    "the threads' end",
                    () -> Thread.getAllStackTraces().keySet().stream()
                            .noneMatch(thread -> thread.getName().startsWith("mtasts-fetch")));
        }

        @Test
        void laterFetchesFail() throws Exception {
            PolicyFetcher fetcher = build(settings());
            fetcher.close();

            FetchResult.Failed failed = failed(fetcher.fetch(DOMAIN).toCompletableFuture());

            assertThat(failed.reason()).isEqualTo(FetchFailure.CLOSED);
            assertThat(host.connections()).isZero();
        }

        @Test
        void itsThreadsBearOurName() throws Exception {
            host.policy("x");
            PolicyFetcher fetcher = build(settings());

            failedOrNot(fetcher);

            assertThat(Thread.getAllStackTraces().keySet().stream()
                            .map(Thread::getName)
                            .filter(name -> name.startsWith("mtasts-fetch-io-")))
                    .hasSizeGreaterThanOrEqualTo(2);
        }

        private static void failedOrNot(PolicyFetcher fetcher) throws Exception {
            assertThat(fetcher.fetch(DOMAIN).toCompletableFuture().get(1, TimeUnit.MINUTES))
                    .isNotNull();
        }
    }

    @Nested
    class Overload {

        @Test
        void theNextTakesItsTurnWhenOneEnds() throws Exception {
            PolicyHost silent = internet.policyHost("silent.example");
            silent.script(PolicyHost.Script.SILENCE);
            host.policy("x");
            PolicyFetcher fetcher = build(settings().maxInFlight(1));
            CompletableFuture<FetchResult> first =
                    fetcher.fetch(PolicyDomain.of("silent.example")).toCompletableFuture();
            silent.awaitRequests(1);
            CompletableFuture<FetchResult> second = fetcher.fetch(DOMAIN).toCompletableFuture();
            assertThat(internet.dns().asked("mta-sts.example.com", "A")).isZero();

            first.cancel(true);

            assertThat(second.get(1, TimeUnit.MINUTES)).isInstanceOf(FetchResult.Fetched.class);
        }

        @Test
        void whoseTurnDoesNotComeFailsWithoutAPacket() throws Exception {
            PolicyHost silent = internet.policyHost("silent.example");
            silent.script(PolicyHost.Script.SILENCE);
            PolicyFetcher fetcher = build(settings().maxInFlight(1).deadline(DEADLINE.multipliedBy(3)));
            PolicyFetcher other = build(settings().deadline(DEADLINE));

            CompletableFuture<FetchResult> first =
                    fetcher.fetch(PolicyDomain.of("silent.example")).toCompletableFuture();
            // a second of waiting in which nothing of ours can end: the next one takes the turn long before its own
            // time is over
            assertThat(failed(other.fetch(PolicyDomain.of("silent.example")).toCompletableFuture())
                            .reason())
                    .isEqualTo(FetchFailure.TIMEOUT);
            CompletableFuture<FetchResult> second =
                    fetcher.fetch(PolicyDomain.of("silent.example")).toCompletableFuture();
            FetchResult.Failed failed = failed(fetcher.fetch(DOMAIN).toCompletableFuture());

            assertThat(failed.reason()).isEqualTo(FetchFailure.OVERLOAD);
            assertThat(internet.dns().asked("mta-sts.example.com", "A")).isZero();
            assertThat(failed(first).reason()).isEqualTo(FetchFailure.TIMEOUT);
            assertThat(failed(second).reason()).isEqualTo(FetchFailure.TIMEOUT);
        }

        /** Its turn and its end may fall together: then the end counts. */
        @Test
        void whoIsOverWhenItsTurnComesAsksNothing() throws Exception {
            HeldDns held = new HeldDns();
            PolicyFetcher fetcher = build(PolicyFetcher.builder(held, verifier).maxInFlight(3));
            List<CompletableFuture<FetchResult>> fetches = new ArrayList<>();
            for (String name : List.of("a", "b", "c", "d", "e", "late", "next")) {
                fetches.add(fetcher.fetch(PolicyDomain.of(name + ".example")).toCompletableFuture());
            }
            held.holding = true;
            fetches.get(0).cancel(true);
            fetches.get(1).cancel(true);
            held.awaitEntered(2); // all threads of the fetcher are busy giving d and e their turns
            fetches.get(2).cancel(true); // the turn is the late one's, once a thread is free to begin it

            fetches.get(5).cancel(true);
            held.gate.release(100);

            held.awaitEntered(1);
            assertThat(held.asked).contains("mta-sts.next.example").doesNotContain("mta-sts.late.example");
        }

        @Test
        void whoGivesUpWaitingIsForgotten() throws Exception {
            PolicyHost silent = internet.policyHost("silent.example");
            silent.script(PolicyHost.Script.SILENCE);
            host.policy("x");
            PolicyFetcher fetcher = build(settings().maxInFlight(1));
            CompletableFuture<FetchResult> first =
                    fetcher.fetch(PolicyDomain.of("silent.example")).toCompletableFuture();
            CompletableFuture<FetchResult> second =
                    fetcher.fetch(PolicyDomain.of("silent.example")).toCompletableFuture();
            CompletableFuture<FetchResult> third = fetcher.fetch(DOMAIN).toCompletableFuture();
            silent.awaitRequests(1);

            second.cancel(true);
            first.cancel(true);

            assertThat(third.get(1, TimeUnit.MINUTES)).isInstanceOf(FetchResult.Fetched.class);
            assertThat(silent.requests()).hasSize(1);
        }
    }

    /** Never answers, and on demand does not even return. */
    private static final class HeldDns implements DnsClient {
        private final Queue<String> asked = new ConcurrentLinkedQueue<>();
        private final Semaphore entered = new Semaphore(0);
        private final Semaphore gate = new Semaphore(0);
        private volatile boolean holding;

        @Override
        public CompletionStage<DnsAnswer<InetAddress>> addresses(String host) {
            asked.add(host);
            if (holding) {
                entered.release();
                gate.acquireUninterruptibly();
            }
            return new CompletableFuture<>();
        }

        void awaitEntered(int calls) throws InterruptedException {
            assertThat(entered.tryAcquire(calls, 1, TimeUnit.MINUTES)).isTrue();
        }

        @Override
        public CompletionStage<DnsAnswer<String>> txt(String name) {
            throw new AssertionError("a policy fetch asks for no TXT record");
        }

        @Override
        public CompletionStage<DnsAnswer<MxRecord>> mx(String name) {
            throw new AssertionError("a policy fetch asks for no MX record");
        }

        @Override
        public void close() {
            gate.release(100);
        }
    }
}
