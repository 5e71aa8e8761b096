package io.github.mtasts.bench;

import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.ConnectionInfo;
import io.github.mtasts.delivery.SessionFailure;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.discovery.PolicyDiscovery;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.ReportType;
import io.github.mtasts.tlsrpt.TlsReporting;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a session costs the delivering thread to be counted for reports: 1,000 domains in turn, while what was counted is collected every two seconds. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RecordBenchmark {
    private static final int DOMAINS = 1000;

    /** Sessions that came to something. */
    @State(Scope.Benchmark)
    public static class Sessions {
        private final SessionResult[] complied = new SessionResult[DOMAINS];
        private final SessionResult[] failed = new SessionResult[DOMAINS];
        private final TlsReporting reporting;

        /** Counts in memory. */
        public Sessions() {
            try {
                reporting = TlsReporting.builder()
                        .organization("Sender Inc.")
                        .contact("tls@sender.example")
                        .build();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        /** Learns the policies. */
        @Setup
        public void learn() throws UnknownHostException {
            MxHost mx = MxHost.of("mail0.example.com");
            ConnectionInfo connection = new ConnectionInfo(
                    InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1}),
                    InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 2}),
                    "mail0.example.com");
            List<SessionFailure> failures = List.of(
                    new SessionFailure(ReportType.CERTIFICATE_EXPIRED, "the certificate expired"),
                    new SessionFailure(ReportType.CERTIFICATE_HOST_MISMATCH, "the certificate is for another host"));
            try (PolicyDiscovery discovery = PolicyDiscovery.builder(
                            Stub.dns(name -> "20240507"), Stub.fetcher(domain -> Policies.file(2)))
                    .build()) {
                for (int i = 0; i < DOMAINS; i++) {
                    PolicyDomain domain = Policies.domain(i);
                    PolicyInForce policy = discovery.policyFor(domain);
                    complied[i] = new SessionResult(policy, mx, connection, Clearance.VERIFIED_TLS, List.of());
                    failed[i] = new SessionResult(policy, mx, connection, Clearance.NEXT_HOST, failures);
                }
            }
        }

        /** Ends the counting. */
        @TearDown
        public void close() {
            reporting.close();
        }
    }

    /** Goes round the sessions. */
    @State(Scope.Thread)
    public static class Turn {
        private int at;

        int next() {
            at = at == DOMAINS - 1 ? 0 : at + 1;
            return at;
        }
    }

    /** A success. */
    @Benchmark
    public void success(Sessions sessions, Turn turn) {
        sessions.reporting.observer().session(sessions.complied[turn.next()]);
    }

    /** A failure with two faults. */
    @Benchmark
    public void failure(Sessions sessions, Turn turn) {
        sessions.reporting.observer().session(sessions.failed[turn.next()]);
    }
}
