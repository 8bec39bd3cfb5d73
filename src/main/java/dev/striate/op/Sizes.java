package dev.striate.op;

import dev.striate.Shape;
import dev.striate.ShapeException;

/** Checks computed sizes. They are computed as long, because a size that overflowed could look valid. */
final class Sizes {

    private Sizes() {}

    /** @throws ShapeException if a size is 2^31 or more; the message names it */
    static int require(String operation, String name, long size) {
        if (size > Integer.MAX_VALUE) {
            throw new ShapeException(operation + ": " + name + " would be " + size + ", expected fewer than 2^31");
        }
        return (int) size;
    }

    /**
     * @throws ShapeException if a size is negative or there are 2^31 elements or more; the message names the operation
     */
    static Shape shape(String operation, int... sizes) {
        try {
            return Shape.of(sizes);
        } catch (ShapeException e) {
            throw new ShapeException(operation + ": " + e.getMessage());
        }
    }

    /**
     * The shape {@code (N, C, H, W)} of images, which have channels and pixels even if there are none.
     *
     * @throws ShapeException as for {@link #shape}, and if another size than the first is 0
     */
    static Shape images(String operation, int... sizes) {
        Shape shape = shape(operation, sizes);
        if (sizes[1] * sizes[2] * sizes[3] == 0) {
            throw new ShapeException(operation + ": expected sizes of at least 1, got shape " + shape);
        }
        return shape;
    }

    /** The size along an axis; errors as in {@link #require}. */
    static int alongAxis(String operation, int axis, long size) {
        return require(operation, "the size along axis " + axis, size);
    }
}
