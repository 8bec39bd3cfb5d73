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
        Window.requireImages("avgPool2d", image);
        Window window = Window.pooling("avgPool2d", kernelHeight, kernelWidth, options, WindowOption.Kind.STRIDE,
                WindowOption.Kind.PADDING, WindowOption.Kind.CEIL_MODE, WindowOption.Kind.COUNT_INCLUDE_PAD);
        Pool2dGeometry g = PoolGeometry.of(image, window);
        boolean countIncludePad = window.countIncludePad;
        Tensor y = Tensor.allocate(x.device(), Shape.of(x.size(0), x.size(1), g.outHeight(), g.outWidth()));
        x.device().backend().avgPool2d().forward(g, countIncludePad, x.buffer(), y.buffer());
        return Recorder.of("avgPool2d", y)
                .input(x, (dy, saved) -> gradient(g, countIncludePad, dy, image))
                .record();
    }

    private static Tensor gradient(Pool2dGeometry g, boolean countIncludePad, Tensor dy, Shape shape) {
        Tensor dx = Tensor.allocate(dy.device(), shape);
        dy.device().backend().avgPool2d().gradient(g, countIncludePad, dy.buffer(), dx.buffer());
        return dx;
    }
}
