package dev.striate.train;

import static dev.striate.internal.Internals.share;

import dev.striate.ClassificationOptions;
import dev.striate.CrossEntropyResult;
import dev.striate.IntTensor;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * Sums losses and predictions over batches. Reading a value waits for the device, so results are queued and read many
 * at a time. Each queued batch keeps two small device buffers alive.
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
     * The sums over the batches so far.
     *
     * @param loss    the sum of the losses of these images
     * @param images  the number of images, without those whose label is ignored by the loss
     * @param correct the number of correctly classified images
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

    /** Creates a tally for training that starts from sums. A loss that is infinite or NaN is an error. */
    Tally(Sums before) {
        this(true);
        lossSum = before.loss;
        images = before.images;
        correct = before.correct;
    }

    /** Reads the queued batches and returns the sums. */
    Sums sums() {
        read();
        return new Sums(lossSum, images, correct);
    }

    /**
     * Queues the results of a batch.
     *
     * @param result the batch's mean loss and its predictions {@code (N)}, with {@code greatest()} equal to the last
     *     class
     * @param where  the batch's description for errors
     */
    void add(CrossEntropyResult result, int[] labels, String where) {
        if (confusion.length == 0) {
            int classes = result.predictions().greatest() + 1;
            confusion = new int[classes][classes];
        }
        // The labels are copied, because they are read later and the owner of the batch may reuse the array.
        noted.add(new Noted(share(result.loss()), share(result.predictions()), labels.clone(), where));
        if (noted.size() == READ_EVERY) {
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
            // The loss has already rejected labels that are neither a class nor the ignored label.
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

    /** Returns the mean loss of the images read so far; NaN before the first. */
    double loss() {
        return lossSum / images;
    }

    /** Returns the fraction of correctly classified images among those read so far; NaN before the first. */
    double accuracy() {
        return (double) correct / images;
    }

    /** Reads the queued batches and returns the evaluation. */
    Evaluation evaluation() {
        read();
        return new Evaluation(loss(), Arrays.copyOf(predictions, predicted), confusion);
    }

    /** Frees the queued batches. */
    @Override
    public void close() {
        noted.forEach(Noted::close);
        noted.clear();
    }
}
