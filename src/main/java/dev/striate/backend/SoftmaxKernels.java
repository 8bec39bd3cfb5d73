package dev.striate.backend;

/**
 * Softmax and its logarithm along an axis. The maximum is subtracted first, so that nothing overflows, and never added
 * back, so that errors do not depend on a shift of the logits. As in PyTorch, a line with NaN or infinity, or with
 * minus infinity only, becomes NaN; minus infinity beside finite logits has the probability 0.
 */
public interface SoftmaxKernels {

    /** {@code y = e^(x - max) / sum(e^(x - max))}. */
    void softmax(AxisGeometry g, Buffer x, Buffer y);

    /** {@code dx = y (dy - sum(dy y))}. */
    void softmaxGradient(AxisGeometry g, Buffer y, Buffer dy, Buffer dx);

    /** {@code y = (x - max) - log(sum(e^(x - max)))}. */
    void logSoftmax(AxisGeometry g, Buffer x, Buffer y);

    /** {@code dx = dy - e^y sum(dy)}. */
    void logSoftmaxGradient(AxisGeometry g, Buffer y, Buffer dy, Buffer dx);
}
