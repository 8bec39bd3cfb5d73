package dev.striate.train;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a training came to.
 *
 * @param epochs           one by one, with those before it was resumed; what was trained of an epoch that was interrupted is left
 *                         out. Of the evaluations after each epoch, all but the last are those of epochs that are past
 * @param train            the trained model in evaluation mode on the whole training set, without augmentation; null if the
 *                         training was interrupted, or set not to do this
 * @param test             the same on the whole test set; null without one. After an interrupt it is that of the last epoch
 * @param seconds          of all training steps, the first included; evaluations are not counted
 * @param samplesPerSecond images trained on per second of these
 * @param stop             why it ended early, null if it did not
 */
public record TrainingResult(
        List<EpochEnd> epochs,
        @Nullable Evaluation train,
        @Nullable Evaluation test,
        double seconds,
        double samplesPerSecond,
        @Nullable Stop stop) {

    /** Whether it ended early. */
    public boolean stopped() {
        return stop != null;
    }

    /** Whether it was interrupted: by request, or by a listener that failed. */
    public boolean interrupted() {
        return stop != null && stop.isAtOnce();
    }

    /** The mean loss on the training set; where that was not evaluated, the last epoch's, NaN without one. */
    public double trainLoss() {
        return train != null ? train.loss() : epochs.isEmpty() ? Double.NaN : last().trainLoss();
    }

    /** The accuracy on the training set; where that was not evaluated, the last epoch's, NaN without one. */
    public double trainAccuracy() {
        return train != null ? train.accuracy() : epochs.isEmpty() ? Double.NaN : last().trainAccuracy();
    }

    /** The mean loss on the test set, NaN without one. */
    public double testLoss() {
        return test == null ? Double.NaN : test.loss();
    }

    /** The accuracy on the test set, NaN without one. */
    public double testAccuracy() {
        return test == null ? Double.NaN : test.accuracy();
    }

    private EpochEnd last() {
        return epochs.get(epochs.size() - 1);
    }
}
