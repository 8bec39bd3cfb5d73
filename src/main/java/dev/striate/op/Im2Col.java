package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import dev.striate.autograd.Recorder;
import dev.striate.backend.Conv2dGeometry;

/**
 * Converts the input of a convolution to a matrix and back. Column j of {@code (N, C KH KW, OH OW)} contains the
 * elements of window j, by channel and row. The product of a weight {@code (O, C KH KW)} and this matrix is the
 * convolution. {@code col2im} is the transpose, not the inverse: a pixel in k windows is added k times. Each of the two
 * is the gradient of the other.
 */
public final class Im2Col {

    private Im2Col() {}

    /** Converts {@code (N, C, H, W)} to {@code (N, C KH KW, OH OW)}. */
    public static Tensor im2col(Tensor x, int kernelHeight, int kernelWidth, WindowOption... options) {
        Window.requireImages("im2col", x.shape());
        Conv2dGeometry g = geometry("im2col", x.shape(), kernelHeight, kernelWidth, options);
        return Recorder.of("im2col", gather("im2col", g, x))
                .input(x, (dy, saved) -> scatter(g, dy))
                .record();
    }

    /**
     * Converts {@code (N, C KH KW, OH OW)} to {@code (N, C, height, width)}.
     *
     * @throws ShapeException if the columns do not have the shape that {@code im2col} returns for such images
     */
    public static Tensor col2im(
            Tensor columns, int height, int width, int kernelHeight, int kernelWidth, WindowOption... options) {
        long cells = (long) kernelHeight * kernelWidth;
        if (columns.shape().rank() != 3 || cells < 1 || columns.size(1) % cells != 0) {
            throw new ShapeException("col2im: expected columns (N, C * " + kernelHeight + " * " + kernelWidth
                    + ", windows), got " + columns.shape());
        }
        Shape image = Sizes.images("col2im", columns.size(0), (int) (columns.size(1) / cells), height, width);
        Conv2dGeometry g = geometry("col2im", image, kernelHeight, kernelWidth, options);
        if (columns.size(2) != (long) g.outHeight() * g.outWidth()) {
            throw new ShapeException("col2im: an image " + image + " has " + g.outHeight() + " * " + g.outWidth()
                    + " windows, got columns " + columns.shape());
        }
        return Recorder.of("col2im", scatter(g, columns))
                .input(columns, (dy, saved) -> gather("col2im", g, dy))
                .record();
    }

    /** @throws ShapeException if the columns would have 2^31 elements or more; the message names the operation */
    static Tensor gather(String operation, Conv2dGeometry g, Tensor x) {
        int cells = Sizes.alongAxis(operation, 1, (long) g.inChannels() * g.kernelHeight() * g.kernelWidth());
        int windows = Sizes.alongAxis(operation, 2, (long) g.outHeight() * g.outWidth());
        Tensor columns = allocate(x.device(), Sizes.shape(operation, g.batch(), cells, windows));
        kernels(x).im2col().im2col(g, buffer(x), buffer(columns));
        return columns;
    }

    private static Tensor scatter(Conv2dGeometry g, Tensor columns) {
        Tensor x = allocate(columns.device(), Shape.of(g.batch(), g.inChannels(), g.inHeight(), g.inWidth()));
        kernels(x).im2col().col2im(g, buffer(columns), buffer(x));
        return x;
    }

    private static Conv2dGeometry geometry(
            String operation, Shape x, int kernelHeight, int kernelWidth, WindowOption[] options) {
        Window window = Window.of(
                operation,
                kernelHeight,
                kernelWidth,
                options,
                WindowOption.Kind.STRIDE,
                WindowOption.Kind.PADDING,
                WindowOption.Kind.DILATION);
        Padding padding = window.resolve(x.size(2), x.size(3));
        return new Conv2dGeometry(
                        x.size(0),
                        x.size(1),
                        x.size(2),
                        x.size(3),
                        1,
                        window.outHeight(x, x.size(2), padding),
                        window.outWidth(x, x.size(3), padding),
                        kernelHeight,
                        kernelWidth,
                        window.strideH,
                        window.strideW,
                        padding.top(),
                        padding.left(),
                        window.dilationH,
                        window.dilationW,
                        1)
                .cut();
    }
}
