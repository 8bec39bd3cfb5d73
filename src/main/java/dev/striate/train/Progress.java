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

    /** {@code after epoch 3, step 120 of 391}. */
    String inWords(int steps) {
        return step == 0 ? "after epoch " + (epoch - 1) : "in epoch " + epoch + " after step " + step + " of " + steps;
    }
}
