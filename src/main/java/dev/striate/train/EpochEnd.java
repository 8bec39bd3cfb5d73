package dev.striate.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state after an epoch.
 *
 * @param epoch            counted from 1
 * @param epochs           the planned number of epochs
 * @param images           the number of training images of this epoch
 * @param trainLoss        the mean loss of the training images, each measured in its step in training mode, with label
 *     smoothing and augmentation if these are used
 * @param trainAccuracy    the fraction of correctly classified training images, measured in the same way; NaN if the
 *     model is not a classifier
 * @param trainMetrics     the mean of each {@linkplain Trainer#metric metric} over the training images, measured in the
 *     same way
 * @param validation       the evaluation of the whole validation set after the epoch, or null without one. For past
 *     epochs it has neither predictions nor a confusion matrix
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
        Map<String, Double> trainMetrics,
        @Nullable Evaluation validation,
        float learningRate,
        double seconds,
        double samplesPerSecond) {

    public EpochEnd {
        trainMetrics = Collections.unmodifiableMap(new LinkedHashMap<>(trainMetrics));
    }

    /** Returns the mean loss on the validation set, or NaN without one. */
    public double validationLoss() {
        return validation == null ? Double.NaN : validation.loss();
    }

    /** Returns the accuracy on the validation set; NaN without one, or if the model is not a classifier. */
    public double validationAccuracy() {
        return validation == null ? Double.NaN : validation.accuracy();
    }

    /** Returns a reduced copy for the history. */
    EpochEnd past() {
        return validation == null
                ? this
                : new EpochEnd(
                        epoch,
                        epochs,
                        images,
                        trainLoss,
                        trainAccuracy,
                        trainMetrics,
                        validation.past(),
                        learningRate,
                        seconds,
                        samplesPerSecond);
    }
}
