package io.github.mtasts.cli.socketmap;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicyParser;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The answers, letter by letter: what Postfix 3.4 to 3.9 and 3.10 and later make of them is in docs/postfix.md. */
class PolicyTableTest {

    @Test
    void patternsBecomeNamesThatTheCertificateHasToBear() {
        PolicyInForce policy = enforce("mx: mx1.example.com\nmx: *.example.net\n");

        assertThat(answer("mtasts example.com", policy))
                .isEqualTo("OK secure match=mx1.example.com:.example.net servername=hostname");
    }

    @Test
    void theSecondMapSaysWhatReportsAndHostNameChecksNeed() {
        PolicyInForce policy = enforce("mx: mx1.example.com\nmx: *.example.net\n");

        assertThat(answer("mtasts-tlsrpt example.com", policy))
                .isEqualTo(
                        "OK secure match=mx1.example.com:.example.net servername=hostname policy_type=sts policy_domain=example.com"
                                + " mx_host_pattern=mx1.example.com mx_host_pattern=*.example.net"
                                + " { policy_string = version: STSv1 } { policy_string = mode: enforce }"
                                + " { policy_string = mx: mx1.example.com } { policy_string = mx: *.example.net } { policy_string = max_age: 86400 }");
    }

    @Test
    void oneNameTwiceIsWrittenOnce() {
        PolicyInForce policy = enforce("mx: mx.example.com\nmx: MX.example.com.\n");

        assertThat(answer("mtasts example.com", policy))
                .isEqualTo("OK secure match=mx.example.com servername=hostname");
    }

    @Test
    @Tag("S-3.4-3")
    void aHostInBracketsThatIsListedIsTheOneNameThatWillDo() {
        PolicyInForce policy = enforce("mx: *.example.com\nmx: other.example.net\n");

        assertThat(answer("mtasts [relay.example.com]:587", policy))
                .isEqualTo("OK secure match=relay.example.com servername=hostname");
        assertThat(answer("mtasts-tlsrpt [relay.example.com]:587", policy))
                .startsWith(
                        "OK secure match=relay.example.com servername=hostname policy_type=sts policy_domain=relay.example.com"
                                + " mx_host_pattern=*.example.com mx_host_pattern=other.example.net ");
    }

    @Test
    @Tag("S-3.4-3")
    void aHostInBracketsThatIsNotListedGetsNoMail() {
        PolicyInForce policy = enforce("mx: *.example.net\n");

        assertThat(answer("mtasts [relay.example.com]", policy))
                .isEqualTo("TEMP the MTA-STS policy of relay.example.com does not list the host relay.example.com");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hostname", "nexthop", "dot-nexthop", "HOSTNAME", "hostname."})
    void wordsOfPostfixInAPolicyAreNotHandedOn(String word) {
        PolicyInForce alone = enforce("mx: " + word + "\n");
        PolicyInForce besideAnother = enforce("mx: " + word + "\nmx: mx.example.com\n");

        assertThat(answer("mtasts example.com", alone))
                .isEqualTo("TEMP the MTA-STS policy of example.com lists no MX host that can be checked");
        assertThat(answer("mtasts-tlsrpt example.com", besideAnother))
                .startsWith("OK secure match=mx.example.com servername=hostname policy_type=sts")
                .doesNotContainIgnoringCase("pattern=" + word)
                .doesNotContainIgnoringCase("mx: " + word);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mx: mx.example.com servername=evil.example\n",
                "mx: mx.example.com:hostname\n",
                "mx: a match=hostname\n",
                "mx: } { policy_type=no-policy-found\n",
                "mx: mx.example.com\u0000\n",
                "mx: mx.example.com\tprotocols=SSLv3\n",
                "mx: *\n",
                "mx: \n",
                "mx: *.*.example.com\n",
                "mx: .example.com\n",
                "mx: mx.example.com, hostname\n"
            })
    void aPolicyWithSuchAnMxLineIsNoPolicy(String line) {
        PolicyResult result = StsPolicyParser.parse(text(line));

        assertThat(result).isInstanceOf(PolicyResult.Invalid.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x: } servername=evil.example {",
                "note: 1,9:OK secure",
                "mx_host_pattern=*: *",
                "policy_string: }"
            })
    void otherLinesOfAPolicyStayOutOfTheAnswer(String line) {
        PolicyInForce plain = enforce("mx: mx.example.com\n");
        PolicyInForce odd = enforce(line + "\nmx: mx.example.com\n" + line + "\n");

        assertThat(answer("mtasts-tlsrpt example.com", odd)).isEqualTo(answer("mtasts-tlsrpt example.com", plain));
    }

    @Test
    void anAnswerLongerThanPostfixTakesKeepsTheMessageBack() {
        String long1 = ".%s.%s.%s.example".formatted("a".repeat(60), "b".repeat(60), "c".repeat(60));
        PolicyInForce policy = enforce(IntStream.range(0, 200)
                .mapToObj(i -> "mx: m" + i + long1 + "\n")
                .collect(Collectors.joining()));

        assertThat(answer("mtasts example.com", policy)).startsWith("OK secure match=m0.aaa");
        assertThat(answer("mtasts-tlsrpt example.com", policy))
                .isEqualTo("TEMP the MTA-STS policy of example.com is too long for Postfix");
    }

    @Test
    void testingIsAsIfThereWereNoPolicy() {
        PolicyInForce policy =
                new PolicyInForce.Testing(cached("testing", "mx: mx.example.com\n"), PolicyInForce.Source.CACHE, null);

        assertThat(answer("mtasts example.com", policy)).isEqualTo("NOTFOUND ");
        assertThat(answer("mtasts-tlsrpt example.com", policy)).isEqualTo("NOTFOUND ");
    }

    @ParameterizedTest
    @EnumSource(PolicyInForce.NotInForce.Reason.class)
    void noPolicyIsNotFound(PolicyInForce.NotInForce.Reason reason) {
        PolicyInForce nothing = new PolicyInForce.NotInForce(PolicyDomain.of("example.com"), reason, null, null);

        assertThat(answer("mtasts example.com", nothing)).isEqualTo("NOTFOUND ");
    }

    @ParameterizedTest
    @EnumSource(PolicyInForce.Undetermined.Reason.class)
    void notKnownKeepsTheMessageBack(PolicyInForce.Undetermined.Reason reason) {
        PolicyInForce unknown = new PolicyInForce.Undetermined(PolicyDomain.of("example.com"), reason, null);

        assertThat(answer("mtasts example.com", unknown))
                .startsWith("TEMP the MTA-STS policy of example.com is not known: ");
    }

    private static String answer(String question, PolicyInForce policy) {
        return PolicyTable.answer((Query.Ask) Query.parse(question), policy).text();
    }

    private static PolicyInForce enforce(String lines) {
        return new PolicyInForce.Enforce(cached("enforce", lines), PolicyInForce.Source.CACHE, null);
    }

    private static CachedPolicy cached(String mode, String lines) {
        PolicyResult.Valid valid = (PolicyResult.Valid) StsPolicyParser.parse(
                ("version: STSv1\nmode: " + mode + "\nmax_age: 86400\n" + lines).getBytes(StandardCharsets.UTF_8));
        return CachedPolicy.fetched(PolicyDomain.of("example.com"), valid.policy(), "1", Instant.EPOCH);
    }

    private static byte[] text(String lines) {
        return ("version: STSv1\nmode: enforce\nmax_age: 86400\n" + lines).getBytes(StandardCharsets.UTF_8);
    }
}
