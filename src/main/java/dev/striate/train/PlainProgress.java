package dev.striate.train;

import java.io.PrintStream;
import java.util.Locale;

/** Prints one line per epoch. */
public final class PlainProgress implements TrainingListener {

    private final PrintStream out;

    public PlainProgress(PrintStream out) {
        this.out = out;
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        out.println(line(epoch));
    }

    /**
     * {@code epoch  3/30  loss 0.4321  accuracy 91.20 %  test loss 0.4012  test accuracy 92.50 %  lr 0.00500  12,345
     * images/s}
     */
    public static String line(EpochEnd epoch) {
        int digits = String.valueOf(epoch.epochs()).length();
        Evaluation test = epoch.test();
        return String.format(
                Locale.ROOT,
                "epoch %" + digits + "d/%d  loss %.4f  accuracy %.2f %%%s  lr %.3g  %,.0f images/s",
                epoch.epoch(),
                epoch.epochs(),
                epoch.trainLoss(),
                100 * epoch.trainAccuracy(),
                test == null ? "" : onTest(test),
                epoch.learningRate(),
                epoch.samplesPerSecond());
    }

    private static String onTest(Evaluation test) {
        return String.format(
                Locale.ROOT, "  test loss %.4f  test accuracy %.2f %%", test.loss(), 100 * test.accuracy());
    }
}
