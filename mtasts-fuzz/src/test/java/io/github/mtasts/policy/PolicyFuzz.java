package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.stream.Collectors;

/** Whatever a policy host serves, it is read without an exception, and what was understood is what stands there. */
class PolicyFuzz {

    @DictionaryEntries({
        "version: STSv1\\x0A",
        "mode: enforce\\x0A",
        "mode: testing\\x0A",
        "mode: none\\x0A",
        "max_age: 86400\\x0A",
        "mx: ",
        "*.",
        "\\x0D\\x0A"
    })
    @FuzzTest
    void anyBytesAreReadAndMeanTheSameWhenWrittenDownAgain(byte[] body) {
        PolicyResult byDefault = StsPolicyParser.parse(body);
        PolicyResult strict = StsPolicyParser.parseStrict(body);

        if (strict instanceof PolicyResult.Valid) {
            assertThat(byDefault).isEqualTo(strict);
        }
        if (byDefault instanceof PolicyResult.Valid valid) {
            StsPolicy policy = valid.policy();
            assertThat(policy.body().getBytes(StandardCharsets.UTF_8)).isEqualTo(body);
            assertThat(policy.maxAge().toSeconds()).isBetween(0L, 31_557_600L);
            assertThat(policy.mx().isEmpty()).isIn(false, policy.mode() == PolicyMode.NONE);
            policy.mx().forEach(pattern -> isListed(policy, pattern));
            PolicyResult again = StsPolicyParser.parseStrict(render(policy));
            assertThat(again).isInstanceOf(PolicyResult.Valid.class);
            assertThat(((PolicyResult.Valid) again).policy()).hasToString(policy.toString());
        } else {
            assertThat(((PolicyResult.Invalid) byDefault).errors()).isNotEmpty();
        }
    }

    private static void isListed(StsPolicy policy, MxPattern pattern) {
        String host = pattern.wildcard() ? "x." + pattern.domain() : pattern.domain();
        if (host.length() <= 253) {
            assertThat(policy.lists(MxHost.of(host))).isTrue();
        }
    }

    private static byte[] render(StsPolicy policy) {
        String patterns =
                policy.mx().stream().map(pattern -> "mx: " + pattern + "\n").collect(Collectors.joining());
        String text = "mode: " + policy.mode().name().toLowerCase(Locale.ROOT) + "\n" + patterns + "max_age: "
                + policy.maxAge().toSeconds() + "\nversion: STSv1";
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
