package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Domains, MX hosts, and which patterns match them (RFC 8461 §3.4, §4.1). */
class NamesTest {

    @ParameterizedTest
    @CsvSource({
        "Straße.example, xn--strae-oqa.example",
        "BÜCHER.example, xn--bcher-kva.example",
        "βόλος.example, xn--nxasmm1c.example",
        "faß.de, xn--fa-hia.de",
        "例え。テスト, xn--r8jz45g.xn--zckzah",
        "xn--bcher-kva.example, xn--bcher-kva.example",
        "XN--BCHER-KVA.example, xn--bcher-kva.example"
    })
    @Tag("S-3.1-1")
    void uLabelsBecomeALabelsAsIdna2008HasIt(String text, String name) {
        assertThat(PolicyDomain.of(text).name()).isEqualTo(name);
        assertThat(PolicyDomain.of(text).recordName()).isEqualTo("_mta-sts." + name);
        assertThat(PolicyDomain.of(text).policyHost()).isEqualTo("mta-sts." + name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "☃.example",
                "i❤.example",
                "😀.example",
                "a\u200Db.example",
                "xn--zzzzzz.example",
                "xn--strasse.example-.x"
            })
    @Tag("S-3.1-1")
    void whatIdna2008DoesNotAllowIsRefusedByName(String text) {
        assertThatThrownBy(() -> PolicyDomain.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a domain name: \"");
    }

    @Test
    @Tag("S-3.1-1")
    void lettersAddedAfterUnicode32AreKnown() {
        assertThat(PolicyDomain.of("\uA7F9.example").name()).startsWith("xn--");
    }

    @Test
    @Tag("S-3.1-1")
    void aJoinerIsAllowedWhereIdna2008AllowsIt() {
        assertThat(PolicyDomain.of("क्\u200Dष.example").name()).startsWith("xn--");
    }

    @Test
    @Tag("S-3.4-7")
    void caseAndOneTrailingDotDoNotMatter() {
        assertThat(PolicyDomain.of("Example.COM."))
                .isEqualTo(PolicyDomain.of("example.com"))
                .hasSameHashCodeAs(PolicyDomain.of("example.com"));
        assertThat(PolicyDomain.of("example.com")).isNotEqualTo(PolicyDomain.of("example.org"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "a..b",
                ".a",
                "a.b..",
                "-a.b",
                "a-.b",
                "a b.c",
                "a/b.c",
                "a@b.c",
                "192.0.2.1",
                "[192.0.2.1]",
                "[IPv6:2001:db8::1]",
                "2001:db8::1",
                "example.com:25",
                "a\u0000b.c",
                "x.123"
            })
    void whatIsNoDomainNameIsRefused(String text) {
        assertThatThrownBy(() -> PolicyDomain.of(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void labelsHave63CharactersAndNames253() {
        String label = "a".repeat(63);
        String longest = label + "." + label + "." + label + "." + "a".repeat(61);

        assertThat(PolicyDomain.of(longest).name()).hasSize(253);
        assertThatThrownBy(() -> PolicyDomain.of(longest + "a")).hasMessageContaining("253");
        assertThatThrownBy(() -> PolicyDomain.of(label + "a.b")).hasMessageContaining("63");
    }

    private static boolean matches(String pattern, String host) {
        String text = "version: STSv1\nmode: enforce\nmax_age: 1\nmx: " + pattern + "\n";
        PolicyResult.Valid valid = (PolicyResult.Valid) StsPolicyParser.parse(text.getBytes(StandardCharsets.UTF_8));
        return valid.policy().lists(MxHost.of(host));
    }

    @ParameterizedTest
    @CsvSource({
        "mail.example.com, mail.example.com, true",
        "mail.example.com, MAIL.Example.Com., true",
        "MAIL.example.com, mail.example.com, true",
        "mail.example.com, mail2.example.com, false",
        "mail.example.com, x.mail.example.com, false"
    })
    @Tag("S-4.1-1")
    void aNameMatchesItselfInAnyCase(String pattern, String host, boolean matches) {
        assertThat(matches(pattern, host)).isEqualTo(matches);
    }

    @ParameterizedTest
    @CsvSource({
        "mail.example.com, true",
        "example.com, false",
        "a.b.example.com, false",
        "mailexample.com, false",
        "evilexample.com, false",
        "mail.example.com.evil.com, false",
        "com, false"
    })
    @Tag("S-4.1-2")
    void aWildcardStandsForExactlyOneLabel(String host, boolean matches) {
        assertThat(matches("*.example.com", host)).isEqualTo(matches);
    }

    @Test
    @Tag("S-4.1-2")
    void aWildcardOfOneLabelDoesNotMatchThatLabel() {
        assertThat(matches("*.localhost", "localhost")).isFalse();
        assertThat(matches("*.localhost", "mx.localhost")).isTrue();
    }

    @Test
    @Tag("S-4.1-3")
    void theDomainItselfHasToBeListedToo() {
        assertThat(matches("example.com", "example.com")).isTrue();
        assertThat(matches("*.example.com", "example.com")).isFalse();
    }

    @Test
    @Tag("S-4.1-4")
    void namesWithUnderscoresMatchAWildcard() {
        assertThat(matches("*.example.com", "mx_1.example.com.")).isTrue();
        assertThat(matches("mx-1.example.com", "mx_1.example.com")).isFalse();
    }

    @Test
    @Tag("N-5")
    void aWildcardMatchesBelowAnALabel() {
        assertThat(matches("*.xn--bcher-kva.example", "mx.xn--bcher-kva.example"))
                .isTrue();
        assertThat(matches("*.xn--bcher-kva.example", "mx.bcher.example")).isFalse();
    }
}
