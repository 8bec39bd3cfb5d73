package dev.striate;

/**
 * Settings of {@code crossEntropy} and {@code nll}.
 *
 * @param reduction      how the losses of the examples are combined
 * @param ignoreIndex    the label of examples to ignore
 * @param labelSmoothing epsilon: the target is {@code 1 - epsilon} on the label plus {@code epsilon / classes} on every
 *     class (Szegedy et al., 2016)
 */
public record ClassificationOptions(LossReduction reduction, int ignoreIndex, float labelSmoothing) {

    /** The defaults of PyTorch: mean, label -100 ignored, no smoothing. */
    public static final ClassificationOptions DEFAULT = new ClassificationOptions(LossReduction.MEAN, -100, 0);

    /** @throws ShapeException if the smoothing is not from 0 to 1 */
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
