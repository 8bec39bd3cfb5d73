package dev.striate.train;

import org.jspecify.annotations.Nullable;

/**
 * Interrupts training from outside, for example on Ctrl-C. The current step is finished, then training ends without
 * further evaluation. Any thread may call {@link #request}; the other methods are for the trainer.
 */
public final class StopSwitch implements TrainingListener {

    private volatile boolean requested;
    private String where = "before it started";

    /** Requests the end of training. */
    public void request() {
        requested = true;
    }

    /** Returns whether the end was requested. */
    public boolean isRequested() {
        return requested;
    }

    @Override
    public void onStart(TrainingStart start) {
        where = Progress.inWords(start.history().size() + 1, start.step(), start.steps());
    }

    @Override
    public void onBatch(BatchEnd batch) {
        where = Progress.inWords(batch.epoch(), batch.step(), batch.steps());
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        where = "after epoch " + epoch.epoch();
    }

    /** Returns {@code interrupted in epoch 4 after step 120 of 391} or similar if the end was requested. */
    @Override
    public @Nullable Stop stop() {
        return requested ? Stop.interrupt("interrupted " + where) : null;
    }
}
