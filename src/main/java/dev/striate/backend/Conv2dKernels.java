package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/** Convolution and the two products that its gradients are. Transposed convolution is {@link #inputGradient} run forward. */
public interface Conv2dKernels {

    /**
     * {@code y = w * x + bias}.
     *
     * @param bias one element per output channel, or null
     */
    void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, Buffer y);

    /** {@code y = max(w * x + bias, 0)}. */
    void forwardRelu(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, Buffer y);

    /**
     * {@code dx}: for each input pixel the sum, over the outputs that read it, of {@code dy} times the weight it was read with.
     *
     * @param bias one element per input channel, added to every pixel of it (transposed convolution has one), or null
     */
    void inputGradient(Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, Buffer dx);

    /** The same without bias, and 0 where {@code gate}, of dx's length, is not above 0: through a ReLU whose output gate is. */
    void gatedInputGradient(Conv2dGeometry g, Buffer dy, Buffer w, Buffer gate, Buffer dx);

    /**
     * {@code dw}: for each weight the sum, over all outputs of the batch, of {@code dy} times the pixel it met.
     *
     * @param dbias for each output channel the sum of {@code dy}, or null where it is not wanted
     */
    void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias);
}
