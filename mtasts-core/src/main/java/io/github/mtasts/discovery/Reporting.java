package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.policy.PolicyMode;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log and the listener what happens. Never blocks. */
final class Reporting {
    private static final Logger LOG = LoggerFactory.getLogger(PolicyDiscovery.class);
    private static final int MOST_WAITING = 10_000;

    private final Notices notices = new Notices(LOG);
    private final @Nullable DiscoveryListener listener;
    private final DiscoveryCounters counters;
    private final @Nullable ThreadPoolExecutor thread;

    Reporting(@Nullable DiscoveryListener listener, DiscoveryCounters counters) {
        this.listener = listener;
        this.counters = counters;
        if (listener == null) {
            thread = null;
        } else {
            thread = new ThreadPoolExecutor(
                    1,
                    1,
                    10,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(MOST_WAITING),
                    new DiscoveryThreads("events"));
            thread.allowCoreThreadTimeOut(true);
        }
    }

    /** Tells an event; {@code now} is in milliseconds. */
    void tell(DiscoveryEvent event, long now) {
        log(event, now);
        if (listener == null || thread == null) {
            return;
        }
        DiscoveryListener told = listener;
        try {
            thread.execute(() -> {
                try {
                    told.on(event);
                } catch (RuntimeException e) {
                    LOG.warn("a discovery listener failed", e); // a listener never changes what happens
                }
            });
        } catch (RejectedExecutionException e) {
            counters.count(DiscoveryCount.EVENTS_DROPPED);
        }
    }

    /** Too many fetches are under way. */
    void overload(long now) {
        notices.warn("discovery", "overload", "too many policy fetches are under way: mail goes without policy", now);
    }

    private void log(DiscoveryEvent event, long now) {
        if (event instanceof DiscoveryEvent.PolicyAppeared appeared) {
            LOG.info("{}", appeared.policy());
        } else if (event instanceof DiscoveryEvent.PolicyChanged changed) {
            LOG.info("{} (before: {})", changed.after(), changed.before().policy());
        } else if (event instanceof DiscoveryEvent.PolicyRenewed renewed) {
            LOG.debug("{} (unchanged)", renewed.policy());
        } else if (event instanceof DiscoveryEvent.PolicyExpired expired) {
            expired(expired, now);
        } else if (event instanceof DiscoveryEvent.PolicyKept kept) {
            warn(
                    kept.policy(),
                    "kept",
                    "the record calls for a new policy, which could not be had; the old one holds for "
                            + Explanation.span(kept.timeLeft()) + ": "
                            + kept.failure().describe(),
                    now);
        } else if (event instanceof DiscoveryEvent.RefreshFailed failed) {
            refreshFailed(failed, now);
        } else if (event instanceof DiscoveryEvent.FetchFailed failed) {
            LOG.debug("{}: {}", failed.domain(), failed.failure().describe());
        } else if (event instanceof DiscoveryEvent.PolicyEvicted evicted) {
            warn(
                    evicted.policy(),
                    "evicted",
                    "memory is full: an unexpired enforce policy that no store holds is forgotten",
                    now);
        } else if (event instanceof DiscoveryEvent.PolicyPurged purged) {
            LOG.warn("{}: the policy was purged by the operator", purged.domain());
        } else if (event instanceof DiscoveryEvent.RuleBegan began) {
            LOG.warn("{}: {}", began.rule().domain(), describe(began.rule()));
        } else if (event instanceof DiscoveryEvent.RuleEnded ended) {
            LOG.warn("{}: no longer {}", ended.rule().domain(), describe(ended.rule()));
        } else if (event instanceof DiscoveryEvent.StoreFailed failed) {
            notices.warn(
                    "policy store",
                    failed.call().name(),
                    failed.call() + " failed" + (failed.domain() == null ? "" : " for " + failed.domain()) + ": "
                            + failed.detail(),
                    now);
        } else if (event instanceof DiscoveryEvent.ClockSetBack back) {
            LOG.warn(
                    "the clock was set back by {}: policies keep their age and are fetched again",
                    Explanation.span(back.by()));
        }
    }

    private static String describe(OperatorRule rule) {
        return (rule instanceof OperatorRule.Pin pin ? "PINNED to " + pin.policy() : "EXEMPT from enforcement")
                + " by the operator until " + rule.until() + ": " + rule.reason();
    }

    private void expired(DiscoveryEvent.PolicyExpired expired, long now) {
        CachedPolicy policy = expired.policy();
        DiscoveryFailure met = expired.met();
        String why = met == null ? "" : ": " + met.describe();
        if (policy.policy().mode() == PolicyMode.ENFORCE) {
            warn(policy, "expired", "its policy has expired, mail is no longer protected by it" + why, now);
        } else {
            LOG.info("{}: its policy has expired{}", policy.domain(), why);
        }
    }

    private void refreshFailed(DiscoveryEvent.RefreshFailed failed, long now) {
        String left = Explanation.span(failed.timeLeft());
        String text = "its policy could not be refreshed and expires in " + left + ": "
                + failed.failure().describe();
        switch (failed.urgency()) {
            case NOTICE -> LOG.info("{}: {}", failed.policy().domain(), text);
            case WARNING -> warn(failed.policy(), "refresh", text, now);
            case URGENT -> warn(failed.policy(), "refresh, urgent", "PROTECTION ENDS SOON: " + text, now);
        }
    }

    private void warn(CachedPolicy policy, String reason, String text, long now) {
        notices.warn(policy.domain().name(), reason, text, now);
    }

    void close(Duration grace) {
        if (thread == null) {
            return;
        }
        thread.shutdown();
        try {
            if (!thread.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
