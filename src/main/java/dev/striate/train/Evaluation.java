package dev.striate.train;

import dev.striate.StriateException;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The evaluation of a model on a set of images. Predictions and confusion matrix are empty if the model is not a
 * classifier. They are also empty for past epochs, so that the history stays small.
 *
 * @param loss        the mean loss over all images
 * @param total       the number of images
 * @param correct     the number of correctly classified images; -1 if the model is not a classifier
 * @param predictions the predicted class of each image, in the order of the batches
 * @param confusion   the number of images by true class (row) and predicted class (column)
 * @param metrics     the mean of each {@linkplain Trainer#metric metric} over all images, by name
 */
public record Evaluation(
        double loss, int total, int correct, int[] predictions, int[][] confusion, Map<String, Double> metrics) {

    public Evaluation {
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    }

    /** Creates an evaluation of a classifier, whose total and correct are computed from the confusion matrix. */
    public Evaluation(double loss, int[] predictions, int[][] confusion, Map<String, Double> metrics) {
        this(
                loss,
                Arrays.stream(confusion).flatMapToInt(Arrays::stream).sum(),
                IntStream.range(0, confusion.length)
                        .map(label -> confusion[label][label])
                        .sum(),
                predictions,
                confusion,
                metrics);
    }

    /** Creates an evaluation of a classifier without metrics. */
    public Evaluation(double loss, int[] predictions, int[][] confusion) {
        this(loss, predictions, confusion, Map.of());
    }

    /** Creates an evaluation without predictions. */
    Evaluation(double loss, int total, int correct, Map<String, Double> metrics) {
        this(loss, total, correct, new int[0], new int[0][], metrics);
    }

    /** Returns a reduced copy for the history. */
    Evaluation past() {
        return new Evaluation(loss, total, correct, metrics);
    }

    /** Returns {@link #correct()} divided by {@link #total()}; NaN if the model is not a classifier. */
    public double accuracy() {
        return correct < 0 ? Double.NaN : (double) correct / total;
    }

    /**
     * Returns a metric.
     *
     * @throws StriateException if there is none with this name
     */
    public double metric(String name) {
        Double value = metrics.get(name);
        if (value == null) {
            throw new StriateException("there is no metric \"" + name + "\"; there are " + metrics.keySet());
        }
        return value;
    }

    /** Returns the number of images of a class. */
    public int total(int label) {
        int total = 0;
        for (int count : confusion[label(label)]) {
            total += count;
        }
        return total;
    }

    /** Returns the number of correctly classified images of a class. */
    public int correct(int label) {
        return confusion[label(label)][label];
    }

    /** Returns the fraction of the images of a class that were classified correctly; NaN if there are none. */
    public double recall(int label) {
        return (double) correct(label) / total(label);
    }

    /** Returns the fraction of the images predicted as a class that belong to it; NaN if there are none. */
    public double precision(int label) {
        return (double) correct(label) / predicted(label);
    }

    /**
     * Returns the harmonic mean of {@link #recall} and {@link #precision}; NaN if the class never occurs and is never
     * predicted.
     */
    public double f1(int label) {
        return 2.0 * correct(label) / (total(label) + predicted(label));
    }

    private int predicted(int label) {
        int predicted = 0;
        for (int[] row : confusion) {
            predicted += row[label(label)];
        }
        return predicted;
    }

    private int label(int label) {
        if (label < 0 || label >= confusion.length) {
            throw new StriateException("class " + label + " does not exist, expected "
                    + (confusion.length == 0
                            ? "none: there is no confusion matrix for past epochs, nor without classes"
                            : "0 .. " + (confusion.length - 1)));
        }
        return label;
    }

    @Override
    public String toString() {
        return "Evaluation[loss " + loss + (correct < 0 ? "" : ", " + correct + " of " + total + " correct")
                + (metrics.isEmpty() ? "" : ", " + metrics) + "]";
    }
}
