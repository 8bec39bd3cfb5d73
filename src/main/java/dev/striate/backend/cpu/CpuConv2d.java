package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Conv2dKernels;
import dev.striate.backend.cpu.simd.SimdKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Convolution as a matrix product of weights and {@link Patches}, which are read from the images while they are packed: the
 * matrix that im2col would make is never stored. Convolutions with one input channel per group go to {@link CpuDepthwiseConv2d}.
 */
final class CpuConv2d implements Conv2dKernels {

    /** Positions that one partial sum of the weight gradient spans at least, and the most partial sums. */
    private static final int POSITIONS_PER_CHUNK = 4096;
    private static final int MOST_CHUNKS = 32;
    /** The most elements that all partial sums of the weight gradient may take. */
    private static final int MOST_PARTIALS = 1 << 21;

    /** What a core does at best per cycle, on 512-bit vectors; only the ratio of the two matters. */
    private static final int MULTIPLY_ADDS_PER_CYCLE = 32;
    private static final int COPIES_PER_CYCLE = 8;

    private final CpuContext context;
    private final CpuGemm gemm;
    private final CpuDepthwiseConv2d depthwise;

    CpuConv2d(CpuContext context, CpuGemm gemm) {
        this.context = context;
        this.gemm = gemm;
        this.depthwise = new CpuDepthwiseConv2d(context);
    }

    private static boolean isDepthwise(Conv2dGeometry g) {
        return g.groups() > 1 && g.inChannelsPerGroup() == 1;
    }

    @Override
    public void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, Buffer y) {
        CpuBuffer biasOrNull = bias == null ? null : CpuBuffer.of(bias);
        if (isDepthwise(g)) {
            depthwise.forward(g, CpuBuffer.of(x), CpuBuffer.of(w), biasOrNull, CpuBuffer.of(y));
        } else {
            try (Patches patches = inputPatches(g, CpuBuffer.of(x))) {
                int plane = g.outHeight() * g.outWidth();
                Positions positions = positions(g.outChannelsPerGroup(), g.batch(), patches);
                CpuProduct.Output output = new CpuProduct.Output(
                        CpuBuffer.of(y).array, plane, positions.perImage, positions.perLine, g.outHeight(), g.outWidth(),
                        g.outChannels() * plane, g.outWidth(), 1, biasOrNull, true);
                gemm.run(new Forward(g, patches, positions, CpuBuffer.of(w), CpuBuffer.of(y), output));
            }
        }
    }

    /**
     * Gathers: an input pixel (iy, ix) was read by output (oy, ox) through tap (ky, kx) where {@code oy strideH = iy + padTop -
     * ky dilationH}, x alike. Pixels for which the right side has the same remainder share their taps; each such phase is a
     * convolution of stride 1 over {@code dy}, so no multiplication by an inserted zero is ever made.
     */
    @Override
    public void inputGradient(Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, Buffer dx) {
        CpuBuffer biasOrNull = bias == null ? null : CpuBuffer.of(bias);
        if (isDepthwise(g)) {
            depthwise.inputGradient(g, CpuBuffer.of(dy), CpuBuffer.of(w), biasOrNull, CpuBuffer.of(dx));
            return;
        }
        for (int phaseY = 0; phaseY < Math.min(g.strideH(), g.inHeight()); phaseY++) {
            Phase vertical = Phase.of(phaseY, g.inHeight(), g.kernelHeight(), g.strideH(), g.padTop(), g.dilationH());
            for (int phaseX = 0; phaseX < Math.min(g.strideW(), g.inWidth()); phaseX++) {
                Phase horizontal = Phase.of(phaseX, g.inWidth(), g.kernelWidth(), g.strideW(), g.padLeft(), g.dilationW());
                try (Patches patches = new Patches(
                        context, CpuBuffer.of(dy), g.batch(), g.outChannels(), g.outChannelsPerGroup(), g.outHeight(),
                        g.outWidth(), vertical.count, horizontal.count, 1, 1, vertical.offsets, horizontal.offsets)) {
                    gemm.run(inputGradientOfPhase(
                            g, patches, CpuBuffer.of(w), biasOrNull, CpuBuffer.of(dx), vertical, horizontal));
                }
            }
        }
    }

    /**
     * The sum over all positions of the batch is cut into chunks of whole images. Their number follows from the geometry alone,
     * and they are added in order, so the bits do not depend on the number of threads.
     */
    @Override
    public void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw) {
        if (isDepthwise(g)) {
            depthwise.weightGradient(g, CpuBuffer.of(x), CpuBuffer.of(dy), CpuBuffer.of(dw));
            return;
        }
        CpuBuffer target = CpuBuffer.of(dw);
        int weights = target.length();
        long positions = (long) g.batch() * g.outHeight() * g.outWidth();
        int wanted = (int) Math.min(Math.min(MOST_CHUNKS, g.batch()), positions / POSITIONS_PER_CHUNK);
        int allowed = Math.min(wanted, MOST_PARTIALS / weights);
        int imagesPerChunk = CpuGemm.ceilDiv(g.batch(), Math.max(1, allowed));
        int chunks = CpuGemm.ceilDiv(g.batch(), imagesPerChunk);
        if (chunks == 1) {
            try (Patches patches = inputPatches(g, CpuBuffer.of(x))) {
                gemm.run(new WeightGradient(
                        g, patches, CpuBuffer.of(dy), target.array, target.offset, imagesPerChunk, chunks, weights));
            }
            return;
        }
        float[] partials = context.pool().takeScratch(chunks * weights);
        try (Patches patches = inputPatches(g, CpuBuffer.of(x))) {
            gemm.run(new WeightGradient(g, patches, CpuBuffer.of(dy), partials, 0, imagesPerChunk, chunks, weights));
            context.threads().forRange(weights, (long) chunks * weights, (from, to) -> {
                System.arraycopy(partials, from, target.array, target.offset + from, to - from);
                for (int chunk = 1; chunk < chunks; chunk++) {
                    int at = chunk * weights;
                    for (int i = from; i < to; i++) {
                        target.array[target.offset + i] += partials[at + i];
                    }
                }
            });
        } finally {
            context.pool().giveScratch(partials);
        }
    }

    private Patches inputPatches(Conv2dGeometry g, CpuBuffer x) {
        int[] offsetsY = new int[g.kernelHeight()];
        for (int ky = 0; ky < offsetsY.length; ky++) {
            offsetsY[ky] = ky * g.dilationH() - g.padTop();
        }
        int[] offsetsX = new int[g.kernelWidth()];
        for (int kx = 0; kx < offsetsX.length; kx++) {
            offsetsX[kx] = kx * g.dilationW() - g.padLeft();
        }
        return new Patches(
                context, x, g.batch(), g.inChannels(), g.inChannelsPerGroup(), g.inHeight(), g.inWidth(), g.outHeight(),
                g.outWidth(), g.strideH(), g.strideW(), offsetsY, offsetsX);
    }

    /**
     * How a product's columns stand for positions.
     *
     * @param wide     whether in wide numbering, where an image begins with a new panel
     * @param total    columns in all
     * @param perImage columns to an image
     * @param perLine  columns to a line
     */
    private record Positions(boolean wide, int total, int perImage, int perLine) {}

    /** Wide numbering packs fast but computes columns that are thrown away: it pays for few rows, or little waste. */
    private Positions positions(int rows, int batch, Patches patches) {
        SimdKernels simd = context.simd();
        int panel = simd.tileColumns();
        long widePanels = (long) batch * CpuGemm.ceilDiv(patches.widePositions(), panel);
        long exactPanels = CpuGemm.ceilDiv(batch * patches.positions(), panel);
        // Both in cycles per panel and tap, for tiles of this many rows.
        long arithmetic = (long) CpuGemm.ceilDiv(rows, simd.tileRows()) * simd.tileRows() * panel / MULTIPLY_ADDS_PER_CYCLE;
        boolean wide = widePanels * (arithmetic + panel / COPIES_PER_CYCLE) <= exactPanels * (arithmetic + 2L * panel);
        if (wide) {
            int perImage = CpuGemm.ceilDiv(patches.widePositions(), panel) * panel;
            return new Positions(true, batch * perImage, perImage, patches.lineWidth());
        }
        return new Positions(false, batch * patches.positions(), patches.positions(), patches.gridWidth());
    }

    /** What the two products over positions have in common. */
    private abstract class OverPositions extends CpuProduct {

        final Conv2dGeometry g;
        final CpuBuffer w;
        private final Patches patches;
        private final Positions positions;
        private final int base;
        private final Output output;

        OverPositions(Conv2dGeometry g, int rows, Patches patches, Positions positions, CpuBuffer w, int base, Output output) {
            super(g.groups(), rows, positions.total);
            this.g = g;
            this.w = w;
            this.patches = patches;
            this.positions = positions;
            this.base = base;
            this.output = output;
        }

        @Override
        int depth(int item) {
            return patches.depth();
        }

        @Override
        void packColumns(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            if (positions.wide) {
                int place = first % positions.perImage;
                int live = Math.min(count, patches.widePositions() - place);
                patches.packWide(
                        context.simd(), patches.group(item), first / positions.perImage, place, live, from, length, target, at);
            } else {
                patches.packPositions(patches.group(item), first, count, from, length, target, at, width);
            }
        }

        @Override
        Output output() {
            return output;
        }

        @Override
        int outputBase(int item) {
            return base + item * rows * output.rowStride();
        }

        @Override
        int biasBase(int item) {
            return item * rows;
        }
    }

    /** {@code y = w patches}, per group: output channels by positions. */
    private final class Forward extends OverPositions {

        Forward(Conv2dGeometry g, Patches patches, Positions positions, CpuBuffer w, CpuBuffer y, Output output) {
            super(g, g.outChannelsPerGroup(), patches, positions, w, y.offset, output);
        }

        @Override
        void packRows(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int depth = depth(item);
            int start = w.offset + (item * rows + first) * depth + from;
            CpuGemm.pack(w.array, start, depth, 1, count, length, target, at, width);
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

    private InputGradient inputGradientOfPhase(
            Conv2dGeometry g, Patches patches, CpuBuffer w, @Nullable CpuBuffer bias, CpuBuffer dx, Phase vertical,
            Phase horizontal) {
        int[] taps = new int[vertical.taps.length * horizontal.taps.length];
        for (int i = 0; i < taps.length; i++) {
            taps[i] = vertical.taps[i / horizontal.taps.length] * g.kernelWidth() + horizontal.taps[i % horizontal.taps.length];
        }
        int plane = g.inHeight() * g.inWidth();
        Positions positions = positions(g.inChannelsPerGroup(), g.batch(), patches);
        CpuProduct.Output output = new CpuProduct.Output(
                dx.array, plane, positions.perImage, positions.perLine, vertical.count, horizontal.count, g.inChannels() * plane,
                g.strideH() * g.inWidth(), g.strideW(), bias, true);
        int base = dx.offset + vertical.first * g.inWidth() + horizontal.first;
        return new InputGradient(g, patches, positions, w, taps, base, output);
    }

    /** One phase of {@code dx = w' patches}, per group: input channels by the phase's pixels. */
    private final class InputGradient extends OverPositions {

        private final int[] taps;

        InputGradient(Conv2dGeometry g, Patches patches, Positions positions, CpuBuffer w, int[] taps, int base, Output output) {
            super(g, g.inChannelsPerGroup(), patches, positions, w, base, output);
            this.taps = taps;
        }

        @Override
        void packRows(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int kernel = g.kernelHeight() * g.kernelWidth();
            for (int done = 0; done < length; ) {
                int outChannel = item * g.outChannelsPerGroup() + (from + done) / taps.length;
                int firstTap = (from + done) % taps.length;
                int run = Math.min(taps.length - firstTap, length - done);
                for (int i = 0; i < count; i++) {
                    int start = w.offset + (outChannel * rows + first + i) * kernel;
                    int to = at + done * width + i;
                    for (int tap = 0; tap < run; tap++) {
                        target[to + tap * width] = w.array[start + taps[firstTap + tap]];
                    }
                }
                done += run;
            }
        }
    }

    /** {@code dw = dy patches'}, per group and chunk of images: output channels by taps. */
    private final class WeightGradient extends CpuProduct {

        private final Conv2dGeometry g;
        private final CpuBuffer dy;
        private final Patches patches;
        private final int base;
        private final int imagesPerChunk;
        private final int chunks;
        private final int weights;
        private final Output output;

        WeightGradient(
                Conv2dGeometry g, Patches patches, CpuBuffer dy, float[] target, int base, int imagesPerChunk, int chunks,
                int weights) {
            super(g.groups() * chunks, g.outChannelsPerGroup(), g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth());
            this.g = g;
            this.dy = dy;
            this.patches = patches;
            this.base = base;
            this.imagesPerChunk = imagesPerChunk;
            this.chunks = chunks;
            this.weights = weights;
            this.output = Output.matrix(target, columns, null);
        }

        private int firstImage(int item) {
            return item % chunks * imagesPerChunk;
        }

        @Override
        int depth(int item) {
            return Math.min(imagesPerChunk, g.batch() - firstImage(item)) * patches.positions();
        }

        @Override
        void packRows(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int plane = patches.positions();
            int channel = item / chunks * rows + first;
            for (int done = 0; done < length; ) {
                int image = firstImage(item) + (from + done) / plane;
                int pixel = (from + done) % plane;
                int run = Math.min(plane - pixel, length - done);
                int start = dy.offset + (image * g.outChannels() + channel) * plane + pixel;
                CpuGemm.pack(dy.array, start, plane, 1, count, run, target, at + done * width, width);
                done += run;
            }
        }

        @Override
        void packColumns(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int position = firstImage(item) * patches.positions() + from;
            patches.packTaps(context.simd(), patches.group(item / chunks), first, position, length, target, at);
        }

        @Override
        Output output() {
            return output;
        }

        @Override
        int outputBase(int item) {
            return base + item % chunks * weights + item / chunks * rows * columns;
        }
    }
}
