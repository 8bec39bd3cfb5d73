package dev.striate.train;

import dev.striate.IntTensor;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.op.ClassificationOptions;
import dev.striate.op.CrossEntropy;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * Adds up losses and predictions batch by batch. Reading a value waits for the device, so batches are noted first and read many
 * at a time; what was noted and not read holds two small device buffers per batch.
 */
final class Tally implements AutoCloseable {

    private static final int READ_EVERY = 32;

    private final boolean requireFinite;
    private final ArrayDeque<Noted> noted = new ArrayDeque<>();
    private int[] predictions = new int[0];
    private int predicted;
    private int[][] confusion = new int[0][];
    private double lossSum;
    private int images;
    private int correct;

    /**
     * What was added up.
     *
     * @param loss    the sum over the images
     * @param images  how many have a label that the loss does not ignore
     * @param correct how many of them were classified rightly
     */
    record Sums(double loss, int images, int correct) {

        static final Sums NONE = new Sums(0, 0, 0);
    }

    private record Noted(Tensor loss, IntTensor predicted, int[] labels, String where) {

        void close() {
            loss.close();
            predicted.close();
        }
    }

    /** @param requireFinite whether a loss that is infinite or NaN is an error */
    Tally(boolean requireFinite) {
        this.requireFinite = requireFinite;
    }

    /** For training: goes on from sums; a loss that is infinite or NaN is an error. */
    Tally(Sums before) {
        this(true);
        lossSum = before.loss;
        images = before.images;
        correct = before.correct;
    }

    /** Reads the rest and says what was added up. */
    Sums sums() {
        read();
        return new Sums(lossSum, images, correct);
    }

    /**
     * Notes a batch.
     *
     * @param result the batch's mean loss, and the predictions {@code (N)} of which none is above the last class
     * @param where  which batch this is, for the error
     */
    void add(CrossEntropy.Result result, int[] labels, String where) {
        if (confusion.length == 0) {
            int classes = result.predictions().greatest() + 1;
            confusion = new int[classes][classes];
        }
        // A copy of the labels: they are read later, and whoever made the batch may reuse the array.
        noted.add(new Noted(result.loss().share(), result.predictions().share(), labels.clone(), where));
        if (noted.size() == READ_EVERY) {
            read();
        }
    }

    /** Reads what was noted, waiting for the device. A batch that cannot be taken stays, so that every later call fails, too. */
    void read() {
        while (!noted.isEmpty()) {
            take(noted.element());
            noted.remove().close();
        }
    }

    private void take(Noted batch) {
        float loss = batch.loss.item();
        if (requireFinite && !Float.isFinite(loss)) {
            throw new StriateException("the loss became " + loss + " in " + batch.where
                    + "; lower the learning rate, clip the gradient norm, or look for such values in the data");
        }
        int[] classes = batch.predicted.toIntArray();
        int needed = predicted + classes.length;
        if (needed > predictions.length) {
            predictions = Arrays.copyOf(predictions, Math.max(needed, 2 * predictions.length));
        }
        System.arraycopy(classes, 0, predictions, predicted, classes.length);
        predicted = needed;
        int counted = 0;
        for (int i = 0; i < classes.length; i++) {
            int label = batch.labels[i];
            // The loss has refused what is neither a class nor the ignored label.
            if (label != ClassificationOptions.DEFAULT.ignoreIndex()) {
                confusion[label][classes[i]]++;
                correct += classes[i] == label ? 1 : 0;
                counted++;
            }
        }
        // The mean loss of no images is NaN.
        lossSum += counted == 0 ? 0 : (double) loss * counted;
        images += counted;
    }

    /** The mean loss over the images read so far, NaN before the first. */
    double loss() {
        return lossSum / images;
    }

    /** The fraction of the images read so far that were classified rightly, NaN before the first. */
    double accuracy() {
        return (double) correct / images;
    }

    /** Reads the rest and sums up. */
    Evaluation evaluation() {
        read();
        return new Evaluation(loss(), Arrays.copyOf(predictions, predicted), confusion);
    }

    /** Frees what was noted and not read. */
    @Override
    public void close() {
        noted.forEach(Noted::close);
        noted.clear();
    }
}
