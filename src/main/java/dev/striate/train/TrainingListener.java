package dev.striate.train;

import org.jspecify.annotations.Nullable;

/**
 * Receives the events of a training run, on the thread of the trainer. Time spent in {@link #onBatch} counts as
 * training time.
 *
 * <p>For each event, all listeners are called in the order in which they were added. If a listener throws, the others
 * still get that event and {@link #onEnd}; training ends with {@link Stop.Kind#FAILURE}, and {@code fit} throws the
 * exception. A listener that has thrown is not called again.
 */
public interface TrainingListener {

    /** Called before the first step. */
    default void onStart(TrainingStart start) {}

    /** Called after each step. */
    default void onBatch(BatchEnd batch) {}

    /** Called after each epoch and its evaluation. */
    default void onEpoch(EpochEnd epoch) {}

    /** Called at the end, even if a listener failed, but not after an error of the training itself. */
    default void onEnd(TrainingResult result) {}

    /**
     * Returns a reason to end training now, or null to continue. Called before the first step, after each step and
     * after each epoch. Interrupts have priority over other reasons and are also checked between the batches of an
     * evaluation.
     */
    default @Nullable Stop stop() {
        return null;
    }
}
