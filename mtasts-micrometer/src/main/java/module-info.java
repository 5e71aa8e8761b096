/** The counters of the policy engine as Micrometer meters. */
module io.github.mtasts.micrometer {
    requires static transitive org.jspecify;
    requires transitive io.github.mtasts.core;
    requires transitive micrometer.core;

    exports io.github.mtasts.micrometer;
}
