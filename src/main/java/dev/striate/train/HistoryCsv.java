package dev.striate.train;

import dev.striate.disk.AtomicFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Writes the epochs of a training run as comma-separated values. The first line has the names of the columns: {@code
 * epoch, train_loss, train_accuracy, test_loss, test_accuracy, learning_rate, seconds, samples_per_second}. Accuracies
 * are fractions. Missing values and values that are not numbers are empty.
 */
public final class HistoryCsv {

    private static final String NAMES =
            "epoch,train_loss,train_accuracy,test_loss,test_accuracy,learning_rate,seconds,samples_per_second\n";

    private HistoryCsv() {}

    /**
     * Writes epochs to a file atomically.
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
