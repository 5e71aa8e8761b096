/** A small internet on loopback with faults to switch on, for testing mailers. */
module io.github.mtasts.testkit {
    requires static transitive org.jspecify;
    requires org.dnsjava;
    requires org.bouncycastle.pkix;
    requires org.bouncycastle.provider;
    requires static org.junit.jupiter.api;

    exports io.github.mtasts.testkit;
    exports io.github.mtasts.testkit.junit;
}
