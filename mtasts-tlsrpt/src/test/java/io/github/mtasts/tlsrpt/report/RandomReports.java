package io.github.mtasts.tlsrpt.report;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.ReportType;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.LocalDate;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Reports such as a sender might make, by chance. */
final class RandomReports {
    private RandomReports() {}

    static TlsReport report(Random random) {
        return outgoing(random).report();
    }

    static OutgoingReport outgoing(Random random) {
        String domain = domain(random);
        return new OutgoingReport(
                new Reporter("Ørg " + random.nextInt(), "tls-" + random.nextInt(100) + "@" + domain(random)),
                PolicyDomain.of(domain),
                LocalDate.of(2000, 1, 1).plusDays(random.nextInt(20_000)),
                Integer.toString(random.nextInt(1 << 30), 36),
                several(random, 1, 4, () -> policy(random, domain)));
    }

    private static ReportedPolicy policy(Random random, String domain) {
        List<FailureDetails> details = several(random, 0, 5, () -> details(random));
        long successes = random.nextInt(4) == 0 ? random.nextLong() >>> 11 : random.nextInt(1000);
        long failures = random.nextInt(1000);
        return switch (random.nextInt(3)) {
            case 0 -> {
                String mx = (random.nextBoolean() ? "*." : "mx.") + domain;
                yield new ReportedPolicy(
                        PolicyType.STS,
                        List.of("version: STSv1", "mode: testing ", "mx: " + mx, "x:\t" + text(random)),
                        domain,
                        List.of(mx),
                        successes,
                        failures,
                        details);
            }
            case 1 -> {
                byte[] data = new byte[random.nextInt(40)];
                random.nextBytes(data);
                yield new ReportedPolicy(
                        PolicyType.TLSA,
                        ReportedPolicy.tlsaLines(
                                ReportedPolicy.tlsaLine(random.nextInt(256), 1, 1, data),
                                ReportedPolicy.tlsaLine(3, random.nextInt(256), 1, data)),
                        "mx." + domain,
                        List.of(),
                        successes,
                        failures,
                        details);
            }
            default ->
                new ReportedPolicy(
                        PolicyType.NO_POLICY_FOUND, List.of(), domain, List.of(), successes, failures, details);
        };
    }

    private static FailureDetails details(Random random) {
        ReportType type = List.of(ReportType.values()).get(random.nextInt(ReportType.values().length));
        FailureDetails details = FailureDetails.of(ResultType.of(type), 1 + random.nextInt(1000));
        if (random.nextBoolean()) {
            details = details.withSendingMta(address(random));
        }
        if (random.nextBoolean()) {
            details = details.withReceivingMx(
                    "mx." + domain(random), random.nextBoolean() ? "helo " + text(random) : null, address(random));
        }
        return random.nextBoolean() ? details.withReason("because: " + text(random)) : details;
    }

    private static InetAddress address(Random random) {
        byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
        random.nextBytes(bytes);
        for (int zeros = random.nextInt(bytes.length); zeros > 0; zeros--) {
            bytes[random.nextInt(bytes.length)] = 0;
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String domain(Random random) {
        return PolicyDomain.of("d" + Integer.toString(random.nextInt(1 << 20), 36)
                        + (random.nextBoolean() ? ".bücher" : "") + ".example")
                .name();
    }

    /** Any characters but halves of pairs. */
    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        random.ints(random.nextInt(30), 0, 0x11000)
                .filter(c -> !Character.isSurrogate((char) c) || c > 0xffff)
                .forEach(text::appendCodePoint);
        return text.toString();
    }

    private static <T> List<T> several(Random random, int least, int most, Supplier<T> one) {
        return Stream.generate(one)
                .limit(least + random.nextInt(most - least + 1))
                .toList();
    }
}
