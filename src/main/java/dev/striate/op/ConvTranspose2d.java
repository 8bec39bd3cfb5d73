package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.bufferOrNull;
import static dev.striate.internal.Internals.kernels;
import static dev.striate.internal.Internals.requireSameDevice;

import dev.striate.NoGrad;
import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import dev.striate.autograd.Recorder;
import dev.striate.backend.Conv2dGeometry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Transposed convolution of {@code (N, C, H, W)} with a weight {@code (C, O/groups, KH, KW)}: the input gradient of a
 * convolution from O to C channels. The height of the output is {@code (H - 1) stride - padding + dilation (KH - 1) + 1
 * + output padding}. The geometry used here is that of the convolution, whose input is the output of this operation.
 */
public final class ConvTranspose2d {

    private ConvTranspose2d() {}

    /** @throws ShapeException if the shapes and options do not fit each other */
    public static Tensor apply(Tensor x, Tensor weight, @Nullable Tensor bias, WindowOption... options) {
        requireSameDevice("convTranspose2d", x, weight);
        requireSameDevice("convTranspose2d", x, bias);
        Shape image = x.shape();
        Conv2dGeometry g = geometry(image, weight.shape(), bias == null ? null : bias.shape(), options)
                .cut();
        Tensor y = transposed(g, x, weight, bias);
        return Recorder.of("convTranspose2d", y)
                .input(x, (dy, saved) -> Conv2d.forward(g, dy, saved.get(0), null, false), weight)
                .inputs(List.of(weight), (dy, saved, targets) -> Conv2d.weightGradient(g, dy, saved.get(0), targets), x)
                .input(bias, (dy, saved) -> dy.sum(0, 2, 3))
                .record();
    }

    /** Returns the shape of the output without computing it; errors as for {@link #apply}. */
    public static Shape outputShape(Shape x, Shape weight, WindowOption... options) {
        return outputShape(geometry(x, weight, options));
    }

    /** Returns the geometry of the windows over the output; errors as for {@link #apply}. */
    public static Conv2dGeometry geometry(Shape x, Shape weight, WindowOption... options) {
        return geometry(x, weight, null, options);
    }

    /**
     * Returns the shape of the weight, {@code (C, O/groups, KH, KW)}.
     *
     * @throws ShapeException if an option does not apply to transposed convolution, if options contradict each other,
     *     or if the groups do not divide the channels
     */
    public static Shape weightShape(
            int inChannels, int outChannels, int kernelHeight, int kernelWidth, WindowOption... options) {
        Window window = window(kernelHeight, kernelWidth, options);
        window.requireGroupsDivide(inChannels, outChannels);
        return Shape.ofPositive(inChannels, outChannels / window.groups, kernelHeight, kernelWidth);
    }

    private static Tensor transposed(Conv2dGeometry g, Tensor x, Tensor weight, @Nullable Tensor bias) {
        Tensor y = allocate(x.device(), outputShape(g));
        if (!ColumnConv2d.suitsInputGradient(g)) {
            kernels(x).conv2d().inputGradient(g, buffer(x), buffer(weight), bufferOrNull(bias), null, buffer(y));
            return y;
        }
        ColumnConv2d.inputGradient(g, x, weight, y);
        if (bias == null) {
            return y;
        }
        try (NoGrad off = NoGrad.open();
                y;
                Tensor perChannel = bias.reshape(g.inChannels(), 1, 1)) {
            return y.add(perChannel);
        }
    }

    private static Conv2dGeometry geometry(Shape x, Shape weight, @Nullable Shape bias, WindowOption[] options) {
        Window.requireImages("convTranspose2d", x);
        if (weight.rank() != 4 || weight.size(0) != x.size(1) || weight.size(1) == 0) {
            throw new ShapeException("convTranspose2d: expected a weight (" + x.size(1)
                    + " in channels, out channels / groups, height, width) for the input " + x + ", got " + weight);
        }
        Window window = window(weight.size(2), weight.size(3), options);
        window.requireGroupsDivide(x.size(1), (long) weight.size(1) * window.groups);
        int outChannels = weight.size(1) * window.groups;
        if (bias != null && !bias.equals(Shape.of(outChannels))) {
            throw new ShapeException(
                    "convTranspose2d: expected a bias (" + outChannels + "), one per output channel, got " + bias);
        }
        Padding padding = window.padding;
        int outHeight = outSize(
                "height",
                (x.size(2) - 1L) * window.strideH + window.extentH() + window.outputPaddingH,
                (long) padding.top() + padding.bottom());
        int outWidth = outSize(
                "width",
                (x.size(3) - 1L) * window.strideW + window.extentW() + window.outputPaddingW,
                (long) padding.left() + padding.right());
        return new Conv2dGeometry(
                x.size(0),
                outChannels,
                outHeight,
                outWidth,
                x.size(1),
                x.size(2),
                x.size(3),
                window.kernelH,
                window.kernelW,
                window.strideH,
                window.strideW,
                padding.top(),
                padding.left(),
                window.dilationH,
                window.dilationW,
                window.groups);
    }

    private static Window window(int kernelHeight, int kernelWidth, WindowOption[] options) {
        Window window = Window.of(
                "convTranspose2d",
                kernelHeight,
                kernelWidth,
                options,
                WindowOption.Kind.STRIDE,
                WindowOption.Kind.PADDING,
                WindowOption.Kind.OUTPUT_PADDING,
                WindowOption.Kind.DILATION,
                WindowOption.Kind.GROUPS);
        if (window.padding.rule() != Padding.Rule.GIVEN) {
            throw new ShapeException("convTranspose2d: expected padding in numbers, got " + window.padding.rule()
                    + ", which is defined for conv2d only");
        }
        if (window.outputPaddingH >= Math.max(window.strideH, window.dilationH)
                || window.outputPaddingW >= Math.max(window.strideW, window.dilationW)) {
            throw new ShapeException("convTranspose2d: the output padding " + window.outputPaddingH + " by "
                    + window.outputPaddingW + " must be smaller than the stride or the dilation");
        }
        return window;
    }

    private static Shape outputShape(Conv2dGeometry g) {
        return Sizes.shape("convTranspose2d", g.batch(), g.inChannels(), g.inHeight(), g.inWidth());
    }

    /**
     * @param padded  the size before the padding is cut off
     * @param padding the padding of both sides together
     */
    private static int outSize(String side, long padded, long padding) {
        long size = Sizes.require("convTranspose2d", "the padded " + side, padded) - padding;
        if (size < 1) {
            throw new ShapeException(
                    "convTranspose2d: expected an output " + side + " of at least 1, but the padding leaves " + size);
        }
        return (int) size;
    }
}
