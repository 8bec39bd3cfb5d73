package dev.striate.backend;

/**
 * The input of a convolution laid out as a matrix: {@code (batch, channels kernelHeight kernelWidth, outHeight outWidth)}, the
 * row index running over channel, kernel row, kernel column in this order. {@code g.groups()} is 1 and {@code g.outChannels()} is
 * not used.
 */
public interface Im2ColKernels {

    /** Gathers; padding gives zeros. */
    void im2col(Conv2dGeometry g, Buffer x, Buffer columns);

    /**
     * The transpose: each pixel of {@code x} becomes the sum of all places in {@code columns} that {@link #im2col} filled from
     * it.
     */
    void col2im(Conv2dGeometry g, Buffer columns, Buffer x);
}
