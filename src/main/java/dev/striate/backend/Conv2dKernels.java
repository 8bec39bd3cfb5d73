package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/** Convolution and its gradients. The forward pass of transposed convolution is {@link #inputGradient}. */
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
     * {@code dx}: for each input pixel the sum over all outputs that read it of {@code dy} times the weight of that
     * pixel.
     *
     * @param bias one element per input channel, added to every pixel of the channel (for transposed convolution), or
     *     null
     */
    void inputGradient(Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, Buffer dx);

    /**
     * As {@link #inputGradient} without bias, but 0 where {@code gate}, the output of a ReLU with dx's length, is not
     * above 0.
     */
    void gatedInputGradient(Conv2dGeometry g, Buffer dy, Buffer w, Buffer gate, Buffer dx);

    /**
     * {@code dw}: for each weight the sum over all outputs of the batch of {@code dy} times the pixel of that weight.
     *
     * @param dbias for each output channel the sum of {@code dy}, or null if it is not needed
     */
    void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias);
}
