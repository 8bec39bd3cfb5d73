package dev.striate.data;

import dev.striate.Shape;

/**
 * A change that a {@link DataLoader} makes to each image of a data set. Several threads may call it at the same time.
 *
 * <p>A {@linkplain DataLoader#jointTransform joint transform} is called twice: for the image, and for its target with
 * the target's own shape and the same random numbers. Height and width are equal, but the numbers of channels may
 * differ. To move both alike, it must draw the same numbers whatever the channels and values are, as {@link RandomCrop}
 * and {@link RandomHorizontalFlip} do.
 */
@FunctionalInterface
public interface Transform {

    /**
     * Changes one image in place.
     *
     * @param images the array that contains the image, in row-major order
     * @param offset the index of the first value of the image
     * @param shape  the shape of the image, {@code (channels, height, width)}
     * @param draws  the random numbers; no other source of randomness may be used, so that the same seed gives the same
     *     images
     */
    void apply(float[] images, int offset, Shape shape, Draws draws);

    /**
     * Returns whether this transform is random augmentation, which is only for training: {@link
     * DataLoader#forEvaluation()} omits it.
     */
    default boolean isRandom() {
        return false;
    }
}
