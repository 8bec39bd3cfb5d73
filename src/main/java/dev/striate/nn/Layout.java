package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.ShapeException;

/** The order of an image batch's axes as a layer takes and gives it. */
public enum Layout {

    /** {@code (N, C, H, W)}, what all operations work on. */
    NCHW,

    /** {@code (N, H, W, C)}; the layer converts on the way in and out, by copies. */
    NHWC;

    /** A shape in this layout as {@code (N, C, H, W)}. */
    Shape toNchw(String layer, Shape x) {
        requireImages(layer, x);
        return this == NCHW ? x : Shape.of(x.size(0), x.size(3), x.size(1), x.size(2));
    }

    /** A shape {@code (N, C, H, W)} in this layout. */
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
