package dev.striate.train;

import dev.striate.StriateException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Ends a training when the test set shows no improvement for some epochs (Prechelt, "Early stopping - but when?", 1998). The
 * model stays as the last epoch left it; {@link CheckpointWriter#best} keeps the best. A training that is resumed counts on.
 */
public final class EarlyStopping implements TrainingListener {

    private final boolean byLoss;
    private final int patience;
    private double leastImprovement;

    /** The greater, the better. */
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
     * Watches the loss on the test set.
     *
     * @param patience after how many epochs in a row without improvement to end
     */
    public static EarlyStopping byTestLoss(int patience) {
        return new EarlyStopping(true, patience);
    }

    /** Watches the accuracy on the test set; as {@link #byTestLoss}. */
    public static EarlyStopping byTestAccuracy(int patience) {
        return new EarlyStopping(false, patience);
    }

    /**
     * Sets by how much the best value must be surpassed to count, 0 unless set.
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
        String found = bestEpoch == 0 ? "was not a number"
                : String.format(Locale.ROOT, "has not improved on %.4f in epoch %d", Math.abs(best), bestEpoch);
        return Stop.early("the " + watched + " " + found + " for " + (epochs - bestEpoch) + " epochs");
    }
}
