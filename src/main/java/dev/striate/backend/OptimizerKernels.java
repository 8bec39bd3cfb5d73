package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/** Updates over flat storage: {@code n} parameters at once. */
public interface OptimizerKernels {

    /**
     * {@code g += weightDecay w; v = firstStep ? g : momentum v + (1 - dampening) g; d = nesterov ? g + momentum v : v;
     * w -= learningRate d}, and {@code d = g} where momentum is 0. The gradient buffer itself is not changed.
     *
     * @param velocity n elements, or null where momentum is 0
     */
    void sgd(int n, SgdStep step, Buffer weights, Buffer gradients, @Nullable Buffer velocity);

    /**
     * {@code m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w -= learningRate (m / correction1) / (sqrt(v
     * / correction2) + epsilon)}, with weight decay before as {@code step} says: {@code w -= learningRate weightDecay
     * w} if decoupled, else {@code g += weightDecay w}. The gradient buffer is not changed.
     */
    void adam(int n, AdamStep step, Buffer weights, Buffer gradients, Buffer m, Buffer v);

    /**
     * {@code result[0] = sum(x^2)} and {@code result[1] = sum((x / 2^80)^2)}, in a fixed order. If the first overflows,
     * the second has the full precision of float32: it is finite for all finite x, and only elements that are
     * negligible beside the largest vanish.
     */
    void sumsOfSquares(int n, Buffer x, Buffer result);

    /**
     * {@code gradients *= min(1, maxNorm / (norm + 1e-6))}: clipping by the global norm (Pascanu et al., 2013), without
     * reading it back. It is right for all finite gradients, even if the norm itself exceeds float32. A norm whose
     * square vanishes (below 1e-22) counts as 0, which makes no difference beside 1e-6. If a gradient is not finite,
     * all become NaN.
     *
     * @param sumsOfSquares of the gradients, as {@link #sumsOfSquares} gives them
     */
    void clip(int n, float maxNorm, Buffer sumsOfSquares, Buffer gradients);
}
