package dev.striate.op;

import dev.striate.ClassificationOptions;
import dev.striate.IntTensor;
import dev.striate.LossReduction;
import dev.striate.NoGrad;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.backend.ClassificationGeometry;
import java.util.Arrays;
import java.util.List;

/**
 * Negative log-likelihood and cross-entropy with a weight for each class, as in PyTorch: the mean is divided by the sum
 * of the weights of the labels, and label smoothing weighs each class. Composed of {@link Nll}, which picks the label's
 * element: of weighted log-probabilities, of the weights themselves, and of ones, which shows the examples that count.
 */
final class WeightedCrossEntropy {

    private WeightedCrossEntropy() {}

    /** Errors as for {@link CrossEntropy}, and if there is not one weight per class. */
    static Tensor ofLogits(Tensor logits, IntTensor labels, ClassificationOptions options) {
        ClassificationGeometry g = perExample("crossEntropy", logits, labels, options);
        try (Tensor logProbabilities = logits.logSoftmax(1)) {
            return apply(g, logProbabilities, labels, options);
        }
    }

    /** Errors as for {@link Nll}, and if there is not one weight per class. */
    static Tensor ofLogProbabilities(Tensor logProbabilities, IntTensor labels, ClassificationOptions options) {
        return apply(perExample("nll", logProbabilities, labels, options), logProbabilities, labels, options);
    }

    /** Checks everything, and returns the geometry of {@link Nll} without reduction. */
    private static ClassificationGeometry perExample(
            String operation, Tensor scores, IntTensor labels, ClassificationOptions options) {
        ClassificationGeometry g = Labels.geometry(
                operation,
                scores,
                labels,
                ClassificationOptions.DEFAULT
                        .withIgnoreIndex(options.ignoreIndex())
                        .withReduction(LossReduction.NONE));
        int classes = scores.size(1);
        int given = options.classWeights().size();
        if (given != classes) {
            throw new ShapeException(
                    operation + ": expected a weight for each of the " + classes + " classes, got " + given);
        }
        return g;
    }

    private static Tensor apply(
            ClassificationGeometry g, Tensor logProbabilities, IntTensor labels, ClassificationOptions options) {
        try (Tensor weights = weights(logProbabilities, options.classWeights());
                Tensor weighted = logProbabilities.mul(weights);
                Tensor ofLabels = Nll.apply(g, weighted, labels);
                Tensor losses = smoothed(g, ofLabels, weighted, labels, options.labelSmoothing())) {
            if (options.reduction() != LossReduction.MEAN) {
                return Losses.reduce(losses, options.reduction());
            }
            try (Tensor total = losses.sum();
                    Tensor negative = weights.neg();
                    Tensor weightOfLabels = picked(g, negative, logProbabilities, labels);
                    Tensor weightTotal = weightOfLabels.sum()) {
                return total.div(weightTotal);
            }
        }
    }

    /** The weights in the shape {@code (classes, 1, ...)}, which broadcasts to the scores. */
    private static Tensor weights(Tensor scores, List<Float> perClass) {
        float[] values = new float[perClass.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = perClass.get(i);
        }
        int[] sizes = new int[scores.shape().rank() - 1];
        Arrays.fill(sizes, 1);
        sizes[0] = values.length;
        return Tensor.of(scores.device(), Shape.of(sizes), values);
    }

    private static Tensor smoothed(
            ClassificationGeometry g, Tensor ofLabels, Tensor weighted, IntTensor labels, float smoothing) {
        if (smoothing == 0) {
            return ofLabels.reshape(ofLabels.shape().toArray());
        }
        try (Tensor sums = weighted.sum(1);
                Tensor minusOne = Tensor.scalar(weighted.device(), -1);
                Tensor counts = picked(g, minusOne, weighted, labels);
                Tensor counted = sums.mul(counts);
                Tensor ofAll = Unary.scale("crossEntropy", counted, -(double) smoothing / weighted.size(1));
                Tensor main = Unary.scale("crossEntropy", ofLabels, 1.0 - smoothing)) {
            return main.add(ofAll);
        }
    }

    /** The negative of the label's element of {@code values} in each example, 0 for ignored ones; without gradient. */
    private static Tensor picked(ClassificationGeometry g, Tensor values, Tensor scores, IntTensor labels) {
        try (NoGrad off = NoGrad.open();
                Tensor expanded = values.expand(scores.shape().toArray())) {
            return Nll.apply(g, expanded, labels);
        }
    }
}
