package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What hostile input may cost. Times are processor times of this thread, and compared with each other only: what grows with the square of the input
 * would be far beyond the factors allowed here.
 */
class CostTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int TIMES_LARGER = 64;
    private static final String GOOD = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";

    static Stream<String> hostileLines() {
        return Stream.of(
                " ",
                "\t:",
                ":",
                "mx: *.",
                "a.",
                "-",
                "\r",
                "\n",
                "é",
                "x:y\n",
                "mx: a_b\n",
                "no colon\n",
                " \n",
                "mode: enforce\n");
    }

    @ParameterizedTest
    @MethodSource("hostileLines")
    @Tag("S-3.2-21")
    void aPolicyFileIsReadInTimeLinearInItsLength(String repeated) {
        byte[] small = (GOOD + repeated.repeat(32_768 / repeated.length())).getBytes(StandardCharsets.UTF_8);
        byte[] large =
                (GOOD + repeated.repeat(TIMES_LARGER * 32_768 / repeated.length())).getBytes(StandardCharsets.UTF_8);

        long one = cost(() -> StsPolicyParser.parse(small));
        long other = cost(() -> StsPolicyParser.parse(large));

        assertThat(other).isLessThan(TIMES_LARGER * 8 * Math.max(one, 20_000));
    }

    @ParameterizedTest
    @MethodSource("hostileRecords")
    @Tag("S-3.1-17")
    void aRecordIsReadInTimeLinearInItsLength(String repeated) {
        String small = "v=STSv1" + repeated.repeat(4_000 / repeated.length());
        String large = "v=STSv1" + repeated.repeat(TIMES_LARGER * 4_000 / repeated.length());

        long one = cost(() -> StsRecordParser.parse(List.of(small)));
        long other = cost(() -> StsRecordParser.parse(List.of(large)));

        assertThat(other).isLessThan(TIMES_LARGER * 8 * Math.max(one, 20_000));
    }

    static Stream<String> hostileRecords() {
        return Stream.of(" ", ";", "; ", ";a=b", "; id=a", ";=", "=", "é");
    }

    @Test
    void aNameIsNormalisedInTimeLinearInItsLength() {
        String small = "ü".repeat(1_000);
        String large = "ü".repeat(TIMES_LARGER * 1_000);

        long one = cost(() -> refused(small));
        long other = cost(() -> refused(large));

        assertThat(other).isLessThan(TIMES_LARGER * 8 * Math.max(one, 20_000));
    }

    @Test
    @Tag("S-4.1-1")
    void matchingCostsTheSameForAnyNumberOfPatternsAndAllocatesNothing() {
        StsPolicy few = policy(2);
        StsPolicy many = policy(StsPolicyParser.MOST_PATTERNS);
        List<MxHost> hosts =
                List.of(MxHost.of("mail1.example.com"), MxHost.of("a.mx0.example.net"), MxHost.of("mail.evil.example"));

        long one = cost(() -> matches(few, hosts));
        long other = cost(() -> matches(many, hosts));
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long matches = matches(many, hosts);
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;

        assertThat(matches).isEqualTo(200_000);
        assertThat(other).isLessThan(10 * Math.max(one, 1_000_000));
        assertThat(allocated).isLessThan(100_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 20, 200, StsPolicyParser.MOST_PATTERNS})
    @Tag("S-4.1-1")
    void aLookEndsAfterAFewPatternsHoweverManyThereAre(int patterns) {
        int[] table = policy(patterns).patterns.table;

        int longest = 0;
        int run = 0;
        for (int slot = 0; slot < 2 * table.length; slot++) {
            run = table[slot % table.length] == 0 ? 0 : run + 1;
            longest = Math.max(longest, run);
        }

        // a look ends at the first free slot
        assertThat(longest).isLessThan(20);
    }

    @Test
    @Tag("S-4.1-1")
    void patternsInUpperCaseAreMatchedAndListedInLowerCaseAndServedAsTheyStand() {
        String text = "version: STSv1\nmode: enforce\nmx: MX1.Example.COM\nmx: *.Mail.example.net\nmax_age: 1\n";

        StsPolicy policy =
                ((PolicyResult.Valid) StsPolicyParser.parse(text.getBytes(StandardCharsets.US_ASCII))).policy();

        assertThat(policy.lists(MxHost.of("mx1.example.com"))).isTrue();
        assertThat(policy.lists(MxHost.of("a.mail.example.net"))).isTrue();
        assertThat(policy.lists(MxHost.of("mail.example.net"))).isFalse();
        assertThat(policy.mx())
                .containsExactly(new MxPattern("mx1.example.com", false), new MxPattern("mail.example.net", true));
        assertThat(policy.body()).isEqualTo(text);
    }

    private static long matches(StsPolicy policy, List<MxHost> hosts) {
        long matches = 0;
        for (int i = 0; i < 300_000; i++) {
            matches += policy.lists(hosts.get(i % 3)) ? 1 : 0;
        }
        return matches;
    }

    private static StsPolicy policy(int patterns) {
        StringBuilder text = new StringBuilder("version: STSv1\nmode: enforce\nmax_age: 1\n");
        for (int i = 0; i < patterns; i++) {
            text.append(i % 2 == 0 ? "mx: *.mx" + i + ".example.net\n" : "mx: mail" + i + ".example.com\n");
        }
        return ((PolicyResult.Valid) StsPolicyParser.parse(text.toString().getBytes(StandardCharsets.US_ASCII)))
                .policy();
    }

    private static String refused(String text) {
        try {
            return PolicyDomain.of(text).name();
        } catch (IllegalArgumentException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private interface Work {
        Object run();
    }

    /** The least processor time of several runs, in nanoseconds. */
    private static long cost(Work work) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 12; i++) {
            long start = THREADS.getCurrentThreadCpuTime();
            assertThat(work.run()).isNotNull();
            least = Math.min(least, THREADS.getCurrentThreadCpuTime() - start);
        }
        return least;
    }
}
