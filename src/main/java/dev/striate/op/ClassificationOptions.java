package dev.striate.op;

import dev.striate.ShapeException;
import dev.striate.backend.LossReduction;

/**
 * Settings of {@code crossEntropy} and {@code nll}.
 *
 * @param reduction      how single losses become the result
 * @param ignoreIndex    the label of examples that do not count
 * @param labelSmoothing epsilon: the target is {@code 1 - epsilon} on the label plus {@code epsilon / classes} on every class
 *                       (Szegedy et al., 2016)
 */
public record ClassificationOptions(LossReduction reduction, int ignoreIndex, float labelSmoothing) {

    /** The mean, -100 ignored, no smoothing: what PyTorch does. */
    public static final ClassificationOptions DEFAULT = new ClassificationOptions(LossReduction.MEAN, -100, 0);

    /** @throws ShapeException unless the smoothing is in 0 .. 1 */
    public ClassificationOptions {
        if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
            throw new ShapeException("expected label smoothing from 0 to 1, got " + labelSmoothing);
        }
    }

    public ClassificationOptions withReduction(LossReduction changed) {
        return new ClassificationOptions(changed, ignoreIndex, labelSmoothing);
    }

    public ClassificationOptions withIgnoreIndex(int changed) {
        return new ClassificationOptions(reduction, changed, labelSmoothing);
    }

    public ClassificationOptions withLabelSmoothing(float changed) {
        return new ClassificationOptions(reduction, ignoreIndex, changed);
    }
}
