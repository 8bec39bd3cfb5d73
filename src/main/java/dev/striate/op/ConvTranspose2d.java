package dev.striate.op;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.Conv2dGeometry;
import org.jspecify.annotations.Nullable;

/**
 * Transposed convolution of {@code (N, C, H, W)} with a weight {@code (C, O/groups, KH, KW)}: what the input gradient of a
 * convolution from O to C channels computes, so its output is {@code (H - 1) stride - padding + dilation (KH - 1) + 1 + output
 * padding} high. Here the geometry is that convolution's: its input is our output.
 */
public final class ConvTranspose2d {

    private ConvTranspose2d() {}

    /** @throws ShapeException if the shapes and options do not fit each other */
    public static Tensor apply(Tensor x, Tensor weight, @Nullable Tensor bias, WindowOption... options) {
        x.requireDevice("convTranspose2d", weight);
        x.requireDevice("convTranspose2d", bias);
        Shape image = x.shape();
        Shape kernel = weight.shape();
        Conv2dGeometry g = geometry(image, kernel, bias == null ? null : bias.shape(), options);
        Shape shape = Shape.of(g.batch(), g.inChannels(), g.inHeight(), g.inWidth());
        return Recorder.of("convTranspose2d", Conv2d.inputGradient(g, x, weight, bias, shape))
                .input(x, (dy, saved) -> convolve(g, dy, saved.get(0), image), weight)
                .input(weight, (dy, saved) -> Conv2d.weightGradient(g, dy, saved.get(0), kernel), x)
                .input(bias, (dy, saved) -> dy.sum(0, 2, 3))
                .record();
    }

    private static Tensor convolve(Conv2dGeometry g, Tensor dy, Tensor weight, Shape shape) {
        Tensor dx = Tensor.allocate(dy.device(), shape);
        dy.device().backend().conv2d().forward(g, dy.buffer(), weight.buffer(), null, dx.buffer());
        return dx;
    }

    private static Conv2dGeometry geometry(Shape x, Shape weight, @Nullable Shape bias, WindowOption[] options) {
        Window.requireImages("convTranspose2d", x);
        if (weight.rank() != 4 || weight.size(0) != x.size(1)) {
            throw new ShapeException("convTranspose2d: expected a weight (" + x.size(1)
                    + " in channels, out channels / groups, height, width) for the input " + x + ", got " + weight);
        }
        Window window = Window.of("convTranspose2d", weight.size(2), weight.size(3), options, WindowOption.Kind.STRIDE,
                WindowOption.Kind.PADDING, WindowOption.Kind.OUTPUT_PADDING, WindowOption.Kind.DILATION, WindowOption.Kind.GROUPS);
        if (x.size(1) % window.groups != 0) {
            throw new ShapeException("convTranspose2d: " + window.groups + " groups must divide the input's " + x.size(1)
                    + " channels");
        }
        if (window.padding.rule() != Padding.Rule.GIVEN) {
            throw new ShapeException("convTranspose2d: padding is given in numbers; " + window.padding.rule()
                    + " is defined for convolution only");
        }
        if (window.outputPaddingH >= Math.max(window.strideH, window.dilationH)
                || window.outputPaddingW >= Math.max(window.strideW, window.dilationW)) {
            throw new ShapeException("convTranspose2d: the output padding " + window.outputPaddingH + " by " + window.outputPaddingW
                    + " must be smaller than the stride or the dilation");
        }
        int outChannels = weight.size(1) * window.groups;
        if (bias != null && !bias.equals(Shape.of(outChannels))) {
            throw new ShapeException("convTranspose2d: expected a bias (" + outChannels + "), one per output channel, got " + bias);
        }
        Padding padding = window.padding;
        int outHeight = outSize("height", (x.size(2) - 1) * window.strideH - padding.top() - padding.bottom() + window.extentH()
                + window.outputPaddingH);
        int outWidth = outSize("width", (x.size(3) - 1) * window.strideW - padding.left() - padding.right() + window.extentW()
                + window.outputPaddingW);
        return new Conv2dGeometry(x.size(0), outChannels, outHeight, outWidth, x.size(1), x.size(2), x.size(3), window.kernelH,
                window.kernelW, window.strideH, window.strideW, padding.top(), padding.left(), window.dilationH, window.dilationW,
                window.groups);
    }

    private static int outSize(String side, int size) {
        if (size < 1) {
            throw new ShapeException("convTranspose2d: the padding leaves an output " + side + " of " + size);
        }
        return size;
    }
}
