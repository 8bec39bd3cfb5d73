package dev.striate.train;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a training came to.
 *
 * @param epochs           one by one
 * @param train            the trained model in evaluation mode on the whole training set, without augmentation
 * @param test             the same on the whole test set, null without one
 * @param seconds          of all training steps, the first included; evaluations are not counted
 * @param samplesPerSecond images trained on per second of these
 * @param stopped          whether a listener ended it early
 */
public record TrainingResult(
        List<EpochEnd> epochs,
        Evaluation train,
        @Nullable Evaluation test,
        double seconds,
        double samplesPerSecond,
        boolean stopped) {

    /** The mean loss on the training set. */
    public double trainLoss() {
        return train.loss();
    }

    /** The accuracy on the training set. */
    public double trainAccuracy() {
        return train.accuracy();
    }

    /** The mean loss on the test set, NaN without one. */
    public double testLoss() {
        return test == null ? Double.NaN : test.loss();
    }

    /** The accuracy on the test set, NaN without one. */
    public double testAccuracy() {
        return test == null ? Double.NaN : test.accuracy();
    }
}
