package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.text.Quoted;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The one form of policy domains and MX hosts. */
class NamesTest {
    private static String domain(String text) {
        return PolicyDomain.of(text).name();
    }

    private static void refused(String text, String rule) {
        assertThatThrownBy(() -> PolicyDomain.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("not a domain name: " + Quoted.quote(text) + ": ")
                .hasMessageContaining(rule);
    }

    @Nested
    @DisplayName("IDNA2008 (RFC 5891)")
    class Internationalised {

        @ParameterizedTest
        @CsvSource({
            "Straße.example, xn--strae-oqa.example",
            "STRASSE.example, strasse.example",
            "faß.de, xn--fa-hia.de",
            "STRAẞE.example, xn--strae-oqa.example",
            "βόλος.example, xn--nxasmm1c.example",
            "ΒΌΛΟΣ.example, xn--nxasmq6b.example",
            "BÜCHER.example, xn--bcher-kva.example",
            "bu\u0308cher.example, xn--bcher-kva.example",
            "ｂüｃｈｅｒ．example, xn--bcher-kva.example",
            "例え。テスト, xn--r8jz45g.xn--zckzah",
            "例え｡テスト, xn--r8jz45g.xn--zckzah",
            "bücher.a_b.example., xn--bcher-kva.a_b.example"
        })
        @Tag("S-3.1-1")
        void uLabelsBecomeALabels(String text, String name) {
            PolicyDomain domain = PolicyDomain.of(text);

            assertThat(domain.name()).isEqualTo(name);
            assertThat(domain.recordName()).isEqualTo("_mta-sts." + name);
            assertThat(domain.policyHost()).isEqualTo("mta-sts." + name);
            assertThat(MxHost.of(text).name()).isEqualTo(name);
        }

        @Test
        @Tag("S-3.1-1")
        void lettersAddedAfterUnicode32AreKnownUpToUnicode13() {
            assertThat(domain("\uA7B7.example")).isEqualTo("xn--c78a.example"); // 8
            assertThat(domain("\uA7CA.example")).isEqualTo("xn--v78a.example"); // 13
            refused("\uA7D1.example", "IDNA2008 does not allow U+A7D1"); // 14
            assertThat(domain("xn--278a.example")).isEqualTo("xn--278a.example"); // the same, as an A-label
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "☃.example",
                    "i❤.example",
                    "😀.example",
                    "a\u00ADb.example",
                    "ﬁ.example",
                    "①.example",
                    "бю_бю.example"
                })
        @Tag("S-3.1-1")
        void symbolsAndCompatibilityFormsAreRefusedWithTheCharacter(String text) {
            int culprit = text.codePoints()
                    .filter(c -> !IdnaTable.isValid(c) && c != '.')
                    .findFirst()
                    .orElseThrow();

            refused(text, String.format("IDNA2008 does not allow U+%04X", culprit));
        }

        @ParameterizedTest
        @CsvSource({
            "क्\u200Dष.example, ZWJ behind a virama",
            "क्\u200Cष.example, ZWNJ behind a virama",
            "نامه\u200Cای.example, ZWNJ between letters that join",
            "ب\u064E\u064E\u200C\u064E\u064Eب.example, ZWNJ between letters that join with vowel signs on them",
            "\uA872\u200C\uA840.example, ZWNJ behind a letter that joins to the left only",
            "l·l.example, middle dot between two l",
            "α͵β.example, keraia before Greek",
            "א׳.example, geresh behind Hebrew",
            "א״ב.example, gershayim behind Hebrew",
            "・ア.example, katakana middle dot beside katakana",
            "اب٣.example, Arabic digits",
            "اب۳.example, extended Arabic digits"
        })
        @Tag("S-3.1-1")
        void contextualCharactersAreTakenInTheirContext(String text, String rule) {
            assertThat(domain(text)).as(rule).startsWith("xn--");
        }

        @ParameterizedTest
        @CsvSource({
            "a\u200Db.example, 200D",
            "\u200Da.example, 200D",
            "a\u200Cb.example, 200C",
            "ا\u200C.example, 200C",
            "l·a.example, 00B7",
            "a·l.example, 00B7",
            "·l.example, 00B7",
            "l·.example, 00B7",
            "α͵.example, 0375",
            "α͵a.example, 0375",
            "a׳b.example, 05F3",
            "״א.example, 05F4",
            "a・b.example, 30FB",
            "اب٣۳.example, 0663",
            "اب٩۰.example, 0669",
            "اب۹٠.example, 0660",
            "ا\u200Cب.example, 200C",
            "\u200Cب.example, 200C",
            "ب\u200Ca.example, 200C",
            "ب\u064E\u200C\u064E.example, 200C",
            "\u0301a.example, 0301"
        })
        @Tag("S-3.1-1")
        void contextualCharactersAreRefusedOutsideTheirContext(String text, String character) {
            refused(text, "U+" + character);
        }

        @ParameterizedTest
        @ValueSource(strings = {"אבג.example", "אב1.example", "אבג.a1.example", "ab.אבג", "شبكة.example", "אָ.example"})
        void rightToLeftNamesThatKeepTheBidiRuleAreTaken(String text) {
            assertThat(domain(text)).contains("xn--");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"אבa.example", "aאב.example", "1אב.example", "אב-ג٣1.example", "אבג.1a.example", "٣ا.example"
                })
        void rightToLeftNamesThatBreakTheBidiRuleAreRefused(String text) {
            refused(text, "RFC 5893");
        }

        @ParameterizedTest
        @ValueSource(strings = {"-ü.example", "ü-.example"})
        void hyphensStandAtNoEndOfALabel(String text) {
            refused(text, "hyphen");
            assertThat(domain("ü-ü.example")).isEqualTo("xn----dhab.example");
        }

        @Test
        void hyphensInThirdAndFourthPlaceBelongToALabels() {
            refused("ab--ü.example", "third and fourth place");
            refused("xn--ü.example", "third and fourth place");
            assertThat(domain("ab--u.example")).isEqualTo("ab--u.example");
        }

        @ParameterizedTest
        @CsvSource({
            "xn--bcher-kva.example, xn--bcher-kva.example",
            "XN--BCHER-KVA.example, xn--bcher-kva.example",
            "mail.xn--p1ai, mail.xn--p1ai",
            "xn--i-7iq.ws, xn--i-7iq.ws"
        })
        void aLabelsAreTakenAsTheyStand(String text, String name) {
            assertThat(domain(text)).isEqualTo(name);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "xn--.example",
                    "xn--abc-.example",
                    "xn--zzzzzz.example",
                    "xn--a_b.example",
                    "xn--99999999.example",
                    "a.xn--0"
                })
        void whatBeginsLikeAnALabelAndIsNoPunycodeIsRefused(String text) {
            refused(text, "is no A-label");
        }

        @Test
        void theALabelIsWhatMayHave63Characters() {
            assertThat(domain("ü".repeat(55) + ".example").indexOf('.')).isLessThanOrEqualTo(63);
            refused("ü".repeat(60) + ".example", "longer than 63");
            refused("ü.".repeat(100_000), "longer than 253");
        }

        @Test
        void namesInAsciiAndALabelsNeverLoadTheTable() throws IOException, ReflectiveOperationException {
            Recording loader = new Recording();
            Class<?> policyDomain = loader.loadClass(PolicyDomain.class.getName());

            policyDomain.getMethod("of", String.class).invoke(null, "Example.COM.");
            policyDomain.getMethod("of", String.class).invoke(null, "xn--bcher-kva.example");
            assertThat(loader.loaded).contains(PolicyDomain.class.getName()).doesNotContain(IdnaTable.class.getName());

            policyDomain.getMethod("of", String.class).invoke(null, "bücher.example");
            assertThat(loader.loaded).contains(IdnaTable.class.getName());
        }
    }

    /** Loads this package anew and writes down what was loaded. */
    private static final class Recording extends ClassLoader {
        private final List<String> loaded = new java.util.ArrayList<>();

        Recording() {
            super(NamesTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                if (!name.startsWith("io.github.mtasts.policy.")) {
                    return super.loadClass(name, resolve);
                }
                Class<?> known = findLoadedClass(name);
                if (known != null) {
                    return known;
                }
                String file = name.replace('.', '/') + ".class";
                try (InputStream in = getParent().getResourceAsStream(file)) {
                    if (in == null) {
                        throw new ClassNotFoundException(name);
                    }
                    byte[] bytes = in.readAllBytes();
                    loaded.add(name);
                    return defineClass(name, bytes, 0, bytes.length);
                } catch (IOException e) {
                    throw new ClassNotFoundException(file, e);
                }
            }
        }
    }

    @Nested
    @DisplayName("Policy domains (RFC 8461 §3.4)")
    class PolicyDomains {

        @Test
        @Tag("S-3.4-7")
        void caseAndOneTrailingDotDoNotMatter() {
            assertThat(PolicyDomain.of("Example.COM."))
                    .isEqualTo(PolicyDomain.of("example.com"))
                    .hasSameHashCodeAs(PolicyDomain.of("example.com"))
                    .isEqualByComparingTo(PolicyDomain.of("EXAMPLE.com"));
            assertThat(PolicyDomain.of("example.com"))
                    .isNotEqualTo(PolicyDomain.of("example.org"))
                    .isLessThan(PolicyDomain.of("example.org"))
                    .hasToString("example.com");
            assertThat(MxHost.of("MX.Example.COM."))
                    .isEqualTo(MxHost.of("mx.example.com"))
                    .hasSameHashCodeAs(MxHost.of("mx.example.com"))
                    .isNotEqualTo(MxHost.of("mx.example.org"))
                    .hasToString("mx.example.com");
            refused("example.com..", "empty label");
        }

        @Test
        void theLocaleDoesNotMatter() {
            java.util.Locale before = java.util.Locale.getDefault();
            try {
                java.util.Locale.setDefault(java.util.Locale.forLanguageTag("tr"));

                assertThat(domain("MAIL.I.example")).isEqualTo("mail.i.example");
            } finally {
                java.util.Locale.setDefault(before);
            }
        }

        @Test
        void underscoresAreKeptSinceMailToSuchDomainsFlows() {
            assertThat(domain("A_b._c.example")).isEqualTo("a_b._c.example");
        }

        @ParameterizedTest
        @CsvSource({
            "'', is empty",
            "., is empty",
            "a..b, empty label",
            ".a, empty label",
            "-a.b, hyphen",
            "a-.b, hyphen",
            "a.b-, hyphen",
            "a b.c, a character other than",
            "a/b.c, a character other than",
            "a@b.c, a character other than",
            "*.b.c, a character other than",
            "a\u007Fb.c, a character other than",
            "x.123, last label is a number",
        })
        void whatIsNoDomainNameIsRefusedWithTheRule(String text, String rule) {
            refused(text, rule);
        }

        @ParameterizedTest
        @CsvSource({
            "[192.0.2.1], is an address literal",
            "[IPv6:2001:db8::1], is an address literal",
            "192.0.2.1, is a number or an IPv4 address",
            "192.0.2.1., is a number or an IPv4 address",
            "2001:db8::1, IPv6 address",
            "example.com:25, has a port"
        })
        void addressesAreRefusedAsAddresses(String text, String rule) {
            refused(text, rule);
        }

        @Test
        void whatIsRefusedIsShownQuotedEscapedAndCut() {
            assertThatThrownBy(() -> PolicyDomain.of("a\"\n\u202e\u0000.b"))
                    .hasMessageContaining("\"a\\\"\\u000a\\u202e\\u0000.b\"");
            assertThatThrownBy(() -> PolicyDomain.of("a".repeat(100_000)))
                    .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
        }

        @Test
        void labelsHave63CharactersAndNames253() {
            String label = "a".repeat(63);
            String longest = label + "." + label + "." + label + "." + "a".repeat(61);

            assertThat(domain(longest)).hasSize(253);
            assertThat(domain(longest + ".")).hasSize(253);
            refused(longest + "a", "longer than 253");
            refused(label + "a.b", "longer than 63");
            refused("b." + label + "a", "longer than 63");
        }
    }

    @Nested
    @DisplayName("MX hosts (RFC 8461 §4.1)")
    class MxHosts {

        @Test
        @Tag("S-4.1-4")
        void namesThatAreNoHostNamesAreComparedAsTheyStand() {
            for (String name : List.of(
                    "mx_1.example.com",
                    "-mx.example.com",
                    "mx-.example.com",
                    "xn--zzzzzz.example.com",
                    "ab--c.example.com")) {
                assertThat(MxHost.of(name + ".").name()).isEqualTo(name);
                assertThat(matches("*.example.com", name)).as(name).isTrue();
            }
            assertThat(matches("mx-1.example.com", "mx_1.example.com")).isFalse();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    ".",
                    "192.0.2.1",
                    "[192.0.2.1]",
                    "2001:db8::1",
                    "a b.example",
                    "*.example.com",
                    "a\\.b.example.com",
                    "a..b"
                })
        void whatNamesNoHostIsRefused(String text) {
            assertThatThrownBy(() -> MxHost.of(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("not a host name: ");
        }

        @Test
        void anAddressInPlaceOfANameIsListedByNoPattern() throws UnknownHostException {
            MxHost v4 = MxHost.literal(InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1}));

            assertThat(v4.name()).isEqualTo("[192.0.2.1]");
            assertThat(matches("*.0.2.1x", v4)).isFalse();
        }
    }

    private static boolean matches(String pattern, String host) {
        return matches(pattern, MxHost.of(host));
    }

    private static boolean matches(String pattern, MxHost host) {
        String text = "version: STSv1\nmode: enforce\nmax_age: 1\nmx: " + pattern + "\n";
        PolicyResult.Valid valid = (PolicyResult.Valid) StsPolicyParser.parse(text.getBytes(StandardCharsets.UTF_8));
        return valid.policy().lists(host);
    }

    @Nested
    @DisplayName("MX patterns (RFC 8461 §4.1)")
    class MxPatterns {

        @ParameterizedTest
        @CsvSource({
            "mail.example.com, mail.example.com, true",
            "mail.example.com, MAIL.Example.Com., true",
            "MAIL.example.com, mail.example.com, true",
            "mail.example.com, mail2.example.com, false",
            "mail.example.com, example.com, false",
            "mail.example.com, x.mail.example.com, false"
        })
        @Tag("S-4.1-1")
        @Tag("N-3")
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
        @Tag("N-5")
        void aWildcardMatchesBelowAnALabel() {
            assertThat(matches("*.xn--bcher-kva.example", "mx.xn--bcher-kva.example"))
                    .isTrue();
            assertThat(matches("*.xn--bcher-kva.example", "mx.bücher.example")).isTrue();
            assertThat(matches("*.xn--bcher-kva.example", "mx.bcher.example")).isFalse();
        }
    }
}
