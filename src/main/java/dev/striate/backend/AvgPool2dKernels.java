package dev.striate.backend;

/**
 * Average pooling; dilation is 1. The divisor of a window is the number of its cells within the image, or, with
 * {@code countIncludePad}, within the padded image: what hangs over the padded edge (ceil mode) is never counted.
 */
public interface AvgPool2dKernels {

    /** {@code y}: the sum of each window over its divisor. A window with divisor 0 gives 0. */
    void forward(Pool2dGeometry g, boolean countIncludePad, Buffer x, Buffer y);

    /** {@code dx}: for each pixel the sum of {@code dy} over divisor of the windows it is in. */
    void gradient(Pool2dGeometry g, boolean countIncludePad, Buffer dy, Buffer dx);
}
