package dev.striate.op;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.Pool2dGeometry;

/**
 * The mean of each window over images {@code (N, C, H, W)}. The zeros of the padding count as cells of the window unless
 * {@code countIncludePad(false)} says otherwise; what hangs over the padded edge in ceil mode never does.
 */
public final class AvgPool2d {

    private AvgPool2d() {}

    /** @throws ShapeException if the shapes and options do not fit each other */
    public static Tensor apply(Tensor x, int kernelHeight, int kernelWidth, WindowOption... options) {
        Shape image = x.shape();
        Window window = window(kernelHeight, kernelWidth, options);
        Pool2dGeometry g = PoolGeometry.of(image, window);
        boolean countIncludePad = window.countIncludePad;
        Tensor y = Tensor.allocate(x.device(), PoolGeometry.outputShape(image, g));
        x.device().backend().avgPool2d().forward(g, countIncludePad, x.buffer(), y.buffer());
        return Recorder.of("avgPool2d", y)
                .input(x, (dy, saved) -> gradient(g, countIncludePad, dy, image))
                .record();
    }

    /** The output's shape for an input, without computing; errors as in {@link #apply}. */
    public static Shape outputShape(Shape x, int kernelHeight, int kernelWidth, WindowOption... options) {
        return PoolGeometry.outputShape(x, geometry(x, kernelHeight, kernelWidth, options));
    }

    /** How the window moves over an input, without computing; errors as in {@link #apply}. */
    public static Pool2dGeometry geometry(Shape x, int kernelHeight, int kernelWidth, WindowOption... options) {
        return PoolGeometry.of(x, window(kernelHeight, kernelWidth, options));
    }

    /** @throws ShapeException if {@link #apply} would refuse these sizes and options whatever the image */
    public static void check(int kernelHeight, int kernelWidth, WindowOption... options) {
        window(kernelHeight, kernelWidth, options);
    }

    private static Window window(int kernelHeight, int kernelWidth, WindowOption[] options) {
        return Window.pooling("avgPool2d", kernelHeight, kernelWidth, options, WindowOption.Kind.STRIDE,
                WindowOption.Kind.PADDING, WindowOption.Kind.CEIL_MODE, WindowOption.Kind.COUNT_INCLUDE_PAD);
    }

    private static Tensor gradient(Pool2dGeometry g, boolean countIncludePad, Tensor dy, Shape shape) {
        Tensor dx = Tensor.allocate(dy.device(), shape);
        dy.device().backend().avgPool2d().gradient(g, countIncludePad, dy.buffer(), dx.buffer());
        return dx;
    }
}
