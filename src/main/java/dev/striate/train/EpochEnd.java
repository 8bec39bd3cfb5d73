package dev.striate.train;

import org.jspecify.annotations.Nullable;

/**
 * The state after an epoch.
 *
 * @param epoch            counted from 1
 * @param epochs           the planned number of epochs
 * @param images           the number of training images of this epoch
 * @param trainLoss        the mean loss of the training images, each measured in its step in training mode, with label
 *     smoothing and augmentation if these are used
 * @param trainAccuracy    the fraction of correctly classified training images, measured in the same way
 * @param test             the evaluation of the whole test set after the epoch, or null without a test set. For past
 *     epochs it has only the loss and the numbers of images
 * @param learningRate     the learning rate of the last step
 * @param seconds          the time of the training steps of this epoch
 * @param samplesPerSecond the training images per second of this time
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

    /** Returns the mean loss on the test set, or NaN without a test set. */
    public double testLoss() {
        return test == null ? Double.NaN : test.loss();
    }

    /** Returns the accuracy on the test set, or NaN without a test set. */
    public double testAccuracy() {
        return test == null ? Double.NaN : test.accuracy();
    }

    /** Returns a reduced copy for the history. */
    EpochEnd past() {
        return test == null
                ? this
                : new EpochEnd(
                        epoch,
                        epochs,
                        images,
                        trainLoss,
                        trainAccuracy,
                        test.past(),
                        learningRate,
                        seconds,
                        samplesPerSecond);
    }
}
