package dev.striate.op;

import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;

/**
 * Local response normalisation (Krizhevsky et al., 2012) across neighbouring channels, made of other operations:
 * {@code x / (k + alpha * m)^beta} with the mean m of the squares of {@code size} channels, channels beyond the first
 * and last counting as 0.
 */
public final class LocalResponseNorm {

    private LocalResponseNorm() {}

    /**
     * The window of channel c starts at channel {@code c - size / 2}.
     *
     * @param x {@code (N, C, ...)} with at least three axes
     * @throws ShapeException if x has fewer axes, or if the size is below 1
     */
    public static Tensor apply(Tensor x, int size, float alpha, float beta, float k) {
        Shape shape = x.shape();
        requireFits(shape, size);
        if (shape.elements() == 0) {
            return x.reshape(shape.toArray());
        }
        int[] planes = {shape.size(0), 1, shape.size(1), shape.elements() / shape.size(0) / shape.size(1)};
        try (Tensor squares = x.mul(x);
                Tensor columns = squares.reshape(planes);
                Tensor means = columns.avgPool2d(size, 1, stride(1), padding(size / 2, (size - 1) / 2, 0, 0));
                Tensor scaled = means.mul(alpha);
                Tensor shifted = scaled.add(k);
                Tensor powers = shifted.pow(beta);
                Tensor divisors = powers.reshape(shape.toArray())) {
            return x.div(divisors);
        }
    }

    /** @throws ShapeException if {@link #apply} would reject this shape */
    public static void requireFits(Shape x, int size) {
        check(size);
        if (x.rank() < 3) {
            throw new ShapeException(
                    "localResponseNorm: expected (N, C, ...) with at least three axes, got a tensor of shape " + x);
        }
        Sizes.require("localResponseNorm", "the number of channels with padding", x.size(1) + (size - 1L));
    }

    /** @throws ShapeException if the size is below 1 */
    public static void check(int size) {
        if (size < 1) {
            throw new ShapeException("localResponseNorm: expected a size of at least 1, got " + size);
        }
    }
}
