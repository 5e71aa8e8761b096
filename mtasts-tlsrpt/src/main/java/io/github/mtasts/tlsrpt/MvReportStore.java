package io.github.mtasts.tlsrpt;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.github.mtasts.policy.PolicyDomain;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
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

/**
 * Keeps all in one file of H2's MVStore, which commits a set of changes as a whole. Every change of ours is one commit; between two, nothing is written.
 */
final class MvReportStore implements ReportStore {
    private static final String FILE = "tlsrpt.mv";

    /** Behind every character of a key. */
    private static final String END = "\uffff";

    private final MVStore store;
    /** {@code day|domain|policy} to counts. */
    private final MVMap<String, String> counts;
    /** {@code day|domain} to a submission. */
    private final MVMap<String, String> submissions;

    private final MVMap<String, String> refusals;
    private final ReentrantLock lock = new ReentrantLock();

    private MvReportStore(MVStore store) {
        this.store = store;
        this.counts = store.openMap("counts");
        this.submissions = store.openMap("submissions");
        this.refusals = store.openMap("refusals");
    }

    static MvReportStore inMemory() {
        return new MvReportStore(new MVStore.Builder().autoCommitDisabled().open());
    }

    static MvReportStore in(Path directory) throws IOException {
        create(directory);
        MvReportStore opened = open(directory.resolve(FILE));
        opened.endClaims();
        return opened;
    }

    static MvReportStore copyOf(Path directory) throws IOException {
        Path copy = Files.createTempFile("tlsrpt", ".mv");
        try {
            Files.copy(directory.resolve(FILE), copy, StandardCopyOption.REPLACE_EXISTING);
            MvReportStore inMemory = inMemory();
            try (MvReportStore read = open(copy)) {
                inMemory.counts.putAll(read.counts);
                inMemory.submissions.putAll(read.submissions);
                inMemory.refusals.putAll(read.refusals);
            }
            return inMemory;
        } finally {
            Files.delete(copy);
        }
    }

    private static MvReportStore open(Path file) throws IOException {
        try {
            MVStore store = new MVStore.Builder()
                    .fileName(file.toAbsolutePath().toString())
                    .autoCommitDisabled()
                    .open();
            store.setRetentionTime(0); // nobody reads old versions, and all that is committed is forced to the disk
            return new MvReportStore(store);
        } catch (MVStoreException e) {
            throw new IOException(file + " cannot be opened: " + e.getMessage(), e);
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
            for (String key : submissions.keyList()) {
                Submission held = Submission.decode(value(submissions, key));
                if (!held.claimant().isEmpty()) {
                    submissions.put(key, held.claimed("", Instant.EPOCH).encode());
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
                String held = counts.get(key);
                counts.put(key, (held == null ? one : DayCounts.decode(held).plus(one)).encode());
            }
        });
    }

    @Override
    public List<DayCounts> counts(ReportKey key) throws IOException {
        return read(() -> {
            List<DayCounts> found = new ArrayList<>();
            for (String one : keys(counts, key(key) + "|")) {
                found.add(DayCounts.decode(value(counts, one)));
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
        keys(counts, key(key) + "|").forEach(counts::remove);
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
        String at = counts.ceilingKey(from);
        while (at != null && at.compareTo(to) < 0 && found.size() < atMost) {
            String key = at.substring(0, at.lastIndexOf('|'));
            if (!unplanned || !submissions.containsKey(key)) {
                found.add(reportKey(key));
            }
            at = counts.higherKey(key + "|" + END);
        }
        return found;
    }

    @Override
    public void plan(Submission submission) throws IOException {
        write(() -> {
            submissions.putIfAbsent(key(submission.key()), submission.encode());
        });
    }

    @Override
    public List<ReportKey> due(Instant now, int atMost) throws IOException {
        return read(() -> {
            List<Submission> found = new ArrayList<>();
            for (Iterator<String> keys = submissions.keyIterator(null); keys.hasNext(); ) {
                Submission one = Submission.decode(value(submissions, keys.next()));
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
    public Optional<Submission> claim(ReportKey key, String claimant, Instant now, Instant until) throws IOException {
        return change(() -> {
            String held = submissions.get(key(key));
            if (held == null || !Submission.decode(held).isDue(now)) {
                return Optional.<Submission>empty();
            }
            Submission claimed = Submission.decode(held).claimed(claimant, until);
            submissions.put(key(key), claimed.encode());
            return Optional.of(claimed);
        });
    }

    @Override
    public boolean save(String claimant, Submission submission) throws IOException {
        return change(() -> {
            String held = submissions.get(key(submission.key()));
            if (held == null || !Submission.decode(held).claimant().equals(claimant)) {
                return false;
            }
            submissions.put(key(submission.key()), submission.encode());
            if (submission.over()) {
                removeCounts(submission.key());
            }
            return true;
        });
    }

    @Override
    public Optional<Submission> submission(ReportKey key) throws IOException {
        return read(() -> Optional.ofNullable(submissions.get(key(key))).map(Submission::decode));
    }

    @Override
    public Refusals refusals(String address) throws IOException {
        return read(() -> {
            String held = refusals.get(address);
            return held == null ? Refusals.NONE : StoredJson.refusals(held);
        });
    }

    @Override
    public void refusals(String address, Refusals known) throws IOException {
        write(() -> {
            if (known.equals(Refusals.NONE)) {
                refusals.remove(address);
            } else {
                refusals.put(address, StoredJson.write(known));
            }
        });
    }

    @Override
    public void discard(LocalDate before) throws IOException {
        write(() -> {
            removeBefore(counts, before.toString());
            removeBefore(submissions, before.toString());
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
            lock.unlock();
        }
    }
}
