package io.github.mtasts.javamail;

import io.github.mtasts.lookup.DnsClient;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the text of a property has to look like, and what it means. Each refuses a malformed text with {@link IllegalArgumentException}; none looks anything up. */
enum Form {
    TEXT("text") {
        @Override
        void check(String text) {
            if (text.chars().anyMatch(Character::isISOControl)) {
                throw wanted("text without control characters");
            }
        }
    },
    FLAG("true or false") {
        @Override
        void check(String text) {
            flag(text);
        }
    },
    COUNT("number") {
        @Override
        void check(String text) {
            number(text, 0, Integer.MAX_VALUE);
        }
    },
    AT_LEAST_ONE("number from 1") {
        @Override
        void check(String text) {
            number(text, 1, Integer.MAX_VALUE);
        }
    },
    BYTES("number", "bytes") {
        @Override
        void check(String text) {
            COUNT.check(text);
        }
    },
    PORT("port") {
        @Override
        void check(String text) {
            number(text, 1, 65_535);
        }
    },
    MILLISECONDS("number", "milliseconds") {
        @Override
        void check(String text) {
            duration(text);
        }
    },
    FILE("path") {
        @Override
        void check(String text) {
            path(text);
        }
    },
    ADDRESS("IP address") {
        @Override
        void check(String text) {
            address(text);
        }
    },
    SERVERS("list of address:port") {
        @Override
        void check(String text) {
            servers(text);
        }
    },
    HOSTS("list of host names") {
        @Override
        void check(String text) {
            hosts(text);
        }
    },
    DOMAINS("list of domains") {
        @Override
        void check(String text) {
            domains(text);
        }
    },
    EHLO_NAME("host name or address literal") {
        @Override
        void check(String text) {
            if (!EHLO.matcher(text).matches()) {
                throw wanted("a host name or an address literal");
            }
        }
    },
    SENDER("mail address or <>") {
        @Override
        void check(String text) {
            Mailbox.Path.parse(text);
        }
    },
    RELAY("domain, [host] or [host]:port") {
        @Override
        void check(String text) {
            Relay.parse(text);
        }
    },
    DSN_NOTIFY("NEVER, or a list of SUCCESS, FAILURE, DELAY") {
        @Override
        void check(String text) {
            if (!NOTIFY.matcher(text.toUpperCase(Locale.ROOT)).matches()) {
                throw wanted("NEVER, or SUCCESS, FAILURE, DELAY with commas between");
            }
        }
    },
    DSN_RET("FULL or HDRS") {
        @Override
        void check(String text) {
            if (!RET.matcher(text.toUpperCase(Locale.ROOT)).matches()) {
                throw wanted("FULL or HDRS");
            }
        }
    };

    private static final Pattern EHLO = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\\[[0-9A-Za-z.:]+]");
    private static final Pattern NOTIFY =
            Pattern.compile("NEVER|(SUCCESS|FAILURE|DELAY)(,(SUCCESS|FAILURE|DELAY)){0,2}");
    private static final Pattern RET = Pattern.compile("FULL|HDRS");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");
    private static final Pattern LITERAL =
            Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    private static final Pattern MAILBOX = Pattern.compile("[^\\s<>\"@:,;]+@([A-Za-z0-9.\\-\\[]+)");

    private final String name;
    private final String unit;

    Form(String name) {
        this(name, "");
    }

    Form(String name, String unit) {
        this.name = name;
        this.unit = unit;
    }

    /** What a number counts; empty where that is said by the meaning, and for what is no number. */
    String unit() {
        return unit;
    }

    /** How the table of properties calls it. */
    String title() {
        return name;
    }

    /** Refuses a text that is not of this form; the message says what it has to be. */
    abstract void check(String text);

    static IllegalArgumentException wanted(String what) {
        return new IllegalArgumentException("it has to be " + what);
    }

    static boolean flag(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wanted("true or false");
        };
    }

    static int number(String text, int least, int most) {
        if (NUMBER.matcher(text).matches()) {
            long number = Long.parseLong(text);
            if (number >= least && number <= most) {
                return (int) number;
            }
        }
        throw wanted("a number from " + least + " to " + most);
    }

    /** A day is longer than anything here may take. */
    static Duration duration(String text) {
        return Duration.ofMillis(number(text, 1, 86_400_000));
    }

    static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw wanted("a path");
        }
    }

    /** Digits only, so that nothing is looked up. */
    static InetAddress address(String text) {
        if (LITERAL.matcher(text).matches()) {
            try {
                return InetAddress.getByName(text);
            } catch (UnknownHostException e) {
                // told below
            }
        }
        throw wanted("an IP address");
    }

    static List<InetSocketAddress> servers(String text) {
        return split(text).stream().map(DnsClient::serverAddress).toList();
    }

    static Set<MxHost> hosts(String text) {
        Set<MxHost> hosts = new LinkedHashSet<>();
        split(text).forEach(host -> hosts.add(MxHost.of(host)));
        return hosts;
    }

    static Set<PolicyDomain> domains(String text) {
        Set<PolicyDomain> domains = new LinkedHashSet<>();
        split(text).forEach(domain -> domains.add(PolicyDomain.of(domain)));
        return domains;
    }

    private static List<String> split(String text) {
        List<String> items = new ArrayList<>();
        for (String item : text.split(",", -1)) {
            items.add(item.strip());
        }
        return items;
    }

    /** Text of others as it may stand in a log or an error: cut, and without control characters. */
    static String quote(@Nullable String text) {
        String cut = text == null ? "" : text.length() > 200 ? text.substring(0, 200) + "…" : text;
        StringBuilder quoted = new StringBuilder("\"");
        cut.codePoints().forEach(c -> {
            if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                quoted.append(String.format("\\u%04x", c));
            } else {
                quoted.appendCodePoint(c);
            }
        });
        return quoted.append('"').toString();
    }

    /** The same text without the mailboxes that servers like to repeat, for a log. */
    static String anonymous(String text) {
        return MAILBOX.matcher(text).replaceAll("…@$1");
    }
}
