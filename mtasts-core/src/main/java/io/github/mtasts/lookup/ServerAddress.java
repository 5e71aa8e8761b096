package io.github.mtasts.lookup;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the address of a server. */
final class ServerAddress {
    /** A bracketed address, one with at most one colon, or a bare IPv6 address; then a port, except behind the last. */
    private static final Pattern FORM = Pattern.compile(
            "(?:\\[([0-9A-Fa-f:.]+)]|([0-9.]+))(?::([0-9]{1,5}))?|([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)");

    private ServerAddress() {}

    static InetSocketAddress parse(String text) {
        Matcher form = FORM.matcher(text);
        if (form.matches()) {
            String address =
                    form.group(1) != null ? form.group(1) : form.group(2) != null ? form.group(2) : form.group(4);
            int port = form.group(3) == null ? 53 : Integer.parseInt(form.group(3));
            boolean isV4Whole = form.group(2) == null || address.matches("[0-9]+(\\.[0-9]+){3}"); // "127.1" means what?
            if (isV4Whole && port >= 1 && port <= 65_535) {
                try {
                    return new InetSocketAddress(InetAddress.getByName(address), port); // digits only: no look-up
                } catch (UnknownHostException e) {
                    // told below
                }
            }
        }
        throw new IllegalArgumentException("not the address of a DNS server: " + Quote.remote(text)
                + ": wanted is an IP address, and a port behind a colon where it is not 53");
    }
}
