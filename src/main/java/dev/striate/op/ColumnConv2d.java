package dev.striate.op;

import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.NoGrad;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.backend.Conv2dGeometry;
import org.jspecify.annotations.Nullable;

/**
 * Convolution as matrix products, with im2col and col2im (Chellapilla, Puri and Simard, "High performance convolutional
 * neural networks for document processing", 2006). Its time and memory are proportional to the sizes of the tensors for
 * all windows. The convolution kernels of the backends are faster in most networks, but some copy the image with its
 * padding, and their input gradient processes each phase, a remainder of the pixel position modulo the stride,
 * separately.
 */
final class ColumnConv2d {

    /** The maximum number of phases for which the kernels are used: strides of 8. */
    private static final int MOST_PHASES = 64;
    /** The kernels may read or multiply at most this many times the proportional amount. */
    private static final int MOST_EXCESS = 8;
    /** The number of pixels that the windows span, including padding, up to which the kernels are always used. */
    private static final int FEW_PIXELS = 1 << 14;
    /** The number of products of a pixel and a weight per channel up to which the kernels are always used. */
    private static final int FEW_PRODUCTS = 1 << 18;

    private ColumnConv2d() {}

    /** Returns whether the kernels for the forward pass and the weight gradient would be too expensive. */
    static boolean suits(Conv2dGeometry g) {
        long few = Math.max(FEW_PIXELS, MOST_EXCESS * ((long) g.inHeight() * g.inWidth() + outPlane(g)));
        return !g.isLinear() && g.rows() > few / g.columns();
    }

    /** Returns whether the kernels for the input gradient would be too expensive. */
    static boolean suitsInputGradient(Conv2dGeometry g) {
        long phases = (long) Math.min(g.strideH(), g.inHeight()) * Math.min(g.strideW(), g.inWidth());
        double area = (double) g.kernelHeight() * g.kernelWidth();
        double products = (double) g.inHeight() * g.inWidth() * area / phases;
        return suits(g)
                || !g.isLinear()
                        && (phases > MOST_PHASES
                                || products > Math.max(FEW_PRODUCTS, MOST_EXCESS * area * outPlane(g)));
    }

    private static long outPlane(Conv2dGeometry g) {
        return (long) g.outHeight() * g.outWidth();
    }

    static Tensor forward(Conv2dGeometry g, Tensor x, Tensor weight, @Nullable Tensor bias) {
        Shape shape = Shape.of(g.batch(), g.outChannels(), g.outHeight(), g.outWidth());
        try (NoGrad off = NoGrad.open();
                Tensor columns = columns(g, x);
                Tensor rows = rows(g, weight);
                Tensor products = rows.matmul(columns);
                Tensor y = products.reshape(shape.toArray())) {
            if (bias == null) {
                return y.reshape(shape.toArray());
            }
            try (Tensor perChannel = bias.reshape(g.outChannels(), 1, 1)) {
                return y.add(perChannel);
            }
        }
    }

    /** Writes the gradient into {@code dx}. */
    static void inputGradient(Conv2dGeometry g, Tensor dy, Tensor weight, Tensor dx) {
        try (NoGrad off = NoGrad.open();
                Tensor rows = rows(g, weight);
                Tensor upstream = upstream(g, dy);
                Tensor columns = rows.matmul(upstream, true, false)) {
            kernels(dx).im2col().col2im(g.ungrouped(), buffer(columns), buffer(dx));
        }
    }

    static Tensor weightGradient(Conv2dGeometry g, Tensor x, Tensor dy) {
        try (NoGrad off = NoGrad.open();
                Tensor columns = columns(g, x);
                Tensor upstream = upstream(g, dy);
                Tensor products = upstream.matmul(columns, false, true);
                Tensor sum = products.sum(0)) {
            return sum.reshape(g.outChannels(), g.inChannelsPerGroup(), g.kernelHeight(), g.kernelWidth());
        }
    }

    /** {@code (N, groups, C / groups KH KW, OH OW)}. */
    private static Tensor columns(Conv2dGeometry g, Tensor x) {
        try (Tensor columns = Im2Col.gather("conv2d", g.ungrouped(), x)) {
            return columns.reshape(g.batch(), g.groups(), taps(g), g.outHeight() * g.outWidth());
        }
    }

    /** {@code (groups, O / groups, C / groups KH KW)}. */
    private static Tensor rows(Conv2dGeometry g, Tensor weight) {
        return weight.reshape(g.groups(), g.outChannelsPerGroup(), taps(g));
    }

    /** {@code (N, groups, O / groups, OH OW)}. */
    private static Tensor upstream(Conv2dGeometry g, Tensor dy) {
        return dy.reshape(g.batch(), g.groups(), g.outChannelsPerGroup(), g.outHeight() * g.outWidth());
    }

    private static int taps(Conv2dGeometry g) {
        return g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
    }
}
