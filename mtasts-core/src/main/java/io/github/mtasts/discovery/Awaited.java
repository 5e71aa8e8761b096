package io.github.mtasts.discovery;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** One caller's view of what several wait for: his deadline and his cancelling end his waiting only, with a value. */
final class Awaited<T> extends CompletableFuture<T> {
    private final T cancelled;

    Awaited(CompletableFuture<T> shared, ScheduledExecutorService timer, Duration deadline, T late, T cancelled) {
        this.cancelled = cancelled;
        shared.whenComplete((value, bug) -> {
            if (bug == null) {
                complete(value);
            } else {
                completeExceptionally(bug);
            }
        });
        if (isDone()) {
            return;
        }
        try {
            Future<?> alarm = timer.schedule(() -> complete(late), deadline.toNanos(), TimeUnit.NANOSECONDS);
            whenComplete((value, bug) -> alarm.cancel(false));
        } catch (RejectedExecutionException e) {
            complete(late); // closed between the look-up and here
        }
    }

    /** Completes it with the value for a caller who cancelled; it is not exceptional then. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return complete(cancelled);
    }
}
