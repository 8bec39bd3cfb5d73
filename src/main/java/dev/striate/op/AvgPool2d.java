package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import dev.striate.autograd.Recorder;
import dev.striate.backend.Pool2dGeometry;

/**
 * Average pooling of images {@code (N, C, H, W)}. The zeros of the padding are part of the mean unless
 * {@code countIncludePad(false)} is set. In ceil mode, elements beyond the padding are never part of it.
 */
public final class AvgPool2d {

    private AvgPool2d() {}

    /** @throws ShapeException if the shapes and options do not fit each other */
    public static Tensor apply(Tensor x, int kernelHeight, int kernelWidth, WindowOption... options) {
        Shape image = x.shape();
        Window window = window(kernelHeight, kernelWidth, options);
        Pool2dGeometry g = PoolGeometry.of(image, window);
        boolean countIncludePad = window.countIncludePad;
        Tensor y = allocate(x.device(), PoolGeometry.outputShape("avgPool2d", image, g));
        kernels(x).avgPool2d().forward(g, countIncludePad, buffer(x), buffer(y));
        return Recorder.of("avgPool2d", y)
                .input(x, (dy, saved) -> gradient(g, countIncludePad, dy, image))
                .record();
    }

    /** Returns the shape of the output without computing it; errors as for {@link #apply}. */
    public static Shape outputShape(Shape x, int kernelHeight, int kernelWidth, WindowOption... options) {
        return PoolGeometry.outputShape("avgPool2d", x, geometry(x, kernelHeight, kernelWidth, options));
    }

    /** Returns the geometry of the windows; errors as for {@link #apply}. */
    public static Pool2dGeometry geometry(Shape x, int kernelHeight, int kernelWidth, WindowOption... options) {
        return PoolGeometry.of(x, window(kernelHeight, kernelWidth, options));
    }

    /** @throws ShapeException if {@link #apply} would reject these sizes and options for every image */
    public static void check(int kernelHeight, int kernelWidth, WindowOption... options) {
        window(kernelHeight, kernelWidth, options);
    }

    private static Window window(int kernelHeight, int kernelWidth, WindowOption[] options) {
        return Window.pooling(
                "avgPool2d",
                kernelHeight,
                kernelWidth,
                options,
                WindowOption.Kind.STRIDE,
                WindowOption.Kind.PADDING,
                WindowOption.Kind.DILATION,
                WindowOption.Kind.CEIL_MODE,
                WindowOption.Kind.COUNT_INCLUDE_PAD);
    }

    private static Tensor gradient(Pool2dGeometry g, boolean countIncludePad, Tensor dy, Shape shape) {
        Tensor dx = allocate(dy.device(), shape);
        kernels(dy).avgPool2d().gradient(g, countIncludePad, buffer(dy), buffer(dx));
        return dx;
    }
}
