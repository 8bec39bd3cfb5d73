package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Conv2dKernels;
import dev.striate.backend.LinearKernels;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.UnaryKernels;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.WinogradKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Convolution as a matrix product of weights and {@link Patches}, which are read from the images while they are packed:
 * the matrix that im2col would make is never stored. So is the input gradient, of weights and patches of {@code dy},
 * but for small images with stride 1 the columns of the kernel are shifted after the product. With broad vectors,
 * kernels of 3x3 with many channels and pixels take a third of the multiplications, see {@link WinogradConv2d}, and
 * those of five columns on small images three fifths, see {@link WinogradLines}. A kernel of 1x1 has no patches: on
 * large images it is a product by {@link CpuGemm}.
 */
final class CpuConv2d implements Conv2dKernels {

    /** Elements of rows that are to be shifted, at most: half a second cache. */
    private static final int MOST_SHIFTED = 1 << 17;

    private final CpuGemm gemm;
    private final ConvKernels lines;
    private final PatchProduct patchProduct;
    private final WeightGradient weightGradient;
    private final DepthwiseWeightGradient depthwise;
    private final @Nullable WinogradConv2d winograd;
    private final @Nullable WinogradLines winogradLines;
    private final LinearKernels linear;
    private final UnaryKernels unary;

    CpuConv2d(CpuContext context, CpuGemm gemm, LinearKernels linear, UnaryKernels unary) {
        this.gemm = gemm;
        this.lines = context.simd().convolution();
        this.patchProduct = new PatchProduct(context);
        this.weightGradient = new WeightGradient(context, gemm);
        this.depthwise = new DepthwiseWeightGradient(context);
        WinogradKernels kernels = WinogradConv2d.kernels(context);
        this.winograd = kernels == null ? null : new WinogradConv2d(context, kernels);
        this.winogradLines = kernels == null ? null : new WinogradLines(context, kernels);
        this.linear = linear;
        this.unary = unary;
    }

    private static boolean isDepthwise(Conv2dGeometry g) {
        return g.groups() > 1 && g.inChannelsPerGroup() == 1;
    }

    /** Whether it is a product for each image and group: of the weights and the image as it lies. */
    static boolean isPointwise(Conv2dGeometry g) {
        return g.kernelHeight() == 1
                && g.kernelWidth() == 1
                && g.strideH() == 1
                && g.strideW() == 1
                && g.padTop() == 0
                && g.padLeft() == 0
                && g.outHeight() == g.inHeight()
                && g.outWidth() == g.inWidth();
    }

    /**
     * Whether such a product is faster: images of so many channels do not fit in what {@link PatchProduct} loads at a
     * time.
     */
    private static boolean pointwisePays(Conv2dGeometry g, int channels) {
        return isPointwise(g) && (long) channels * g.inHeight() * g.inWidth() > PatchProduct.MOST_LOADED;
    }

    /**
     * That product: {@code (rows, channels)} by {@code (channels, positions)}; of the weights transposed, for the
     * gradient.
     */
    private static CpuProduct pointwise(
            Conv2dGeometry g,
            CpuBuffer w,
            boolean transposed,
            CpuBuffer source,
            @Nullable CpuBuffer bias,
            CpuBuffer target) {
        int rows = transposed ? g.inChannelsPerGroup() : g.outChannelsPerGroup();
        int depth = transposed ? g.outChannelsPerGroup() : g.inChannelsPerGroup();
        int plane = g.inHeight() * g.inWidth();
        int[] sizes = {g.batch(), g.groups()};
        int[] weightSteps = {0, rows * depth};
        int[] sourceSteps = {g.groups() * depth * plane, depth * plane};
        StridedLoop items = StridedLoop.of(sizes, weightSteps, sourceSteps);
        return CpuProduct.withBiasOfRows(
                new MatmulGeometry(items, rows, plane, depth, transposed, false), w, source, bias, g.groups(), target);
    }

    @Override
    public void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, Buffer y) {
        if (g.isLinear()) {
            // As a product over positions it would have one of them, and vectors with one lane in use.
            linear.forward(g.asLinear(), x, w, bias, false, y);
            return;
        }
        CpuBuffer biasOrNull = bias == null ? null : CpuBuffer.of(bias);
        if (pointwisePays(g, g.inChannelsPerGroup())) {
            gemm.run(pointwise(g, CpuBuffer.of(w), false, CpuBuffer.of(x), biasOrNull, CpuBuffer.of(y)));
            return;
        }
        if (winograd != null && winograd.paysForward(g)) {
            winograd.forward(g, CpuBuffer.of(x), CpuBuffer.of(w), biasOrNull, CpuBuffer.of(y));
            return;
        }
        if (winogradLines != null && winogradLines.pays(g)) {
            winogradLines.forward(g, CpuBuffer.of(x), CpuBuffer.of(w), biasOrNull, CpuBuffer.of(y));
            return;
        }
        CpuBuffer weight = CpuBuffer.of(w);
        CpuBuffer target = CpuBuffer.of(y);
        Patches patches = Patches.read(g, CpuBuffer.of(x), patchProduct.neighbours(g.outChannelsPerGroup()));
        int rows = g.outChannelsPerGroup();
        int depth = g.inChannelsPerGroup() * patches.taps();
        PatchProduct.Weights weights = (group, first, count, packed, at, width) -> lines.packAcross(
                count, depth, weight.array, weight.offset + (group * rows + first) * depth, depth, packed, at, width);
        int plane = patches.positions();
        PatchProduct.Output output =
                new PatchProduct.Output(target.array, target.offset, g.outChannels() * plane, plane, g.outWidth(), 1);
        patchProduct.run(
                patches, g.batch(), g.groups(), rows, g.inChannelsPerGroup(), weights, biasOrNull, output, null);
    }

    @Override
    public void forwardRelu(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, Buffer y) {
        forward(g, x, w, bias, y);
        unary.relu(y);
    }

    /**
     * Gathers: an input pixel (iy, ix) was read by output (oy, ox) through tap (ky, kx) where {@code oy strideH = iy +
     * padTop - ky dilationH}, x alike. Pixels for which the right side has the same remainder share their taps; each
     * such phase is a convolution of stride 1 over {@code dy}, so no multiplication by an inserted zero is ever made.
     */
    @Override
    public void inputGradient(Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, Buffer dx) {
        if (g.isLinear() && bias == null) {
            linear.inputGradient(g.asLinear(), dy, w, null, dx);
            return;
        }
        CpuBuffer biasOrNull = bias == null ? null : CpuBuffer.of(bias);
        if (winograd != null && winograd.paysInputGradient(g)) {
            winograd.inputGradient(g, CpuBuffer.of(dy), CpuBuffer.of(w), biasOrNull, CpuBuffer.of(dx));
            return;
        }
        if (pointwisePays(g, g.outChannelsPerGroup())) {
            gemm.run(pointwise(g, CpuBuffer.of(w), true, CpuBuffer.of(dy), biasOrNull, CpuBuffer.of(dx)));
            return;
        }
        CpuBuffer target = CpuBuffer.of(dx);
        boolean shifting = shiftsPay(g);
        for (int phaseY = 0; phaseY < Math.min(g.strideH(), g.inHeight()); phaseY++) {
            Phase vertical = Phase.of(phaseY, g.inHeight(), g.kernelHeight(), g.strideH(), g.padTop(), g.dilationH());
            for (int phaseX = 0; phaseX < Math.min(g.strideW(), g.inWidth()); phaseX++) {
                Phase horizontal =
                        Phase.of(phaseX, g.inWidth(), g.kernelWidth(), g.strideW(), g.padLeft(), g.dilationW());
                if (shifting) {
                    shiftedInputGradient(
                            g, CpuBuffer.of(dy), CpuBuffer.of(w), biasOrNull, target, vertical, horizontal.offsets);
                    continue;
                }
                Patches patches = new Patches(
                        CpuBuffer.of(dy),
                        g.outChannels(),
                        g.outHeight(),
                        g.outWidth(),
                        vertical.count,
                        horizontal.count,
                        1,
                        1,
                        vertical.offsets,
                        horizontal.offsets,
                        patchProduct.neighbours(g.inChannelsPerGroup()));
                int plane = g.inHeight() * g.inWidth();
                int base = target.offset + phaseY * g.inWidth() + phaseX;
                PatchProduct.Output output = new PatchProduct.Output(
                        target.array, base, g.inChannels() * plane, plane, g.strideH() * g.inWidth(), g.strideW());
                patchProduct.run(
                        patches,
                        g.batch(),
                        g.groups(),
                        g.inChannelsPerGroup(),
                        g.outChannelsPerGroup(),
                        transposed(g, CpuBuffer.of(w), vertical, horizontal),
                        biasOrNull,
                        output,
                        null);
            }
        }
    }

    @Override
    public void gatedInputGradient(Conv2dGeometry g, Buffer dy, Buffer w, Buffer gate, Buffer dx) {
        inputGradient(g, dy, w, null, dx);
        unary.gate(gate, dx);
    }

    /**
     * Whether the tap columns better count as rows, see {@link PatchProduct.Shifts}: unless that would multiply more,
     * or the rows would not stay in the second cache.
     */
    private static boolean shiftsPay(Conv2dGeometry g) {
        return g.strideH() == 1
                && g.strideW() == 1
                && g.kernelWidth() > 1
                && g.outWidth() <= g.inWidth()
                && (long) g.inChannelsPerGroup() * g.kernelWidth() * g.inHeight() * g.outWidth() <= MOST_SHIFTED;
    }

    /**
     * The input gradient as a product of {@code (input channels, tap columns)} by {@code (output channels, tap rows)}
     * with patches of one column, whose lines are as long as those of {@code dy}.
     *
     * @param vertical for each tap row, where it meets {@code dy}
     * @param columns  for each tap column, how far it is shifted
     */
    private void shiftedInputGradient(
            Conv2dGeometry g,
            CpuBuffer dy,
            CpuBuffer w,
            @Nullable CpuBuffer bias,
            CpuBuffer dx,
            Phase vertical,
            int[] columns) {
        int rows = g.inChannelsPerGroup() * g.kernelWidth();
        Patches patches = new Patches(
                dy,
                g.outChannels(),
                g.outHeight(),
                g.outWidth(),
                g.inHeight(),
                g.outWidth(),
                1,
                1,
                vertical.offsets,
                new int[1],
                patchProduct.neighbours(rows));
        int kernel = g.kernelHeight() * g.kernelWidth();
        int step = g.inChannelsPerGroup() * kernel;
        PatchProduct.Weights weights = (group, first, count, packed, at, width) -> {
            for (int i = 0; i < count; i++) {
                int row = first + i;
                int start = w.offset
                        + group * g.outChannelsPerGroup() * step
                        + row / g.kernelWidth() * kernel
                        + row % g.kernelWidth();
                int to = at + i;
                for (int channel = 0; channel < g.outChannelsPerGroup(); channel++) {
                    for (int ky = 0; ky < g.kernelHeight(); ky++) {
                        packed[to] = w.array[start + channel * step + ky * g.kernelWidth()];
                        to += width;
                    }
                }
            }
        };
        int plane = g.inHeight() * g.inWidth();
        PatchProduct.Output output =
                new PatchProduct.Output(dx.array, dx.offset, g.inChannels() * plane, plane, g.inWidth(), 1);
        patchProduct.run(
                patches,
                g.batch(),
                g.groups(),
                rows,
                g.outChannelsPerGroup(),
                weights,
                bias,
                output,
                new PatchProduct.Shifts(columns, g.inWidth()));
    }

    /** The weights that a phase of the input gradient uses: input channels by output channels and the phase's taps. */
    private static PatchProduct.Weights transposed(Conv2dGeometry g, CpuBuffer w, Phase vertical, Phase horizontal) {
        int kernel = g.kernelHeight() * g.kernelWidth();
        return (group, first, count, packed, at, width) -> {
            for (int i = 0; i < count; i++) {
                int to = at + i;
                for (int channel = 0; channel < g.outChannelsPerGroup(); channel++) {
                    int outChannel = group * g.outChannelsPerGroup() + channel;
                    int start = w.offset + (outChannel * g.inChannelsPerGroup() + first + i) * kernel;
                    for (int ky : vertical.taps) {
                        for (int kx : horizontal.taps) {
                            packed[to] = w.array[start + ky * g.kernelWidth() + kx];
                            to += width;
                        }
                    }
                }
            }
        };
    }

    @Override
    public void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        CpuBuffer dbiasOrNull = dbias == null ? null : CpuBuffer.of(dbias);
        if (g.isLinear()) {
            linear.weightGradient(g.asLinear(), x, dy, dw, dbias);
        } else if (isDepthwise(g)) {
            depthwise.run(g, CpuBuffer.of(x), CpuBuffer.of(dy), CpuBuffer.of(dw), dbiasOrNull);
        } else {
            weightGradient.run(g, CpuBuffer.of(x), CpuBuffer.of(dy), CpuBuffer.of(dw), dbiasOrNull);
        }
    }

    /**
     * The input pixels of one axis that share their taps.
     *
     * @param first   the first of them; the others follow in steps of the stride
     * @param count   how many there are
     * @param taps    the kernel taps they meet
     * @param offsets for each tap, the place in the output that the first pixel meets it from
     */
    private record Phase(int first, int count, int[] taps, int[] offsets) {

        static Phase of(int first, int size, int kernel, int stride, int pad, int dilation) {
            int found = 0;
            int[] taps = new int[kernel];
            for (int tap = 0; tap < kernel; tap++) {
                if ((first + pad - tap * dilation) % stride == 0) {
                    taps[found++] = tap;
                }
            }
            int[] own = Arrays.copyOf(taps, found);
            int[] offsets = new int[found];
            for (int i = 0; i < found; i++) {
                offsets[i] = (first + pad - own[i] * dilation) / stride;
            }
            return new Phase(first, (size - first - 1) / stride + 1, own, offsets);
        }
    }
}
