package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.ShapeException;

/** The order of the axes in the input and output of a layer. */
public enum Layout {

    /** {@code (N, C, H, W)}, the order that all operations use. */
    NCHW,

    /** {@code (N, H, W, C)}. The layer converts its input and output by copying. */
    NHWC;

    /** Converts a shape in this layout to {@code (N, C, H, W)}. */
    Shape toNchw(String layer, Shape x) {
        requireImages(layer, x);
        return this == NCHW ? x : Shape.of(x.size(0), x.size(3), x.size(1), x.size(2));
    }

    /** Converts a shape {@code (N, C, H, W)} to this layout. */
    Shape fromNchw(Shape x) {
        return this == NCHW ? x : Shape.of(x.size(0), x.size(2), x.size(3), x.size(1));
    }

    void requireImages(String layer, Shape x) {
        if (x.rank() != 4) {
            throw new ShapeException(layer + ": expected images " + (this == NCHW ? "(N, C, H, W)" : "(N, H, W, C)")
                    + ", got a tensor of shape " + x);
        }
    }
}
