package io.github.mtasts.bench;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import java.nio.charset.StandardCharsets;

/** Policies to measure with. */
final class Policies {
    private Policies() {}

    /** A policy file with so many {@code mx} lines: every second one a wildcard. */
    static byte[] file(int mx) {
        StringBuilder text = new StringBuilder("version: STSv1\r\nmode: enforce\r\n");
        for (int i = 0; i < mx; i++) {
            text.append(i % 2 == 0 ? "mx: mail" + i + ".example.com\r\n" : "mx: *.mx" + i + ".example.net\r\n");
        }
        return text.append("max_age: 604800\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    }

    static StsPolicy parsed(byte[] file) {
        return ((PolicyResult.Valid) StsPolicyParser.parse(file)).policy();
    }

    /** The n-th domain; all names are of the same length. */
    static PolicyDomain domain(int n) {
        return PolicyDomain.of(String.format("domain%07d.example", n));
    }

    /** The policy of the n-th domain, of two {@code mx} lines, like no other's. */
    static byte[] own(int n) {
        return text(String.format("mx1.domain%07d.example", n), String.format("*.mail.domain%07d.example", n));
    }

    /** The policy that a provider of mail serves for all domains of its customers. */
    static byte[] ofProvider(int n) {
        return text(String.format("mx1.provider%03d.example", n), String.format("*.mx.provider%03d.example", n));
    }

    private static byte[] text(String one, String other) {
        return ("version: STSv1\r\nmode: enforce\r\nmx: " + one + "\r\nmx: " + other + "\r\nmax_age: 604800\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }
}
