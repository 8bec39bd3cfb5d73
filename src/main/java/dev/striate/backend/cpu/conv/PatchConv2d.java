package dev.striate.backend.cpu.conv;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.CpuBuffer;
import dev.striate.backend.cpu.CpuContext;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Convolution and its input gradient as matrix products of weights and {@link Patches}. Each channel is copied once per
 * tap column, and tiles read the copies: the matrix that im2col would make is never stored (implicit GEMM). Fits
 * everything.
 */
final class PatchConv2d implements ConvAlgorithm<Pass> {

    private final CpuContext context;
    private final PatchProduct product;
    private final boolean gradient;

    /** @param gradient whether it is the input gradient that is computed */
    PatchConv2d(CpuContext context, boolean gradient) {
        this.context = context;
        this.product = new PatchProduct(context);
        this.gradient = gradient;
    }

    @Override
    public String name() {
        return "patches";
    }

    @Override
    public boolean fits(Conv2dGeometry g) {
        return true;
    }

    @Override
    public double nanos(Conv2dGeometry g) {
        double pixels = gradient
                ? (double) g.inHeight() * g.inWidth() / (g.strideH() * (double) g.strideW())
                : (double) g.outHeight() * g.outWidth();
        double weights = (double) g.outChannels() * g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        return g.batch() * pixels * weights / context.speeds().product();
    }

    @Override
    public void run(Conv2dGeometry g, Pass operands) {
        if (!gradient) {
            forward(g, operands);
            return;
        }
        for (int phaseY = 0; phaseY < Math.min(g.strideH(), g.inHeight()); phaseY++) {
            Phase vertical = Phase.of(phaseY, Axis.vertical(g));
            for (int phaseX = 0; phaseX < Math.min(g.strideW(), g.inWidth()); phaseX++) {
                inputGradient(g, operands, vertical, Phase.of(phaseX, Axis.horizontal(g)));
            }
        }
        if (g.strideH() > 1 || g.strideW() > 1) {
            CpuBuffer dx = operands.output();
            context.threads()
                    .forRange(
                            dx.length(),
                            dx.length() / 4,
                            (from, to) -> operands.epilogue().finish(context.simd(), dx, dx.offset + from, to - from));
        }
    }

    private void forward(Conv2dGeometry g, Pass operands) {
        CpuBuffer w = operands.weights();
        CpuBuffer y = operands.output();
        int rows = g.outChannelsPerGroup();
        int depth = g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        int neighbours = product.neighbours(rows);
        Patches patches =
                new Patches(operands.images(), g.inChannels(), Axis.vertical(g), Axis.horizontal(g), neighbours);
        PatchProduct.Weights weights = (group, first, count, packed, at, width) -> {
            int from = w.offset + (group * rows + first) * depth;
            context.simd().convolution().packAcross(count, depth, w.array, from, depth, packed, at, width);
        };
        int plane = g.outHeight() * g.outWidth();
        PatchProduct.Output output =
                new PatchProduct.Output(y.array, y.offset, g.outChannels() * plane, plane, g.outWidth(), 1);
        product.run(
                new PatchProduct.Operands(g, patches, rows, g.inChannelsPerGroup(), weights, operands, output, null));
    }

    /**
     * Gathers: an input pixel (iy, ix) was read by output (oy, ox) through tap (ky, kx) where {@code oy strideH = iy +
     * padTop - ky dilationH}, x alike. Pixels for which the right side has the same remainder share their taps; each
     * such phase is a convolution of stride 1 over {@code dy}, so no multiplication by an inserted zero is ever made.
     */
    private void inputGradient(Conv2dGeometry g, Pass operands, Phase y, Phase x) {
        CpuBuffer dx = operands.output();
        int rows = g.inChannelsPerGroup();
        Patches patches = new Patches(operands.images(), g.outChannels(), y.axis, x.axis, product.neighbours(rows));
        int plane = g.inHeight() * g.inWidth();
        int base = dx.offset + y.first * g.inWidth() + x.first;
        PatchProduct.Output output = new PatchProduct.Output(
                dx.array, base, g.inChannels() * plane, plane, g.strideH() * g.inWidth(), g.strideW());
        PatchProduct.Weights weights = transposed(g, operands.weights(), y, x);
        product.run(
                new PatchProduct.Operands(g, patches, rows, g.outChannelsPerGroup(), weights, operands, output, null));
    }

    /** The weights that a phase of the input gradient uses: input channels by output channels and the phase's taps. */
    private static PatchProduct.Weights transposed(Conv2dGeometry g, CpuBuffer w, Phase y, Phase x) {
        int kernel = g.kernelHeight() * g.kernelWidth();
        return (group, first, count, packed, at, width) -> {
            for (int i = 0; i < count; i++) {
                int to = at + i;
                for (int channel = 0; channel < g.outChannelsPerGroup(); channel++) {
                    int outChannel = group * g.outChannelsPerGroup() + channel;
                    int start = w.offset + (outChannel * g.inChannelsPerGroup() + first + i) * kernel;
                    for (int ky : y.taps) {
                        for (int kx : x.taps) {
                            packed[to] = w.array[start + ky * g.kernelWidth() + kx];
                            to += width;
                        }
                    }
                }
            }
        };
    }

    /**
     * The input pixels of one axis that share their taps.
     *
     * @param first the first of them; the others follow in steps of the stride
     * @param taps  the kernel taps they meet
     * @param axis  what they read of {@code dy} through these
     */
    record Phase(int first, int[] taps, Axis axis) {

        /** @param forward what outputs read along the axis */
        static Phase of(int first, Axis forward) {
            int stride = forward.stride();
            int[] offsets = forward.offsets();
            int[] taps = IntStream.range(0, offsets.length)
                    .filter(tap -> (first - offsets[tap]) % stride == 0)
                    .toArray();
            int[] own = Arrays.stream(taps)
                    .map(tap -> (first - offsets[tap]) / stride)
                    .toArray();
            int count = (forward.size() - first - 1) / stride + 1;
            return new Phase(first, taps, new Axis(forward.grid(), count, 1, own));
        }
    }
}
