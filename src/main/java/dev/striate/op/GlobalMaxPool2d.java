package dev.striate.op;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;

/** The maximum of each plane of images; if there is a NaN, NaN. The gradient goes to the first maximum. */
public final class GlobalMaxPool2d {

    private GlobalMaxPool2d() {}

    /** @throws ShapeException if x is not {@code (N, C, H, W)} */
    public static Tensor apply(Tensor x) {
        Window.requireImages("globalMaxPool2d", x.shape());
        return Max.apply(x, new int[] {2, 3}, true);
    }

    /** Returns the shape of the output without computing it; errors as for {@link #apply}. */
    public static Shape outputShape(Shape x) {
        Window.requireImages("globalMaxPool2d", x);
        return Shape.of(x.size(0), x.size(1), 1, 1);
    }
}
