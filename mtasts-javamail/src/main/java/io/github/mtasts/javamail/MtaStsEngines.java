package io.github.mtasts.javamail;

import io.github.mtasts.MtaSts;
import io.github.mtasts.cache.PolicyStore;
import jakarta.mail.MessagingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The engines of transports that are configured by properties alone: one for each configuration, shared by all sessions in this class loader, so that a policy learnt by one
 * message protects the next. An engine ends after ten minutes without use; its threads are daemons. Safe for any number of threads.
 */
public final class MtaStsEngines {
    private static final Duration IDLE = Duration.ofMinutes(10);
    private static final Map<Map<Setting, String>, Shared> ENGINES = new HashMap<>();
    private static final Map<MtaSts, Set<String>> SAID = Collections.synchronizedMap(new WeakHashMap<>());
    private static @Nullable ScheduledExecutorService sweeper;

    private MtaStsEngines() {}

    /** An engine, and who uses it. */
    private static final class Shared {
        private final MtaSts engine;
        private final @Nullable PolicyStore store;
        private int users;
        private long idleSince;

        Shared(MtaSts engine, @Nullable PolicyStore store) {
            this.engine = engine;
            this.store = store;
        }

        void close() {
            engine.close();
            if (store != null) {
                store.close();
            }
        }
    }

    /** One transport's use of an engine; what it does not own, it does not end. */
    static final class Use {
        private final MtaSts engine;
        private final @Nullable Shared shared;

        private Use(MtaSts engine, @Nullable Shared shared) {
            this.engine = engine;
            this.shared = shared;
        }

        MtaSts engine() {
            return engine;
        }

        /** To be called once. */
        void end() {
            if (shared != null) {
                release(shared);
            }
        }
    }

    /**
     * Ends every shared engine and its threads now, for an application that is taken out of service. Transports that are still connected have their messages deferred from then
     * on; the next one that is connected starts an engine anew.
     */
    public static void closeAll() {
        List<Shared> ended;
        synchronized (MtaStsEngines.class) {
            ended = new ArrayList<>(ENGINES.values());
            ENGINES.clear();
            stopSweeper();
        }
        ended.forEach(Shared::close);
    }

    /** The engine that the settings hand in, or the shared one that they describe. */
    static Use use(SmtpSettings settings) throws MessagingException {
        MtaSts given = settings.engine();
        return given != null ? new Use(given, null) : acquire(settings);
    }

    private static synchronized Use acquire(SmtpSettings settings) throws MessagingException {
        Map<Setting, String> key = settings.engineKey();
        Shared shared = ENGINES.get(key);
        if (shared == null) {
            shared = open(settings);
            ENGINES.put(key, shared);
        }
        shared.users++;
        if (sweeper == null) {
            sweeper = Executors.newSingleThreadScheduledExecutor(work -> {
                Thread thread = new Thread(work, "mtasts-engines");
                thread.setDaemon(true);
                thread.setContextClassLoader(null); // an application's would be kept from being unloaded
                return thread;
            });
            sweeper.scheduleWithFixedDelay(() -> sweep(System.nanoTime()), 1, 1, TimeUnit.MINUTES);
        }
        return new Use(shared.engine, shared);
    }

    private static synchronized void release(Shared shared) {
        shared.users--;
        shared.idleSince = System.nanoTime();
    }

    private static Shared open(SmtpSettings settings) throws MessagingException {
        PolicyStore store = settings.openStore();
        boolean opened = false;
        try {
            Shared shared = new Shared(settings.openEngine(store), store);
            opened = true;
            return shared;
        } finally {
            if (!opened && store != null) {
                store.close(); // or nobody could open the directory again
            }
        }
    }

    /** Ends what has been idle for too long. */
    static void sweep(long now) {
        List<Shared> ended = new ArrayList<>();
        synchronized (MtaStsEngines.class) {
            for (Iterator<Shared> each = ENGINES.values().iterator(); each.hasNext(); ) {
                Shared shared = each.next();
                if (shared.users == 0 && now - shared.idleSince > IDLE.toNanos()) {
                    ended.add(shared);
                    each.remove();
                }
            }
            if (ENGINES.isEmpty()) {
                stopSweeper();
            }
        }
        ended.forEach(Shared::close);
    }

    private static void stopSweeper() {
        if (sweeper != null) {
            sweeper.shutdown();
            sweeper = null;
        }
    }

    /** Whether something is to be said that has not been said before of this engine's mail. */
    static boolean sayOnce(MtaSts engine, String what) {
        return SAID.computeIfAbsent(engine, key -> Collections.synchronizedSet(new HashSet<>()))
                .add(what);
    }
}
