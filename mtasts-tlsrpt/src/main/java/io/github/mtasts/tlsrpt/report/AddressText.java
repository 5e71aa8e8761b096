package io.github.mtasts.tlsrpt.report;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.StringJoiner;

/** An IP address as reports have it: dotted IPv4, IPv6 in the form of RFC 5952, no zone. */
final class AddressText {
    private AddressText() {}

    static String of(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (address instanceof Inet4Address || isMapped(bytes)) {
            StringJoiner dotted = new StringJoiner(".");
            for (int i = bytes.length - 4; i < bytes.length; i++) {
                dotted.add(String.valueOf(bytes[i] & 0xff));
            }
            return dotted.toString();
        }
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            groups[i] = (bytes[2 * i] & 0xff) << 8 | bytes[2 * i + 1] & 0xff;
        }
        return compressed(groups);
    }

    /** Java makes an Inet4Address of a mapped address, save by {@link Inet6Address#getByAddress(String, byte[], int)}. */
    private static boolean isMapped(byte[] bytes) {
        for (int i = 0; i < 10; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return bytes[10] == -1 && bytes[11] == -1;
    }

    /** RFC 5952 §4: the longest run of two or more zero groups, the first of several, becomes two colons. */
    private static String compressed(int[] groups) {
        int from = -1;
        int length = 1;
        for (int i = 0; i < 8; i++) {
            int end = i;
            while (end < 8 && groups[end] == 0) {
                end++;
            }
            if (end - i > length) {
                from = i;
                length = end - i;
            }
            i = Math.max(i, end - 1);
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == from) {
                text.append("::");
                i += length - 1;
            } else {
                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }
}
