package io.github.mtasts.tlsrpt;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.ConnectionInfo;
import io.github.mtasts.delivery.SessionFailure;
import io.github.mtasts.delivery.SessionResult;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyMode;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicyParser;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/** Session results as deliveries tell them. */
final class Sessions {
    static final PolicyDomain DOMAIN = PolicyDomain.of("example.com");
    static final ConnectionInfo CONNECTION =
            new ConnectionInfo(address(192, 0, 2, 1), address(198, 51, 100, 2), "mx says hello");

    private Sessions() {}

    static PolicyInForce policy(String mode, String... mx) {
        return policy(DOMAIN, mode, mx);
    }

    static PolicyInForce policy(PolicyDomain domain, String mode, String... mx) {
        StringBuilder text = new StringBuilder("version: STSv1\nmode: " + mode + "\nmax_age: 604800\n");
        for (String pattern : mx.length == 0 ? new String[] {"mx." + domain} : mx) {
            text.append("mx: ").append(pattern).append('\n');
        }
        return policyOf(domain, text.toString());
    }

    static PolicyInForce policyOf(String text) {
        return policyOf(DOMAIN, text);
    }

    private static PolicyInForce policyOf(PolicyDomain domain, String text) {
        var policy = ((PolicyResult.Valid) parse(text)).policy();
        CachedPolicy cached = CachedPolicy.fetched(domain, policy, "1", Instant.parse("2026-11-27T00:00:00Z"));
        return policy.mode() == PolicyMode.ENFORCE
                ? new PolicyInForce.Enforce(cached, PolicyInForce.Source.CACHE, null)
                : new PolicyInForce.Testing(cached, PolicyInForce.Source.CACHE, null);
    }

    static PolicyResult.PolicyError error(String text) {
        return ((PolicyResult.Invalid) parse(text)).errors().get(0);
    }

    private static PolicyResult parse(String text) {
        return StsPolicyParser.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    static SessionResult result(PolicyInForce policy, SessionFailure... failures) {
        return at("mx." + policy.domain(), policy, failures);
    }

    static SessionResult at(String mx, PolicyInForce policy, SessionFailure... failures) {
        return new SessionResult(
                policy,
                MxHost.of(mx),
                CONNECTION,
                failures.length == 0 ? Clearance.VERIFIED_TLS : Clearance.NEXT_HOST,
                List.of(failures));
    }

    private static InetAddress address(int... bytes) {
        byte[] raw = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            raw[i] = (byte) bytes[i];
        }
        try {
            return InetAddress.getByAddress(raw);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
