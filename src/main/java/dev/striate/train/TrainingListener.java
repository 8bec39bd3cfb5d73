package dev.striate.train;

/** Is told how a training goes, on its thread. Time spent in {@link #onBatch} counts as training. */
public interface TrainingListener {

    /** Before the first step. */
    default void onStart(TrainingStart start) {}

    /** After each step. */
    default void onBatch(BatchEnd batch) {}

    /** After each epoch and its evaluation. */
    default void onEpoch(EpochEnd epoch) {}

    /** At the end, not after an error. */
    default void onEnd(TrainingResult result) {}

    /** Whether training shall end now; asked after each step and each epoch. An epoch that is cut short is still evaluated. */
    default boolean stop() {
        return false;
    }
}
