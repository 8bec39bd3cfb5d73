package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.ConvKernels.Frame;
import dev.striate.backend.cpu.simd.WinogradKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Convolution with a kernel of five columns by Winograd's minimal filtering F(2, 5) along the lines of an image: for
 * every two neighbours of the output 6 multiplications, where the definition has 10. With {@code d} the six pixels that
 * such a tile of the output reads of a line and {@code g} the kernel's line, it is {@code A^T [(G g) * (B^T d)]}, *
 * element by element, where B is {@link WinogradConv2d}'s and
 * <pre>
 *           1     0     0     0     0             1    0
 *          1/3   1/3   1/3   1/3   1/3            1    1
 *   G =    1/3  -1/3   1/3  -1/3   1/3      A =   1   -1
 *        -16/15 -8/15 -4/15 -2/15 -1/15           1   1/2
 *         -1/30  1/15 -2/15  4/15 -8/15           1   -2
 *           0     0     0     0     1             0    1
 * </pre>
 * The sum over the channels and the kernel's lines is taken before A is applied, so that * becomes six matrix products,
 * three of them for pairs. It is for images that are too small for tiles of two dimensions to pay: combined lines
 * follow each other without gaps, so vectors go over their ends, and one tile of the products goes through all planes
 * and ends with the output.
 *
 * <p>On random images of 6, 16 and 64 channels the error was measured to be 1.0, 1.2 and 1.9 times that of the
 * definition in float32 (root of the mean square, at most 7e-7 of the outputs'). Other than in {@link WinogradConv2d},
 * an output has no part in what only its neighbour reads: the tile's first pixel enters the first element alone, its
 * last the sixth. As there, {@code striate.winograd} set to false keeps to the definition.
 */
final class WinogradLines {

    private static final int KERNEL_COLUMNS = 5;
    /** Planes of pairs. */
    private static final int PLANES = WinogradKernels.LINE_PLANES;

    private static final int ROWS = WinogradKernels.LINE_ROWS;
    /** Elements that an image is combined to at most: two of them take less than half a second cache. */
    private static final int MOST_COMBINED = 3 << 14;
    /** Elements of framed channels that are loaded at a time, a quarter of the first cache. */
    private static final int MOST_LOADED = 3 << 10;
    /** Terms that one chain of multiply-adds spans at most. */
    private static final int DEPTH = 384;
    /** Multiply-adds per nanosecond, a low guess: what matters is only whether sharing pays. */
    private static final int SPEED = 30;
    /**
     * What combining a tile's pixels costs, joining an output's products, and combining a kernel's line: in
     * multiply-adds.
     */
    private static final int TILE_COST = 20;

    private static final int OUTPUT_COST = 15;
    private static final int KERNEL_COST = 500;
    /** Vectors of 512 bit come with the 32 registers that a tile of the products needs. */
    private static final int LEAST_LANES = 16;

    private final CpuThreads threads;
    private final ConvKernels frames;
    private final WinogradKernels kernels;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    WinogradLines(CpuContext context, WinogradKernels kernels) {
        this.threads = context.threads();
        this.frames = context.simd().convolution();
        this.kernels = kernels;
    }

    /** Whether the outputs can be computed in this way, and sooner than by the definition. */
    boolean pays(Conv2dGeometry g) {
        int positions = g.outHeight() * g.outWidth();
        if (kernels.lanes() < LEAST_LANES
                || g.kernelWidth() != KERNEL_COLUMNS
                || g.strideH() != 1
                || g.strideW() != 1
                || g.dilationH() != 1
                || g.dilationW() != 1
                || g.groups() != 1
                || g.outWidth() % 2 != 0
                || positions < kernels.lanes()) {
            return false;
        }
        double depth = (double) g.inChannels() * g.kernelHeight();
        double pixels = (double) g.inChannels() * (g.outHeight() + g.kernelHeight() - 1) * g.outWidth();
        double multiplied = (double) g.batch() * CpuGemm.ceilDiv(positions, kernels.lanes()) * kernels.lanes();
        double direct = KERNEL_COLUMNS * depth * g.outChannels() * g.batch() * positions;
        double here = (PLANES * depth + OUTPUT_COST) * CpuGemm.ceilDiv(g.outChannels(), ROWS) * ROWS * multiplied
                + TILE_COST * 0.5 * pixels * g.batch()
                + KERNEL_COST * depth * g.outChannels();
        return depth <= DEPTH && PLANES * pixels <= MOST_COMBINED && here < 0.9 * direct;
    }

    void forward(Conv2dGeometry g, CpuBuffer x, CpuBuffer w, @Nullable CpuBuffer bias, CpuBuffer y) {
        Call call = new Call(g, x, w, bias, y);
        long nanos =
                PLANES * (long) g.batch() * g.outChannels() * g.outHeight() * g.outWidth() * (call.depth + 8L) / SPEED;
        threads.forRange(CpuGemm.ceilDiv(g.batch(), call.imagesPerItem), nanos, (from, to) -> {
            Task task = new Task(call);
            for (int item = from; item < to; item++) {
                task.run(item);
            }
        });
    }

    /** What all tasks of a call share. */
    private final class Call {

        final Conv2dGeometry g;
        final CpuBuffer x;
        final CpuBuffer y;
        /** A term for each of the kernel's lines and each channel. */
        final int depth;

        final int positions;
        /**
         * How many vectors the positions of an image take; the last one ends with them and may overlap the one before.
         */
        final int vectors;

        final int imagesPerItem;
        /** Lines that an image is combined to, and from a channel and a plane of these to the next one. */
        final int lines;

        final int channelStep;
        final int planeStep;
        /** For every four output channels {@link WinogradKernels#lineTile}'s pairs, and the biases. */
        final long[] packed;

        final float[] summands;
        final int[] starts;
        final Frame frame;

        Call(Conv2dGeometry g, CpuBuffer x, CpuBuffer w, @Nullable CpuBuffer bias, CpuBuffer y) {
            this.g = g;
            this.x = x;
            this.y = y;
            this.depth = g.inChannels() * g.kernelHeight();
            this.positions = g.outHeight() * g.outWidth();
            this.vectors = CpuGemm.ceilDiv(positions, kernels.lanes());
            this.imagesPerItem = 1 + vectors % 2;
            this.lines = g.outHeight() + g.kernelHeight() - 1;
            this.channelStep = lines * g.outWidth();
            this.planeStep = g.inChannels() * channelStep + kernels.lanes();
            int panels = CpuGemm.ceilDiv(g.outChannels(), ROWS);
            Scratch own = scratch.get();
            own.growPacked(panels * depth * PLANES * ROWS, panels * ROWS);
            this.packed = own.packed;
            this.summands = own.summands;
            this.starts = new int[depth];
            Arrays.setAll(starts, p -> p / g.kernelHeight() * channelStep + p % g.kernelHeight() * g.outWidth());
            this.frame = Frame.of(
                    -g.padTop(), -g.padLeft(), lines, g.outWidth() + KERNEL_COLUMNS - 1, g.inHeight(), g.inWidth());
            for (int row = 0; row < panels * ROWS; row++) {
                combineKernels(w, row);
                summands[row] = bias == null || row >= g.outChannels() ? 0f : bias.array[bias.offset + row];
            }
        }

        private void combineKernels(CpuBuffer w, int row) {
            for (int p = 0; p < depth; p++) {
                int to = (row / ROWS * depth + p) * PLANES * ROWS + row % ROWS;
                if (row < g.outChannels()) {
                    combineKernel(w.array, w.offset + (row * depth + p) * KERNEL_COLUMNS, packed, to);
                } else {
                    for (int plane = 0; plane < PLANES; plane++) {
                        packed[to + plane * ROWS] = 0;
                    }
                }
            }
        }
    }

    /**
     * A line of a kernel times G, rounded once: the pairs (0, 5), (2, 1) with the first one's sign turned, and (3, 4).
     */
    private static void combineKernel(float[] w, int at, long[] u, int to) {
        double g0 = w[at];
        double g1 = w[at + 1];
        double g2 = w[at + 2];
        double g3 = w[at + 3];
        double g4 = w[at + 4];
        double even = g0 + g2 + g4;
        double odd = g1 + g3;
        u[to] = WinogradConv2d.pair(w[at], w[at + 4]);
        u[to + ROWS] = WinogradConv2d.pair((float) ((odd - even) * (1 / 3.0)), (float) ((even + odd) * (1 / 3.0)));
        u[to + 2 * ROWS] =
                WinogradConv2d.pair((float) ((16 * g0 + 8 * g1 + 4 * g2 + 2 * g3 + g4) * (-1 / 15.0)), (float)
                        ((g0 - 2 * g1 + 4 * g2 - 8 * g3 + 16 * g4) * (-1 / 30.0)));
    }

    /** A thread's share of a call. */
    private final class Task {

        private final Call call;
        private final Conv2dGeometry g;
        private final Scratch own;
        /** From an image's combined lines to the next one's. */
        private final int imageStep;

        Task(Call call) {
            this.call = call;
            this.g = call.g;
            this.imageStep = PLANES * call.planeStep;
            this.own = scratch.get();
            own.grow(call.frame.lines() * call.frame.width(), call.imagesPerItem * imageStep);
        }

        /** An image or two. */
        void run(int item) {
            int first = item * call.imagesPerItem;
            int images = Math.min(call.imagesPerItem, g.batch() - first);
            for (int i = 0; i < images; i++) {
                load(first + i, i * imageStep);
            }
            int count = images * call.vectors;
            for (int vector = 0; vector < count; vector += 2) {
                // Where their number is odd, the last one stands alone and is multiplied twice.
                multiply(first, vector, Math.min(vector + 1, count - 1));
            }
        }

        /** Combines the pixels of an image. */
        private void load(int image, int at) {
            Frame frame = call.frame;
            int plane = g.inHeight() * g.inWidth();
            int firstLine = frame.firstLine() - g.padTop();
            int from = call.x.offset + image * g.inChannels() * plane + firstLine * g.inWidth() - g.padLeft();
            boolean inside = frame.firstLine() == 0
                    && frame.endLine() == frame.lines()
                    && frame.firstX() == 0
                    && frame.endX() == frame.width();
            int end = from + (g.inChannels() - 1) * plane + (frame.lines() - 1) * g.inWidth() + frame.width();
            if (inside && end + kernels.lanes() <= call.x.array.length) {
                combine(0, g.inChannels(), call.x.array, from, plane, g.inWidth(), at);
                return;
            }
            int length = frame.lines() * frame.width();
            int most = Math.max(1, MOST_LOADED / length);
            for (int channel = 0; channel < g.inChannels(); channel += most) {
                int channels = Math.min(most, g.inChannels() - channel);
                frames.copyFrames(frame, channels, call.x.array, from + channel * plane, plane, own.loaded, 0);
                combine(channel, channels, own.loaded, 0, length, frame.width(), at);
            }
        }

        private void combine(int channel, int channels, float[] source, int from, int step, int lineStep, int at) {
            for (int i = 0; i < channels; i++) {
                kernels.combineLines(
                        call.lines,
                        g.outWidth(),
                        source,
                        from + i * step,
                        lineStep,
                        own.input,
                        at + (channel + i) * call.channelStep,
                        call.planeStep);
            }
        }

        /** Two vectors of positions, which count through the images. */
        private void multiply(int firstImage, int vector, int other) {
            int v = vector / call.vectors * imageStep + position(vector);
            int secondV = other / call.vectors * imageStep + position(other) - v;
            int imageLength = g.outChannels() * call.positions;
            int y = call.y.offset + (firstImage + vector / call.vectors) * imageLength + position(vector);
            int secondY = call.y.offset + (firstImage + other / call.vectors) * imageLength + position(other) - y;
            for (int row = 0; row < g.outChannels(); row += ROWS) {
                kernels.lineTile(
                        call.depth,
                        call.packed,
                        row * call.depth * PLANES,
                        own.input,
                        v,
                        secondV,
                        call.planeStep,
                        call.starts,
                        Math.min(ROWS, g.outChannels() - row),
                        call.summands,
                        row,
                        call.y.array,
                        y + row * call.positions,
                        secondY,
                        call.positions);
            }
        }

        private int position(int vector) {
            return Math.min(vector % call.vectors * kernels.lanes(), call.positions - kernels.lanes());
        }
    }

    /** One thread's working arrays, which grow to the largest asked for. */
    private final class Scratch {

        private long[] packed = new long[0];
        private float[] summands = new float[0];
        private float[] loaded = new float[0];
        private float[] input = new float[0];

        void growPacked(int length, int rows) {
            if (packed.length < length) {
                packed = new long[length];
            }
            summands = grown(summands, rows);
        }

        void grow(int frame, int inputLength) {
            loaded = grown(loaded, Math.max(MOST_LOADED, frame) + 2 * kernels.lanes());
            input = grown(input, inputLength + kernels.lanes());
        }

        private static float[] grown(float[] array, int length) {
            return array.length < length ? new float[length] : array;
        }
    }
}
