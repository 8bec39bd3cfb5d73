package dev.striate.backend.cpu.simd;

import dev.striate.backend.UnaryFunction;

/**
 * Loops over neighbouring elements. Each element is computed by the same sequence of operations wherever it stands in a
 * call, so cutting work into pieces never changes a bit. The functions of one element and their errors are described
 * where the loops come from, in the generator's {@code Functions}.
 */
public interface ElementwiseKernels {

    /**
     * {@code y = f(x)}; {@code y} may be {@code x}.
     *
     * @param kind f, all but {@link UnaryFunction.Kind#POW}
     * @param a    its first constant
     * @param b    its second constant
     */
    void forward(UnaryFunction.Kind kind, int n, float a, float b, float[] x, int xOffset, float[] y, int yOffset);

    /**
     * {@code dx = f'(...) dy}; {@code dx} may be {@code dy}.
     *
     * @param x what {@link UnaryFunction.Kind#saves} names, or anything as long as {@code dy} where it names nothing
     */
    void gradient(
            UnaryFunction.Kind kind,
            int n,
            float a,
            float b,
            float[] x,
            int xOffset,
            float[] dy,
            int dyOffset,
            float[] dx,
            int dxOffset);

    /** {@code y = max(x, 0)}, NaN stays NaN; {@code y} may be {@code x}. */
    default void relu(int n, float[] x, int xOffset, float[] y, int yOffset) {
        forward(UnaryFunction.Kind.RELU, n, 0, 0, x, xOffset, y, yOffset);
    }

    /** {@code y = a + b}; {@code y} may be either. */
    void add(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset);

    /** {@code y = a b}, element by element; {@code y} may be either. */
    void multiply(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset);

    /** {@code y += scale x}. */
    void addScaled(int n, float scale, float[] x, int xOffset, float[] y, int yOffset);

    /** {@code y = scale (x - center) + shift}; {@code y} may be {@code x}. */
    void scaleAndShift(int n, float[] x, int xOffset, float center, float scale, float shift, float[] y, int yOffset);

    /** {@code dx = factor ((dy - shiftShare) - (x - mean) scaleShare)}. */
    void normGradient(
            int n,
            float[] x,
            int xOffset,
            float mean,
            float[] dy,
            int dyOffset,
            float factor,
            float shiftShare,
            float scaleShare,
            float[] dx,
            int dxOffset);

    /** {@code w -= rate (g + weightDecay w)}. */
    void descend(int n, float rate, float weightDecay, float[] g, int gOffset, float[] w, int wOffset);

    /**
     * {@code d = g + weightDecay w; v = momentum v + undamped d; w -= rate (nesterov ? d + momentum v : v)}.
     */
    void descendWithMomentum(
            int n,
            float rate,
            float weightDecay,
            float momentum,
            float undamped,
            boolean nesterov,
            float[] g,
            int gOffset,
            float[] v,
            int vOffset,
            float[] w,
            int wOffset);

    /**
     * The factors of an update by Adam.
     *
     * @param rest1        {@code 1 - beta1}
     * @param rest2        {@code 1 - beta2}
     * @param rate         the learning rate over the first moment's correction
     * @param rootOfCorrection2 of the second moment's correction
     * @param coupledDecay weight decay added to the gradient
     * @param shrink       what the weights are multiplied with before
     */
    record AdamFactors(
            float beta1,
            float rest1,
            float beta2,
            float rest2,
            float rate,
            float rootOfCorrection2,
            float epsilon,
            float coupledDecay,
            float shrink) {}

    /**
     * {@code d = g + coupledDecay w; m = beta1 m + rest1 d; v = beta2 v + rest2 d d;
     * w = shrink w - rate m / (sqrt(v) / rootOfCorrection2 + epsilon)}, in this order, as in PyTorch: {@code d^2} and
     * {@code v / correction2} may overflow.
     */
    void adam(
            int n,
            AdamFactors factors,
            float[] g,
            int gOffset,
            float[] m,
            int mOffset,
            float[] v,
            int vOffset,
            float[] w,
            int wOffset);
}
