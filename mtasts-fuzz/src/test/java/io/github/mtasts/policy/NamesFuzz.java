package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** Whatever text is given as a domain, it becomes a name in its one form or is refused in words. */
class NamesFuzz {

    @DictionaryEntries({
        "xn--",
        "stra\\xC3\\x9Fe",
        "\\xCE\\xB2\\xCF\\x8C\\xCE\\xBB\\xCE\\xBF\\xCF\\x82",
        "\\xE0\\xA4\\x95\\xE0\\xA5\\x8D\\xE2\\x80\\x8D\\xE0\\xA4\\xB7",
        "\\xD7\\x90\\xD7\\x91",
        "\\xE3\\x80\\x82",
        ".example",
        "[IPv6:"
    })
    @FuzzTest
    void anyTextBecomesANameInItsOneFormOrIsRefused(byte[] utf8) {
        String text = new String(utf8, StandardCharsets.UTF_8);
        PolicyDomain domain;
        try {
            domain = PolicyDomain.of(text);
        } catch (IllegalArgumentException refused) {
            assertThat(refused).hasMessageStartingWith("not a domain name: \"");
            assertThat(refused.getMessage()).hasSizeLessThan(2000).doesNotContain("\n");
            return;
        }

        assertThat(domain.name()).matches("[a-z0-9_-]+(\\.[a-z0-9_-]+)*").hasSizeLessThanOrEqualTo(253);
        assertThat(PolicyDomain.of(domain.name())).isEqualTo(domain);
        assertThat(MxHost.of(text).name()).isEqualTo(domain.name());
    }
}
