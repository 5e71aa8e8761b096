package io.github.mtasts.tlsrpt;

import com.google.errorprone.annotations.CheckReturnValue;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A directory that one store has to itself, until it is closed or the process ends. On a file beside the store's own: that one is closed and replaced when it is written anew, and
 * whoever opened it just then would go on with the old one.
 */
@CheckReturnValue
final class DirectoryLock implements Closeable {
    private static final String FILE = "tlsrpt.lock";

    /** The system's lock is one of the process, and is lost when the process closes the file anywhere: so within the process it must not be opened twice. */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private DirectoryLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Takes the lock.
     *
     * @throws StoreInUseException if another has it
     */
    static DirectoryLock take(Path named) throws IOException {
        Path directory = named.toRealPath();
        if (!HELD_HERE.add(directory)) {
            throw new StoreInUseException(named);
        }
        DirectoryLock taken = null;
        try {
            taken = locked(directory);
        } finally {
            if (taken == null) {
                HELD_HERE.remove(directory);
            }
        }
        if (taken == null) {
            throw new StoreInUseException(named);
        }
        return taken;
    }

    private static @Nullable DirectoryLock locked(Path directory) throws IOException {
        FileChannel channel =
                FileChannel.open(directory.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // by other means, in this process
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        return lock == null ? null : new DirectoryLock(directory, channel);
    }

    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            channel.close(); // and with it goes the lock
            HELD_HERE.remove(directory);
        }
    }
}
