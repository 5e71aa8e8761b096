package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** The matcher agrees with RFC 8461 §4.1 spelt out label by label, for any patterns and any host. */
class MxMatchFuzz {

    @DictionaryEntries({"*.", "mail.example.com", ".example.com", "\\x0A"})
    @FuzzTest
    void theMatcherAgreesWithLabelByLabelComparison(byte[] lines) {
        String[] names = new String(lines, StandardCharsets.ISO_8859_1).split("\n", -1);
        StringBuilder text = new StringBuilder("version: STSv1\nmode: enforce\nmax_age: 1\n");
        for (String pattern : Arrays.asList(names).subList(1, names.length)) {
            text.append("mx: ").append(pattern).append('\n');
        }
        PolicyResult result = StsPolicyParser.parse(text.toString().getBytes(StandardCharsets.ISO_8859_1));
        MxHost host = host(names[0]);

        if (host != null && result instanceof PolicyResult.Valid valid) {
            StsPolicy policy = valid.policy();
            boolean expected = policy.mx().stream().anyMatch(pattern -> matches(pattern, host));
            assertThat(policy.lists(host)).as("%s %s", host, policy).isEqualTo(expected);
        }
    }

    private static boolean matches(MxPattern pattern, MxHost host) {
        List<String> wanted = List.of(pattern.toString().split("\\."));
        List<String> given = List.of(host.name().split("\\."));
        if (wanted.size() != given.size()) {
            return false;
        }
        for (int i = 0; i < wanted.size(); i++) {
            boolean any = i == 0 && wanted.get(0).equals("*");
            if (!any && !wanted.get(i).equals(given.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static @org.jspecify.annotations.Nullable MxHost host(String name) {
        try {
            return MxHost.of(name);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
