package io.github.mtasts.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.ExtendedErrorCodeOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;

/** What the server can be made to answer, seen by a resolver. */
class TestDnsTest {
    private final TestDns dns = new TestDns();

    @AfterEach
    void close() {
        dns.close();
    }

    private SimpleResolver resolver(boolean tcp, Duration patience) {
        SimpleResolver resolver = new SimpleResolver(dns.address());
        resolver.setTCP(tcp);
        resolver.setTimeout(patience);
        resolver.setIgnoreTruncation(true);
        return resolver;
    }

    private static Message question(String name, String type) throws IOException {
        return Message.newQuery(Record.newRecord(Name.fromString(name + "."), Type.value(type), DClass.IN));
    }

    private Message ask(String name, String type, boolean tcp) throws IOException {
        return resolver(tcp, Duration.ofMinutes(1)).send(question(name, type));
    }

    private Message ask(String name, String type) throws IOException {
        return ask(name, type, false);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void answersOverUdpAndTcp(boolean tcp) throws IOException {
        dns.txt("_mta-sts.example.com", "v=STSv1; id=1");
        dns.mx("example.com", 10, "mx.example.com");
        dns.address("mx.example.com", InetAddress.getByName("192.0.2.1"));
        dns.address("mx.example.com", InetAddress.getByName("2001:db8::1"));

        assertThat(ask("_mta-sts.example.com", "TXT", tcp).getSection(Section.ANSWER))
                .extracting(Record::rdataToString)
                .containsExactly("\"v=STSv1; id=1\"");
        assertThat(ask("example.com", "MX", tcp).getSection(Section.ANSWER))
                .extracting(Record::rdataToString)
                .containsExactly("10 mx.example.com.");
        assertThat(ask("mx.example.com", "A", tcp).getSection(Section.ANSWER)).hasSize(1);
        assertThat(ask("mx.example.com", "AAAA", tcp).getSection(Section.ANSWER))
                .hasSize(1);
        assertThat(ask("MX.Example.COM", "A", tcp).getSection(Section.ANSWER)).hasSize(1);
        assertThat(dns.asked("mx.example.com", "A")).isEqualTo(2);
    }

    @Test
    void aNameOrATypeIsAbsentWithItsNegativeTtl() throws IOException {
        dns.exists("example.com");
        dns.negativeTtl(Duration.ofSeconds(77));

        Message noName = ask("other.example", "TXT");
        Message noType = ask("example.com", "TXT");

        assertThat(noName.getRcode()).isEqualTo(Rcode.NXDOMAIN);
        assertThat(noType.getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(noType.getSection(Section.ANSWER)).isEmpty();
        assertThat(noType.getSection(Section.AUTHORITY).get(0).getTTL()).isEqualTo(77);
    }

    @Test
    void failsWithAndWithoutAnExtendedError() throws IOException {
        dns.fail("plain.example", "TXT", "SERVFAIL");
        dns.failExtended("bogus.example", "TXT", 6);

        Message plain = ask("plain.example", "TXT");
        Message bogus = ask("bogus.example", "TXT");

        assertThat(plain.getRcode()).isEqualTo(Rcode.SERVFAIL);
        assertThat(plain.getOPT()).isNull();
        assertThat(bogus.getRcode()).isEqualTo(Rcode.SERVFAIL);
        assertThat(bogus.getOPT().getOptions(EDNSOption.Code.EDNS_EXTENDED_ERROR))
                .singleElement()
                .isInstanceOfSatisfying(
                        ExtendedErrorCodeOption.class,
                        error -> assertThat(error.getErrorCode()).isEqualTo(6));
        dns.release("plain.example", "TXT");
        assertThat(ask("plain.example", "TXT").getRcode()).isEqualTo(Rcode.NXDOMAIN);
    }

    @Test
    void followsAliases() throws IOException {
        dns.cname("a.example", "b.example");
        dns.cname("b.example", "c.example");
        dns.txt("c.example", "text");

        assertThat(ask("a.example", "TXT").getSection(Section.ANSWER))
                .extracting(Record::getType)
                .containsExactly(Type.CNAME, Type.CNAME, Type.TXT);
    }

    @Test
    void isSilentWhereToldTo() {
        dns.silence("example.com", "TXT");

        assertThatThrownBy(() -> resolver(false, Duration.ofMillis(200)).send(question("example.com", "TXT")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void keepsAnAnswerBackUntilReleased() throws Exception {
        dns.txt("example.com", "text");
        dns.hold("example.com", "TXT");
        CompletableFuture<Message> answer = resolver(false, Duration.ofMinutes(1))
                .sendAsync(question("example.com", "TXT"))
                .toCompletableFuture();
        dns.awaitQueries(queries -> !queries.isEmpty());
        assertThat(answer).isNotDone();

        dns.release("example.com", "TXT");

        assertThat(answer.get(1, TimeUnit.MINUTES).getSection(Section.ANSWER)).hasSize(1);
    }

    @Test
    void cutsAnswersShortOverUdp() throws IOException {
        dns.txt("example.com", "text");
        dns.truncate("example.com", "TXT");

        assertThat(ask("example.com", "TXT", false).getHeader().getFlag(Flags.TC))
                .isTrue();
        assertThat(ask("example.com", "TXT", true).getSection(Section.ANSWER)).hasSize(1);
    }

    @Test
    void isAuthenticWhereToldTo() throws IOException {
        dns.txt("example.com", "text");
        assertThat(ask("example.com", "TXT").getHeader().getFlag(Flags.AD)).isFalse();

        dns.authentic(true);

        assertThat(ask("example.com", "TXT").getHeader().getFlag(Flags.AD)).isTrue();
    }
}
