package io.github.mtasts.tlsrpt.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.MtaSts;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tlsrpt.TlsReporting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Properties;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/tls-reports.md, as they stand there. */
class TlsReportsPageTest {
    @TempDir
    private Path folder;

    // spotless:off
    private void switchOn(DkimSigner signer, Properties properties) throws IOException {
        // PAGE
        TlsReporting reporting = TlsReporting.builder()
                .organization("Example Inc.")
                .contact("tls-reports@sender.example") // somebody reads it; report mails come from it
                .signer(signer) // see "The key"
                .directory(folder) // what was counted survives a crash there
                .build();
        MtaSts mtaSts = MtaSts.builder().observer(reporting.observer()).build();
        reporting.start(mtaSts);
        properties.put("mail.mtasts.engine", mtaSts); // of the Jakarta Mail session
        // END
        reporting.close();
        mtaSts.close();
    }

    @SuppressWarnings("unused") // it compiles: that is what it is for
    private DkimSigner signer() throws IOException {
        // PAGE
        PolicyDomain domain = PolicyDomain.of("sender.example"); // that of the contact
        DkimSigner signer = DkimSigner.fromPem(domain, "tls-reports", Path.of("tls-reports.pem"))
                .and(DkimSigner.fromPem(domain, "tls-reports-ed", Path.of("tls-reports-ed.pem")));
        // END
        return signer;
    }
    // spotless:on

    @Test
    void theExampleSwitchesReportsOn() throws IOException {
        Path pem = Files.writeString(
                folder.resolve("key.pem"),
                "-----BEGIN PRIVATE KEY-----\n"
                        + Base64.getMimeEncoder()
                                .encodeToString(DkimKeys.ed25519PrivateKey().getEncoded())
                        + "\n-----END PRIVATE KEY-----\n");
        Properties properties = new Properties();

        switchOn(DkimSigner.fromPem(PolicyDomain.of("sender.example"), "s", pem), properties);

        assertThat(properties.get("mail.mtasts.engine")).isInstanceOf(MtaSts.class);
    }

    @Test
    void theExamplesStandOnThePage() throws IOException {
        String page = Files.readString(Path.of("../docs/tls-reports.md"));
        String[] here = Files.readString(
                        Path.of("src/test/java/io/github/mtasts/tlsrpt/report/TlsReportsPageTest.java"),
                        StandardCharsets.UTF_8)
                .split(" // PAGE\n");

        assertThat(here).hasSize(3);
        for (int i = 1; i < 3; i++) {
            assertThat(page)
                    .contains(here[i].substring(0, here[i].indexOf("        // END"))
                            .lines()
                            .map(line -> line.substring(8))
                            .collect(Collectors.joining("\n", "```java\n", "\n```\n")));
        }
    }
}
