package io.github.mtasts.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tlsrpt.AppliedPolicy;
import io.github.mtasts.tlsrpt.DayCounts;
import io.github.mtasts.tlsrpt.ReportKey;
import io.github.mtasts.tlsrpt.ReportStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mtasts tlsrpt preview}. */
class TlsRptPreviewTest {
    @TempDir
    private Path folder;

    private void counted(ReportStore store) throws IOException {
        ReportKey key = new ReportKey(LocalDate.parse("2026-11-27"), PolicyDomain.of("example.com"));
        store.add(List.of(new DayCounts(key, AppliedPolicy.NONE, 31, 0, List.of())));
    }

    @Test
    void showsADayWhileTheSenderRuns() throws IOException {
        try (ReportStore running = ReportStore.inDirectory(folder)) {
            counted(running);

            CommandRun run = CommandRun.of("tlsrpt", "preview", "--day", "2026-11-27", folder.toString());

            assertThat(run.out()).contains("example.com  no-policy-found         31       0");
            assertThat(run.code()).isZero();
        }
    }

    @Test
    void printsTheReportsAsJson() throws IOException {
        try (ReportStore running = ReportStore.inDirectory(folder)) {
            counted(running);

            CommandRun run = CommandRun.of("tlsrpt", "preview", "--json", "--day", "2026-11-27", folder.toString());

            assertThat(run.out()).contains("\"policy-domain\"", "\"example.com\"", "\"report-id\"");
            assertThat(run.code()).isZero();
        }
    }

    @Test
    void aDirectoryThatHoldsNothingIsNamed() {
        CommandRun run =
                CommandRun.of("tlsrpt", "preview", folder.resolve("none").toString());

        assertThat(run.err()).contains(folder.resolve("none").toString());
        assertThat(run.code()).isEqualTo(66);
    }
}
