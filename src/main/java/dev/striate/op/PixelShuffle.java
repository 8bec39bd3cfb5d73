package dev.striate.op;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;

/**
 * Arranges the channels of images as larger images (Shi et al., 2016), by copying: {@code (N, C * factor^2, H, W)} to
 * {@code (N, C, H * factor, W * factor)}. Pixel (y, x) of channel c is pixel {@code (y / factor, x / factor)} of
 * channel {@code (c * factor + y % factor) * factor + x % factor}.
 */
public final class PixelShuffle {

    private PixelShuffle() {}

    /**
     * @throws ShapeException if x is not {@code (N, C, H, W)}, the factor is below 1, or its square does not divide the
     *     number of channels
     */
    public static Tensor apply(Tensor x, int factor) {
        Shape shape = outputShape(x.shape(), factor);
        try (Tensor blocks = x.reshape(x.size(0), shape.size(1), factor, factor, x.size(2), x.size(3));
                Tensor rows = blocks.permute(0, 1, 4, 2, 5, 3)) {
            return rows.reshape(shape.toArray());
        }
    }

    /** Returns the shape of the output without computing it; errors as for {@link #apply}. */
    public static Shape outputShape(Shape x, int factor) {
        Window.requireImages("pixelShuffle", x);
        check(factor);
        long block = (long) factor * factor;
        if (x.size(1) % block != 0) {
            throw new ShapeException("pixelShuffle: the square of the factor " + factor
                    + " must divide the number of channels, got images " + x);
        }
        return Shape.of(x.size(0), (int) (x.size(1) / block), x.size(2) * factor, x.size(3) * factor);
    }

    /** @throws ShapeException if the factor is below 1 */
    public static void check(int factor) {
        if (factor < 1) {
            throw new ShapeException("pixelShuffle: expected a factor of at least 1, got " + factor);
        }
    }
}
