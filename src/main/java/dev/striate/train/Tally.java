package dev.striate.train;

import static dev.striate.internal.Internals.share;

import dev.striate.ClassificationOptions;
import dev.striate.IntTensor;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.internal.Internals;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sums losses, metrics and predictions over batches. Reading a value waits for the device, so results are queued and
 * read many at a time. Each queued batch keeps small device buffers alive.
 */
final class Tally implements AutoCloseable {

    private static final int READ_EVERY = 32;

    /** Steps of a large network take long; a user wants to see their loss. */
    private static final long READ_EVERY_NANOS = 500_000_000;

    private final List<String> metricNames;
    private final @Nullable StepCurve curve;
    private final ArrayDeque<Noted> noted = new ArrayDeque<>();
    private final double[] metricSums;
    private int[] predictions = new int[0];
    private int predicted;
    private int[][] confusion = new int[0][];
    private double lossSum;
    private int images;
    private int correct;
    private double stepLossSum;
    private int stepImages;
    private long lastRead = System.nanoTime() - READ_EVERY_NANOS;

    /**
     * The sums over the batches so far.
     *
     * @param loss    the sum of the losses of these images
     * @param images  the number of images, without those whose label is ignored by the loss
     * @param correct the number of correctly classified images; -1 if the model is not a classifier
     * @param metrics the sum of each metric
     */
    record Sums(double loss, int images, int correct, Map<String, Double> metrics) {

        static final Sums NONE = new Sums(0, 0, 0, Map.of());

        double meanLoss() {
            return loss / images;
        }

        double accuracy() {
            return correct < 0 ? Double.NaN : (double) correct / images;
        }

        Map<String, Double> meanMetrics() {
            Map<String, Double> means = new LinkedHashMap<>(metrics);
            means.replaceAll((name, sum) -> sum / images);
            return means;
        }
    }

    /**
     * The results of a batch.
     *
     * @param labels  the classes; null for other targets
     * @param endStep the learning rate if this is the last batch of a training step, otherwise NaN
     */
    private record Noted(
            Tensor loss,
            @Nullable IntTensor predicted,
            List<Tensor> metrics,
            int size,
            int @Nullable [] labels,
            String where,
            float endStep) {

        void close() {
            loss.close();
            if (predicted != null) {
                predicted.close();
            }
            metrics.forEach(Tensor::close);
        }
    }

    /** Creates a tally for an evaluation. */
    Tally(List<String> metricNames) {
        this(metricNames, Sums.NONE, null);
    }

    /**
     * Creates a tally for training that starts from sums. A loss that is infinite or NaN is an error.
     *
     * @param curve to which each step is added; null for an evaluation
     */
    Tally(List<String> metricNames, Sums before, @Nullable StepCurve curve) {
        this.metricNames = metricNames;
        this.curve = curve;
        metricSums = metricNames.stream()
                .mapToDouble(name -> before.metrics.getOrDefault(name, 0.0))
                .toArray();
        lossSum = before.loss;
        images = before.images;
        correct = before.correct;
    }

    /** Reads the queued batches and returns the sums. */
    Sums sums() {
        read();
        return sumsRead();
    }

    /** Returns the sums over the batches that were read. */
    Sums sumsRead() {
        Map<String, Double> named = new LinkedHashMap<>();
        for (int i = 0; i < metricSums.length; i++) {
            named.put(metricNames.get(i), metricSums[i]);
        }
        return new Sums(lossSum, images, correct, named);
    }

    /**
     * Queues the results of a batch.
     *
     * @param size    the number of images
     * @param labels  the classes; null for other targets
     * @param where   the batch's description for errors
     * @param endStep the learning rate if this is the last batch of a training step, otherwise NaN
     */
    void add(Objective.Values values, int size, int @Nullable [] labels, String where, float endStep) {
        // The labels are copied, because they are read later and the owner of the batch may reuse the array.
        noted.add(new Noted(
                share(values.loss()),
                values.predictions() == null ? null : share(values.predictions()),
                values.metrics().stream().map(Internals::share).toList(),
                size,
                labels == null ? null : labels.clone(),
                where,
                endStep));
        if (noted.size() == READ_EVERY || System.nanoTime() - lastRead >= READ_EVERY_NANOS) {
            read();
        }
    }

    /**
     * Reads the queued batches, which waits for the device. A batch that causes an error stays in the queue, so later
     * calls fail, too.
     */
    void read() {
        while (!noted.isEmpty()) {
            take(noted.element());
            noted.remove().close();
        }
        lastRead = System.nanoTime();
    }

    private void take(Noted batch) {
        float loss = batch.loss.item();
        if (curve != null && !Float.isFinite(loss)) {
            throw new StriateException("the loss became " + loss + " in " + batch.where
                    + "; lower the learning rate, clip the gradient norm, or look for such values in the data");
        }
        int counted = batch.size;
        if (batch.predicted == null || batch.labels == null) {
            correct = -1;
        } else {
            counted = takePredictions(batch.predicted, batch.labels);
        }
        // The mean loss of no images is NaN.
        lossSum += counted == 0 ? 0 : (double) loss * counted;
        images += counted;
        for (int i = 0; i < metricSums.length && counted > 0; i++) {
            metricSums[i] += (double) batch.metrics.get(i).item() * counted;
        }
        if (curve != null) {
            stepLossSum += counted == 0 ? 0 : (double) loss * counted;
            stepImages += counted;
            if (!Float.isNaN(batch.endStep)) {
                curve.add((float) (stepLossSum / stepImages), batch.endStep);
                stepLossSum = 0;
                stepImages = 0;
            }
        }
    }

    /** Returns the number of images, without those whose label is ignored. */
    private int takePredictions(IntTensor batch, int[] labels) {
        if (confusion.length == 0) {
            int classes = batch.greatest() + 1;
            confusion = new int[classes][classes];
        }
        int[] classes = batch.toIntArray();
        int needed = predicted + classes.length;
        if (needed > predictions.length) {
            predictions = Arrays.copyOf(predictions, Math.max(needed, 2 * predictions.length));
        }
        System.arraycopy(classes, 0, predictions, predicted, classes.length);
        predicted = needed;
        int counted = 0;
        for (int i = 0; i < classes.length; i++) {
            int label = labels[i];
            if (label == ClassificationOptions.DEFAULT.ignoreIndex()) {
                continue;
            }
            // The cross-entropy has already rejected other labels; another loss may not have.
            if (label < 0 || label >= confusion.length) {
                throw new StriateException("the label " + label + " of image " + (needed - classes.length + i)
                        + " is not one of the " + confusion.length + " classes of the model's output");
            }
            confusion[label][classes[i]]++;
            correct += classes[i] == label ? 1 : 0;
            counted++;
        }
        return counted;
    }

    /** Reads the queued batches and returns the evaluation. */
    Evaluation evaluation() {
        Sums sums = sums();
        return correct < 0
                ? new Evaluation(sums.meanLoss(), images, -1, sums.meanMetrics())
                : new Evaluation(sums.meanLoss(), Arrays.copyOf(predictions, predicted), confusion, sums.meanMetrics());
    }

    /** Frees the queued batches. */
    @Override
    public void close() {
        noted.forEach(Noted::close);
        noted.clear();
    }
}
