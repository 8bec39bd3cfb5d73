package dev.striate.data;

import dev.striate.Shape;

/** A change to an image on its way from the {@link Dataset} into a batch. Used by several threads at once. */
@FunctionalInterface
public interface Transform {

    /**
     * Changes one image in place.
     *
     * @param images holds the image, in row-major order
     * @param offset where the image starts
     * @param shape  the image's shape, {@code (channels, height, width)}
     * @param draws  the only source of randomness, so that the same seed gives the same images
     */
    void apply(float[] images, int offset, Shape shape, Draws draws);

    /** Whether this is augmentation, which is for training only: {@link DataLoader#forEvaluation()} leaves it out. */
    default boolean isRandom() {
        return false;
    }
}
