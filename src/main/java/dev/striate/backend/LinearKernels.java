package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/** Linear layers and their gradients. */
public interface LinearKernels {

    /**
     * {@code y = x w^T + bias}.
     *
     * @param bias one element per output, or null
     * @param relu whether y is max(that, 0) instead
     */
    void forward(LinearGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, boolean relu, Buffer y);

    /**
     * {@code dx = dy w}.
     *
     * @param gate the output of a ReLU, of dx's length; where it is not above 0, dx is 0. Or null
     */
    void inputGradient(LinearGeometry g, Buffer dy, Buffer w, @Nullable Buffer gate, Buffer dx);

    /**
     * {@code dw = dy^T x}.
     *
     * @param dbias for each output the sum of {@code dy} over the rows, or null if it is not needed
     */
    void weightGradient(LinearGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias);

    /** {@link #inputGradient} and {@link #weightGradient}, which a device may compute concurrently. */
    default void gradients(
            LinearGeometry g,
            Buffer x,
            Buffer dy,
            Buffer w,
            @Nullable Buffer gate,
            Buffer dx,
            Buffer dw,
            @Nullable Buffer dbias) {
        inputGradient(g, dy, w, gate, dx);
        weightGradient(g, x, dy, dw, dbias);
    }
}
