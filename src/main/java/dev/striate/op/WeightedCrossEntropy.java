package dev.striate.op;

import dev.striate.ClassificationOptions;
import dev.striate.IntTensor;
import dev.striate.LossReduction;
import dev.striate.NoGrad;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Negative log-likelihood and cross-entropy with a weight for each class, as in PyTorch: the mean is divided by the sum
 * of the weights of the labels, and label smoothing weighs each class. Composed of {@link Nll}, which picks the label's
 * element: of weighted log-probabilities, of the weights themselves, and of ones, which shows the examples that count.
 */
final class WeightedCrossEntropy {

    private WeightedCrossEntropy() {}

    /** @throws ShapeException if there is not one weight per class; otherwise as for {@link Nll} */
    static Tensor ofLogProbabilities(
            String operation, Tensor logProbabilities, IntTensor labels, ClassificationOptions options) {
        // Checks the shapes first, so that errors speak of them.
        Labels.geometry(operation, logProbabilities, labels, options);
        int classes = logProbabilities.size(1);
        List<Float> given = options.classWeights();
        if (given.size() != classes) {
            throw new ShapeException(
                    operation + ": expected a weight for each of the " + classes + " classes, got " + given.size());
        }
        float[] values = new float[classes];
        for (int i = 0; i < classes; i++) {
            values[i] = given.get(i);
        }
        int[] perClass = new int[logProbabilities.shape().rank() - 1];
        Arrays.fill(perClass, 1);
        perClass[0] = classes;
        ClassificationOptions each = ClassificationOptions.DEFAULT
                .withIgnoreIndex(options.ignoreIndex())
                .withReduction(LossReduction.NONE);
        try (Tensor row = Tensor.of(logProbabilities.device(), values);
                Tensor weights = row.reshape(perClass);
                Tensor weighted = logProbabilities.mul(weights);
                Tensor ofLabels = weighted.nll(labels, each);
                Tensor losses = smoothed(ofLabels, weighted, labels, each, options.labelSmoothing())) {
            if (options.reduction() != LossReduction.MEAN) {
                return Losses.reduce(losses, options.reduction());
            }
            try (Tensor total = losses.sum();
                    Tensor negative = weights.neg();
                    Tensor weightOfLabels = picked(negative, logProbabilities, labels, each);
                    Tensor weightTotal = weightOfLabels.sum()) {
                return total.div(weightTotal);
            }
        }
    }

    private static Tensor smoothed(
            Tensor ofLabels, Tensor weighted, IntTensor labels, ClassificationOptions each, float smoothing) {
        if (smoothing == 0) {
            return ofLabels.reshape(ofLabels.shape().toArray());
        }
        try (Tensor sums = weighted.sum(1);
                Tensor minusOne = Tensor.scalar(weighted.device(), -1);
                Tensor counts = picked(minusOne, weighted, labels, each);
                Tensor counted = sums.mul(counts);
                Tensor ofAll = counted.mul(-smoothing / weighted.size(1));
                Tensor main = ofLabels.mul(1 - smoothing)) {
            return main.add(ofAll);
        }
    }

    /** The negative of the label's element of {@code values} in each example, 0 for ignored ones; without gradient. */
    private static Tensor picked(Tensor values, Tensor scores, IntTensor labels, ClassificationOptions each) {
        try (NoGrad off = NoGrad.open();
                Tensor expanded = values.expand(scores.shape().toArray())) {
            return expanded.nll(labels, each);
        }
    }
}
