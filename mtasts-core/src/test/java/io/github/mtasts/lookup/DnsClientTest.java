package io.github.mtasts.lookup;

import static io.github.mtasts.lookup.ScriptedDns.answer;
import static io.github.mtasts.lookup.ScriptedDns.name;
import static io.github.mtasts.lookup.ScriptedDns.reply;
import static io.github.mtasts.lookup.ScriptedDns.soa;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.TestDns;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;

class DnsClientTest {
    private final TestDns dns = new TestDns();
    private final DnsClient client = quick().server(dns.address()).build();

    private static DnsClient.Builder quick() {
        return DnsClient.builder().deadline(Duration.ofMillis(1500)).retryAfter(Duration.ofMillis(300));
    }

    @AfterEach
    void close() {
        client.close();
        dns.close();
    }

    private static <T> DnsAnswer<T> await(CompletionStage<DnsAnswer<T>> stage) throws Exception {
        return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private static <T> DnsAnswer.Found<T> found(DnsAnswer<T> answer) {
        assertThat(answer).isInstanceOf(DnsAnswer.Found.class);
        return (DnsAnswer.Found<T>) answer;
    }

    private static <T> DnsAnswer.Unavailable<T> unavailable(DnsAnswer<T> answer) {
        assertThat(answer).isInstanceOf(DnsAnswer.Unavailable.class);
        return (DnsAnswer.Unavailable<T>) answer;
    }

    private static InetAddress address(String text) throws Exception {
        return InetAddress.getByName(text);
    }

    @Nested
    class Names {

        @Test
        @Tag("S-3.1-1")
        void asksOnceForTheNameGivenAndNoParent() throws Exception {
            dns.txt("_mta-sts.xn--strae-oqa.example", "v=STSv1; id=1;");

            DnsAnswer<String> answer =
                    await(client.txt(PolicyDomain.of("Straße.example").recordName()));

            assertThat(found(answer)).returns(List.of("v=STSv1; id=1;"), DnsAnswer.Found::records);
            assertThat(dns.queries()).containsExactly(new TestDns.Query("_mta-sts.xn--strae-oqa.example", "TXT"));
        }

        @Test
        @Tag("S-3.1-1")
        void asksNoParentEitherWhenTheNameIsAbsent() throws Exception {
            dns.txt("_mta-sts.example.com", "v=STSv1; id=1;");

            DnsAnswer<String> answer = await(client.txt("_mta-sts.sub.example.com"));

            assertThat(answer).isInstanceOf(DnsAnswer.Absent.class);
            assertThat(dns.queries()).containsExactly(new TestDns.Query("_mta-sts.sub.example.com", "TXT"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"", ".", "a..b", ".a", "a.", "bücher.example", "a b.example", "a\\.b.example", "@"})
        void refusesWhatIsNoNameOfALabels(String name) {
            assertThatThrownBy(() -> client.txt(name).toCompletableFuture())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("name");
        }

        @Test
        void takesANameThatCannotExistForAbsentWithoutAsking() throws Exception {
            String longest = "a.".repeat(126) + "b";
            dns.txt(longest, "found");

            assertThat(await(client.txt(longest))).isInstanceOf(DnsAnswer.Found.class);
            assertThat(await(client.txt(longest + "c")))
                    .isEqualTo(new DnsAnswer.Absent<>(false, Duration.ZERO, Security.UNKNOWN));
            assertThat(await(client.txt("a".repeat(64) + ".example"))).isInstanceOf(DnsAnswer.Absent.class);
            assertThat(dns.queries()).hasSize(1);
        }

        @Test
        void asksWithDnssecOk() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> reply(query).toWire());
                    DnsClient asking = quick().server(scripted.address()).build()) {

                await(asking.txt("example.com"));

                Message query = scripted.queries().get(0);
                assertThat(query.getOPT().getFlags() & ExtendedFlags.DO).isNotZero();
                assertThat(query.getHeader().getFlag(Flags.RD)).isTrue();
            }
        }
    }

    @Nested
    class Data {

        @Test
        @Tag("S-3.1-11")
        void joinsTheStringsOfOneRecordWithNothingBetween() throws Exception {
            dns.txtStrings("_mta-sts.example.com", "v=STSv1; i", "d=abc");

            DnsAnswer<String> answer = await(client.txt("_mta-sts.example.com"));

            assertThat(found(answer)).returns(List.of("v=STSv1; id=abc"), DnsAnswer.Found::records);
        }

        @Test
        void keepsRecordsApart() throws Exception {
            dns.txt("_mta-sts.example.com", "v=STSv1; id=1;", "another");

            DnsAnswer<String> answer = await(client.txt("_mta-sts.example.com"));

            assertThat(found(answer).records()).containsExactlyInAnyOrder("v=STSv1; id=1;", "another");
        }

        @Test
        void givesEveryByteOfATextAsOneChar() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query ->
                            answer(query, new TXTRecord(name("example.com"), DClass.IN, 60, "\\\"\\\\\\000\\255;")));
                    DnsClient asking = quick().server(scripted.address()).build()) {

                DnsAnswer<String> answer = await(asking.txt("example.com"));

                assertThat(found(answer)).returns(List.of("\"\\\0\u00ff;"), DnsAnswer.Found::records);
            }
        }

        @Test
        @Tag("S-3.1-17")
        void givesARecordOfFiveKilobytesOverTcp() throws Exception {
            String text = "v=STSv1; id=1; x=" + "y".repeat(5000);
            dns.txt("_mta-sts.example.com", text);

            DnsAnswer<String> answer = await(client.txt("_mta-sts.example.com"));

            assertThat(found(answer)).returns(List.of(text), DnsAnswer.Found::records);
        }

        @Test
        @Tag("M-5.1-1")
        void findsMxHostsBehindACname() throws Exception {
            dns.cname("example.com", "example.net");
            dns.mx("example.net", 20, "MX2.example.net");
            dns.mx("example.net", 10, "mx1.example.net");

            DnsAnswer<MxRecord> answer = await(client.mx("example.com"));

            assertThat(found(answer).records())
                    .containsExactlyInAnyOrder(
                            new MxRecord(10, "mx1.example.net"), new MxRecord(20, "mx2.example.net"));
            assertThat(found(answer).owner()).isEqualTo("example.net");
        }

        @Test
        void givesANullMxAsAnEmptyExchange() throws Exception {
            dns.mx("example.com", 0, ".");

            DnsAnswer<MxRecord> answer = await(client.mx("example.com"));

            assertThat(found(answer).records()).containsExactly(new MxRecord(0, ""));
        }

        @Test
        void asksForBothFamiliesOfAddressesAndNamesEach() throws Exception {
            dns.address("mx.example.com", address("192.0.2.1"));
            dns.address("mx.example.com", address("192.0.2.2"));
            dns.address("mx.example.com", address("2001:db8::1"));

            DnsAnswer<InetAddress> answer = await(client.addresses("MX.example.com"));

            List<InetAddress> records = found(answer).records();
            assertThat(records)
                    .containsExactly(address("2001:db8::1"), address("192.0.2.1"), address("192.0.2.2"))
                    .allSatisfy(found -> assertThat(found.getHostName()).isEqualTo("mx.example.com"));
            assertThat(dns.asked("mx.example.com", "A")).isOne();
            assertThat(dns.asked("mx.example.com", "AAAA")).isOne();
        }

        @Test
        void keepsAnIpv4MappedAddressInTheFamilyItCameIn() throws Exception {
            byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 1};
            dns.address("mx.example.com", Inet6Address.getByAddress(null, mapped, -1));

            DnsAnswer<InetAddress> answer = await(client.addresses("mx.example.com"));

            assertThat(found(answer).records())
                    .singleElement()
                    .isInstanceOf(Inet6Address.class)
                    .returns(mapped, InetAddress::getAddress);
        }

        @Test
        void findsAddressesWhenOneFamilyCannotBeHad() throws Exception {
            dns.address("mx.example.com", address("192.0.2.1"));
            dns.fail("mx.example.com", "AAAA", "SERVFAIL");

            DnsAnswer<InetAddress> answer = await(client.addresses("mx.example.com"));

            assertThat(found(answer))
                    .returns(List.of(address("192.0.2.1")), DnsAnswer.Found::records)
                    .returns(Duration.ZERO, DnsAnswer.Found::ttl); // half an answer is not to be kept
        }

        @Test
        void keepsTheTtlWhereTheOtherFamilyDoesNotExist() throws Exception {
            dns.address("mx.example.com", address("192.0.2.1"));

            DnsAnswer<InetAddress> answer = await(client.addresses("mx.example.com"));

            assertThat(found(answer)).returns(Duration.ofMinutes(5), DnsAnswer.Found::ttl);
        }

        @Test
        void takesNoAddressInOneFamilyAndNoAnswerInTheOtherForNoAnswer() throws Exception {
            dns.exists("mx.example.com");
            dns.fail("mx.example.com", "AAAA", "SERVFAIL");

            DnsAnswer<InetAddress> answer = await(client.addresses("mx.example.com"));

            assertThat(unavailable(answer)).returns(DnsFailure.SERVER_FAILURE, DnsAnswer.Unavailable::reason);
        }

        @Test
        void tellsOfABogusFamilyBeforeAnUnavailableOne() throws Exception {
            dns.fail("mx.example.com", "AAAA", "SERVFAIL");
            dns.failExtended("mx.example.com", "A", 6);

            DnsAnswer<InetAddress> answer = await(client.addresses("mx.example.com"));

            assertThat(unavailable(answer)).returns(DnsFailure.BOGUS, DnsAnswer.Unavailable::reason);
        }
    }

    @Nested
    class TimeToLive {

        @Test
        void isTheLeastOnTheWay() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> answer(
                            query,
                            new CNAMERecord(name("a.example"), DClass.IN, 20, name("b.example")),
                            new CNAMERecord(name("b.example"), DClass.IN, 600, name("c.example")),
                            new TXTRecord(name("c.example"), DClass.IN, 300, "one"),
                            new TXTRecord(name("c.example"), DClass.IN, 200, "two")));
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(found(await(asking.txt("a.example"))))
                        .returns(Duration.ofSeconds(20), DnsAnswer.Found::ttl)
                        .returns("c.example", DnsAnswer.Found::owner);
            }
        }

        @ParameterizedTest
        @CsvSource({"900,300,300", "60,300,60", "0,300,0"})
        void ofAnAbsenceIsTheLesserOfTheZonesTwo(long ttl, long minimum, long expected) throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> {
                        Message reply = reply(query);
                        reply.getHeader().setRcode(Rcode.NXDOMAIN);
                        reply.addRecord(soa("example", ttl, minimum), Section.AUTHORITY);
                        return reply.toWire();
                    });
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(await(asking.txt("a.example")))
                        .isEqualTo(new DnsAnswer.Absent<>(false, Duration.ofSeconds(expected), Security.UNKNOWN));
            }
        }

        @Test
        void ofAnAbsenceWithoutZoneIsZero() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> reply(query).toWire());
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(await(asking.txt("a.example")))
                        .isEqualTo(new DnsAnswer.Absent<>(true, Duration.ZERO, Security.UNKNOWN));
            }
        }

        @Test
        void beyondTheHighestSignedNumberCountsAsZero() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> {
                        byte[] wire = answer(query, new TXTRecord(name("a.example"), DClass.IN, 0x7fffffffL, "one"));
                        int ttl = new String(wire, StandardCharsets.ISO_8859_1).indexOf("\u007f\u00ff\u00ff\u00ff");
                        wire[ttl] = (byte) 0x80;
                        return wire;
                    });
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(found(await(asking.txt("a.example")))).returns(Duration.ZERO, DnsAnswer.Found::ttl);
            }
        }

        @Test
        void upToTheHighestSignedNumberIsTold() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(
                            query -> answer(query, new TXTRecord(name("a.example"), DClass.IN, 0x7fffffffL, "one")));
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(found(await(asking.txt("a.example"))))
                        .returns(Duration.ofSeconds(0x7fffffffL), DnsAnswer.Found::ttl);
            }
        }
    }

    @Nested
    class Cnames {

        @Test
        @Tag("S-3.1-12")
        void areFollowedWithinOneAnswer() throws Exception {
            dns.cname("_mta-sts.a.example", "_mta-sts.prov.example");
            dns.txt("_mta-sts.prov.example", "v=STSv1; id=prov;");

            DnsAnswer<String> answer = await(client.txt("_mta-sts.a.example"));

            assertThat(found(answer)).returns(List.of("v=STSv1; id=prov;"), DnsAnswer.Found::records);
        }

        /** A forwarder may answer with the alias only. */
        @Test
        @Tag("S-3.1-12")
        void areFollowedByFurtherQueries() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> switch (query.getQuestion()
                            .getName()
                            .toString()) {
                        case "a.example." ->
                            answer(query, new CNAMERecord(name("a.example"), DClass.IN, 60, name("b.example")));
                        case "b.example." ->
                            answer(query, new CNAMERecord(name("b.example"), DClass.IN, 60, name("c.example")));
                        default -> answer(query, new TXTRecord(name("c.example"), DClass.IN, 60, "here"));
                    });
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(found(await(asking.txt("a.example")))).returns(List.of("here"), DnsAnswer.Found::records);
                assertThat(scripted.queries()).hasSize(3);
            }
        }

        @Test
        void thatLeadNowhereAreAnAbsence() throws Exception {
            dns.cname("_mta-sts.a.example", "_mta-sts.prov.example");

            assertThat(await(client.txt("_mta-sts.a.example")))
                    .isEqualTo(new DnsAnswer.Absent<>(false, Duration.ofMinutes(5), Security.UNKNOWN));
        }

        @Test
        @Tag("S-3.1-13")
        void inALoopAreAFailure() throws Exception {
            dns.cname("a.example", "b.example");
            dns.cname("b.example", "a.example");

            assertThat(unavailable(await(client.txt("a.example"))))
                    .returns(DnsFailure.CNAME_CHAIN, DnsAnswer.Unavailable::reason)
                    .returns("CNAME loop at a.example", DnsAnswer.Unavailable::detail);
        }

        @Test
        @Tag("S-3.1-13")
        void inALoopOverSeveralQueriesAreAFailure() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> {
                        boolean first = query.getQuestion().getName().equals(name("a.example"));
                        return answer(
                                query,
                                new CNAMERecord(
                                        query.getQuestion().getName(),
                                        DClass.IN,
                                        60,
                                        name(first ? "b.example" : "a.example")));
                    });
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(unavailable(await(asking.txt("a.example"))))
                        .returns(DnsFailure.CNAME_CHAIN, DnsAnswer.Unavailable::reason);
                assertThat(scripted.queries()).hasSize(2);
            }
        }

        @ParameterizedTest
        @CsvSource({"16, true", "17, false"})
        @Tag("S-3.1-13")
        void areFollowedUpToSixteenLinks(int links, boolean found) throws Exception {
            for (int i = 0; i < links; i++) {
                dns.cname("n" + i + ".example", "n" + (i + 1) + ".example");
            }
            dns.txt("n" + links + ".example", "here");

            DnsAnswer<String> answer = await(client.txt("n0.example"));

            if (found) {
                assertThat(found(answer)).returns(List.of("here"), DnsAnswer.Found::records);
            } else {
                assertThat(unavailable(answer)).returns(DnsFailure.CNAME_CHAIN, DnsAnswer.Unavailable::reason);
            }
        }

        @Test
        void severalAtOneNameAreMalformed() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> answer(
                            query,
                            new CNAMERecord(name("a.example"), DClass.IN, 60, name("b.example")),
                            new CNAMERecord(name("a.example"), DClass.IN, 60, name("c.example"))));
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(unavailable(await(asking.txt("a.example"))))
                        .returns(DnsFailure.MALFORMED, DnsAnswer.Unavailable::reason);
            }
        }
    }

    @Nested
    class Absence {

        @Test
        @Tag("M-5.1-2")
        void ofTheName() throws Exception {
            dns.negativeTtl(Duration.ofMinutes(7));

            assertThat(await(client.mx("nowhere.example")))
                    .isEqualTo(new DnsAnswer.Absent<>(false, Duration.ofMinutes(7), Security.UNKNOWN));
        }

        @Test
        @Tag("M-5.1-3")
        void ofTheType() throws Exception {
            dns.address("example.com", address("192.0.2.1"));

            assertThat(await(client.mx("example.com")))
                    .isEqualTo(new DnsAnswer.Absent<>(true, Duration.ofMinutes(5), Security.UNKNOWN));
        }

        @Test
        void isNotAReferral() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> {
                        Message reply = reply(query);
                        reply.addRecord(
                                new NSRecord(name("example"), DClass.IN, 60, name("ns.example")), Section.AUTHORITY);
                        return reply.toWire();
                    });
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(unavailable(await(asking.txt("a.example"))))
                        .returns(DnsFailure.REFUSED, DnsAnswer.Unavailable::reason);
            }
        }
    }

    @Nested
    class Failure {

        @ParameterizedTest
        @CsvSource({"SERVFAIL, SERVER_FAILURE", "REFUSED, REFUSED", "NOTIMP, REFUSED", "FORMERR, REFUSED"})
        @Tag("M-5.1-2")
        void isNoAbsence(String rcode, DnsFailure reason) throws Exception {
            dns.txt("_mta-sts.example.com", "v=STSv1; id=1;");
            dns.fail("_mta-sts.example.com", "TXT", rcode);

            DnsAnswer<String> failed = await(client.txt("_mta-sts.example.com"));
            dns.release("_mta-sts.example.com", "TXT");
            DnsAnswer<String> twin = await(client.txt("_mta-sts.example.com"));

            assertThat(unavailable(failed)).returns(reason, DnsAnswer.Unavailable::reason);
            assertThat(twin).isInstanceOf(DnsAnswer.Found.class);
        }

        @Test
        void ofAServerThatIsNotThereIsToldAtOnce() throws Exception {
            InetSocketAddress nobody;
            try (DatagramSocket free = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
                nobody = (InetSocketAddress) free.getLocalSocketAddress();
            }
            try (DnsClient asking = DnsClient.builder().server(nobody).build()) {

                assertThat(unavailable(await(asking.txt("example.com"))))
                        .returns(DnsFailure.NETWORK, DnsAnswer.Unavailable::reason);
            }
        }

        @Test
        void ofAMessageThatCannotBeReadIsMalformedAfterASecondTry() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> {
                        byte[] cut = new byte[20];
                        System.arraycopy(query.toWire(), 0, cut, 0, 20);
                        return cut;
                    });
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(unavailable(await(asking.txt("example.com"))))
                        .returns(DnsFailure.MALFORMED, DnsAnswer.Unavailable::reason);
                assertThat(scripted.queries()).hasSize(2);
            }
        }

        @Test
        void answersToAnotherQuestionAreNotTaken() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> {
                        Message reply = new Message(query.getHeader().getID());
                        reply.getHeader().setFlag(Flags.QR);
                        reply.addRecord(
                                org.xbill.DNS.Record.newRecord(name("b.example"), org.xbill.DNS.Type.TXT, DClass.IN),
                                Section.QUESTION);
                        reply.addRecord(new TXTRecord(name("b.example"), DClass.IN, 60, "forged"), Section.ANSWER);
                        return reply.toWire();
                    });
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(unavailable(await(asking.txt("a.example"))))
                        .returns(DnsFailure.MALFORMED, DnsAnswer.Unavailable::reason);
            }
        }

        @Test
        void aQueryThatComesBackIsNoReply() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(Message::toWire);
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(unavailable(await(asking.txt("a.example"))))
                        .returns(DnsFailure.MALFORMED, DnsAnswer.Unavailable::reason);
            }
        }
    }

    @Nested
    class Deadline {

        @Test
        void endsALookUpThatNobodyAnswers() throws Exception {
            dns.silence("example.com", "TXT");
            long began = System.nanoTime();

            DnsAnswer<String> answer = await(client.txt("example.com"));

            Duration took = Duration.ofNanos(System.nanoTime() - began);
            assertThat(unavailable(answer)).returns(DnsFailure.TIMEOUT, DnsAnswer.Unavailable::reason);
            assertThat(took).isBetween(Duration.ofMillis(1490), Duration.ofMillis(3000));
            assertThat(dns.asked("example.com", "TXT")).isBetween(2L, 6L);
        }

        @Test
        void isNotReachedWhenAnAnswerGotLost() throws Exception {
            boolean[] lost = {false};
            try (ScriptedDns scripted = new ScriptedDns(query -> {
                        if (!lost[0]) {
                            lost[0] = true;
                            return null;
                        }
                        return answer(query, new TXTRecord(name("a.example"), DClass.IN, 60, "here"));
                    });
                    DnsClient asking = quick().server(scripted.address()).build()) {

                assertThat(await(asking.txt("a.example"))).isInstanceOf(DnsAnswer.Found.class);
                assertThat(scripted.queries()).hasSize(2);
            }
        }

        @Test
        void stillTakesAnAnswerToAnEarlierTry() throws Exception {
            try (DnsClient asking = DnsClient.builder()
                    .server(dns.address())
                    .retryAfter(Duration.ofSeconds(1))
                    .build()) {
                dns.txt("example.com", "late");
                dns.hold("example.com", "TXT");

                CompletableFuture<DnsAnswer<String>> answer =
                        asking.txt("example.com").toCompletableFuture();
                dns.awaitQueries(queries -> queries.size() == 2);
                dns.release("example.com", "TXT");

                assertThat(await(answer)).isInstanceOf(DnsAnswer.Found.class);
                assertThat(dns.queries()).hasSize(2);
            }
        }
    }

    @Nested
    class Servers {

        @Test
        void theNextIsAskedWhenOneFails() throws Exception {
            try (TestDns second = new TestDns();
                    DnsClient asking = quick().server(dns.address())
                            .server(second.address())
                            .build()) {
                dns.fail("example.com", "TXT", "REFUSED");
                second.txt("example.com", "second");

                assertThat(found(await(asking.txt("example.com"))))
                        .returns(List.of("second"), DnsAnswer.Found::records);
            }
        }

        @Test
        void theNextIsAskedWhenOneIsSilent() throws Exception {
            try (TestDns second = new TestDns();
                    DnsClient asking = quick().server(dns.address())
                            .server(second.address())
                            .build()) {
                dns.silence("example.com", "TXT");
                second.txt("example.com", "second");

                assertThat(found(await(asking.txt("example.com"))))
                        .returns(List.of("second"), DnsAnswer.Found::records);
            }
        }

        @Test
        void theSecondIsNotAskedWhenTheFirstAnswers() throws Exception {
            try (TestDns second = new TestDns();
                    DnsClient asking = quick().server(dns.address())
                            .server(second.address())
                            .build()) {
                second.txt("example.com", "second");

                assertThat(await(asking.txt("example.com"))).isInstanceOf(DnsAnswer.Absent.class);
                assertThat(second.queries()).isEmpty();
            }
        }

        @Test
        void areThoseOfTheSystemWhenNoneIsNamed() {
            try (DnsClient asking = DnsClient.system()) {
                assertThat(asking).isNotNull();
            }
        }

        @Test
        void withoutAddressAreRefused() {
            assertThatThrownBy(() -> DnsClient.builder().server(InetSocketAddress.createUnresolved("dns.example", 53)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("dns.example");
        }
    }

    @Nested
    class Dnssec {

        @ParameterizedTest
        @CsvSource({"true, true, SECURE", "true, false, INSECURE", "false, true, UNKNOWN", "false, false, UNKNOWN"})
        void countsTheAuthenticBitOfATrustedResolverOnly(boolean trusted, boolean authentic, Security security)
                throws Exception {
            dns.txt("example.com", "text");
            dns.authentic(authentic);
            try (DnsClient asking =
                    quick().server(dns.address()).trustServers(trusted).build()) {

                assertThat(await(asking.txt("example.com")).security()).isEqualTo(security);
                assertThat(await(asking.txt("absent.example")).security()).isEqualTo(security);
            }
        }

        @Test
        void isAsWeakAsTheWeakestLink() throws Exception {
            try (ScriptedDns scripted = new ScriptedDns(query -> {
                        boolean first = query.getQuestion().getName().equals(name("a.example"));
                        Message reply = reply(query);
                        if (first) {
                            reply.getHeader().setFlag(Flags.AD);
                        }
                        reply.addRecord(
                                first
                                        ? new CNAMERecord(name("a.example"), DClass.IN, 60, name("b.example"))
                                        : new TXTRecord(name("b.example"), DClass.IN, 60, "unsigned"),
                                Section.ANSWER);
                        return reply.toWire();
                    });
                    DnsClient asking = quick().server(scripted.address())
                            .trustServers(true)
                            .build()) {

                assertThat(await(asking.txt("a.example")).security()).isEqualTo(Security.INSECURE);
            }
        }

        @ParameterizedTest
        @CsvSource({
            "5, SERVER_FAILURE",
            "6, BOGUS",
            "7, BOGUS",
            "8, BOGUS",
            "9, BOGUS",
            "10, BOGUS",
            "11, BOGUS",
            "12, BOGUS",
            "13, SERVER_FAILURE",
            "22, SERVER_FAILURE"
        })
        void isBogusByExtendedError(int code, DnsFailure reason) throws Exception {
            dns.failExtended("example.com", "TXT", code);

            DnsAnswer<String> answer = await(client.txt("example.com"));

            assertThat(unavailable(answer)).returns(reason, DnsAnswer.Unavailable::reason);
            assertThat(answer.security()).isEqualTo(reason == DnsFailure.BOGUS ? Security.BOGUS : Security.UNKNOWN);
        }

        /** The next resolver may not validate, and would pass on the forgery. */
        @Test
        void bogusIsFinalWhateverTheNextResolverSays() throws Exception {
            try (TestDns second = new TestDns();
                    DnsClient asking = quick().server(dns.address())
                            .server(second.address())
                            .build()) {
                dns.failExtended("example.com", "TXT", 6);
                second.txt("example.com", "forged");

                assertThat(unavailable(await(asking.txt("example.com"))))
                        .returns(DnsFailure.BOGUS, DnsAnswer.Unavailable::reason);
                assertThat(second.queries()).isEmpty();
            }
        }
    }

    @Nested
    class Closing {

        @Test
        void completesWhatWaits() throws Exception {
            dns.silence("example.com", "TXT");
            DnsClient asking = DnsClient.builder().server(dns.address()).build();
            CompletableFuture<DnsAnswer<String>> waiting =
                    asking.txt("example.com").toCompletableFuture();
            dns.awaitQueries(queries -> queries.size() == 1);

            asking.close();
            asking.close();

            assertThat(unavailable(waiting.get(1, TimeUnit.SECONDS)))
                    .returns(DnsFailure.CLOSED, DnsAnswer.Unavailable::reason);
        }

        @Test
        void answersLaterCallsAsClosed() throws Exception {
            client.close();

            assertThat(unavailable(await(client.addresses("example.com"))))
                    .returns(DnsFailure.CLOSED, DnsAnswer.Unavailable::reason);
            assertThat(dns.queries()).isEmpty();
        }
    }
}
