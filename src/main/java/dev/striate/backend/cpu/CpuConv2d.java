package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Conv2dKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Convolution as a matrix product of weights and {@link Patches}, which are read from the images while they are packed: the matrix
 * that im2col would make is never stored. Convolutions with one input channel per group go to {@link CpuDepthwiseConv2d}.
 */
final class CpuConv2d implements Conv2dKernels {

    /** Positions that one partial sum of the weight gradient spans at least, and the most partial sums. */
    private static final int POSITIONS_PER_CHUNK = 4096;
    private static final int MOST_CHUNKS = 32;
    /** The most elements that all partial sums of the weight gradient may take. */
    private static final int MOST_PARTIALS = 1 << 21;

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
            gemm.run(new Forward(g, CpuBuffer.of(x), CpuBuffer.of(w), biasOrNull, CpuBuffer.of(y)));
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
                gemm.run(new InputGradient(
                        g, CpuBuffer.of(dy), CpuBuffer.of(w), biasOrNull, CpuBuffer.of(dx), vertical, horizontal));
            }
        }
    }

    /**
     * The sum over all positions of the batch is cut into chunks of whole images. Their number follows from the geometry alone, and
     * they are added in order, so the bits do not depend on the number of threads.
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
            gemm.run(new WeightGradient(
                    g, CpuBuffer.of(x), CpuBuffer.of(dy), target.array, target.offset, imagesPerChunk, chunks, weights));
            return;
        }
        float[] partials = context.pool().takeScratch(chunks * weights);
        try {
            gemm.run(new WeightGradient(g, CpuBuffer.of(x), CpuBuffer.of(dy), partials, 0, imagesPerChunk, chunks, weights));
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

    private static Patches inputPatches(Conv2dGeometry g, CpuBuffer x) {
        int[] offsetsY = new int[g.kernelHeight()];
        for (int ky = 0; ky < offsetsY.length; ky++) {
            offsetsY[ky] = ky * g.dilationH() - g.padTop();
        }
        int[] offsetsX = new int[g.kernelWidth()];
        for (int kx = 0; kx < offsetsX.length; kx++) {
            offsetsX[kx] = kx * g.dilationW() - g.padLeft();
        }
        return new Patches(
                x, g.inChannels() * g.inHeight() * g.inWidth(), g.inHeight(), g.inWidth(), g.outHeight(), g.outWidth(),
                g.strideH(), g.strideW(), offsetsY, offsetsX);
    }

    /** {@code y = w patches}, per group: output channels by positions. */
    private static final class Forward extends CpuProduct {

        private final Conv2dGeometry g;
        private final CpuBuffer w;
        private final Patches patches;
        private final int depth;
        private final int base;
        private final Output output;

        Forward(Conv2dGeometry g, CpuBuffer x, CpuBuffer w, @Nullable CpuBuffer bias, CpuBuffer y) {
            super(g.groups(), g.outChannelsPerGroup(), g.batch() * g.outHeight() * g.outWidth());
            this.g = g;
            this.w = w;
            this.patches = inputPatches(g, x);
            this.depth = g.inChannelsPerGroup() * patches.tapsPerChannel();
            this.base = y.offset;
            int plane = g.outHeight() * g.outWidth();
            this.output = new Output(
                    y.array, plane, g.outHeight(), g.outWidth(), g.outChannels() * plane, g.outWidth(), 1, bias, true);
        }

        @Override
        int depth(int item) {
            return depth;
        }

        @Override
        void packRows(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int start = w.offset + (item * rows + first) * depth + from;
            CpuGemm.pack(w.array, start, depth, 1, count, length, target, at, width);
        }

        @Override
        void packColumns(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int channel = item * g.inChannelsPerGroup() * g.inHeight() * g.inWidth();
            patches.packPositions(channel, first, count, from, length, target, at, width);
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

    /** One phase of {@code dx = w' patches}, per group: input channels by the phase's pixels. */
    private static final class InputGradient extends CpuProduct {

        private final Conv2dGeometry g;
        private final CpuBuffer w;
        private final Patches patches;
        private final int[] taps;
        private final int base;
        private final Output output;

        InputGradient(
                Conv2dGeometry g, CpuBuffer dy, CpuBuffer w, @Nullable CpuBuffer bias, CpuBuffer dx, Phase vertical,
                Phase horizontal) {
            super(g.groups(), g.inChannelsPerGroup(), g.batch() * vertical.count * horizontal.count);
            this.g = g;
            this.w = w;
            this.patches = new Patches(
                    dy, g.outChannels() * g.outHeight() * g.outWidth(), g.outHeight(), g.outWidth(), vertical.count,
                    horizontal.count, 1, 1, vertical.offsets, horizontal.offsets);
            this.taps = new int[vertical.taps.length * horizontal.taps.length];
            for (int i = 0; i < taps.length; i++) {
                taps[i] = vertical.taps[i / horizontal.taps.length] * g.kernelWidth() + horizontal.taps[i % horizontal.taps.length];
            }
            int plane = g.inHeight() * g.inWidth();
            this.base = dx.offset + vertical.first * g.inWidth() + horizontal.first;
            this.output = new Output(
                    dx.array, plane, vertical.count, horizontal.count, g.inChannels() * plane, g.strideH() * g.inWidth(),
                    g.strideW(), bias, true);
        }

        @Override
        int depth(int item) {
            return g.outChannelsPerGroup() * taps.length;
        }

        @Override
        void packRows(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int kernel = g.kernelHeight() * g.kernelWidth();
            for (int p = 0; p < length; p++) {
                int outChannel = item * g.outChannelsPerGroup() + (from + p) / taps.length;
                int start = w.offset + (outChannel * rows + first) * kernel + taps[(from + p) % taps.length];
                for (int i = 0; i < count; i++) {
                    target[at + p * width + i] = w.array[start + i * kernel];
                }
            }
            CpuGemm.clearRest(count, length, target, at, width);
        }

        @Override
        void packColumns(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int channel = item * g.outChannelsPerGroup() * g.outHeight() * g.outWidth();
            patches.packPositions(channel, first, count, from, length, target, at, width);
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

    /** {@code dw = dy patches'}, per group and chunk of images: output channels by taps. */
    private static final class WeightGradient extends CpuProduct {

        private final Conv2dGeometry g;
        private final CpuBuffer dy;
        private final Patches patches;
        private final int base;
        private final int imagesPerChunk;
        private final int chunks;
        private final int weights;
        private final Output output;

        WeightGradient(
                Conv2dGeometry g, CpuBuffer x, CpuBuffer dy, float[] target, int base, int imagesPerChunk, int chunks, int weights) {
            super(g.groups() * chunks, g.outChannelsPerGroup(), g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth());
            this.g = g;
            this.dy = dy;
            this.patches = inputPatches(g, x);
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
            return Math.min(imagesPerChunk, g.batch() - firstImage(item)) * patches.positionsPerImage();
        }

        @Override
        void packRows(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int plane = patches.positionsPerImage();
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
            int channel = item / chunks * g.inChannelsPerGroup() * g.inHeight() * g.inWidth();
            int position = firstImage(item) * patches.positionsPerImage() + from;
            patches.packTaps(channel, first, count, position, length, target, at, width);
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
