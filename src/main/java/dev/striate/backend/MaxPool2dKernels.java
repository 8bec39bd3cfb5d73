package dev.striate.backend;

/** Max pooling; padding counts as minus infinity. */
public interface MaxPool2dKernels {

    /**
     * The maximum of each window and its position: for ties the first in row-major order; if there is a NaN, the first
     * NaN. A window without a pixel of the image (possible with dilation) has minus infinity and index -1.
     *
     * @param indices the position in the plane, {@code row * inWidth + column}, for each output
     */
    void forward(Pool2dGeometry g, Buffer x, Buffer y, IndexBuffer indices);

    /** As {@link #forward}, followed by ReLU. The indices are those of the maxima. */
    void forwardRelu(Pool2dGeometry g, Buffer x, Buffer y, IndexBuffer indices);

    /** {@code dx}: for each pixel the sum of {@code dy} over the windows whose index is this pixel. */
    void gradient(Pool2dGeometry g, Buffer dy, IndexBuffer indices, Buffer dx);
}
