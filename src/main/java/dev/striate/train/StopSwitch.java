package dev.striate.train;

import org.jspecify.annotations.Nullable;

/**
 * Interrupts a training from outside, such as on Ctrl-C: the step under way is finished, then the training ends without further
 * evaluation. {@link #request} may be called by any thread, everything else is for the trainer.
 */
public final class StopSwitch implements TrainingListener {

    private volatile boolean requested;
    private String where = "before it started";

    /** Asks for the end. */
    public void request() {
        requested = true;
    }

    /** Whether the end was asked for. */
    public boolean isRequested() {
        return requested;
    }

    @Override
    public void onStart(TrainingStart start) {
        where = Progress.inWords(start.history().size() + 1, start.step(), start.batches());
    }

    @Override
    public void onBatch(BatchEnd batch) {
        where = Progress.inWords(batch.epoch(), batch.batch(), batch.batches());
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        where = "after epoch " + epoch.epoch();
    }

    /** {@code interrupted in epoch 4 after step 120 of 391}, once that was asked for. */
    @Override
    public @Nullable Stop stop() {
        return requested ? Stop.interrupt("interrupted " + where) : null;
    }
}
