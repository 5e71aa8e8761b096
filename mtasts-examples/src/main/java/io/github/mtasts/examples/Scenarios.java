package io.github.mtasts.examples;

import static io.github.mtasts.examples.Scenario.Verdict.CLEAR;
import static io.github.mtasts.examples.Scenario.Verdict.HELD;
import static io.github.mtasts.examples.Scenario.Verdict.REFUSED;
import static io.github.mtasts.examples.Scenario.Verdict.TLS;
import static io.github.mtasts.examples.Scenario.Verdict.VERIFIED;

import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import io.github.mtasts.testkit.SmallInternet;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** The deliveries of the demo. Each domain is called {@code dN.example}; its MX hosts are below it. */
final class Scenarios {
    private Scenarios() {}

    static List<Scenario> all() {
        return List.of(
                one("good MX", "enforce", "nothing", (net, d) -> enforced(net, d), VERIFIED),
                one(
                        "STARTTLS stripped",
                        "enforce",
                        "the offer of STARTTLS is cut out",
                        (net, d) -> {
                            enforced(net, d);
                            net.mx("mx." + d).startTls(MxServer.StartTls.NOT_OFFERED);
                        },
                        HELD),
                certificate("certificate expired", CertificateFault.EXPIRED),
                certificate("certificate self-signed", CertificateFault.SELF_SIGNED),
                certificate("certificate for another host", CertificateFault.WRONG_NAME),
                certificate("certificate with CN only", CertificateFault.COMMON_NAME_ONLY),
                one(
                        "MX not listed",
                        "enforce",
                        "forged MX record, good certificate",
                        (net, d) -> net.domain(d).sts("enforce", "mx." + d).mx(10, "mx.attacker-" + d),
                        HELD),
                one(
                        "first MX bad, second good",
                        "enforce",
                        "first certificate expired",
                        (net, d) -> {
                            net.domain(d)
                                    .sts("enforce", "*." + d)
                                    .mx(10, "mx1." + d)
                                    .mx(20, "mx2." + d);
                            net.mx("mx1." + d).certificate(CertificateFault.EXPIRED);
                        },
                        VERIFIED),
                one(
                        "testing, bad MX",
                        "testing",
                        "certificate self-signed",
                        (net, d) -> {
                            net.domain(d).sts("testing", "mx." + d).mx(10, "mx." + d);
                            net.mx("mx." + d).certificate(CertificateFault.SELF_SIGNED);
                        },
                        TLS),
                one(
                        "mode none",
                        "none",
                        "STARTTLS stripped",
                        (net, d) -> {
                            net.domain(d).sts("none").mx(10, "mx." + d);
                            net.mx("mx." + d).startTls(MxServer.StartTls.NOT_OFFERED);
                        },
                        CLEAR),
                one(
                        "no policy",
                        "-",
                        "STARTTLS stripped",
                        (net, d) -> {
                            net.domain(d).mx(10, "mx." + d);
                            net.mx("mx." + d).startTls(MxServer.StartTls.NOT_OFFERED);
                        },
                        CLEAR),
                learnt(
                        "TXT removed, policy cached",
                        "TXT record gone, STARTTLS stripped",
                        (net, d) -> {
                            net.dns().remove("_mta-sts." + d);
                            net.mx("mx." + d).startTls(MxServer.StartTls.NOT_OFFERED);
                        },
                        HELD),
                learnt(
                        "policy host down, policy cached",
                        "policy host down, STARTTLS stripped",
                        (net, d) -> {
                            net.policyHost(d).down();
                            net.mx("mx." + d).startTls(MxServer.StartTls.NOT_OFFERED);
                        },
                        HELD),
                learnt(
                        "new id, policy host blocked",
                        "forged id, policy host down, forged MX",
                        (net, d) -> {
                            net.domain(d).record("forged");
                            net.policyHost(d).down();
                            net.dns().remove(d, "MX");
                            net.domain(d).mx(10, "mx.attacker-" + d);
                        },
                        HELD),
                one(
                        "redirecting policy host",
                        "enforce, behind a redirect",
                        "nothing",
                        (net, d) -> {
                            net.domain(d).record("1").mx(10, "mx." + d);
                            net.policyHost(d)
                                    .script((request, out) -> out.write(
                                            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"
                                                    .getBytes(StandardCharsets.US_ASCII)));
                        },
                        TLS),
                one(
                        "null MX",
                        "enforce",
                        "the domain takes no mail",
                        (net, d) -> {
                            net.domain(d).sts("enforce", "mx." + d);
                            net.dns().mx(d, 0, ".");
                        },
                        REFUSED),
                one(
                        "IPv6-only MX",
                        "enforce",
                        "nothing",
                        (net, d) -> {
                            net.mxOnIpv6("mx." + d);
                            net.domain(d).sts("enforce", "mx." + d).mx(10, "mx." + d);
                        },
                        VERIFIED));
    }

    private static void enforced(SmallInternet net, String domain) {
        net.domain(domain).sts("enforce", "mx." + domain).mx(10, "mx." + domain);
    }

    private static Scenario one(
            String name, String policy, String network, Scenario.World world, Scenario.Verdict verdict) {
        return new Scenario(name, policy, network, world, null, verdict);
    }

    private static Scenario certificate(String name, CertificateFault fault) {
        return one(
                name,
                "enforce",
                "STARTTLS with that certificate",
                (net, d) -> {
                    enforced(net, d);
                    net.mx("mx." + d).certificate(fault);
                },
                HELD);
    }

    /** A first message teaches the sender the policy; two hours later the network turns bad. */
    private static Scenario learnt(String name, String network, Scenario.World then, Scenario.Verdict verdict) {
        return new Scenario(
                name,
                "enforce, cached",
                network,
                Scenarios::enforced,
                (net, d) -> {
                    net.clock().advance(Duration.ofHours(2));
                    then.build(net, d);
                },
                verdict);
    }
}
