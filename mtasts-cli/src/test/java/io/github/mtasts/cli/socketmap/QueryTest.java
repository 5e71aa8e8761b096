package io.github.mtasts.cli.socketmap;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTest {

    @ParameterizedTest
    @CsvSource({
        "example.com, example.com",
        "EXAMPLE.com, example.com",
        "example.com., example.com",
        "mail.example.com, mail.example.com",
        "bücher.example, xn--bcher-kva.example",
        "_odd.example.com, _odd.example.com"
    })
    @Tag("S-3.4-7")
    void aDomainIsAskedForInItsOneForm(String key, String domain) {
        Query query = Query.parse("mtasts " + key);

        assertThat(query).isInstanceOfSatisfying(Query.Ask.class, ask -> {
            assertThat(ask.domain().name()).isEqualTo(domain);
            assertThat(ask.host()).isNull();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.com:25", "example.com:2525", "example.com:submission"})
    @Tag("S-3.4-8")
    void aPortChangesNothing(String key) {
        Query query = Query.parse("mtasts " + key);

        assertThat(query)
                .isInstanceOfSatisfying(
                        Query.Ask.class, ask -> assertThat(ask.domain()).hasToString("example.com"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[relay.example.com]", "[relay.example.com]:587", "[Relay.Example.COM.]:587"})
    @Tag("S-3.4-3")
    void aHostInBracketsIsItsOwnPolicyDomain(String key) {
        Query query = Query.parse("mtasts " + key);

        assertThat(query).isInstanceOfSatisfying(Query.Ask.class, ask -> {
            assertThat(ask.domain()).hasToString("relay.example.com");
            assertThat(ask.host()).hasToString("relay.example.com");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[192.0.2.1]",
                "[192.0.2.1]:25",
                "192.0.2.1",
                "192.0.2.1:25",
                "[IPv6:2001:db8::1]",
                "[IPv6:2001:db8::1]:25",
                "[2001:db8::1]:25",
                "2001:db8::1"
            })
    @Tag("S-3.4-4")
    void anAddressHasNoPolicyAndIsNotAskedFor(String key) {
        Query query = Query.parse("mtasts " + key);

        assertThat(query).isEqualTo(new Query.Known(Answer.NOT_FOUND));
    }

    @ParameterizedTest
    @ValueSource(strings = {".example.com", ".com", "."})
    @Tag("S-3.4-5")
    void aParentDomainIsNotAskedFor(String key) {
        Query query = Query.parse("mtasts " + key);

        assertThat(query).isEqualTo(new Query.Known(Answer.NOT_FOUND));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "example..com",
                "[",
                "[]",
                "]",
                "[relay.example.com",
                "a b",
                "example.com:25:25",
                "/var/spool/lmtp",
                "unix:/lmtp",
                "-a.example",
                "*.example.com",
                "xn--.example",
                "a,b",
                "localhost:",
                ":25",
                "\u0000"
            })
    void whatIsNoDomainHasNoPolicy(String key) {
        Query query = Query.parse("mtasts " + key);

        assertThat(query).isEqualTo(new Query.Known(Answer.NOT_FOUND));
    }

    @ParameterizedTest
    @ValueSource(strings = {"☃.example", "\uFFFD.example", "a\u200Bb.example"})
    void lettersThatMakeNoALabelsKeepTheMessageBack(String key) {
        Query query = Query.parse("mtasts " + key);

        assertThat(query)
                .isInstanceOfSatisfying(
                        Query.Known.class,
                        known -> assertThat(known.answer().text()).startsWith("TEMP "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "mtasts",
                "example.com",
                "postfix example.com",
                "MTASTS example.com",
                " example.com",
                "mtasts-tls example.com"
            })
    void anotherMapOrNoneIsTheOperatorsToMend(String text) {
        Query query = Query.parse(text);

        assertThat(query)
                .isInstanceOfSatisfying(
                        Query.Known.class,
                        known -> assertThat(known.answer().text()).startsWith("PERM "));
    }
}
