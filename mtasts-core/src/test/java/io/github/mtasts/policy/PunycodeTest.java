package io.github.mtasts.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 3492, with its own samples (§7.1) among the cases. */
class PunycodeTest {

    @ParameterizedTest
    @CsvSource({
        "ليهمابتكلموشعربي؟, egbpdaj6bu4bxfgehfvwxn",
        "他们为什么不说中文, ihqwcrb4cv8a8dqg056pqjye",
        "למההםפשוטלאמדבריםעברית, 4dbcagdahymbxekheh6e0a7fei0b",
        "なぜみんな日本語を話してくれないのか, n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa",
        "세계의모든사람들이한국어를이해한다면얼마나좋을까, 989aomsvi5e83db1d2a355cv1e0vak1dwrv93d5xbh15a0dt30a5jpsd879ccm6fea98c",
        "почемужеонинеговорятпорусски, b1abfaaepdrnnbgefbadotcwatmq2g4l",
        "3年b組金八先生, 3b-ww4c5e180e575a65lsy2b",
        "安室奈美恵-with-super-monkeys, -with-super-monkeys-pc58ag80a8qai00g7n9n",
        "そのスピードで, d9juau41awczczp",
        "bücher, bcher-kva",
        "ü, tda",
        "\uD83D\uDE00a\uD83D\uDE00, a-iv3sba",
        "\uDBFF\uDFFF, dn32g",
        "ĀāĂƸƹ, xdacd24efa" // the fourth letter lies at the very edge of the bias
    })
    void encodesAndDecodes(String text, String encoded) {
        assertThat(Punycode.encode(text)).isEqualTo(encoded);
        assertThat(Punycode.decode(encoded)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "bcher-k",
                "99999999",
                "99999999999999999999999999999999999999999999999999",
                "en32g",
                "a_b",
                "a{",
                "/",
                ":"
            })
    void whatIsNoPunycodeIsRefused(String encoded) {
        assertThatThrownBy(() -> Punycode.decode(encoded)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatIsEncodedDecodesToItself() {
        java.util.Random random = new java.util.Random(3492);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = 1 + random.nextInt(20); length > 0; length--) {
                int bits = 7 + random.nextInt(14);
                int c = random.nextInt(1 << bits) % 0xd800;
                text.appendCodePoint(c == '-' ? 'x' : Character.toLowerCase(c));
            }

            assertThat(Punycode.decode(Punycode.encode(text.toString()))).isEqualTo(text.toString());
        }
    }
}
