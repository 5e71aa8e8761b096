package io.github.mtasts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.discovery.DiscoveryEvent;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.PolicyHost;
import io.github.mtasts.testkit.SmallInternet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the builder's settings do, over real sockets. */
class MtaStsBuilderTest {
    private static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");
    private static final String KEPT_IN_MEMORY = "policies are kept in memory and forgotten at restart";

    private final SmallInternet net = new SmallInternet();

    @AfterEach
    void close() {
        net.close();
    }

    private MtaStsBuilder builder() {
        return MtaSts.builder()
                .dnsServer(net.dns().address())
                .httpsPort(net.httpsPort())
                .trustAnchors(net.ca().trustStore())
                .allowPrivateAddresses(true);
    }

    @Nested
    class Asynchronous {
        @Test
        @Tag("S-3.3-23")
        void firstAnswerIsPendingAndALaterOneEnforced() throws InterruptedException {
            net.domain("example.com").sts("enforce", "mx.example.com");
            BlockingQueue<DiscoveryEvent> events = new LinkedBlockingQueue<>();

            try (MtaSts mtaSts =
                    builder().asynchronousDiscovery(true).listener(events::add).build()) {
                PolicyInForce first = mtaSts.policyFor(DOMAIN);
                DiscoveryEvent event = events.poll(30, TimeUnit.SECONDS);
                PolicyInForce second = mtaSts.policyFor(DOMAIN);

                assertThat(first)
                        .isInstanceOfSatisfying(
                                PolicyInForce.NotInForce.class,
                                no -> assertThat(no.reason()).isEqualTo(PolicyInForce.NotInForce.Reason.PENDING));
                assertThat(event).isInstanceOf(DiscoveryEvent.PolicyAppeared.class);
                assertThat(second).isInstanceOf(PolicyInForce.Enforce.class);
            }
        }

        @Test
        @Tag("S-3.3-23")
        void byDefaultTheFirstAnswerIsEnforced() {
            net.domain("example.com").sts("enforce", "mx.example.com");

            try (MtaSts mtaSts = builder().build()) {
                assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.Enforce.class);
            }
        }
    }

    @Nested
    class MediaType {
        @Test
        @Tag("S-3.3-10")
        void answerWithoutATypeIsRefusedByDefault() {
            net.domain("example.com").sts("enforce", "mx.example.com");
            answerWithoutAType();

            try (MtaSts mtaSts = builder().build()) {
                assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.NotInForce.class);
            }
        }

        @Test
        @Tag("S-3.3-10")
        void answerWithoutATypeIsTakenWhereToldSo() {
            net.domain("example.com").sts("enforce", "mx.example.com");
            answerWithoutAType();

            try (MtaSts mtaSts = builder().requireMediaType(false).build()) {
                assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.Enforce.class);
            }
        }

        private void answerWithoutAType() {
            String body = "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 86400\n";
            net.policyHost("example.com").script((request, out) -> {
                out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                        .getBytes(StandardCharsets.US_ASCII));
            });
        }
    }

    @Nested
    class Store {
        @TempDir
        Path folder;

        @Test
        @Tag("S-10-1")
        void policyInADirectoryOutlivesTheEngine() throws IOException {
            net.domain("example.com").sts("enforce", "mx.example.com");
            Path directory = folder.resolve("policies");
            try (MtaSts first = builder().policyDirectory(directory).build()) {
                assertThat(first.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.Enforce.class);
            }
            net.dns().fail(DOMAIN.recordName(), "TXT", "SERVFAIL");

            try (MtaSts second = builder().policyDirectory(directory).build()) {
                assertThat(second.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.Enforce.class);
            }

            try (Stream<Path> files = Files.walk(directory)) {
                assertThat(files.map(file -> file.getFileName().toString())).contains("example.com.policy");
            }
        }

        @Test
        @Tag("S-10-1")
        void policyInMemoryDoesNot() {
            net.domain("example.com").sts("enforce", "mx.example.com");
            try (MtaSts first = builder().build()) {
                assertThat(first.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.Enforce.class);
            }
            net.dns().fail(DOMAIN.recordName(), "TXT", "SERVFAIL");

            try (MtaSts second = builder().build()) {
                assertThat(second.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.NotInForce.class);
            }
        }

        @Test
        void whatIsSetLastCounts() {
            try (MtaSts mtaSts = builder()
                    .policyDirectory(folder.resolve("not-made"))
                    .policyStore(PolicyStore.inMemory())
                    .build()) {
                assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.NotInForce.class);
            }

            assertThat(folder.resolve("not-made")).doesNotExist();
        }

        @Test
        void thatPoliciesAreForgottenAtRestartIsSaidOnce() {
            try (TestLog log = TestLog.begin()) {
                try (MtaSts mtaSts = builder().build()) {
                    assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.NotInForce.class);
                }

                assertThat(log.text()).containsOnlyOnce("INFO").containsOnlyOnce(KEPT_IN_MEMORY);
            }
        }

        @Test
        void ofADirectoryItIsNotSaid() {
            try (TestLog log = TestLog.begin()) {
                try (MtaSts mtaSts =
                        builder().policyDirectory(folder.resolve("policies")).build()) {
                    assertThat(mtaSts.policyFor(DOMAIN)).isInstanceOf(PolicyInForce.NotInForce.class);
                }

                assertThat(log.text()).doesNotContain(KEPT_IN_MEMORY);
            }
        }
    }

    @Nested
    class Bounds {
        @Test
        @Tag("S-10-2")
        void evictionBeyondTheBoundIsTold() throws Exception {
            PolicyStore full = PolicyStore.inMemory(1);
            full.setRule(new OperatorRule.Exempt(
                    PolicyDomain.of("other.example"), "takes the place", Instant.now(), Instant.MAX));
            net.domain("one.example").sts("enforce", "mx.one.example");
            net.domain("two.example").sts("enforce", "mx.two.example");
            BlockingQueue<DiscoveryEvent> events = new LinkedBlockingQueue<>();

            try (MtaSts mtaSts = builder()
                    .mostPolicies(1)
                    .policyStore(full)
                    .listener(event -> {
                        if (event instanceof DiscoveryEvent.PolicyEvicted) {
                            events.add(event);
                        }
                    })
                    .build()) {
                PolicyInForce kept = mtaSts.policyFor(PolicyDomain.of("one.example"));
                PolicyInForce tooMany = mtaSts.policyFor(PolicyDomain.of("two.example"));

                assertThat(kept).isInstanceOf(PolicyInForce.Enforce.class);
                assertThat(tooMany).isInstanceOf(PolicyInForce.Enforce.class);
                assertThat(events.poll(30, TimeUnit.SECONDS)).isNotNull();
            }
        }

        @Test
        void boundsAndDeadlinesOfNothingAreRefused() {
            assertThatThrownBy(() -> builder().mostPolicies(0).build()).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> builder().mostOtherDomains(0).build())
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> builder().mostFetches(0).build()).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> builder().discoveryDeadline(Duration.ZERO).build())
                    .isInstanceOf(IllegalArgumentException.class);
        }

        @Test
        void deadlineOfALookUpEndsItUndetermined() {
            net.domain("example.com").sts("enforce", "mx.example.com");
            net.policyHost("example.com").greeting(PolicyHost.Greeting.SILENT);

            try (MtaSts mtaSts =
                    builder().discoveryDeadline(Duration.ofMillis(200)).build()) {
                assertThat(mtaSts.policyFor(DOMAIN))
                        .isInstanceOfSatisfying(
                                PolicyInForce.Undetermined.class,
                                unknown -> assertThat(unknown.reason())
                                        .isEqualTo(PolicyInForce.Undetermined.Reason.DEADLINE));
            }
        }
    }
}
