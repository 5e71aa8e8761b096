package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.mail.MessagingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The properties {@code mail.mtasts.*}, their table, and what is refused. */
class SettingTest {
    private static final Path TABLE = Path.of("../docs/configuration.md");

    @Test
    void theTableIsTheListThatIsRead() throws IOException {
        List<String> wanted =
                Arrays.stream(Setting.values()).map(SettingTest::row).toList();

        List<String> table = Files.readAllLines(TABLE).stream()
                .filter(line -> line.startsWith("| `" + Setting.PREFIX))
                .toList();

        assertThat(table).isEqualTo(wanted);
    }

    private static String row(Setting setting) {
        return "| `%s` | %s | %s | %s | %s |"
                .formatted(
                        setting.property(),
                        setting.form().title(),
                        setting.form().unit().isEmpty() ? "–" : setting.form().unit(),
                        setting.usual().isEmpty() ? "–" : "`" + setting.usual() + "`",
                        setting.meaning());
    }

    @ParameterizedTest
    @EnumSource(Setting.class)
    void whatCountsWhereNothingIsSetIsWellFormed(Setting setting) throws MessagingException {
        SmtpSettings settings = SmtpSettings.of(new Properties());

        assertThat(settings.text(setting)).isEqualTo(setting.usual());
        if (!setting.usual().isEmpty()) {
            setting.form().check(setting.usual());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mail.mtasts.port | 0 | 1 to 65535",
                "mail.mtasts.port | 25x | 1 to 65535",
                "mail.mtasts.timeout | -1 | number",
                "mail.mtasts.timeout | 99999999999 | number",
                "mail.mtasts.cleartext | yes | true or false",
                "mail.mtasts.cleartext | TRUE | true or false",
                "mail.mtasts.keep.messages | 0 | number from 1",
                "mail.mtasts.relay | [x | bracket",
                "mail.mtasts.relay | a_b..c |",
                "mail.mtasts.localhost | a b | host name",
                "mail.mtasts.localaddress | localhost | IP address",
                "mail.mtasts.dns | dns.example:53 | IP address",
                "mail.mtasts.ownnames | a..b |",
                "mail.mtasts.cleartext.never | -x |",
                "mail.mtasts.from | nobody | not a mail address",
                "mail.mtasts.dsn.notify | ALWAYS | NEVER",
                "mail.mtasts.dsn.ret | BODY | FULL or HDRS"
            })
    void whatIsMalformedIsRefusedWithKeyAndText(String key, String text, String rule) {
        Properties properties = new Properties();
        properties.setProperty(key, text);

        assertThatThrownBy(() -> SmtpSettings.of(properties))
                .isInstanceOf(MessagingException.class)
                .hasMessageContaining("property " + key + " is \"" + text + '"')
                .hasMessageContaining(rule == null ? "" : rule);
    }

    @Test
    void whatIsUnknownIsRefusedAlsoInDefaults() {
        Properties defaults = new Properties();
        defaults.setProperty("mail.mtasts.timeuot", "1000");

        assertThatThrownBy(() -> SmtpSettings.of(new Properties(defaults)))
                .isInstanceOf(MessagingException.class)
                .hasMessage("unknown property \"mail.mtasts.timeuot\" (\"1000\"):"
                        + " it is not in the table of mail.mtasts.* properties");
    }

    @Test
    void aSecretIsNotRepeated() {
        Properties properties = new Properties();
        properties.setProperty("mail.mtasts.password", "hunter2");

        assertThatThrownBy(() -> SmtpSettings.of(properties))
                .hasMessageContaining("mail.mtasts.password")
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void valuesMayBeObjects() throws MessagingException {
        Properties properties = new Properties();
        properties.put("mail.mtasts.port", 2525);
        properties.put("mail.mtasts.cleartext", false);

        SmtpSettings settings = SmtpSettings.of(properties);

        assertThat(settings.number(Setting.PORT)).isEqualTo(2525);
        assertThat(settings.flag(Setting.CLEARTEXT)).isFalse();
    }

    @Test
    void anEngineHasToBeOne() {
        Properties properties = new Properties();
        properties.put("mail.mtasts.engine", "mine");

        assertThatThrownBy(() -> SmtpSettings.of(properties))
                .hasMessage("property mail.mtasts.engine has to be an MtaSts object, and is a java.lang.String");
    }

    @Test
    void whatWouldHaveNoEffectBesideAnEngineIsRefused() {
        try (World world = new World()) {
            world.properties.put("mail.mtasts.cleartext.never", "example.com");

            assertThatThrownBy(() -> SmtpSettings.of(world.properties))
                    .hasMessageContaining("mail.mtasts.cleartext.never has no effect beside mail.mtasts.engine");
        }
    }

    @Test
    void propertiesOfOtherProtocolsAreNotRead() throws MessagingException {
        Properties properties = new Properties();
        properties.setProperty("mail.smtp.port", "2525");
        properties.setProperty("mail.smtp.from", "a@example.com");

        SmtpSettings settings = SmtpSettings.of(properties);

        assertThat(settings.number(Setting.PORT)).isEqualTo(25);
        assertThat(settings.text(Setting.FROM)).isEmpty();
    }
}
