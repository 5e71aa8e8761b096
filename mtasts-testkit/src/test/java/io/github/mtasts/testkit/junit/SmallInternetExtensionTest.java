package io.github.mtasts.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.SmallInternet;
import java.net.ConnectException;
import java.net.Socket;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The extension at work, as a user would have it. */
@ExtendWith(SmallInternetExtension.class)
class SmallInternetExtensionTest {
    private static final Set<SmallInternet> SEEN = new HashSet<>();
    private static int tests;

    @BeforeEach
    void describe(SmallInternet net) {
        net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
        tests++;
    }

    @AfterEach
    void see(SmallInternet net) {
        SEEN.add(net);
    }

    @RepeatedTest(2)
    void eachTestHasAnInternetOfItsOwn(SmallInternet net) {
        assertThat(SEEN).doesNotContain(net);
        assertThat(net.mx("mx.example.com").connections()).isEmpty();
    }

    @Test
    void aFaultIsSwitchedOn(SmallInternet net) {
        net.mx("mx.example.com").certificate(CertificateFault.EXPIRED);

        assertThat(net.dns().queries()).isEmpty();
        assertThat(net.policyHost("example.com").requests()).isEmpty();
    }

    @AfterAll
    static void allAreClosed() {
        assertThat(SEEN).hasSize(tests);
        for (SmallInternet net : SEEN) {
            assertThatThrownBy(() -> new Socket(
                            net.dns().address().getAddress(),
                            net.dns().address().getPort()))
                    .isInstanceOf(ConnectException.class);
        }
    }
}
