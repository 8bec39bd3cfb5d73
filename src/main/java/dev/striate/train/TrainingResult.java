package dev.striate.train;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of a training run.
 *
 * @param epochs           the complete epochs, including those before the run was resumed. All but the last have
 *     reduced evaluations
 * @param train            the evaluation of the trained model on the whole training set, without augmentation; null if
 *     training was interrupted or this evaluation was turned off
 * @param validation       the evaluation of the trained model on the whole validation set, or null without one. After
 *     an interrupt it is that of the last epoch
 * @param epoch            the epoch whose weights the model has, counted from 1: the last one, or an earlier one with
 *     {@link Trainer#keepBest}; 0 if none was completed
 * @param curve            the loss and the learning rate of each step
 * @param seconds          the time of all training steps, including the first; evaluations are not counted
 * @param samplesPerSecond the training images per second of this time
 * @param stop             the reason why training ended early, or null if it did not
 */
public record TrainingResult(
        List<EpochEnd> epochs,
        @Nullable Evaluation train,
        @Nullable Evaluation validation,
        int epoch,
        StepCurve curve,
        double seconds,
        double samplesPerSecond,
        @Nullable Stop stop) {

    /** Returns whether training ended early. */
    public boolean stopped() {
        return stop != null;
    }

    /** Returns whether training was interrupted, on request or because a listener failed. */
    public boolean interrupted() {
        return stop != null && stop.isAtOnce();
    }

    /**
     * Returns the mean loss on the training set or, if that was not evaluated, of the last epoch; NaN if there is none.
     */
    public double trainLoss() {
        return train != null ? train.loss() : epochs.isEmpty() ? Double.NaN : last().trainLoss();
    }

    /**
     * Returns the accuracy on the training set or, if that was not evaluated, of the last epoch; NaN if there is none.
     */
    public double trainAccuracy() {
        return train != null ? train.accuracy() : epochs.isEmpty() ? Double.NaN : last().trainAccuracy();
    }

    /** Returns the mean loss on the validation set, or NaN without one. */
    public double validationLoss() {
        return validation == null ? Double.NaN : validation.loss();
    }

    /** Returns the accuracy on the validation set; NaN without one, or if the model is not a classifier. */
    public double validationAccuracy() {
        return validation == null ? Double.NaN : validation.accuracy();
    }

    private EpochEnd last() {
        return epochs.get(epochs.size() - 1);
    }
}
