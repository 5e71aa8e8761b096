package io.github.mtasts.cache;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Random;

/** A process that writes policies to a directory without pause until it is killed, and prints a line for each: whether the store has acknowledged it. */
final class StoreWriter {
    static final int DOMAINS = 40;
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant NOW = Instant.parse("2036-01-01T00:00:00Z");
    private static final LocalDate DAY = LocalDate.of(2026, 1, 1);

    private StoreWriter() {}

    /** What is printed of a change for which the lock was not to be had in time, on a disk that others keep busy: an engine would report that, and go on. */
    static final String NOT_WRITTEN = "not-written";

    /** Of a writer: directory, first number, step. */
    public static void main(String[] arguments) throws IOException {
        PolicyStore store = PolicyStore.inDirectory(Path.of(arguments[0]));
        long step = Long.parseLong(arguments[2]);
        Random random = new Random(Long.parseLong(arguments[1]));
        for (long number = Long.parseLong(arguments[1]); ; number += step) {
            PolicyDomain domain = domain(random.nextInt(DOMAINS));
            System.out.println(domain + " " + number + " " + save(store, policy(domain, number)));
        }
    }

    private static String save(PolicyStore store, CachedPolicy policy) throws IOException {
        try {
            return String.valueOf(store.save(policy, DAY, NOW));
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).startsWith("another process holds the lock")) {
                return NOT_WRITTEN;
            }
            throw e;
        }
    }

    static PolicyDomain domain(int number) {
        // some names are too long for a file name, and are hashed
        return PolicyDomain.of(
                number % 8 == 0
                        ? "a".repeat(60) + "." + "b".repeat(60) + ".d" + number + ".example"
                        : "d" + number + ".example");
    }

    /** The policy of that number: its id, text and time all tell the number, and its length differs from its neighbours'. */
    static CachedPolicy policy(PolicyDomain domain, long number) {
        StringBuilder text =
                new StringBuilder("version: STSv1\nmode: enforce\nmax_age: 31557600\nmx: mx" + number + ".example\n");
        for (long i = 0; i < number % 13; i++) {
            text.append("x-pad: ").append("p".repeat(4000)).append('\n');
        }
        text.append("x-end: ").append(number).append('\n');
        StsPolicy policy = ((PolicyResult.Valid)
                        StsPolicyParser.parse(text.toString().getBytes(StandardCharsets.US_ASCII)))
                .policy();
        return CachedPolicy.fetched(domain, policy, "n" + number, BEGIN.plusMillis(number));
    }

    static long number(CachedPolicy policy) {
        return policy.fetchedAt().toEpochMilli() - BEGIN.toEpochMilli();
    }
}
