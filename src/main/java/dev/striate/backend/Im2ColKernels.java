package dev.striate.backend;

/**
 * The input of a convolution as a matrix {@code (batch, channels kernelHeight kernelWidth, outHeight outWidth)}. Its
 * rows are ordered by channel, kernel row and kernel column. {@code g.groups()} is 1 and {@code g.outChannels()} is not
 * used.
 */
public interface Im2ColKernels {

    /** Copies the image into the matrix; padding is 0. */
    void im2col(Conv2dGeometry g, Buffer x, Buffer columns);

    /**
     * The transpose: each pixel of {@code x} is the sum of all elements of {@code columns} that {@link #im2col} copies
     * from it.
     */
    void col2im(Conv2dGeometry g, Buffer columns, Buffer x);
}
