package dev.striate.train;

import org.jspecify.annotations.Nullable;

/**
 * Is told how a training goes, on its thread. Time spent in {@link #onBatch} counts as training.
 *
 * <p>Several listeners are told of an event in the order in which they were added, each of one event before any of the next. If
 * one throws, the others are told of that event all the same; then the training ends with {@link Stop.Kind#FAILURE}, the others
 * get their {@link #onEnd}, and {@code fit} throws what the listener threw. A listener that has thrown is told nothing more.
 */
public interface TrainingListener {

    /** Before the first step. */
    default void onStart(TrainingStart start) {}

    /** After each step. */
    default void onBatch(BatchEnd batch) {}

    /** After each epoch and its evaluation. */
    default void onEpoch(EpochEnd epoch) {}

    /** At the end, whatever listeners brought it about; not after an error of the training itself. */
    default void onEnd(TrainingResult result) {}

    /**
     * Why training shall end now, null to go on. Asked before the first step and after each step and each epoch; interrupts,
     * which come before others, also between the batches of an evaluation.
     */
    default @Nullable Stop stop() {
        return null;
    }
}
