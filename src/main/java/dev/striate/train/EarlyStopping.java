package dev.striate.train;

import dev.striate.StriateException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Stops training after some epochs without improvement on the validation set (Prechelt, "Early stopping - but when?",
 * 1998). The model keeps the weights of the last epoch unless {@link Trainer#keepBest} is used too. A resumed run
 * continues the count.
 *
 * <pre>{@code
 * trainer.listener(EarlyStopping.byValidationLoss(5)).keepBest(Monitor.validationLoss());
 * }</pre>
 */
public final class EarlyStopping implements TrainingListener {

    private final Monitor monitor;
    private final int patience;
    private double leastImprovement;
    private double best;
    private int bestEpoch;
    private int epochs;

    private EarlyStopping(Monitor monitor, int patience) {
        if (patience < 1) {
            throw new StriateException("EarlyStopping: expected a patience of at least 1 epoch, got " + patience);
        }
        this.monitor = monitor;
        this.patience = patience;
    }

    /**
     * Monitors a value of the validation set.
     *
     * @param patience the number of consecutive epochs without improvement after which training stops
     */
    public static EarlyStopping by(Monitor monitor, int patience) {
        return new EarlyStopping(monitor, patience);
    }

    /** Monitors the loss on the validation set; see {@link #by}. */
    public static EarlyStopping byValidationLoss(int patience) {
        return by(Monitor.validationLoss(), patience);
    }

    /** Monitors the accuracy on the validation set; see {@link #by}. */
    public static EarlyStopping byValidationAccuracy(int patience) {
        return by(Monitor.validationAccuracy(), patience);
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

    /** @throws StriateException if there is no validation set */
    @Override
    public void onStart(TrainingStart start) {
        if (start.validationImages() == 0) {
            throw new StriateException("EarlyStopping: the training has no validation set; pass one to fit()");
        }
        best = Double.NEGATIVE_INFINITY;
        bestEpoch = 0;
        epochs = 0;
        start.history().forEach(this::onEpoch);
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        double score = monitor.score(epoch);
        epochs = epoch.epoch();
        if (score > best + leastImprovement) {
            best = score;
            bestEpoch = epochs;
        }
    }

    @Override
    public @Nullable Stop stop() {
        if (epochs - bestEpoch < patience) {
            return null;
        }
        int count = epochs - bestEpoch;
        String since = " for " + count + (count == 1 ? " epoch" : " epochs");
        return Stop.early(
                bestEpoch == 0
                        ? "the " + monitor + " was not a number" + since
                        : String.format(
                                Locale.ROOT,
                                "no better %s%s, the best was %.4f in epoch %d",
                                monitor,
                                since,
                                monitor.value(best),
                                bestEpoch));
    }
}
