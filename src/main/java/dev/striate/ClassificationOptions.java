package dev.striate;

import java.util.ArrayList;
import java.util.List;

/**
 * Settings of {@code crossEntropy} and {@code nll}.
 *
 * @param reduction      how the losses of the examples are combined
 * @param ignoreIndex    the label of examples to ignore
 * @param labelSmoothing epsilon: the target is {@code 1 - epsilon} on the label plus {@code epsilon / classes} on every
 *     class (Szegedy et al., 2016)
 * @param classWeights   a weight for each class, or empty for 1. The mean is divided by the sum of the weights of the
 *     labels; label smoothing weighs each class
 */
public record ClassificationOptions(
        LossReduction reduction, int ignoreIndex, float labelSmoothing, List<Float> classWeights) {

    /** The defaults of PyTorch: mean, label -100 ignored, no smoothing, no weights. */
    public static final ClassificationOptions DEFAULT =
            new ClassificationOptions(LossReduction.MEAN, -100, 0, List.of());

    /** @throws ShapeException if the smoothing is not from 0 to 1, or a weight is negative or not finite */
    public ClassificationOptions {
        if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
            throw new ShapeException("expected label smoothing from 0 to 1, got " + labelSmoothing);
        }
        classWeights = List.copyOf(classWeights);
        if (!classWeights.stream().allMatch(weight -> weight >= 0 && weight < Float.POSITIVE_INFINITY)) {
            throw new ShapeException("expected class weights that are finite and at least 0, got " + classWeights);
        }
    }

    public ClassificationOptions withReduction(LossReduction changed) {
        return new ClassificationOptions(changed, ignoreIndex, labelSmoothing, classWeights);
    }

    public ClassificationOptions withIgnoreIndex(int changed) {
        return new ClassificationOptions(reduction, changed, labelSmoothing, classWeights);
    }

    public ClassificationOptions withLabelSmoothing(float changed) {
        return new ClassificationOptions(reduction, ignoreIndex, changed, classWeights);
    }

    /** @param weights one for each class */
    public ClassificationOptions withClassWeights(float... weights) {
        List<Float> changed = new ArrayList<>();
        for (float weight : weights) {
            changed.add(weight);
        }
        return new ClassificationOptions(reduction, ignoreIndex, labelSmoothing, changed);
    }
}
