package dev.striate.backend;

/** Softmax and its logarithm along an axis, shifted by the maximum so that nothing overflows. */
public interface SoftmaxKernels {

    /** {@code y = e^x / sum(e^x)}. */
    void softmax(AxisGeometry g, Buffer x, Buffer y);

    /** {@code dx = y (dy - sum(dy y))}. */
    void softmaxGradient(AxisGeometry g, Buffer y, Buffer dy, Buffer dx);

    /** {@code y = x - log(sum(e^x))}. */
    void logSoftmax(AxisGeometry g, Buffer x, Buffer y);

    /** {@code dx = dy - e^y sum(dy)}. */
    void logSoftmaxGradient(AxisGeometry g, Buffer y, Buffer dy, Buffer dx);
}
