package dev.striate.train;

import dev.striate.disk.AtomicFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes the epochs or the steps of a training run as comma-separated values. For epochs, the first line has the names of the columns: {@code
 * epoch, train_loss, train_accuracy, validation_loss, validation_accuracy, learning_rate, seconds, samples_per_second}.
 * The metrics follow the accuracies: {@code train_iou} and {@code validation_iou} for the metric {@code iou}. Accuracies
 * are fractions. Missing values and values that are not numbers are empty.
 */
public final class HistoryCsv {

    private HistoryCsv() {}

    /**
     * Writes epochs to a file atomically.
     *
     * @throws dev.striate.StriateException if it cannot be written
     */
    public static void write(Path file, List<EpochEnd> epochs) {
        // A resumed run may have metrics that its first epochs lack.
        List<String> metrics = epochs.stream()
                .flatMap(epoch -> epoch.trainMetrics().keySet().stream())
                .distinct()
                .toList();
        StringBuilder text = new StringBuilder("epoch");
        for (String set : List.of("train", "validation")) {
            text.append(",").append(set).append("_loss,").append(set).append("_accuracy");
            metrics.forEach(name -> text.append(",").append(set).append('_').append(name));
        }
        text.append(",learning_rate,seconds,samples_per_second\n");
        for (EpochEnd epoch : epochs) {
            text.append(epoch.epoch());
            Evaluation validation = epoch.validation();
            cells(text, epoch.trainLoss(), epoch.trainAccuracy(), metrics, epoch.trainMetrics());
            cells(
                    text,
                    epoch.validationLoss(),
                    epoch.validationAccuracy(),
                    metrics,
                    validation == null ? Map.of() : validation.metrics());
            cell(text, "%.6g", epoch.learningRate());
            cell(text, "%.3f", epoch.seconds());
            cell(text, "%.1f", epoch.samplesPerSecond());
            text.append('\n');
        }
        AtomicFile.write(file, text.toString());
    }

    /**
     * Writes the loss and the learning rate of each step to a file atomically: {@code step, epoch, loss,
     * learning_rate}, with steps and epochs counted from 1.
     *
     * @throws dev.striate.StriateException if it cannot be written
     */
    public static void write(Path file, StepCurve curve) {
        float[] losses = curve.losses();
        float[] rates = curve.learningRates();
        StringBuilder text = new StringBuilder("step,epoch,loss,learning_rate\n");
        for (int step = 0; step < losses.length; step++) {
            long number = curve.unknownSteps() + step;
            text.append(number + 1).append(',').append(number / curve.stepsPerEpoch() + 1);
            cell(text, "%.6f", losses[step]);
            cell(text, "%.6g", rates[step]);
            text.append('\n');
        }
        AtomicFile.write(file, text.toString());
    }

    private static void cells(
            StringBuilder text, double loss, double accuracy, List<String> names, Map<String, Double> metrics) {
        cell(text, "%.6f", loss);
        cell(text, "%.6f", accuracy);
        names.forEach(name -> cell(text, "%.6f", metrics.getOrDefault(name, Double.NaN)));
    }

    private static void cell(StringBuilder text, String format, double value) {
        text.append(',');
        if (Double.isFinite(value)) {
            text.append(String.format(Locale.ROOT, format, value));
        }
    }
}
