package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/** Convolution and its gradients. The forward pass of transposed convolution is {@link #inputGradient}. */
public interface Conv2dKernels {

    /**
     * {@code y = w * x + bias}.
     *
     * @param bias one element per output channel, or null
     * @param relu whether y is max(that, 0) instead
     */
    void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, boolean relu, Buffer y);

    /**
     * {@code dx}: for each input pixel the sum over all outputs that read it of {@code dy} times the weight of that
     * pixel.
     *
     * @param bias one element per input channel, added to every pixel of the channel (for transposed convolution), or
     *     null
     * @param gate the output of a ReLU, of dx's length; where it is not above 0, dx is 0. Or null
     */
    void inputGradient(Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, @Nullable Buffer gate, Buffer dx);

    /**
     * {@code dw}: for each weight the sum over all outputs of the batch of {@code dy} times the pixel of that weight.
     *
     * @param dbias for each output channel the sum of {@code dy}, or null if it is not needed
     */
    void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias);
}
