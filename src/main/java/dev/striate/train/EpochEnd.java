package dev.striate.train;

import org.jspecify.annotations.Nullable;

/**
 * After one epoch.
 *
 * @param epoch            counted from 1
 * @param epochs           how many were planned
 * @param images           trained on in this epoch
 * @param trainLoss        the mean loss over the epoch's images, each as the model stood at its step, in training mode, with
 *                         label smoothing and augmentation if these are used
 * @param trainAccuracy    the fraction classified rightly, in the same way
 * @param test             on the whole test set after the epoch, null without one; of an epoch that is past, its loss and its
 *                         numbers of images only
 * @param learningRate     of the last step
 * @param seconds          of this epoch's training steps
 * @param samplesPerSecond images trained on per second of these
 */
public record EpochEnd(
        int epoch,
        int epochs,
        int images,
        double trainLoss,
        double trainAccuracy,
        @Nullable Evaluation test,
        float learningRate,
        double seconds,
        double samplesPerSecond) {

    /** The mean loss on the test set, NaN without one. */
    public double testLoss() {
        return test == null ? Double.NaN : test.loss();
    }

    /** The accuracy on the test set, NaN without one. */
    public double testAccuracy() {
        return test == null ? Double.NaN : test.accuracy();
    }

    /** The same, for keeping. */
    EpochEnd past() {
        return test == null ? this : new EpochEnd(epoch, epochs, images, trainLoss, trainAccuracy, test.past(), learningRate,
                seconds, samplesPerSecond);
    }
}
