package io.github.mtasts.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.Conclusion;
import io.github.mtasts.delivery.DeliveryObserver;
import io.github.mtasts.delivery.NextHop;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The two mail servers of one's own, against good and bad MX hosts. */
class CustomMtaTest {
    private static final Mail MAIL = new Mail("a@client.example", "b@example.com", "Subject: hello\r\n\r\nhello");

    private static EventLoopGroup threads;
    private final SmallInternet net = new SmallInternet();
    private final List<SessionResult> reported = new CopyOnWriteArrayList<>();
    private MtaSts mtaSts;

    /** Which of the examples. */
    enum Example {
        SOCKET,
        NETTY
    }

    @BeforeAll
    static void startThreads() {
        threads = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    }

    @AfterAll
    static void endThreads() {
        threads.shutdownGracefully().syncUninterruptibly();
    }

    @BeforeEach
    void openEngine() {
        mtaSts = MtaSts.builder()
                .dnsServer(net.dns().address())
                .httpsPort(net.httpsPort())
                .trustAnchors(net.ca().trustStore())
                .allowPrivateAddresses(true)
                .observer(new DeliveryObserver() {
                    @Override
                    public void session(SessionResult result) {
                        reported.add(result);
                    }
                })
                .build();
    }

    @AfterEach
    void close() {
        mtaSts.close();
        net.close();
    }

    private Outcome deliver(Example example) {
        PolicyDomain domain = PolicyDomain.of("example.com");
        return switch (example) {
            case SOCKET -> new SocketMta(mtaSts, net.smtpPort()).deliver(domain, MAIL);
            case NETTY ->
                new NettyMta(mtaSts, net.smtpPort(), threads)
                        .deliver(new NextHop.Domain(domain), MAIL)
                        .toCompletableFuture()
                        .join();
        };
    }

    private MxServer enforced() {
        net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        return net.mx("mx.example.com");
    }

    private static void assertKept(Outcome outcome, String status) {
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Kept.class,
                        kept -> assertThat(kept.conclusion())
                                .isInstanceOf(Conclusion.TryAgain.class)
                                .returns(status, Conclusion::status));
    }

    @ParameterizedTest
    @EnumSource
    void deliversToAListedHostOverVerifiedTlsAndReportsIt(Example example) {
        MxServer mx = enforced();

        Outcome outcome = deliver(example);

        assertThat(outcome).isEqualTo(new Outcome.Sent(MxHost.of("mx.example.com"), Clearance.VERIFIED_TLS));
        assertThat(mx.mails()).singleElement().satisfies(mail -> {
            assertThat(mail.encrypted()).isTrue();
            assertThat(mail.content()).contains("hello");
        });
        assertThat(reported).singleElement().matches(SessionResult::complied);
    }

    @ParameterizedTest
    @EnumSource
    void keepsTheMessageWhenStartTlsIsStripped(Example example) {
        MxServer mx = enforced();
        mx.startTls(MxServer.StartTls.NOT_OFFERED);

        assertKept(deliver(example), "4.7.4");

        assertThat(mx.sawMailFrom()).isFalse();
        assertThat(reported).singleElement().matches(result -> !result.complied());
    }

    @ParameterizedTest
    @EnumSource
    void keepsTheMessageWhenTheCertificateIsForAnotherHost(Example example) {
        MxServer mx = enforced();
        mx.certificate(CertificateFault.WRONG_NAME);

        assertKept(deliver(example), "4.7.5");

        assertThat(mx.sawMailFrom()).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void keepsTheMessageWhenPlainTextStandsBehindTheReply(Example example) {
        MxServer mx = enforced();
        mx.startTls(MxServer.StartTls.INJECTED);

        assertKept(deliver(example), "4.7.5");

        assertThat(mx.sawMailFrom()).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void keepsTheMessageWhenNoHostIsListed(Example example) {
        net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.attacker.example");

        assertKept(deliver(example), "4.7.5");

        assertThat(net.mx("mx.attacker.example").connections()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void goesOnToTheSecondHost(Example example) {
        net.domain("example.com")
                .sts("enforce", "*.example.com")
                .mx(10, "mx1.example.com")
                .mx(20, "mx2.example.com");
        net.mx("mx1.example.com").certificate(CertificateFault.EXPIRED);

        Outcome outcome = deliver(example);

        assertThat(outcome).isEqualTo(new Outcome.Sent(MxHost.of("mx2.example.com"), Clearance.VERIFIED_TLS));
        assertThat(net.mx("mx1.example.com").sawMailFrom()).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void goesOnToTheSecondHostWhenTheFirstHangsUp(Example example) {
        net.domain("example.com")
                .sts("enforce", "*.example.com")
                .mx(10, "mx1.example.com")
                .mx(20, "mx2.example.com");
        net.mx("mx1.example.com").drop("EHLO");

        Outcome outcome = deliver(example);

        assertThat(outcome).isEqualTo(new Outcome.Sent(MxHost.of("mx2.example.com"), Clearance.VERIFIED_TLS));
    }

    @ParameterizedTest
    @EnumSource
    void deliversOverAnyTlsInTestingModeAndReportsTheFault(Example example) {
        net.domain("example.com").sts("testing", "mx.example.com").mx(10, "mx.example.com");
        net.mx("mx.example.com").certificate(CertificateFault.SELF_SIGNED);

        Outcome outcome = deliver(example);

        assertThat(outcome).isEqualTo(new Outcome.Sent(MxHost.of("mx.example.com"), Clearance.ANY_TLS));
        assertThat(reported).singleElement().matches(result -> !result.complied());
    }

    @ParameterizedTest
    @EnumSource
    void deliversInClearTextWhereNothingDemandsTls(Example example) {
        net.domain("example.com").mx(10, "mx.example.com");
        net.mx("mx.example.com").startTls(MxServer.StartTls.NOT_OFFERED);

        Outcome outcome = deliver(example);

        assertThat(outcome).isEqualTo(new Outcome.Sent(MxHost.of("mx.example.com"), Clearance.CLEARTEXT));
    }

    @ParameterizedTest
    @EnumSource
    void connectsAgainInClearTextWhenTlsFailsAndNothingDemandsIt(Example example) {
        net.domain("example.com").mx(10, "mx.example.com");
        net.mx("mx.example.com").startTls(MxServer.StartTls.GARBAGE_HANDSHAKE);

        Outcome outcome = deliver(example);

        assertThat(outcome).isEqualTo(new Outcome.Sent(MxHost.of("mx.example.com"), Clearance.CLEARTEXT));
        assertThat(net.mx("mx.example.com").connections()).hasSize(2);
        assertThat(net.mx("mx.example.com").mails()).hasSize(1);
    }
}
