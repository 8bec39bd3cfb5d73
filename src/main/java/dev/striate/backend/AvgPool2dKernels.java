package dev.striate.backend;

/**
 * Average pooling. The divisor of a window is the number of its elements inside the image or, with {@code
 * countIncludePad}, inside the padded image. Elements beyond the padding (ceil mode) never count.
 */
public interface AvgPool2dKernels {

    /** {@code y}: the sum of each window divided by its divisor, or 0 if the divisor is 0. */
    void forward(Pool2dGeometry g, boolean countIncludePad, Buffer x, Buffer y);

    /** {@code dx}: for each pixel the sum of {@code dy} / divisor over the windows that contain it. */
    void gradient(Pool2dGeometry g, boolean countIncludePad, Buffer dy, Buffer dx);
}
