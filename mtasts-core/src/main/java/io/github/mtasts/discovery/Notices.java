package io.github.mtasts.discovery;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Warnings that a stranger cannot multiply: the same one at most once an hour, with a count, and no more than a few hundred an hour in all. */
final class Notices {
    private static final long HOUR = 3_600_000;
    private static final int MOST_AN_HOUR = 500;
    private static final int MOST_REMEMBERED = 10_000;

    private final Logger log;
    private final Cache<String, Said> said = Caffeine.newBuilder()
            .maximumSize(MOST_REMEMBERED)
            .executor(Runnable::run)
            .build();
    private long hourBegan = Long.MIN_VALUE;
    private int inThisHour;
    private int unsaid;

    /** When it was said last, and how often it was left out since. */
    private record Said(long at, AtomicInteger since) {}

    Notices(Logger log) {
        this.log = log;
    }

    /**
     * Logs a warning, unless the same was logged in the last hour.
     *
     * @param subject the domain, or the part of the engine
     * @param reason what makes warnings the same, together with the subject
     */
    void warn(String subject, String reason, String text, long now) {
        Said last = said.getIfPresent(subject + ' ' + reason);
        if (last != null && now >= last.at() && now - last.at() < HOUR) {
            last.since().incrementAndGet();
            return;
        }
        String total = mayBeSaid(now);
        if (total == null) {
            return;
        }
        said.put(subject + ' ' + reason, new Said(now, new AtomicInteger()));
        int left = last == null ? 0 : last.since().get();
        log.warn("{}: {}{}{}", subject, text, left == 0 ? "" : " (and " + left + " times more since last said)", total);
    }

    private synchronized @Nullable String mayBeSaid(long now) {
        if (hourBegan > now || now - hourBegan >= HOUR || hourBegan == Long.MIN_VALUE) {
            hourBegan = now;
            inThisHour = 0;
        }
        if (++inThisHour > MOST_AN_HOUR) {
            unsaid++;
            return null;
        }
        String total = unsaid == 0 ? "" : " [" + unsaid + " further warnings were left out]";
        unsaid = 0;
        return total;
    }
}
