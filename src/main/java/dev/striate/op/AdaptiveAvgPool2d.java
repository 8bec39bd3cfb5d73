package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.AdaptiveAvgPool2dGeometry;

/**
 * Average pooling of images {@code (N, C, H, W)} to a given size: output row i is the mean of the input rows from
 * {@code floor(i H / OH)} to {@code ceil((i + 1) H / OH)} (exclusive), and likewise for columns.
 */
public final class AdaptiveAvgPool2d {

    private AdaptiveAvgPool2d() {}

    /** @throws ShapeException if x is not {@code (N, C, H, W)} or a size is below 1 */
    public static Tensor apply(Tensor x, int outHeight, int outWidth) {
        return apply("adaptiveAvgPool2d", x, outHeight, outWidth);
    }

    /** The mean of each plane, {@code (N, C, 1, 1)} (Lin et al., "Network in network", 2014). */
    public static Tensor global(Tensor x) {
        return apply("globalAvgPool2d", x, 1, 1);
    }

    /** Returns the shape of the output without computing it; errors as for {@link #apply}. */
    public static Shape outputShape(Shape x, int outHeight, int outWidth) {
        return outputShape("adaptiveAvgPool2d", x, outHeight, outWidth);
    }

    private static Shape outputShape(String operation, Shape x, int outHeight, int outWidth) {
        Window.requireImages(operation, x);
        check(outHeight, outWidth);
        return Sizes.shape(operation, x.size(0), x.size(1), outHeight, outWidth);
    }

    /** @throws ShapeException if a size is below 1 */
    public static void check(int outHeight, int outWidth) {
        if (outHeight < 1 || outWidth < 1) {
            throw new ShapeException(
                    "adaptiveAvgPool2d: expected an output of at least 1 by 1, got " + outHeight + " by " + outWidth);
        }
    }

    private static Tensor apply(String operation, Tensor x, int outHeight, int outWidth) {
        Shape image = x.shape();
        Shape shape = outputShape(operation, image, outHeight, outWidth);
        AdaptiveAvgPool2dGeometry g =
                new AdaptiveAvgPool2dGeometry(x.size(0) * x.size(1), x.size(2), x.size(3), outHeight, outWidth);
        Tensor y = allocate(x.device(), shape);
        kernels(x).adaptiveAvgPool2d().forward(g, buffer(x), buffer(y));
        return Recorder.of(operation, y)
                .input(x, (dy, saved) -> gradient(g, dy, image))
                .record();
    }

    private static Tensor gradient(AdaptiveAvgPool2dGeometry g, Tensor dy, Shape shape) {
        Tensor dx = allocate(dy.device(), shape);
        kernels(dy).adaptiveAvgPool2d().gradient(g, buffer(dy), buffer(dx));
        return dx;
    }
}
