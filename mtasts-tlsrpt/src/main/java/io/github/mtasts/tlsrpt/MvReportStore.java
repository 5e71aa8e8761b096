package io.github.mtasts.tlsrpt;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.github.mtasts.policy.PolicyDomain;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.MVStoreTool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps all in one file of H2's MVStore, which commits a set of changes as a whole. Every change of ours is one commit; between two, nothing is written.
 */
final class MvReportStore implements ReportStore {
    private static final Logger LOG = LoggerFactory.getLogger(MvReportStore.class);
    private static final String FILE = "tlsrpt.mv";

    /** Behind every character of a key. */
    private static final String END = "\uffff";

    /** Where the file is written anew, with what is held and nothing else. */
    private static final long LARGE = 16L << 20;

    private final @Nullable Path file;
    private final long large;
    private final @Nullable DirectoryLock directory;
    private final ReentrantLock lock = new ReentrantLock();
    // guarded by lock
    private MVStore store;
    private Maps maps;
    private long compactAt;

    private MvReportStore(@Nullable Path file, long large, @Nullable DirectoryLock directory) throws MVStoreException {
        this.file = file;
        this.large = large;
        this.directory = directory;
        this.store = openStore(file);
        this.maps = Maps.of(store);
        this.compactAt = large;
    }

    /**
     * What is held.
     *
     * @param counts {@code day|domain|policy} to counts
     * @param submissions {@code day|domain} to a submission
     * @param refusals an address to its refusals
     */
    private record Maps(
            MVMap<String, String> counts, MVMap<String, String> submissions, MVMap<String, String> refusals) {
        static Maps of(MVStore store) {
            return new Maps(store.openMap("counts"), store.openMap("submissions"), store.openMap("refusals"));
        }
    }

    private static MVStore openStore(@Nullable Path file) {
        MVStore.Builder settings = new MVStore.Builder().autoCommitDisabled();
        if (file == null) {
            return settings.open();
        }
        String name = file.toAbsolutePath().toString();
        MVStoreTool.compactCleanUp(name);
        MVStore opened = settings.fileName(name).open();
        // only ever appended to: a file whose old parts were written over is, after a crash, at times read as it was
        // one commit earlier
        opened.setReuseSpace(false);
        return opened;
    }

    static MvReportStore inMemory() {
        return new MvReportStore(null, LARGE, null);
    }

    static MvReportStore in(Path directory) throws IOException {
        return in(directory, LARGE);
    }

    static MvReportStore in(Path directory, long large) throws IOException {
        create(directory);
        return locked(directory, large);
    }

    static MvReportStore existingIn(Path directory) throws IOException {
        Path kept = directory.resolve(FILE);
        if (!Files.exists(kept)) {
            throw new NoSuchFileException(kept.toString());
        }
        return locked(directory, LARGE);
    }

    private static MvReportStore locked(Path directory, long large) throws IOException {
        DirectoryLock lock = DirectoryLock.take(directory);
        MvReportStore opened = null;
        try {
            opened = open(directory.resolve(FILE), large, lock);
            opened.endClaims();
            return opened;
        } catch (IOException e) {
            if (opened == null) {
                lock.close();
            } else {
                opened.close();
            }
            throw e;
        }
    }

    static MvReportStore copyOf(Path directory) throws IOException {
        Path copy = Files.createTempFile("tlsrpt", ".mv");
        try {
            Files.copy(directory.resolve(FILE), copy, StandardCopyOption.REPLACE_EXISTING);
            MvReportStore inMemory = inMemory();
            try (MvReportStore read = open(copy, LARGE, null)) {
                inMemory.maps.counts.putAll(read.maps.counts);
                inMemory.maps.submissions.putAll(read.maps.submissions);
                inMemory.maps.refusals.putAll(read.maps.refusals);
            }
            return inMemory;
        } finally {
            Files.delete(copy);
        }
    }

    private static MvReportStore open(Path file, long large, @Nullable DirectoryLock directory) throws IOException {
        try {
            return new MvReportStore(file, large, directory);
        } catch (MVStoreException e) {
            throw new IOException(file + " cannot be opened: " + e.getMessage(), e);
        }
    }

    /** Writes the file anew once it is much larger than what it holds. The new one takes its place in one step; if that fails, the old one goes on. */
    private void compact() {
        if (file == null) {
            return;
        }
        try {
            if (Files.size(file) < compactAt) {
                return;
            }
            store.close();
            MVStoreTool.compact(file.toAbsolutePath().toString(), false);
            compactAt = Math.max(large, 4 * Files.size(file));
        } catch (IOException | MVStoreException e) {
            LOG.warn("{} cannot be written anew, and grows: {}", file, e.getMessage());
            compactAt *= 2;
        }
        if (store.isClosed()) {
            store = openStore(file);
            maps = Maps.of(store);
        }
    }

    private static void create(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        Path parent = directory.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        try {
            if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.createDirectory(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectory(directory);
            }
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw new FileSystemException(directory.toString(), null, "is not a directory");
            }
        }
    }

    /** The file is ours alone, so whoever claimed something is gone. */
    private void endClaims() throws IOException {
        write(() -> {
            for (String key : maps.submissions.keyList()) {
                Submission held = Submission.decode(value(maps.submissions, key));
                if (!held.claimant().isEmpty()) {
                    maps.submissions.put(key, held.claimed("", Instant.EPOCH).encode());
                }
            }
        });
    }

    /** A change. */
    private interface Change<T> {
        T make();
    }

    /** Makes a change and commits it; one that fails on the way leaves nothing. */
    @CanIgnoreReturnValue
    private <T> T change(Change<T> change) throws IOException {
        lock.lock();
        try {
            T result = change.make();
            if (store.hasUnsavedChanges()) {
                store.commit();
                store.sync();
                compact();
            }
            return result;
        } catch (MVStoreException | IllegalArgumentException e) {
            if (!store.isClosed()) {
                store.rollback();
            }
            throw failed(e);
        } finally {
            lock.unlock();
        }
    }

    private void write(Runnable change) throws IOException {
        change(() -> {
            change.run();
            return true;
        });
    }

    private <T> T read(Change<T> read) throws IOException {
        lock.lock();
        try {
            return read.make();
        } catch (MVStoreException | IllegalArgumentException e) {
            throw failed(e);
        } finally {
            lock.unlock();
        }
    }

    private static IOException failed(RuntimeException e) {
        return new IOException("the report store failed: " + e.getMessage(), e);
    }

    @Override
    public void add(Collection<DayCounts> more) throws IOException {
        write(() -> {
            for (DayCounts one : more) {
                String key = key(one.key()) + "|" + hash(one.policy());
                String held = maps.counts.get(key);
                maps.counts.put(
                        key, (held == null ? one : DayCounts.decode(held).plus(one)).encode());
            }
        });
    }

    @Override
    public List<DayCounts> counts(ReportKey key) throws IOException {
        return read(() -> {
            List<DayCounts> found = new ArrayList<>();
            for (String one : keys(maps.counts, key(key) + "|")) {
                found.add(DayCounts.decode(value(maps.counts, one)));
            }
            return found;
        });
    }

    @Override
    public void forget(ReportKey key) throws IOException {
        write(() -> {
            removeCounts(key);
        });
    }

    private void removeCounts(ReportKey key) {
        keys(maps.counts, key(key) + "|").forEach(maps.counts::remove);
    }

    @Override
    public List<ReportKey> counted(LocalDate day) throws IOException {
        return read(() -> counted(day + "|", day + "|" + END, Integer.MAX_VALUE, false));
    }

    @Override
    public List<ReportKey> unplanned(LocalDate before, int atMost) throws IOException {
        return read(() -> counted("", before.toString(), atMost, true));
    }

    private List<ReportKey> counted(String from, String to, int atMost, boolean unplanned) {
        List<ReportKey> found = new ArrayList<>();
        String at = maps.counts.ceilingKey(from);
        while (at != null && at.compareTo(to) < 0 && found.size() < atMost) {
            String key = at.substring(0, at.lastIndexOf('|'));
            if (!unplanned || !maps.submissions.containsKey(key)) {
                found.add(reportKey(key));
            }
            at = maps.counts.higherKey(key + "|" + END);
        }
        return found;
    }

    @Override
    public void plan(Submission submission) throws IOException {
        write(() -> {
            maps.submissions.putIfAbsent(key(submission.key()), submission.encode());
        });
    }

    @Override
    public List<ReportKey> due(Instant now, int atMost) throws IOException {
        return read(() -> {
            List<Submission> found = new ArrayList<>();
            for (Iterator<String> keys = maps.submissions.keyIterator(null); keys.hasNext(); ) {
                Submission one = Submission.decode(value(maps.submissions, keys.next()));
                if (one.isDue(now)) {
                    found.add(one);
                }
            }
            return found.stream()
                    .sorted(Comparator.comparing(Submission::nextTry))
                    .limit(atMost)
                    .map(Submission::key)
                    .toList();
        });
    }

    @Override
    public List<ReportKey> unfinished(LocalDate before) throws IOException {
        return read(() -> {
            List<ReportKey> found = new ArrayList<>();
            String key = maps.submissions.firstKey();
            while (key != null && key.compareTo(before.toString()) < 0) {
                if (!Submission.decode(value(maps.submissions, key)).over()) {
                    found.add(reportKey(key));
                }
                key = maps.submissions.higherKey(key);
            }
            return found;
        });
    }

    @Override
    public void hasten(ReportKey key, Instant to) throws IOException {
        write(() -> {
            String held = maps.submissions.get(key(key));
            if (held != null) {
                maps.submissions.put(
                        key(key), Submission.decode(held).hastened(to).encode());
            }
        });
    }

    @Override
    public Optional<Submission> claim(ReportKey key, String claimant, Instant now, Instant until) throws IOException {
        return change(() -> {
            String held = maps.submissions.get(key(key));
            if (held == null || !Submission.decode(held).isDue(now)) {
                return Optional.<Submission>empty();
            }
            Submission claimed = Submission.decode(held).claimed(claimant, until);
            maps.submissions.put(key(key), claimed.encode());
            return Optional.of(claimed);
        });
    }

    @Override
    public boolean save(String claimant, Submission submission) throws IOException {
        return change(() -> {
            String held = maps.submissions.get(key(submission.key()));
            if (held == null || !Submission.decode(held).claimant().equals(claimant)) {
                return false;
            }
            maps.submissions.put(key(submission.key()), submission.encode());
            if (submission.over()) {
                removeCounts(submission.key());
            }
            return true;
        });
    }

    @Override
    public Optional<Submission> submission(ReportKey key) throws IOException {
        return read(() -> Optional.ofNullable(maps.submissions.get(key(key))).map(Submission::decode));
    }

    @Override
    public Refusals refusals(String address) throws IOException {
        return read(() -> {
            String held = maps.refusals.get(address);
            return held == null ? Refusals.NONE : StoredJson.refusals(held);
        });
    }

    @Override
    public void refusals(String address, Refusals known) throws IOException {
        write(() -> {
            if (known.equals(Refusals.NONE)) {
                maps.refusals.remove(address);
            } else {
                maps.refusals.put(address, StoredJson.write(known));
            }
        });
    }

    @Override
    public void discard(LocalDate before) throws IOException {
        write(() -> {
            removeBefore(maps.counts, before.toString());
            removeBefore(maps.submissions, before.toString());
        });
    }

    private static void removeBefore(MVMap<String, String> map, String end) {
        for (String key = map.firstKey(); key != null && key.compareTo(end) < 0; key = map.firstKey()) {
            map.remove(key);
        }
    }

    private static List<String> keys(MVMap<String, String> map, String prefix) {
        List<String> found = new ArrayList<>();
        String key = map.ceilingKey(prefix);
        while (key != null && key.startsWith(prefix)) {
            found.add(key);
            key = map.higherKey(key);
        }
        return found;
    }

    private static String value(Map<String, String> map, String key) {
        String value = map.get(key);
        if (value == null) {
            throw new IllegalArgumentException("nothing is held for " + key);
        }
        return value;
    }

    private static String key(ReportKey key) {
        return key.day() + "|" + key.domain().name();
    }

    private static ReportKey reportKey(String key) {
        int bar = key.indexOf('|');
        return new ReportKey(LocalDate.parse(key.substring(0, bar)), PolicyDomain.of(key.substring(bar + 1)));
    }

    /** A short name for a policy; a file of 64 KiB is no good key. */
    private static String hash(AppliedPolicy policy) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        text.writeBytes(policy.type().text().getBytes(StandardCharsets.US_ASCII));
        for (List<String> part : List.of(policy.lines(), policy.mx())) {
            for (String line : part) {
                text.write('\n');
                text.writeBytes(line.getBytes(StandardCharsets.UTF_8));
            }
            text.write(0);
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.toByteArray());
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every platform has it
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            store.close();
        } finally {
            unlockDirectory();
            lock.unlock();
        }
    }

    private void unlockDirectory() {
        if (directory != null) {
            try {
                directory.close();
            } catch (IOException e) {
                LOG.debug("while closing {}: {}", file, e.getMessage());
            }
        }
    }
}
