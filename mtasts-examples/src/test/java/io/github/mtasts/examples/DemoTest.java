package io.github.mtasts.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DemoTest {

    @Test
    void everyVerdictIsTheRightOne() {
        ByteArrayOutputStream table = new ByteArrayOutputStream();

        boolean right = new Demo().play(new PrintStream(table, true, StandardCharsets.UTF_8));

        assertThat(right).as(table.toString(StandardCharsets.UTF_8)).isTrue();
        assertThat(table.toString(StandardCharsets.UTF_8).lines()).hasSizeGreaterThan(17);
    }
}
