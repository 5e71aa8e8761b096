package io.github.mtasts.cli.socketmap;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetstringTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"5:hello,|hello", "0:,|''", "10:0123456789,|0123456789", "5:hello,7:another,|hello"})
    void aWholeNetstringIsFound(String text, String inside) {
        ByteBuf in = buffer(text);

        int length = Netstring.frame(in);

        assertThat(in.readCharSequence(length, StandardCharsets.US_ASCII)).hasToString(inside);
        assertThat(in.readByte()).isEqualTo((byte) ',');
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "1024", "5:", "5:hell", "5:hello", "0:", "1024:x"})
    void aBeginningWaitsForMoreAndTakesNothing(String text) {
        ByteBuf in = buffer(text);

        int length = Netstring.frame(in);

        assertThat(length).isEqualTo(Netstring.INCOMPLETE);
        assertThat(in.readerIndex()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ":",
                ",",
                "x",
                "5x",
                "-1:",
                "+5:hello,",
                " 5:hello,",
                "5 :hello,",
                "05:hello,",
                "00:,",
                "01",
                "1025:",
                "10240",
                "99999999999",
                "5:hello;",
                "0:x",
                "GET / HTTP/1.1\r\n"
            })
    void whatCannotBecomeANetstringIsRefusedAtTheFirstByteThatShowsIt(String text) {
        ByteBuf in = buffer(text);

        int length = Netstring.frame(in);

        assertThat(length).isEqualTo(Netstring.MALFORMED);
    }

    @Test
    void theLongestQuestionIsReadAndOneByteMoreIsNot() {
        ByteBuf longest = buffer("1024:" + "x".repeat(1024) + ",");
        ByteBuf longer = buffer("1025:" + "x".repeat(1025) + ",");

        assertThat(Netstring.frame(longest)).isEqualTo(1024);
        assertThat(Netstring.frame(longer)).isEqualTo(Netstring.MALFORMED);
    }

    private static ByteBuf buffer(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }
}
