package io.github.mtasts.lookup;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A block of addresses with a purpose of its own.
 *
 * @param prefix the block's first address
 * @param length how many leading bits name the block
 * @param name its purpose, as in the registry
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never handed out
record AddressBlock(byte[] prefix, int length, String name) {

    // https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast (RFC 5771)
    private static final List<AddressBlock> SPECIAL_4 = List.of(
            of("0.0.0.0", 8, "this network"),
            of("10.0.0.0", 8, "private use"),
            of("100.64.0.0", 10, "shared address space"),
            of("127.0.0.0", 8, "loopback"),
            of("169.254.0.0", 16, "link-local"),
            of("172.16.0.0", 12, "private use"),
            of("192.0.0.0", 24, "IETF protocol assignments"),
            of("192.0.2.0", 24, "documentation"),
            of("192.31.196.0", 24, "AS112"),
            of("192.52.193.0", 24, "AMT"),
            of("192.88.99.0", 24, "6to4 relay anycast"),
            of("192.168.0.0", 16, "private use"),
            of("192.175.48.0", 24, "AS112"),
            of("198.18.0.0", 15, "benchmarking"),
            of("198.51.100.0", 24, "documentation"),
            of("203.0.113.0", 24, "documentation"),
            of("224.0.0.0", 4, "multicast"),
            of("240.0.0.0", 4, "reserved"));

    private static final AddressBlock GLOBAL_UNICAST_6 = of("2000::", 3, "global unicast");
    // https://www.iana.org/assignments/iana-ipv6-special-registry: the part within 2000::/3
    private static final List<AddressBlock> SPECIAL_6 = List.of(
            of("2001::", 23, "IETF protocol assignments (Teredo, benchmarking, ORCHID)"),
            of("2001:db8::", 32, "documentation"),
            of("2002::", 16, "6to4"),
            of("2620:4f:8000::", 48, "AS112"),
            of("3fff::", 20, "documentation"));

    private static final List<AddressBlock> UNUSABLE = List.of(
            of("0.0.0.0", 8, "unspecified"),
            of("127.0.0.0", 8, "loopback"),
            of("169.254.0.0", 16, "link-local"),
            of("224.0.0.0", 4, "multicast"),
            of("255.255.255.255", 32, "broadcast"),
            of("::", 128, "unspecified"),
            of("::1", 128, "loopback"),
            of("fe80::", 10, "link-local"),
            of("ff00::", 8, "multicast"));

    private static final AddressBlock NAT64 = of("64:ff9b::", 96, "NAT64");
    private static final AddressBlock SIX_TO_FOUR = of("2002::", 16, "6to4");
    private static final AddressBlock MAPPED =
            new AddressBlock(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, 0, 0, 0}, 96, "IPv4-mapped");
    private static final AddressBlock COMPATIBLE = of("::", 96, "IPv4-compatible");

    private static AddressBlock of(String prefix, int length, String name) {
        try {
            return new AddressBlock(InetAddress.getByName(prefix).getAddress(), length, name);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(prefix, e);
        }
    }

    /** The purpose that keeps an address from being a public unicast one, if so. */
    static Optional<String> special(byte[] address) {
        if (address.length == 4) {
            return find(SPECIAL_4, address);
        }
        if (NAT64.contains(address)) {
            return find(SPECIAL_4, Arrays.copyOfRange(address, 12, 16)).map(purpose -> purpose + ", by NAT64");
        }
        // outside of 2000::/3 nothing is public: ::1, IPv4-mapped, 64:ff9b:1::/48, 100::/64, fc00::/7, fe80::/10,
        // ff00::/8 ...
        return GLOBAL_UNICAST_6.contains(address) ? find(SPECIAL_6, address) : Optional.of("not a public IPv6 address");
    }

    /** Why no mail host can have the address, if so. */
    static Optional<String> unusable(byte[] address) {
        return find(UNUSABLE, address).or(() -> carried(address).flatMap(within -> find(UNUSABLE, within)));
    }

    /** The IPv4 address within an IPv6 address, if it is of a kind that has one. */
    private static Optional<byte[]> carried(byte[] address) {
        if (SIX_TO_FOUR.contains(address)) {
            return Optional.of(Arrays.copyOfRange(address, 2, 6));
        }
        if (MAPPED.contains(address) || COMPATIBLE.contains(address) || NAT64.contains(address)) {
            return Optional.of(Arrays.copyOfRange(address, 12, 16));
        }
        return Optional.empty();
    }

    private static Optional<String> find(List<AddressBlock> blocks, byte[] address) {
        return blocks.stream()
                .filter(block -> block.contains(address))
                .map(AddressBlock::name)
                .findFirst();
    }

    private boolean contains(byte[] address) {
        if (address.length != prefix.length) {
            return false;
        }
        int whole = length / 8;
        int rest = length % 8;
        boolean same = Arrays.equals(address, 0, whole, prefix, 0, whole);
        return same && (rest == 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0);
    }
}
