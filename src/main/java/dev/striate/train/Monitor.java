package dev.striate.train;

import dev.striate.StriateException;
import java.util.function.ToDoubleFunction;

/**
 * A value of the validation set by which epochs are compared; see {@link EarlyStopping}, {@link Trainer#keepBest} and
 * {@link CheckpointWriter#best}.
 */
public final class Monitor {

    private final String name;
    private final boolean lowestIsBest;
    private final ToDoubleFunction<EpochEnd> value;

    private Monitor(String name, boolean lowestIsBest, ToDoubleFunction<EpochEnd> value) {
        this.name = name;
        this.lowestIsBest = lowestIsBest;
        this.value = value;
    }

    /** The lowest loss is the best. */
    public static Monitor validationLoss() {
        return new Monitor("validation loss", true, EpochEnd::validationLoss);
    }

    /** The highest accuracy is the best. */
    public static Monitor validationAccuracy() {
        return new Monitor("validation accuracy", false, epoch -> {
            if (epoch.validation() != null && epoch.validation().correct() < 0) {
                throw new StriateException("there is no validation accuracy, because the model is not a classifier");
            }
            return epoch.validationAccuracy();
        });
    }

    /** The lowest value of a {@linkplain Trainer#metric metric} is the best. */
    public static Monitor lowest(String metric) {
        return new Monitor("validation " + metric, true, epoch -> metric(epoch, metric));
    }

    /** The highest value of a {@linkplain Trainer#metric metric} is the best. */
    public static Monitor highest(String metric) {
        return new Monitor("validation " + metric, false, epoch -> metric(epoch, metric));
    }

    private static double metric(EpochEnd epoch, String metric) {
        return epoch.validation() == null ? Double.NaN : epoch.validation().metric(metric);
    }

    /**
     * Returns a number that is larger for a better epoch; NaN without a validation set, or if the value is not a number.
     *
     * @throws StriateException if the validation set has no such value
     */
    double score(EpochEnd epoch) {
        return value(value.applyAsDouble(epoch));
    }

    /** Converts a score to the value and the value to a score. */
    double value(double score) {
        return lowestIsBest ? -score : score;
    }

    /** Returns what is monitored: {@code validation loss}, for example. */
    @Override
    public String toString() {
        return name;
    }
}
