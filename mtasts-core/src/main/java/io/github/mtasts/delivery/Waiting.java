package io.github.mtasts.delivery;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/** Waits for a stage that has a deadline of its own. */
final class Waiting {
    private Waiting() {}

    static <T> T on(CompletionStage<T> stage, T whenInterrupted, Runnable interrupted) {
        try {
            return stage.toCompletableFuture().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            interrupted.run();
            return whenInterrupted;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}
