package io.github.mtasts.tlsrpt;

import java.io.IOException;
import java.nio.file.Path;

/** A directory of counts cannot be opened, since another process, or another store of this one, has it open: it sends the reports by itself. */
public final class StoreInUseException extends IOException {
    private static final long serialVersionUID = 1L;

    StoreInUseException(Path directory) {
        super(directory + " is in use by another process, which has it to itself");
    }
}
