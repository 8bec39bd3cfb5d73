package dev.striate.train;

import java.util.List;

/**
 * How far a training is, between two steps.
 *
 * @param epoch   the one that the next step belongs to, counted from 1; one more than planned when all is done
 * @param step    how many steps of that epoch are done
 * @param sums    over these
 * @param seconds that these took
 * @param history the epochs before
 */
record Progress(int epoch, int step, Tally.Sums sums, double seconds, List<EpochEnd> history) {

    static final Progress START = new Progress(1, 0, Tally.Sums.NONE, 0, List.of());

    /**
     * {@code before the first step}, {@code after epoch 3} or {@code in epoch 4 after step 120 of 391}.
     *
     * @param step  how many are done of the epoch
     * @param steps how many it has
     */
    static String inWords(int epoch, int step, int steps) {
        if (step > 0) {
            return "in epoch " + epoch + " after step " + step + " of " + steps;
        }
        return epoch == 1 ? "before the first step" : "after epoch " + (epoch - 1);
    }
}
