package io.github.mtasts.javamail;

import io.github.mtasts.MtaSts;
import jakarta.mail.MessagingException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The engines of transports that are configured by properties alone: one for each configuration, shared by all sessions in this class loader, so that a policy learnt by one
 * message protects the next. An engine ends after ten minutes without use; its threads are daemons.
 */
public final class MtaStsEngines {
    private static final Duration IDLE = Duration.ofMinutes(10);
    private static final Map<SmtpSettings, Shared> ENGINES = new HashMap<>();
    private static @Nullable ScheduledExecutorService sweeper;

    private MtaStsEngines() {}

    private static final class Shared {
        private final MtaSts engine;
        private int users;
        private long idleSince = System.nanoTime();

        Shared(MtaSts engine) {
            this.engine = engine;
        }
    }

    /** Ends every shared engine and its threads now, for an application that is taken out of service. Transports that are connected must be closed before. */
    public static synchronized void closeAll() {
        ENGINES.values().forEach(shared -> shared.engine.close());
        ENGINES.clear();
        stopSweeper();
    }

    static synchronized MtaSts acquire(SmtpSettings settings) throws MessagingException {
        Shared shared = ENGINES.get(settings);
        if (shared == null) {
            shared = new Shared(settings.open());
            ENGINES.put(settings, shared);
        }
        shared.users++;
        if (sweeper == null) {
            sweeper = Executors.newSingleThreadScheduledExecutor(work -> {
                Thread thread = new Thread(work, "mtasts-engines");
                thread.setDaemon(true);
                return thread;
            });
            sweeper.scheduleWithFixedDelay(MtaStsEngines::sweep, 1, 1, TimeUnit.MINUTES);
        }
        return shared.engine;
    }

    static synchronized void release(SmtpSettings settings) {
        Shared shared = ENGINES.get(settings);
        if (shared != null) {
            shared.users--;
            shared.idleSince = System.nanoTime();
        }
    }

    private static synchronized void sweep() {
        for (Iterator<Shared> each = ENGINES.values().iterator(); each.hasNext(); ) {
            Shared shared = each.next();
            if (shared.users == 0 && System.nanoTime() - shared.idleSince > IDLE.toNanos()) {
                shared.engine.close();
                each.remove();
            }
        }
        if (ENGINES.isEmpty()) {
            stopSweeper();
        }
    }

    private static void stopSweeper() {
        if (sweeper != null) {
            sweeper.shutdown();
            sweeper = null;
        }
    }
}
