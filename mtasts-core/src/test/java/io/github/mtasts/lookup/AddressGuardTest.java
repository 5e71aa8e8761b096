package io.github.mtasts.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {

    /** An address as DNS gives it: an IPv4-mapped one stays an IPv6 address. */
    private static InetAddress address(String text) throws UnknownHostException {
        if (text.startsWith("::ffff:") && text.contains(".")) {
            byte[] four = InetAddress.getByName(text.substring(7)).getAddress();
            byte[] mapped = HexFormat.of().parseHex("00000000000000000000ffff00000000");
            System.arraycopy(four, 0, mapped, 12, 4);
            return Inet6Address.getByAddress(null, mapped, -1);
        }
        return InetAddress.getByName(text);
    }

    @Nested
    class PublicOnly {
        private final AddressGuard guard = AddressGuard.publicOnly();

        /** Each edge of a block beside its neighbour outside of it. */
        @ParameterizedTest
        @CsvSource({
            "0.0.0.0, 0.255.255.255, 1.0.0.0",
            "10.0.0.0, 10.255.255.255, 11.0.0.0",
            "10.0.0.1, 10.0.0.2, 9.255.255.255",
            "100.64.0.0, 100.127.255.255, 100.128.0.0",
            "100.64.0.1, 100.100.100.100, 100.63.255.255",
            "127.0.0.1, 127.255.255.255, 126.255.255.255",
            "169.254.0.0, 169.254.255.255, 169.255.0.0",
            "169.254.169.254, 169.254.1.1, 169.253.255.255",
            "172.16.0.0, 172.31.255.255, 172.32.0.0",
            "172.20.0.1, 172.16.1.1, 172.15.255.255",
            "192.0.0.0, 192.0.0.255, 192.0.1.0",
            "192.0.2.0, 192.0.2.255, 192.0.3.0",
            "192.31.196.0, 192.31.196.255, 192.31.197.0",
            "192.52.193.0, 192.52.193.255, 192.52.194.0",
            "192.88.99.0, 192.88.99.255, 192.88.100.0",
            "192.168.0.0, 192.168.255.255, 192.169.0.0",
            "192.175.48.0, 192.175.48.255, 192.175.49.0",
            "198.18.0.0, 198.19.255.255, 198.20.0.0",
            "198.18.0.1, 198.19.0.1, 198.17.255.255",
            "198.51.100.0, 198.51.100.255, 198.51.101.0",
            "203.0.113.0, 203.0.113.255, 203.0.114.0",
            "224.0.0.0, 239.255.255.255, 223.255.255.255",
            "240.0.0.0, 255.255.255.255, 8.8.8.8"
        })
        @Tag("S-3.3-21")
        void refusesEverySpecialBlockOfIpv4AndNoMore(String first, String last, String outside) throws Exception {
            assertThat(guard.objection(address(first))).isPresent();
            assertThat(guard.objection(address(last))).isPresent();
            assertThat(guard.objection(address(outside))).isEmpty();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "::",
                    "::1",
                    "::7f00:1",
                    "::808:808",
                    "::ffff:10.0.0.1",
                    "::ffff:127.0.0.1",
                    "::ffff:8.8.8.8",
                    "::ffff:0:7f00:1",
                    "64:ff9b::7f00:1",
                    "64:ff9b::a00:1",
                    "64:ff9b::a9fe:a9fe",
                    "64:ff9b:0:0:0:1::",
                    "64:ff9b:1::1",
                    "64:ff9b:1:ffff:ffff:ffff:808:808",
                    "100::1",
                    "100:0:0:1::1",
                    "2001::1",
                    "2001:0:7f00:1::",
                    "2001:2::1",
                    "2001:10::1",
                    "2001:20::1",
                    "2001:1ff:ffff::",
                    "2001:db8::1",
                    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                    "2002:7f00:1::1",
                    "2002:a00:1::1",
                    "2002:808:808::1",
                    "2620:4f:8000::1",
                    "3fff::1",
                    "3fff:fff:ffff::",
                    "4000::1",
                    "5f00::1",
                    "fc00::1",
                    "fd00::1",
                    "fdff:ffff::1",
                    "fe80::1",
                    "febf::1",
                    "fec0::1",
                    "ff02::1",
                    "ff0e::1",
                    "1fff:ffff::1"
                })
        @Tag("S-3.3-21")
        void refusesEverySpecialBlockOfIpv6(String special) throws Exception {
            assertThat(guard.objection(address(special))).isPresent();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "2000::1",
                    "2001:200::1",
                    "2001:db7:ffff::1",
                    "2001:db9::1",
                    "2001:4860:4860::8888",
                    "2003::1",
                    "2620:4f:8001::1",
                    "2a00:1450:4001::1",
                    "3ffe:ffff::1",
                    "3fff:1000::1",
                    "64:ff9b::808:808"
                })
        @Tag("S-3.3-21")
        void letsPublicAddressesOfIpv6Pass(String usual) throws Exception {
            assertThat(guard.objection(address(usual))).isEmpty();
        }

        static Stream<InetAddress> own() throws SocketException {
            return NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses);
        }

        @ParameterizedTest
        @MethodSource("own")
        @Tag("S-3.3-21")
        void refusesThisMachinesAddresses(InetAddress own) {
            assertThat(guard.objection(own)).isPresent();
            assertThat(new OwnAddresses().contains(own)).isTrue();
        }

        @Test
        @Tag("S-3.3-21")
        void doesNotTakeAnotherAddressForThisMachines() throws Exception {
            assertThat(new OwnAddresses().contains(address("198.51.100.77"))).isFalse();
        }
    }

    @Nested
    class MailHosts {
        private final AddressGuard guard = AddressGuard.mailHosts();

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "0.0.0.0",
                    "0.1.2.3",
                    "127.0.0.1",
                    "127.8.8.8",
                    "169.254.169.254",
                    "224.0.0.1",
                    "239.1.1.1",
                    "255.255.255.255",
                    "::",
                    "::1",
                    "fe80::1",
                    "ff02::1",
                    "::ffff:127.0.0.1",
                    "::ffff:169.254.169.254",
                    "::7f00:1",
                    "64:ff9b::7f00:1",
                    "2002:7f00:1::"
                })
        @Tag("M-5.1-11")
        void cannotHaveTheseAddresses(String useless) throws Exception {
            assertThat(guard.objection(address(useless))).isPresent();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "10.0.0.1",
                    "172.16.0.1",
                    "192.168.1.1",
                    "100.64.0.1",
                    "192.0.2.1",
                    "8.8.8.8",
                    "fd00::1",
                    "2001:db8::1",
                    "2a00::1",
                    "::ffff:10.0.0.1",
                    "64:ff9b::a00:1",
                    "2002:a00:1::"
                })
        @Tag("M-5.1-11")
        void mayHaveThese(String useful) throws Exception {
            assertThat(guard.objection(address(useful))).isEmpty();
        }
    }

    @Test
    void noneLetsEverythingPass() throws Exception {
        assertThat(AddressGuard.none().objection(address("127.0.0.1"))).isEmpty();
    }
}
