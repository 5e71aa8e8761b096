package io.github.mtasts.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerAddressTest {

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1, 53",
        "192.0.2.1:5353, 192.0.2.1, 5353",
        "[192.0.2.1]:1, 192.0.2.1, 1",
        "2001:db8::1, 2001:db8:0:0:0:0:0:1, 53",
        "[2001:db8::1], 2001:db8:0:0:0:0:0:1, 53",
        "[2001:db8::1]:65535, 2001:db8:0:0:0:0:0:1, 65535",
        "::1, 0:0:0:0:0:0:0:1, 53"
    })
    void anAddressIsReadAsPeopleWriteIt(String text, String address, int port) {
        InetSocketAddress server = DnsClient.serverAddress(text);

        assertThat(server.getAddress().getHostAddress()).isEqualTo(address);
        assertThat(server.getPort()).isEqualTo(port);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "dns.example", "localhost:53", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:+53",
                "192.0.2.256", "127.1", "1", "[2001:db8::1", "2001:db8::1]:53", "[2001:db8::1]53", "192.0.2.1:53:53",
                "fe80::1%lo", " 192.0.2.1", "[]:53", ":53", "::g", "1:2:3"
            })
    void whatIsNoAddressIsRefusedWithItsText(String text) {
        assertThatThrownBy(() -> DnsClient.serverAddress(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("not the address of a DNS server: \"" + text + "\": wanted is");
    }
}
