package dev.striate.op;

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

    /** The size along an axis; errors as in {@link #require}. */
    static int alongAxis(String operation, int axis, long size) {
        return require(operation, "the size along axis " + axis, size);
    }
}
