package dev.striate.backend;

/** Max pooling; padding counts as minus infinity. */
public interface MaxPool2dKernels {

    /**
     * The maximum of each window and its position: for ties the first in row-major order; if there is a NaN, the first
     * NaN. A window without a pixel of the image (possible with dilation) has minus infinity and index -1.
     *
     * @param relu    whether y is max(that, 0) instead; the indices are those of the maxima
     * @param indices the position in the plane, {@code row * inWidth + column}, for each output
     */
    void forward(Pool2dGeometry g, Buffer x, boolean relu, Buffer y, IndexBuffer indices);

    /** {@code dx}: for each pixel the sum of {@code dy} over the windows whose index is this pixel. */
    void gradient(Pool2dGeometry g, Buffer dy, IndexBuffer indices, Buffer dx);
}
