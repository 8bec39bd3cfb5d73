package dev.striate.train;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The progress of a training run between two steps.
 *
 * @param epoch   the epoch of the next step, counted from 1; one more than planned when training is complete
 * @param step    the number of completed steps of that epoch
 * @param sums    the sums over these steps
 * @param seconds the time of these steps
 * @param history the completed epochs
 * @param curve   all steps so far
 * @param best    the best epoch; null if there is none or the best is not kept
 */
record Progress(
        int epoch,
        int step,
        Tally.Sums sums,
        double seconds,
        List<EpochEnd> history,
        StepCurve curve,
        @Nullable BestEpoch best) {

    static Progress start(int stepsPerEpoch) {
        return new Progress(1, 0, Tally.Sums.NONE, 0, List.of(), StepCurve.empty(stepsPerEpoch, 0), null);
    }

    /**
     * Returns {@code before the first step}, {@code after epoch 3} or {@code in epoch 4 after step 120 of 391}.
     *
     * @param step  the number of completed steps of the epoch
     * @param steps the number of steps of the epoch
     */
    static String inWords(int epoch, int step, int steps) {
        if (step > 0) {
            return "in epoch " + epoch + " after step " + step + " of " + steps;
        }
        return epoch == 1 ? "before the first step" : "after epoch " + (epoch - 1);
    }
}
