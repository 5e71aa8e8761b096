package io.github.mtasts.cache;

import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Policies in a directory: for each domain a file with its policy, and one with its rule if it has one, in 256 folders.
 *
 * <p>A file is written beside its place, forced to disk, and moved there, so that it is always whole. Changes are made under the lock of their folder, which all
 * processes honour; reading takes no lock.
 */
final class DirectoryStore implements PolicyStore {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryStore.class);
    private static final Duration LOCK_DEADLINE = Duration.ofSeconds(5);
    private static final int FOLDERS = 256;
    private static final int LONGEST_PLAIN_NAME = 120;
    private static final String POLICY = ".policy";
    private static final String RULE = ".rule";
    private static final String TEMPORARY = ".tmp";
    private static final String SET_ASIDE = "set-aside";

    /** Begins the name of a file whose domain is too long, or not a name that every file system takes; no domain begins with it. */
    private static final String HASHED = "~";

    /** Names that Windows keeps for devices, whatever follows a dot. */
    private static final Pattern DEVICE = Pattern.compile("(con|prn|aux|nul|com[0-9]|lpt[0-9])(\\..*)?");

    private final Path root;
    private final boolean posix;
    private final ReentrantLock[] locks =
            IntStream.range(0, FOLDERS).mapToObj(i -> new ReentrantLock()).toArray(ReentrantLock[]::new);
    private final AtomicLong written = new AtomicLong();
    private volatile boolean prepared;

    /** One of the two files of a domain. */
    private record Place(Path folder, String name) {
        @Override
        public String toString() {
            return folder.resolve(name).toString();
        }

        Path policy() {
            return folder.resolve(name + POLICY);
        }

        Path rule() {
            return folder.resolve(name + RULE);
        }
    }

    DirectoryStore(Path root) {
        this.root = root.toAbsolutePath().normalize();
        this.posix = root.getFileSystem().supportedFileAttributeViews().contains("posix");
        try {
            prepare();
        } catch (IOException e) {
            // mail is not stopped by that; each call tries again, and each failure is reported
            LOG.warn("the policy store {} cannot be used: {}", this.root, e.toString());
        }
    }

    /** Makes the directory, once: should it vanish later, its disk may be gone, and nothing is to be written in its place. */
    private void prepare() throws IOException {
        if (prepared) {
            return;
        }
        if (Files.isDirectory(root)) {
            warnIfOthersCanWrite();
        } else {
            Files.createDirectories(root, mode("rwx------"));
            LOG.info("policies are kept in {}", root);
        }
        prepared = true;
    }

    private void warnIfOthersCanWrite() throws IOException {
        if (!posix) {
            return;
        }
        Set<PosixFilePermission> others = EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
        others.retainAll(Files.getPosixFilePermissions(root));
        if (!others.isEmpty()) {
            LOG.warn("others can write to the policy store {}: they can remove protection; make it mode 0700", root);
        }
    }

    @Override
    public Holding load(PolicyDomain domain) throws IOException {
        prepare();
        Holding holding = read(domain);
        if (holding.isEmpty() && !Files.isDirectory(root)) {
            throw new NoSuchFileException(root.toString(), null, "the policy store is gone");
        }
        return holding;
    }

    @Override
    public boolean save(CachedPolicy policy, LocalDate lastUsed, Instant now) throws IOException {
        return change(policy.domain(), old -> old.with(policy, lastUsed, now))
                .policy()
                .filter(policy::equals)
                .isPresent();
    }

    @Override
    public void used(PolicyDomain domain, LocalDate day) throws IOException {
        change(domain, old -> old.used(day));
    }

    @Override
    public void purge(PolicyDomain domain, Instant at) throws IOException {
        change(domain, old -> old.purged(at));
    }

    @Override
    public void setRule(OperatorRule rule) throws IOException {
        change(rule.domain(), old -> old.with(rule));
    }

    @Override
    public void removeRule(PolicyDomain domain) throws IOException {
        change(domain, old -> old.with(null));
    }

    @Override
    public List<PolicyDomain> domains(@Nullable PolicyDomain after, int atMost) throws IOException {
        prepare();
        int first = after == null ? 0 : folderOf(after);
        List<PolicyDomain> page = new ArrayList<>();
        for (int folder = first; folder < FOLDERS && page.size() < atMost; folder++) {
            for (String name : names(folder)) {
                if (page.size() == atMost) {
                    break;
                }
                if (after == null || folder > first || name.compareTo(nameOf(after)) > 0) {
                    PolicyDomain domain = domainOf(folder, name);
                    if (domain != null) {
                        page.add(domain);
                    }
                }
            }
        }
        return page;
    }

    /** The names in a folder, sorted: of domains, or hashed. */
    private Set<String> names(int folder) throws IOException {
        Set<String> names = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder(folder), "[!.]*{.policy,.rule}")) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                names.add(name.substring(0, name.lastIndexOf('.')));
            }
        } catch (NoSuchFileException e) {
            if (!Files.isDirectory(root)) {
                throw new NoSuchFileException(root.toString(), null, "the policy store is gone");
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }

    private @Nullable PolicyDomain domainOf(int folder, String name) throws IOException {
        Place place = new Place(folder(folder), name);
        if (!name.startsWith(HASHED)) {
            try {
                return PolicyDomain.of(name);
            } catch (IllegalArgumentException e) {
                return null; // not one of ours; nobody will ask for it
            }
        }
        try {
            StoredText.Entry policy = entry(place.policy());
            StoredText.Entry entry = policy == null ? entry(place.rule()) : policy;
            return entry == null ? null : entry.domain();
        } catch (StoredText.BadTextException e) {
            return null; // set aside when the domain is asked for
        }
    }

    @Override
    public void discard(Instant endedBefore) throws IOException {
        PolicyDomain after = null;
        while (true) {
            List<PolicyDomain> page = domains(after, 1000);
            for (PolicyDomain domain : page) {
                Holding held = read(domain);
                if (held.without(endedBefore) != held) {
                    change(domain, old -> old.without(endedBefore));
                }
                after = domain;
            }
            if (page.size() < 1000) {
                break;
            }
        }
        removeLeftovers(endedBefore);
    }

    /** Removes temporary files of processes that were killed. */
    private void removeLeftovers(Instant before) throws IOException {
        for (int folder = 0; folder < FOLDERS; folder++) {
            if (!Files.isDirectory(folder(folder))) {
                continue;
            }
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder(folder), ".*" + TEMPORARY)) {
                for (Path file : files) {
                    if (Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
                        Files.deleteIfExists(file);
                    }
                }
            }
        }
    }

    /** Nothing is open between two calls. */
    @Override
    public void close() {}

    private Holding read(PolicyDomain domain) throws IOException {
        Place place = place(domain);
        try {
            return read(place, domain);
        } catch (StoredText.BadTextException e) {
            // perhaps replaced meanwhile: nothing is moved away without the lock
            try {
                return change(domain, old -> old);
            } catch (IOException locked) {
                LOG.warn(
                        "{} is not used ({}), and could not be set aside: {}",
                        place,
                        e.getMessage(),
                        locked.toString());
                return Holding.nothing(domain);
            }
        }
    }

    /** Reads under the folder's lock, and moves away what cannot be understood: it never stops mail, and an operator may look at it. */
    private Holding readLocked(Place place, PolicyDomain domain) throws IOException {
        for (Path file : List.of(place.policy(), place.rule())) {
            try {
                entry(file, domain);
            } catch (StoredText.BadTextException e) {
                Path folder = root.resolve(SET_ASIDE);
                makeFolder(folder);
                Path aside = folder.resolve(file.getFileName() + "." + System.nanoTime());
                Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
                LOG.warn("{} was set aside as {}: {}", file, aside, e.getMessage());
            }
        }
        try {
            return read(place, domain);
        } catch (StoredText.BadTextException e) {
            throw new IOException(place + " is changed by somebody who does not honour its lock: " + e.getMessage(), e);
        }
    }

    private static Holding read(Place place, PolicyDomain domain) throws IOException, StoredText.BadTextException {
        CachedPolicy policy = null;
        LocalDate lastUsed = null;
        Holding.Purge purge = null;
        StoredText.Entry first = entry(place.policy(), domain);
        if (first instanceof StoredText.Entry.Policy found) {
            policy = found.policy();
            lastUsed = found.lastUsed();
        } else if (first instanceof StoredText.Entry.Purged purged) {
            purge = purged.purge();
        }
        StoredText.Entry second = entry(place.rule(), domain);
        OperatorRule rule = second instanceof StoredText.Entry.Rule found ? found.rule() : null;
        return new Holding(domain, policy, lastUsed, purge, rule);
    }

    /** What is in a domain's file; null if there is none. */
    private static StoredText.@Nullable Entry entry(Path file, PolicyDomain domain)
            throws IOException, StoredText.BadTextException {
        StoredText.Entry entry = entry(file);
        if (entry == null) {
            return null;
        }
        if (!entry.domain().equals(domain)) {
            throw new StoredText.BadTextException("it is for " + entry.domain());
        }
        boolean isRule = entry instanceof StoredText.Entry.Rule;
        if (isRule != file.getFileName().toString().endsWith(RULE)) {
            throw new StoredText.BadTextException("it is not what its name says");
        }
        return entry;
    }

    private static StoredText.@Nullable Entry entry(Path file) throws IOException, StoredText.BadTextException {
        byte[] text;
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            text = in.readNBytes(StoredText.LONGEST + 1);
        } catch (NoSuchFileException e) {
            return null;
        }
        if (text.length > StoredText.LONGEST) {
            throw new StoredText.BadTextException("it is too long");
        }
        return StoredText.read(text);
    }

    /** Replaces what is held for a domain by what the change makes of it, under the folder's lock; returns what is held then. */
    private Holding change(PolicyDomain domain, UnaryOperator<Holding> change) throws IOException {
        prepare();
        Place place = place(domain);
        makeFolder(place.folder());
        ReentrantLock mine = locks[folderOf(domain)];
        long deadline = System.nanoTime() + LOCK_DEADLINE.toNanos();
        try {
            if (!mine.tryLock(LOCK_DEADLINE.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new IOException("the lock of " + place.folder() + " was not to be had");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the lock of " + place.folder(), e);
        }
        try (FileChannel channel = FileChannel.open(
                        place.folder().resolve(".lock"),
                        Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE),
                        mode("rw-------"));
                FileLock lock = lock(channel, deadline, place.folder())) {
            if (!lock.isValid()) {
                throw new IOException("the lock of " + place.folder() + " was lost");
            }
            Holding old = readLocked(place, domain);
            Holding changed = change.apply(old);
            write(place, old, changed);
            return changed;
        } finally {
            mine.unlock();
        }
    }

    private static FileLock lock(FileChannel channel, long deadline, Path folder) throws IOException {
        while (true) {
            try {
                FileLock lock = channel.tryLock();
                if (lock != null) {
                    return lock;
                }
            } catch (OverlappingFileLockException e) {
                // held by another store on the same directory in this process: the same as by another process
            }
            if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
                throw new IOException("another process holds the lock of " + folder);
            }
            LockSupport.parkNanos(500_000);
        }
    }

    private void write(Place place, Holding old, Holding changed) throws IOException {
        if (changed == old) {
            return;
        }
        byte[] policy = policyText(changed);
        byte[] oldPolicy = policyText(old);
        byte[] rule = changed.rule().map(StoredText::of).orElse(null);
        byte[] oldRule = old.rule().map(StoredText::of).orElse(null);
        if (!Arrays.equals(policy, oldPolicy)) {
            write(place.folder(), place.policy(), policy);
        }
        if (!Arrays.equals(rule, oldRule)) {
            write(place.folder(), place.rule(), rule);
        }
    }

    private static byte @Nullable [] policyText(Holding holding) {
        if (holding.policy().isPresent() && holding.lastUsed().isPresent()) {
            return StoredText.of(holding.policy().get(), holding.lastUsed().get());
        }
        return holding.purge()
                .map(purge -> StoredText.of(holding.domain(), purge))
                .orElse(null);
    }

    private void write(Path folder, Path file, byte @Nullable [] text) throws IOException {
        if (text == null) {
            Files.deleteIfExists(file);
        } else {
            Path temporary = folder.resolve("." + ProcessHandle.current().pid() + "-" + written.incrementAndGet() + "-"
                    + System.nanoTime() + TEMPORARY);
            try (FileChannel channel = FileChannel.open(
                    temporary, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), mode("rw-------"))) {
                ByteBuffer buffer = ByteBuffer.wrap(text);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            } catch (IOException e) {
                Files.deleteIfExists(temporary);
                throw e;
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
        force(folder);
    }

    /** Forces the folder's own entries to disk, where the system can do that. */
    private void force(Path folder) throws IOException {
        if (posix) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private void makeFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            try {
                Files.createDirectory(folder, mode("rwx------"));
                force(root);
            } catch (FileAlreadyExistsException e) {
                // another process was faster
            }
        }
    }

    private FileAttribute<?>[] mode(String permissions) {
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private Place place(PolicyDomain domain) {
        return new Place(folder(folderOf(domain)), nameOf(domain));
    }

    private Path folder(int number) {
        return root.resolve(String.format(Locale.ROOT, "%02x", number));
    }

    private static int folderOf(PolicyDomain domain) {
        return hash(domain)[0] & 0xff;
    }

    private static String nameOf(PolicyDomain domain) {
        String name = domain.name();
        return name.length() > LONGEST_PLAIN_NAME || DEVICE.matcher(name).matches()
                ? HASHED + HexFormat.of().formatHex(hash(domain))
                : name;
    }

    private static byte[] hash(PolicyDomain domain) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(domain.name().getBytes(StandardCharsets.US_ASCII));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    @Override
    public String toString() {
        return "policy store " + root;
    }
}
