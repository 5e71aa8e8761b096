package io.github.mtasts.tlsrpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stores that come with this module. */
class ReportStoreTest {
    @Nested
    class InMemory extends ReportStoreContract {
        @Override
        ReportStore open() {
            return ReportStore.inMemory();
        }
    }

    @Nested
    class InADirectory extends ReportStoreContract {
        @TempDir
        Path temporary;

        @Override
        ReportStore open() throws IOException {
            return ReportStore.inDirectory(temporary.resolve("tlsrpt"));
        }

        @Test
        @Tag("T-4-13")
        void keepsAllOverAnEndAndANewBeginning() throws IOException {
            store.add(List.of(counts(3, 2)));
            store.plan(Submission.planned(KEY, "id", DUE));

            store.close();
            store = open();

            assertThat(store.counts(KEY)).containsExactly(counts(3, 2));
            assertThat(store.submission(KEY)).map(Submission::unique).contains("id");
        }

        @Test
        void aClaimEndsWithTheProcessThatMadeIt() throws IOException {
            store.plan(Submission.planned(KEY, "id", DUE));
            assertThat(store.claim(KEY, "one", DUE, DUE.plus(LEASE))).isPresent();

            store.close();
            store = open();

            assertThat(store.claim(KEY, "two", DUE, DUE.plus(LEASE))).isPresent();
        }

        @Test
        void isForOneAtATime() throws IOException {
            assertThatThrownBy(this::open)
                    .isInstanceOf(StoreInUseException.class)
                    .hasMessageContaining(temporary.toString());

            store.close();
            store = open();
        }

        @Test
        @Tag("T-5-9")
        void isForOneProcessAtATimeAlsoWhenItWasWrittenAnewOrAnotherFailedToOpenIt() throws Exception {
            Path directory = temporary.resolve("tlsrpt");
            store.close();
            store = MvReportStore.in(directory, 50_000);
            for (int i = 0; i < 100; i++) {
                store.add(List.of(counts(key("2026-11-27", "d" + i + ".example"), AppliedPolicy.NONE, 1, 1)));
            }
            assertThatThrownBy(this::open).isInstanceOf(StoreInUseException.class);

            assertThat(taken(directory)).isEqualTo("IN USE");
            store.close();
            assertThat(taken(directory)).isEqualTo("TAKEN");
            store = open();
        }

        /** What another process says that wants the directory. */
        private String taken(Path directory) throws Exception {
            Process other = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx64m",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            DirectoryTaker.class.getName(),
                            directory.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (BufferedReader out = other.inputReader(StandardCharsets.UTF_8)) {
                return String.valueOf(out.readLine());
            } finally {
                assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
            }
        }

        @Test
        void whereNothingIsKeptNothingIsMade() throws IOException {
            assertThatThrownBy(() -> ReportStore.existingIn(temporary)).isInstanceOf(NoSuchFileException.class);
            assertThat(temporary).isDirectoryNotContaining("glob:**.{mv,lock}");

            store.add(List.of(counts(3, 2)));
            store.close();
            store = ReportStore.existingIn(temporary.resolve("tlsrpt"));
            assertThat(store.counts(KEY)).containsExactly(counts(3, 2));
        }

        @Test
        void canBeCopiedWhileItIsInUse() throws IOException {
            store.add(List.of(counts(3, 2)));

            try (ReportStore copy = ReportStore.copyOf(temporary.resolve("tlsrpt"))) {
                copy.add(List.of(counts(1, 0)));
                assertThat(copy.counts(KEY)).containsExactly(counts(4, 2));
            }

            assertThat(store.counts(KEY)).containsExactly(counts(3, 2));
        }

        @Test
        @Tag("T-4-13")
        void eachChangeIsInTheFileWhenTheCallReturns() throws IOException {
            store.close();
            store = MvReportStore.in(temporary.resolve("tlsrpt"), 200_000); // so that it is written anew now and then
            for (int change = 1; change <= 40; change++) {
                for (int domain = 0; domain < 5; domain++) {
                    store.add(List.of(counts(key("2026-11-27", "d" + domain + ".example"), AppliedPolicy.NONE, 1, 1)));
                }

                // what a process that is killed now leaves behind
                try (ReportStore left = ReportStore.copyOf(temporary.resolve("tlsrpt"))) {
                    for (int domain = 0; domain < 5; domain++) {
                        ReportKey key = key("2026-11-27", "d" + domain + ".example");
                        assertThat(left.counts(key)).as("change " + change).isEqualTo(store.counts(key));
                    }
                }
            }
            assertThat(Files.size(temporary.resolve("tlsrpt").resolve("tlsrpt.mv")))
                    .isLessThan(800_000);
        }

        @Test
        void isReadableForItsOwnerAlone() throws IOException {
            if (temporary.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(temporary.resolve("tlsrpt"))))
                        .isEqualTo("rwx------");
            }
        }

        @Test
        void afterItsEndEachCallFails() {
            store.close();

            assertThatThrownBy(() -> store.add(List.of(counts(1, 0)))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aFileInPlaceOfTheDirectoryIsNamed(@TempDir Path temporary) throws IOException {
        Path file = Files.createFile(temporary.resolve("file"));

        assertThatThrownBy(() -> ReportStore.inDirectory(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
    }
}
