package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/**
 * Softmax cross-entropy in one: an example's loss is {@code log(sum(e^(x - max))) + (1 - epsilon) (max - x[label]) +
 * epsilon mean(max - x)}, max being its largest logit; the last term is left out where epsilon is 0, so that a masked
 * logit of minus infinity does no harm. The maximum and the logarithm are never added, so errors do not depend on a
 * shift of the logits. Labels were checked: each is in 0 .. classes-1 or the ignored one.
 */
public interface CrossEntropyKernels {

    /**
     * The loss and what usually is asked for next, in as few kernels as the device can.
     *
     * @param loss      out: one element, or one per example without reduction
     * @param saved     out: each example's max, then each example's {@code sum(e^(x - max))}, then the number of
     *     examples that count; {@code 2 examples + 1} elements
     * @param predicted out: the class of each example's largest logit, the first among equals; the first NaN wins over
     *     everything. Or null
     * @param dlogits   out: what {@link #gradient} gives for a dy of 1. Or null, as always without reduction
     */
    void forward(
            ClassificationGeometry g,
            Buffer logits,
            IndexBuffer labels,
            Buffer loss,
            Buffer saved,
            @Nullable IndexBuffer predicted,
            @Nullable Buffer dlogits);

    /**
     * {@code dlogits = scale (e^(x - max) / sum - (1 - epsilon) onehot - epsilon / classes)}, 0 for ignored examples;
     * scale is dy, over the number of examples that count for the mean.
     *
     * @param dy one element, or one per example without reduction
     */
    void gradient(ClassificationGeometry g, Buffer logits, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dlogits);
}
