package dev.striate.train;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;

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
     * {@code epoch  3/30  loss 0.4321  acc 91.20 %  val loss 0.4012  val acc 92.50 %  lr 0.00500  12,345 images/s}. Accuracies are missing if the model is not a classifier, and metrics follow them.
     */
    public static String line(EpochEnd epoch) {
        int digits = String.valueOf(epoch.epochs()).length();
        StringBuilder line = new StringBuilder(
                String.format(Locale.ROOT, "epoch %" + digits + "d/%d", epoch.epoch(), epoch.epochs()));
        append(line, "", epoch.trainLoss(), epoch.trainAccuracy(), epoch.trainMetrics());
        Evaluation validation = epoch.validation();
        if (validation != null) {
            append(line, "val ", validation.loss(), validation.accuracy(), validation.metrics());
        }
        return line.append(String.format(
                        Locale.ROOT, "  lr %.3g  %,.0f images/s", epoch.learningRate(), epoch.samplesPerSecond()))
                .toString();
    }

    private static void append(
            StringBuilder line, String set, double loss, double accuracy, Map<String, Double> metrics) {
        line.append(String.format(Locale.ROOT, "  %sloss %.4f", set, loss));
        if (!Double.isNaN(accuracy)) {
            line.append(String.format(Locale.ROOT, "  %sacc %.2f %%", set, 100 * accuracy));
        }
        metrics.forEach((name, value) -> line.append(String.format(Locale.ROOT, "  %s%s %.4f", set, name, value)));
    }
}
