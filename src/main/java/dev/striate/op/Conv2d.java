package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.bufferOrNull;
import static dev.striate.internal.Internals.kernels;
import static dev.striate.internal.Internals.requireSameDevice;

import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import dev.striate.autograd.Recorder;
import dev.striate.autograd.Targets;
import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Convolution (cross-correlation) of images {@code (N, C, H, W)} with a weight {@code (O, C/groups, KH, KW)} and an
 * optional bias {@code (O)}: {@code y[n,o,i,j] = bias[o] + sum over c,u,v of w[o,c,u,v] x[n,c, i stride - pad + u
 * dilation, j ...]}. For the sizes see Dumoulin and Visin, "A guide to convolution arithmetic for deep learning"
 * (2016).
 */
public final class Conv2d {

    private Conv2d() {}

    /** @throws ShapeException if the shapes and options do not fit each other */
    public static Tensor apply(Tensor x, Tensor weight, @Nullable Tensor bias, WindowOption... options) {
        return apply(x, weight, bias, false, options);
    }

    /** Computes {@link #apply} followed by ReLU, in one kernel if the device has one; errors as for {@link #apply}. */
    public static Tensor withRelu(Tensor x, Tensor weight, @Nullable Tensor bias, WindowOption... options) {
        return apply(x, weight, bias, true, options);
    }

    private static Tensor apply(Tensor x, Tensor weight, @Nullable Tensor bias, boolean relu, WindowOption... options) {
        requireSameDevice("conv2d", x, weight);
        requireSameDevice("conv2d", x, bias);
        Conv2dGeometry g = geometry(x.shape(), weight.shape(), bias == null ? null : bias.shape(), options)
                .cut();
        Tensor y = forward(g, x, weight, bias, relu);
        Recorder recorder = Recorder.of("conv2d", y)
                .inputs(List.of(x), (dy, saved, targets) -> inputGradient(g, dy, saved.get(0), targets), weight);
        if (weight.requiresGrad()) {
            // Both read all of dy.
            List<Tensor> parameters = bias == null ? List.of(weight) : List.of(weight, bias);
            recorder.inputs(parameters, (dy, saved, targets) -> weightGradient(g, saved.get(0), dy, targets), x);
        } else {
            recorder.input(bias, (dy, saved) -> dy.sum(0, 2, 3));
        }
        recorder.record();
        return relu ? Unary.recordRelu(y, y) : y;
    }

    /** Returns the shape of the output without computing it; errors as for {@link #apply}. */
    public static Shape outputShape(Shape x, Shape weight, WindowOption... options) {
        return outputShape(geometry(x, weight, options));
    }

    /** Returns the geometry of the windows; errors as for {@link #apply}. */
    public static Conv2dGeometry geometry(Shape x, Shape weight, WindowOption... options) {
        return geometry(x, weight, null, options);
    }

    /**
     * Returns the shape of the weight, {@code (O, C/groups, KH, KW)}.
     *
     * @throws ShapeException if an option does not apply to convolution, or if the groups do not divide the channels
     */
    public static Shape weightShape(
            int inChannels, int outChannels, int kernelHeight, int kernelWidth, WindowOption... options) {
        Window window = window(kernelHeight, kernelWidth, options);
        window.requireGroupsDivide(inChannels, outChannels);
        return Shape.ofPositive(outChannels, inChannels / window.groups, kernelHeight, kernelWidth);
    }

    /** The output, not recorded. */
    static Tensor forward(Conv2dGeometry g, Tensor x, Tensor weight, @Nullable Tensor bias, boolean relu) {
        Shape shape = outputShape(g);
        if (ColumnConv2d.suits(g)) {
            Tensor y = ColumnConv2d.forward(g, x, weight, bias);
            if (relu) {
                kernels(y).unary().relu(buffer(y));
            }
            return y;
        }
        Tensor y = allocate(x.device(), shape);
        kernels(x).conv2d().forward(g, buffer(x), buffer(weight), bufferOrNull(bias), relu, buffer(y));
        return y;
    }

    private static @Nullable Tensor[] inputGradient(Conv2dGeometry g, Tensor dy, Tensor weight, Targets targets) {
        Tensor dx = Objects.requireNonNull(targets.allocate(0));
        if (ColumnConv2d.suitsInputGradient(g)) {
            ColumnConv2d.inputGradient(g, dy, weight, dx);
            return new Tensor[] {dx};
        }
        Buffer gate = bufferOrNull(targets.gate(0));
        kernels(dy).conv2d().inputGradient(g, buffer(dy), buffer(weight), null, gate, buffer(dx));
        return new Tensor[] {dx};
    }

    /** The gradients of the weight and, if wanted, of the bias. */
    static @Nullable Tensor[] weightGradient(Conv2dGeometry g, Tensor x, Tensor dy, Targets targets) {
        if (ColumnConv2d.suits(g)) {
            return new Tensor[] {ColumnConv2d.weightGradient(g, x, dy), targets.wanted(1) ? dy.sum(0, 2, 3) : null};
        }
        Tensor dw = Objects.requireNonNull(targets.allocate(0));
        Tensor dbias = targets.allocate(1);
        kernels(dy).conv2d().weightGradient(g, buffer(x), buffer(dy), buffer(dw), bufferOrNull(dbias));
        return new Tensor[] {dw, dbias};
    }

    private static Conv2dGeometry geometry(Shape x, Shape weight, @Nullable Shape bias, WindowOption[] options) {
        Window.requireImages("conv2d", x);
        if (weight.rank() != 4 || weight.size(0) == 0) {
            throw new ShapeException(
                    "conv2d: expected a weight (out channels, in channels / groups, height, width), got " + weight);
        }
        Window window = window(weight.size(2), weight.size(3), options);
        int channels = x.size(1);
        int outChannels = weight.size(0);
        window.requireGroupsDivide(channels, outChannels);
        if (weight.size(1) != channels / window.groups) {
            throw new ShapeException("conv2d: the input " + x + " has " + channels + " channels in " + window.groups
                    + (window.groups == 1 ? " group" : " groups") + ", so the weight's second size must be "
                    + channels / window.groups + ", got a weight " + weight);
        }
        if (bias != null && !bias.equals(Shape.of(outChannels))) {
            throw new ShapeException(
                    "conv2d: expected a bias (" + outChannels + "), one per output channel, got " + bias);
        }
        Padding padding = window.resolve(x.size(2), x.size(3));
        return new Conv2dGeometry(
                x.size(0),
                channels,
                x.size(2),
                x.size(3),
                outChannels,
                window.outHeight(x, x.size(2), padding),
                window.outWidth(x, x.size(3), padding),
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
        return Window.of(
                "conv2d",
                kernelHeight,
                kernelWidth,
                options,
                WindowOption.Kind.STRIDE,
                WindowOption.Kind.PADDING,
                WindowOption.Kind.DILATION,
                WindowOption.Kind.GROUPS);
    }

    private static Shape outputShape(Conv2dGeometry g) {
        return Sizes.shape("conv2d", g.batch(), g.outChannels(), g.outHeight(), g.outWidth());
    }
}
