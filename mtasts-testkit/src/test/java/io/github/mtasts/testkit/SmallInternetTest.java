package io.github.mtasts.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class SmallInternetTest {

    @Test
    void otherHostsGoOnWhenOneGoesDownAtOnce() throws IOException {
        try (SmallInternet net = new SmallInternet()) {
            for (int i = 0; i < 50; i++) {
                net.mx("gone" + i + ".example").down();
            }
            MxServer good = net.mx("mx.example");

            try (Socket socket = new Socket(good.address(), net.smtpPort())) {
                socket.setSoTimeout(30_000);
                byte[] greeting = socket.getInputStream().readNBytes(3);

                assertThat(greeting).asString().isEqualTo("220");
            }
        }
    }
}
