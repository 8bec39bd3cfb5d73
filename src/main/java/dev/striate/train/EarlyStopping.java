package dev.striate.train;

import dev.striate.StriateException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Stops training after some epochs without improvement on the test set (Prechelt, "Early stopping - but when?", 1998).
 * The model keeps the weights of the last epoch; use {@link CheckpointWriter#best} to save those of the best epoch. A
 * resumed run continues the count.
 */
public final class EarlyStopping implements TrainingListener {

    private final boolean byLoss;
    private final int patience;
    private double leastImprovement;

    /** Larger is better. */
    private double best;

    private int bestEpoch;
    private int epochs;

    private EarlyStopping(boolean byLoss, int patience) {
        if (patience < 1) {
            throw new StriateException("EarlyStopping: expected a patience of at least 1 epoch, got " + patience);
        }
        this.byLoss = byLoss;
        this.patience = patience;
    }

    /**
     * Monitors the loss on the test set.
     *
     * @param patience the number of consecutive epochs without improvement after which training stops
     */
    public static EarlyStopping byTestLoss(int patience) {
        return new EarlyStopping(true, patience);
    }

    /** Monitors the accuracy on the test set; otherwise like {@link #byTestLoss}. */
    public static EarlyStopping byTestAccuracy(int patience) {
        return new EarlyStopping(false, patience);
    }

    /**
     * Sets the smallest change that counts as an improvement; 0 by default.
     *
     * @throws StriateException if negative
     */
    public EarlyStopping leastImprovement(double difference) {
        if (!(difference >= 0)) {
            throw new StriateException("EarlyStopping: expected a least improvement of 0 or more, got " + difference);
        }
        leastImprovement = difference;
        return this;
    }

    /** @throws StriateException if there is no test set */
    @Override
    public void onStart(TrainingStart start) {
        if (start.testImages() == 0) {
            throw new StriateException("EarlyStopping: the training has no test set; pass one to fit()");
        }
        best = Double.NEGATIVE_INFINITY;
        bestEpoch = 0;
        epochs = 0;
        start.history().forEach(this::onEpoch);
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        double value = byLoss ? -epoch.testLoss() : epoch.testAccuracy();
        epochs = epoch.epoch();
        if (value > best + leastImprovement) {
            best = value;
            bestEpoch = epochs;
        }
    }

    @Override
    public @Nullable Stop stop() {
        if (epochs - bestEpoch < patience) {
            return null;
        }
        String watched = byLoss ? "test loss" : "test accuracy";
        int count = epochs - bestEpoch;
        String since = " for " + count + (count == 1 ? " epoch" : " epochs");
        return Stop.early(
                bestEpoch == 0
                        ? "the " + watched + " was not a number" + since
                        : String.format(
                                Locale.ROOT,
                                "no better %s%s, the best was %.4f in epoch %d",
                                watched,
                                since,
                                Math.abs(best),
                                bestEpoch));
    }
}
