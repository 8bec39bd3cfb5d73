package dev.striate.train;

import dev.striate.StriateException;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The evaluation of a classifier on a set of images. For past epochs, only loss, total and correct are kept, so that
 * the history stays small: predictions and confusion matrix are empty.
 *
 * @param loss        the mean cross-entropy over all images
 * @param total       the number of images
 * @param correct     the number of correctly classified images
 * @param predictions the predicted class of each image, in the order of the batches
 * @param confusion   the number of images by true class (row) and predicted class (column)
 */
public record Evaluation(double loss, int total, int correct, int[] predictions, int[][] confusion) {

    /** Creates an evaluation whose total and correct are computed from the confusion matrix. */
    public Evaluation(double loss, int[] predictions, int[][] confusion) {
        this(
                loss,
                Arrays.stream(confusion).flatMapToInt(Arrays::stream).sum(),
                IntStream.range(0, confusion.length)
                        .map(label -> confusion[label][label])
                        .sum(),
                predictions,
                confusion);
    }

    /** Returns a reduced copy for the history. */
    Evaluation past() {
        return new Evaluation(loss, total, correct, new int[0], new int[0][]);
    }

    /** Returns {@link #correct()} divided by {@link #total()}. */
    public double accuracy() {
        return (double) correct / total;
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
                            ? "none: the confusion matrix of a past epoch is not kept"
                            : "0 .. " + (confusion.length - 1)));
        }
        return label;
    }

    @Override
    public String toString() {
        return "Evaluation[loss " + loss + ", " + correct + " of " + total + " correct]";
    }
}
