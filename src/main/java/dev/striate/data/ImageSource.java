package dev.striate.data;

import dev.striate.Shape;

/**
 * A fixed number of images of one shape. Implementations must support reading by several threads at the same time.
 *
 * @see Dataset images with one class each
 * @see TargetDataset images with any other targets
 */
public interface ImageSource {

    /** Returns the number of images, at least 1. */
    int size();

    /** Returns the shape of each image, {@code (channels, height, width)}. */
    Shape imageShape();

    /**
     * Copies image {@code index} into {@code target}, starting at {@code offset}, in row-major order of {@link
     * #imageShape()}. The same index always gives the same values.
     */
    void read(int index, float[] target, int offset);
}
