package dev.striate.train;

import dev.striate.disk.AtomicFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * A training's epochs as comma-separated values: a line of names, then a line per epoch with
 * {@code epoch, train_loss, train_accuracy, test_loss, test_accuracy, learning_rate, seconds, samples_per_second}. Accuracies are
 * fractions; what there is not, or is no number, is empty.
 */
public final class HistoryCsv {

    private static final String NAMES =
            "epoch,train_loss,train_accuracy,test_loss,test_accuracy,learning_rate,seconds,samples_per_second\n";

    private HistoryCsv() {}

    /**
     * Writes epochs to a file, complete or not at all.
     *
     * @throws dev.striate.StriateException if it cannot be written
     */
    public static void write(Path file, List<EpochEnd> epochs) {
        StringBuilder text = new StringBuilder(NAMES);
        for (EpochEnd epoch : epochs) {
            text.append(epoch.epoch());
            cell(text, "%.6f", epoch.trainLoss());
            cell(text, "%.6f", epoch.trainAccuracy());
            cell(text, "%.6f", epoch.testLoss());
            cell(text, "%.6f", epoch.testAccuracy());
            cell(text, "%.6g", epoch.learningRate());
            cell(text, "%.3f", epoch.seconds());
            cell(text, "%.1f", epoch.samplesPerSecond());
            text.append('\n');
        }
        AtomicFile.write(file, text.toString());
    }

    private static void cell(StringBuilder text, String format, double value) {
        text.append(',');
        if (Double.isFinite(value)) {
            text.append(String.format(Locale.ROOT, format, value));
        }
    }
}
