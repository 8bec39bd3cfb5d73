package dev.striate.train;

import dev.striate.StriateException;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How a classifier did on a set of images. The record of an epoch that is past has the first three only, so that those of many
 * epochs stay small: its predictions are empty, and its confusion matrix knows no class.
 *
 * @param loss        the mean cross-entropy over all images
 * @param total       the number of images
 * @param correct     the number of images whose class was predicted
 * @param predictions the predicted class of each image, in the order in which the batches gave them
 * @param confusion   the number of images by true class (row) and predicted class (column)
 */
public record Evaluation(double loss, int total, int correct, int[] predictions, int[][] confusion) {

    /** Counts the images and those whose class was predicted in the confusion matrix. */
    public Evaluation(double loss, int[] predictions, int[][] confusion) {
        this(loss, Arrays.stream(confusion).flatMapToInt(Arrays::stream).sum(),
                IntStream.range(0, confusion.length).map(label -> confusion[label][label]).sum(), predictions, confusion);
    }

    /** The same as the record of an epoch that is past. */
    Evaluation past() {
        return new Evaluation(loss, total, correct, new int[0], new int[0][]);
    }

    /** {@link #correct()} by {@link #total()}. */
    public double accuracy() {
        return (double) correct / total;
    }

    /** The number of images of a class. */
    public int total(int label) {
        int total = 0;
        for (int count : confusion[label(label)]) {
            total += count;
        }
        return total;
    }

    /** The number of images of a class that were predicted to be of it. */
    public int correct(int label) {
        return confusion[label(label)][label];
    }

    /** The fraction of a class's images that were predicted to be of it; NaN if it has none. */
    public double recall(int label) {
        return (double) correct(label) / total(label);
    }

    /** The fraction of the images predicted to be of a class that are of it; NaN if there are none. */
    public double precision(int label) {
        return (double) correct(label) / predicted(label);
    }

    /** The harmonic mean of {@link #recall} and {@link #precision}; NaN if the class has no images and none are predicted. */
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
                    + (confusion.length == 0 ? "none: the confusion matrix of a past epoch is not kept"
                            : "0 .. " + (confusion.length - 1)));
        }
        return label;
    }

    @Override
    public String toString() {
        return "Evaluation[loss " + loss + ", " + correct + " of " + total + " correct]";
    }
}
