package io.github.mtasts.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.TestLog;
import io.github.mtasts.cache.contract.PolicyStoreContract;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryStoreTest extends PolicyStoreContract {
    @TempDir
    private Path temporary;

    private Path directory() {
        return temporary.resolve("policies");
    }

    @Override
    protected PolicyStore open() {
        return PolicyStore.inDirectory(directory());
    }

    private List<Path> files(String suffix) throws IOException {
        try (Stream<Path> files = Files.walk(directory())) {
            return files.filter(file -> file.toString().endsWith(suffix)).toList();
        }
    }

    private Path policyFile() throws IOException {
        assertThat(store().save(policy("a", NOON), DAY, NOON)).isTrue();
        return files(".policy").get(0);
    }

    @Test
    @Tag("S-10-1")
    void holdsAllAfterARestart() throws IOException {
        OperatorRule rule = new OperatorRule.Exempt(DOMAIN, "reason", NOON, NOON.plusSeconds(60));
        CachedPolicy policy = policy("a", NOON);
        assertThat(store().save(policy, DAY, NOON)).isTrue();
        store().setRule(rule);
        store().close();

        Holding holding = open().load(DOMAIN);

        assertThat(holding.policy()).contains(policy);
        assertThat(holding.lastUsed()).contains(DAY);
        assertThat(holding.rule()).contains(rule);
    }

    @Test
    void fileIsReadable() throws IOException {
        Path file = policyFile();

        assertThat(file.getFileName()).hasToString("example.com.policy");
        assertThat(file).hasContent("""
                mtasts-policy: 1
                domain: example.com
                id: a
                fetched: 2026-03-01T12:00:00Z
                expires: 2026-03-08T12:00:00Z
                last-used: 2026-03-01
                bytes: 63

                version: STSv1
                mode: enforce
                mx: a.example.com
                max_age: 604800
                """);
    }

    @Test
    void nothingTemporaryIsLeft() throws IOException {
        policyFile();

        assertThat(files(".tmp")).isEmpty();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void everythingIsForItsOwnerAlone() throws IOException {
        Path file = policyFile();

        assertThat(mode(directory())).isEqualTo("rwx------");
        assertThat(mode(file.resolveSibling("."))).isEqualTo("rwx------");
        assertThat(mode(file)).isEqualTo("rw-------");
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void foldersAreMany() throws IOException {
        for (int i = 0; i < 200; i++) {
            assertThat(store().save(policy(PolicyDomain.of("d" + i + ".example"), "a", "mx.example", NOON), DAY, NOON))
                    .isTrue();
        }

        long folders = files(".policy").stream().map(Path::getParent).distinct().count();

        assertThat(folders).isGreaterThan(80);
    }

    @Test
    void expiryIsTheEarlierOfWhatIsWrittenAndWhatTheTextAllows() throws IOException {
        Path file = policyFile();
        String text = Files.readString(file);

        Files.writeString(file, text.replace("2026-03-08T12", "2027-03-08T12"));
        assertThat(store().load(DOMAIN).policy().orElseThrow().expiresAt()).isEqualTo(NOON.plus(Duration.ofDays(7)));
        Files.writeString(file, text.replace("2026-03-08T12", "2026-03-02T12"));

        assertThat(store().load(DOMAIN).policy().orElseThrow().expiresAt()).isEqualTo(NOON.plus(Duration.ofDays(1)));
    }

    @Test
    void textIsParsedAgain() throws IOException {
        Path file = policyFile();

        Files.writeString(file, Files.readString(file).replace("mode: enforce", "mode: testing"));

        assertThat(store().load(DOMAIN).policy().orElseThrow().policy().mode()).hasToString("TESTING");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "garbage",
                "mtasts-policy: 1\n",
                "mtasts-policy: 1\n\n",
                "mtasts-policy: 2\ndomain: example.com\n\n",
                "mtasts-other: 1\ndomain: example.com\n\n",
                "mtasts-policy: 1\ndomain: example.com\ndomain: example.com\n\n",
                "mtasts-policy: 1\nno colon\n\n",
                "\u0000\u0000\u0000\u0000"
            })
    void fileThatIsNoneIsSetAside(String content) throws IOException {
        Path file = policyFile();
        Files.writeString(file, content);

        assertThat(store().load(DOMAIN).isEmpty()).isTrue();

        assertThat(file).doesNotExist();
        assertThat(setAside())
                .singleElement()
                .satisfies(aside -> assertThat(aside).hasContent(content));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "domain: example.com|domain: example.org",
                "domain: example.com|domain: Example.COM",
                "domain: example.com|domain: -",
                "domain: example.com\n|",
                "id: a|id: a-b",
                "id: a|id: ",
                "fetched: 2026|fetched: x2026",
                "expires: 2026-03-08T12:00:00Z\n|",
                "last-used: 2026-03-01|last-used: yesterday",
                "bytes: 63|bytes: 64",
                "bytes: 63|bytes: 62",
                "bytes: 63|bytes: -1",
                "bytes: 63|bytes: many",
                "mode: enforce|mode: inforce"
            })
    void fileWithOneFaultIsSetAside(String fault) throws IOException {
        Path file = policyFile();
        String[] parts = fault.split("\\|", -1);
        String text = Files.readString(file);
        assertThat(text).contains(parts[0]);
        Files.writeString(file, text.replace(parts[0], parts[1]));

        assertThat(store().load(DOMAIN).isEmpty()).isTrue();

        assertThat(setAside()).hasSize(1);
    }

    @Test
    void everyTruncatedFileIsSetAside() throws IOException {
        Path file = policyFile();
        byte[] text = Files.readAllBytes(file);

        for (int length = 0; length < text.length; length++) {
            Files.write(file, Arrays.copyOf(text, length));
            assertThat(store().load(DOMAIN).isEmpty()).as("cut at %s", length).isTrue();
        }
        Files.write(file, text);

        assertThat(store().load(DOMAIN).policy()).isPresent();
        assertThat(setAside()).hasSize(text.length);
    }

    @Test
    void fileThatIsTooLongIsSetAside() throws IOException {
        Path file = policyFile();
        Files.writeString(file, "x".repeat(1_000_000), StandardOpenOption.APPEND);

        assertThat(store().load(DOMAIN).isEmpty()).isTrue();

        assertThat(setAside()).hasSize(1);
    }

    @Test
    void fileOf72KibIsReadAndALongerOneIsNot() throws IOException {
        Path file = policyFile();
        String text = Files.readString(file);
        String padding = "x: " + "y".repeat(72 * 1024 - text.length() - "x: \n".length());
        Files.writeString(file, text.replace("id: a\n", "id: a\n" + padding + "\n"));

        assertThat(file).hasSize(72 * 1024);
        assertThat(store().load(DOMAIN).policy()).isPresent();
        Files.writeString(file, text.replace("id: a\n", "id: a\n" + padding + "y\n"));

        assertThat(store().load(DOMAIN).policy()).isEmpty();
    }

    @Test
    void ruleInThePlaceOfAPolicyIsSetAside() throws IOException {
        Path file = policyFile();
        store().setRule(new OperatorRule.Exempt(DOMAIN, "reason", NOON, NOON.plusSeconds(60)));
        Files.copy(files(".rule").get(0), file, StandardCopyOption.REPLACE_EXISTING);

        Holding holding = store().load(DOMAIN);

        assertThat(holding.policy()).isEmpty();
        assertThat(holding.rule()).isPresent();
        assertThat(setAside()).hasSize(1);
    }

    @Test
    void newPolicyTakesThePlaceOfABadFile() throws IOException {
        Path file = policyFile();
        Files.writeString(file, "garbage");

        assertThat(store().save(policy("b", NOON.plusSeconds(1)), DAY, NOON.plusSeconds(1)))
                .isTrue();

        assertThat(store().load(DOMAIN).policy().orElseThrow().recordId()).isEqualTo("b");
        assertThat(setAside()).hasSize(1);
    }

    @Test
    void foreignFilesAreLeftAlone() throws IOException {
        Path file = policyFile();
        Path foreign = file.resolveSibling("README.txt");
        Files.writeString(foreign, "hello");
        Files.writeString(file.resolveSibling("not a domain.policy"), "hello");
        Files.writeString(file.resolveSibling("~abc.policy"), "hello");

        assertThat(store().domains(null, 10)).containsExactly(DOMAIN);

        assertThat(foreign).hasContent("hello");
    }

    private List<Path> setAside() throws IOException {
        Path folder = directory().resolve("set-aside");
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void leftoversOfKilledProcessesGo() throws IOException {
        Path file = policyFile();
        Path old = Files.writeString(file.resolveSibling(".1-1.tmp"), "half");
        Path young = Files.writeString(file.resolveSibling(".2-1.tmp"), "half");
        Files.setLastModifiedTime(old, FileTime.from(NOON.minusSeconds(1)));
        Files.setLastModifiedTime(young, FileTime.from(NOON.plusSeconds(1)));

        store().discard(NOON);

        assertThat(old).doesNotExist();
        assertThat(young).exists();
        assertThat(file).exists();
    }

    @Test
    void directoryThatIsGoneIsAFailureAndNotAnEmptyStore() throws IOException {
        Path file = policyFile();
        Files.move(directory(), temporary.resolve("elsewhere"));

        assertThatThrownBy(() -> store().load(DOMAIN)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> store().domains(null, 10)).isInstanceOf(IOException.class);
        assertThatThrownBy(() ->
                        assertThat(store().save(policy("b", NOON), DAY, NOON)).isTrue())
                .isInstanceOf(IOException.class);
        assertThat(directory()).doesNotExist();
        Files.move(temporary.resolve("elsewhere"), directory());

        assertThat(store().load(DOMAIN).policy()).isPresent();
        assertThat(file).exists();
    }

    @Test
    void directoryThatCannotBeMadeIsAFailureOfEachCallOnly() throws IOException {
        Path blocked = Files.writeString(temporary.resolve("file"), "").resolve("policies");

        PolicyStore store = PolicyStore.inDirectory(blocked);

        assertThatThrownBy(() -> store.load(DOMAIN)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"load", "domains", "save"})
    void directoryThatCanBeMadeLaterIsMadeThen(String call) throws IOException {
        Path file = Files.writeString(temporary.resolve("file"), "");
        PolicyStore store = PolicyStore.inDirectory(file.resolve("policies"));
        Files.delete(file);

        switch (call) {
            case "load" -> assertThat(store.load(DOMAIN).isEmpty()).isTrue();
            case "domains" -> assertThat(store.domains(null, 10)).isEmpty();
            default -> assertThat(store.save(policy("a", NOON), DAY, NOON)).isTrue();
        }

        assertThat(file.resolve("policies")).isDirectory();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void directoryThatOthersCanWriteToIsWarnedOf() throws IOException {
        String warning = "others can write to the policy store " + directory();
        try (TestLog log = TestLog.begin()) {
            for (String mode : List.of("rwxrwx---", "rwx----w-", "rwxr-xr-x")) {
                Files.setPosixFilePermissions(directory(), PosixFilePermissions.fromString(mode));
                log.forget();

                assertThat(open()).hasToString("policy store " + directory());

                assertThat(log.text().contains(warning)).as(mode).isEqualTo(!mode.equals("rwxr-xr-x"));
            }
        }
    }

    @Test
    void badFileWhoseLockIsNotToBeHadIsPassedOver() throws IOException {
        Path file = policyFile();
        Files.writeString(file, "garbage");

        Thread.currentThread().interrupt();
        Holding holding = store().load(DOMAIN);
        boolean flag = Thread.interrupted();

        assertThat(flag).isTrue();
        assertThat(holding.isEmpty()).isTrue();
        assertThat(holding.domain()).isEqualTo(DOMAIN);
        assertThat(file).hasContent("garbage");
    }

    @Test
    @Tag("S-10-2")
    void whatEndedIsDiscardedAmongMoreThanAThousandDomains() throws Exception {
        String text = Files.readString(policyFile());
        for (int i = 0; i < 1001; i++) {
            write("d" + i + ".example", text);
        }
        List<PolicyDomain> before = store().domains(null, 2000);
        PolicyDomain last = before.get(before.size() - 1);
        write(last.name(), text.replace("2026-03-08T12", "2026-03-02T12"));

        store().discard(NOON.plus(Duration.ofDays(2)));

        assertThat(store().domains(null, 2000)).isEqualTo(before.subList(0, before.size() - 1));
    }

    /** Puts a file where the store looks for it, without the cost of forcing it to disk. */
    private void write(String domain, String text) throws Exception {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(domain.getBytes(StandardCharsets.US_ASCII));
        Path folder = Files.createDirectories(directory().resolve(String.format("%02x", hash[0] & 0xff)));
        Files.writeString(folder.resolve(domain + ".policy"), text.replace("domain: example.com", "domain: " + domain));
    }

    @Test
    void namesOfUpTo120CharactersAreReadable() throws IOException {
        String longest = "a".repeat(60) + "." + "b".repeat(59);
        for (String name : List.of(longest, "c" + longest)) {
            assertThat(store().save(policy(PolicyDomain.of(name), "a", "mx.example", NOON), DAY, NOON))
                    .isTrue();
        }

        assertThat(files(".policy"))
                .extracting(file -> file.getFileName().toString())
                .hasSize(2)
                .contains(longest + ".policy")
                .anyMatch(name -> name.startsWith("~"));
    }

    @Test
    void lockedFolderIsWaitedFor() throws Exception {
        Path lock = policyFile().resolveSibling(".lock");
        ExecutorService thread = Executors.newSingleThreadExecutor();
        Future<Boolean> saved;

        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE);
                FileLock held = channel.lock()) {
            saved = thread.submit(() -> store().save(policy("b", NOON.plusSeconds(1)), DAY, NOON.plusSeconds(1)));
            assertThatThrownBy(() -> saved.get(200, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            assertThat(held.isValid()).isTrue();
            assertThat(store().load(DOMAIN).policy().orElseThrow().recordId()).isEqualTo("a");
        }

        assertThat(saved.get(20, TimeUnit.SECONDS)).isTrue();
        thread.shutdown();
    }

    @Test
    void folderLockedForLongIsAFailure() throws Exception {
        Path lock = policyFile().resolveSibling(".lock");

        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE);
                FileLock held = channel.lock()) {
            assertThat(held.isValid()).isTrue();
            assertThatThrownBy(() -> assertThat(store().save(policy("b", NOON), DAY, NOON))
                            .isTrue())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("lock");
        }
    }

    @Test
    void twoStoresOnOneDirectorySeeEachOther() throws IOException {
        PolicyStore other = open();
        assertThat(store().save(policy("a", NOON), DAY, NOON)).isTrue();
        assertThat(other.save(policy("b", NOON.plusSeconds(1)), DAY, NOON.plusSeconds(1)))
                .isTrue();

        assertThat(store().load(DOMAIN).policy().orElseThrow().recordId()).isEqualTo("b");
        assertThat(store().save(policy("c", NOON), DAY, NOON.plusSeconds(2))).isFalse();
    }

    @Test
    void interruptedChangeFailsAndKeepsTheFlag() throws IOException {
        policyFile();

        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> assertThat(store().save(policy("b", NOON.plusSeconds(1)), DAY, NOON.plusSeconds(1)))
                        .isTrue())
                .isInstanceOf(IOException.class);
        boolean flag = Thread.interrupted();

        assertThat(flag).isTrue();
        assertThat(store().load(DOMAIN).policy().orElseThrow().recordId()).isEqualTo("a");
    }

    @Test
    void bytesAreCountedNotCharacters() throws IOException {
        String text = "version: STSv1\nmode: enforce\nmx: mx.example.com\nx: grüße\nmax_age: 604800\n";

        assertThat(store().save(CachedPolicy.fetched(DOMAIN, parse(text), "a", NOON), DAY, NOON))
                .isTrue();

        assertThat(Files.readString(files(".policy").get(0)))
                .contains("bytes: " + text.getBytes(StandardCharsets.UTF_8).length + "\n");
    }

    @Test
    void inDirectoryIsNotInMemoryOnly() {
        assertThat(store().inMemoryOnly()).isFalse();
    }
}
