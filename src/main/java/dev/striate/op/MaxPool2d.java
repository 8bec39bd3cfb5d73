package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.allocateIntegers;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.IntTensor;
import dev.striate.MaxPool2dResult;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import dev.striate.autograd.Recorder;
import dev.striate.backend.Pool2dGeometry;

/**
 * Max pooling of images {@code (N, C, H, W)}. Padding counts as minus infinity. The gradient goes to the maximum, for
 * ties to the first in row-major order.
 */
public final class MaxPool2d {

    private MaxPool2d() {}

    /** @throws ShapeException if the shapes and options do not fit each other */
    public static MaxPool2dResult apply(Tensor x, int kernelHeight, int kernelWidth, WindowOption... options) {
        return apply(x, false, kernelHeight, kernelWidth, options);
    }

    /**
     * Computes {@link #apply} followed by ReLU, in one kernel if the device has one. The indices are those of the
     * maxima. Errors as for {@link #apply}.
     */
    public static MaxPool2dResult withRelu(Tensor x, int kernelHeight, int kernelWidth, WindowOption... options) {
        return apply(x, true, kernelHeight, kernelWidth, options);
    }

    private static MaxPool2dResult apply(
            Tensor x, boolean relu, int kernelHeight, int kernelWidth, WindowOption... options) {
        Shape image = x.shape();
        Pool2dGeometry g = geometry(image, kernelHeight, kernelWidth, options);
        Shape shape = PoolGeometry.outputShape("maxPool2d", image, g);
        Tensor y = allocate(x.device(), shape);
        IntTensor indices = allocateIntegers(x.device(), shape, -1, g.inHeight() * g.inWidth() - 1);
        kernels(x).maxPool2d().forward(g, buffer(x), relu, buffer(y), buffer(indices));
        Recorder.of("maxPool2d", y)
                .input(x, (dy, saved) -> gradient(g, dy, saved.integers(0), image), new IntTensor[] {indices})
                .record();
        return new MaxPool2dResult(relu ? Unary.recordRelu(y, y) : y, indices);
    }

    /** Returns the shape of the output without computing it; errors as for {@link #apply}. */
    public static Shape outputShape(Shape x, int kernelHeight, int kernelWidth, WindowOption... options) {
        return PoolGeometry.outputShape("maxPool2d", x, geometry(x, kernelHeight, kernelWidth, options));
    }

    /**
     * Returns whether windows have no gaps. Each window then contains a pixel, because padding is smaller than the
     * window.
     */
    public static boolean windowsHaveNoGaps(WindowOption... options) {
        for (WindowOption option : options) {
            if (option.kind() == WindowOption.Kind.DILATION && (option.height() > 1 || option.width() > 1)) {
                return false;
            }
        }
        return true;
    }

    private static Tensor gradient(Pool2dGeometry g, Tensor dy, IntTensor indices, Shape shape) {
        Tensor dx = allocate(dy.device(), shape);
        kernels(dy).maxPool2d().gradient(g, buffer(dy), buffer(indices), buffer(dx));
        return dx;
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
                "maxPool2d",
                kernelHeight,
                kernelWidth,
                options,
                WindowOption.Kind.STRIDE,
                WindowOption.Kind.PADDING,
                WindowOption.Kind.DILATION,
                WindowOption.Kind.CEIL_MODE);
    }
}
