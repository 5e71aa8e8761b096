package io.github.mtasts.cli.socketmap;

import java.util.Optional;

/** The maps that can be asked, by the name that stands at the end of {@code socketmap:inet:127.0.0.1:8461:mtasts}. */
enum PolicyMap {
    /** For every Postfix from 3.4 on. */
    MTASTS("mtasts"),
    /** With what Postfix 3.10 and later need for TLS reports, and 3.10.5 and later for checking the names of MX hosts. */
    MTASTS_TLSRPT("mtasts-tlsrpt");

    private final String id;

    PolicyMap(String id) {
        this.id = id;
    }

    static Optional<PolicyMap> named(String name) {
        for (PolicyMap map : values()) {
            if (map.id.equals(name)) {
                return Optional.of(map);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return id;
    }
}
