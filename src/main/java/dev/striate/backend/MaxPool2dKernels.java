package dev.striate.backend;

/** Maximum pooling; padding counts as minus infinity. */
public interface MaxPool2dKernels {

    /**
     * The largest element of each window and its place. Among equals the first in scan order; the first NaN wins over everything.
     * A window with no pixel of the image in it (possible with dilation) gives minus infinity and index -1.
     *
     * @param indices per output the place in its plane, {@code row * inWidth + column}
     */
    void forward(Pool2dGeometry g, Buffer x, Buffer y, IndexBuffer indices);

    /** The same, then ReLU: the maximum of each window or 0, and the place of the maximum. */
    void forwardRelu(Pool2dGeometry g, Buffer x, Buffer y, IndexBuffer indices);

    /** {@code dx}: for each pixel the sum of {@code dy} over the windows whose index points at it. */
    void gradient(Pool2dGeometry g, Buffer dy, IndexBuffer indices, Buffer dx);
}
