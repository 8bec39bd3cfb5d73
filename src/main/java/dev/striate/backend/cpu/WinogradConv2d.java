package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.ConvKernels.Frame;
import dev.striate.backend.cpu.simd.SimdKernels;
import dev.striate.backend.cpu.simd.WinogradKernels;
import org.jspecify.annotations.Nullable;

/**
 * Convolution with a kernel of 3x3 and its input gradient by Winograd's minimal filtering F(4x2, 3x3): 24
 * multiplications for every 4 lines by 2 columns of the output, where the definition has 72. With {@code d} the 6x4
 * pixels of the input that such a tile of the output reads and {@code g} the kernel, it is {@code A^T [(G g H^T) * (B^T
 * d D)] C}, * element by element, where
 * <pre>
 *         1 -3/2  -2   3/2   1   0              1     0     0             1    0    0    0
 *         0  -1   1/2  5/2   1   0             1/3   1/3   1/3            1    1    1    1
 *   B^T = 0  -1   5/2 -1/2  -1   0      G =    1/3  -1/3   1/3      A =   1   -1    1   -1
 *         0  -2   -1    2    1   0           -16/15 -8/15 -4/15           1   1/2  1/4  1/8
 *         0  -1    2    1   -2   0            -1/30  1/15 -2/15           1   -2    4   -8
 *         0   1  -3/2  -2   3/2  1              0     0     1             0    0    0    1
 *
 *         1  0 -1  0                           1    0    0                1  0
 *   D^T = 0  1  1  0                    H =   1/2  1/2  1/2         C =   1  1
 *         0 -1  1  0                          1/2 -1/2  1/2               1 -1
 *         0  1  0 -1                           0    0    1                0 -1
 * </pre>
 * The first three interpolate along the lines at 0, 1, -1, 1/2, -2 and infinity. The sum over the channels is taken
 * before A and C are applied, so that * becomes 24 matrix products of kernels by tiles. S. Winograd, Arithmetic
 * Complexity of Computations, 1980; A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2016; on
 * the points B. Barabasz, A. Anderson, K. Soodhalter and D. Gregg, Error Analysis and Improving the Accuracy of
 * Winograd Convolution for Deep Neural Networks, 2020.
 *
 * <p>Columns are combined two at a time: that keeps pixels in their lanes, and tiles of 4x4 would have twice the
 * rounding error (in a model of both). On random images of 32 to 64 channels, that of F(4x2, 3x3) was measured to be
 * 0.7 to 2.1 times that of the definition in float32 (root of the mean square, at most 6e-7 of the outputs'). But it is
 * one of the tile, not of the pixel: a pixel of the output that reads nothing but zeros may suffer from what only its
 * neighbours read, and gets NaN where that is infinite. The system property {@code striate.winograd} set to false keeps
 * to the definition.
 *
 * <p>A task takes some lines of tiles, few enough that what they are combined to stays in the second cache.
 */
final class WinogradConv2d {

    static final String PROPERTY = "striate.winograd";
    private static final int TILE_LINES = WinogradKernels.TILE_LINES;
    /** Tiles that a task takes at a time, unless a line has more. */
    private static final int MOST_TILES = 64;
    /** Pixels of a line times their channels, at most. */
    private static final int MOST_IN_LINE = 1 << 17;
    /** Channels that one chain of multiply-adds spans at most. */
    private static final int DEPTH = 128;
    /** Elements of framed channels that are loaded at a time, a quarter of the first cache. */
    private static final int MOST_LOADED = 3 << 10;
    /** Multiply-adds per nanosecond, a low guess: what matters is only whether sharing pays. */
    private static final int SPEED = 30;
    /**
     * What combining a tile of one channel costs in a net's step, and combining a kernel: in multiply-adds of a
     * product.
     */
    private static final int TILE_COST = 255;

    private static final int KERNEL_COST = 1500;
    /** Vectors of 512 bit. With 16 registers, all that narrower ones have, a product of pairs takes twice its time. */
    private static final int LEAST_LANES = 16;
    /** Tiles that are combined together. */
    private static final int NEIGHBOURS = LEAST_LANES / 2;
    /** Nanoseconds that combining a kernel takes, a guess: what matters is only whether sharing pays. */
    private static final int KERNEL_NANOS = 30;

    /**
     * A convolution of stride 1.
     *
     * @param images {@code (batch, channels, height, width)}
     * @param top    lines of zeros above the images
     * @param left   columns of zeros on their left; either may be negative, then so many are cut off
     * @param rows   output channels
     * @param bias   one element per output channel, or null
     * @param output {@code (batch, rows, outHeight, outWidth)}
     */
    private record Job(
            CpuBuffer images,
            int batch,
            int channels,
            int height,
            int width,
            int top,
            int left,
            int rows,
            @Nullable CpuBuffer bias,
            CpuBuffer output,
            int outHeight,
            int outWidth) {}

    private final CpuThreads threads;
    private final SimdKernels simd;
    private final ConvKernels frames;
    private final WinogradKernels kernels;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    WinogradConv2d(CpuContext context, WinogradKernels kernels) {
        this.threads = context.threads();
        this.simd = context.simd();
        this.frames = context.simd().convolution();
        this.kernels = kernels;
    }

    /** What the algorithm is made of, or null where it cannot be used or {@value #PROPERTY} forbids it. */
    static @Nullable WinogradKernels kernels(CpuContext context) {
        return context.simd().isVectorized() && Boolean.parseBoolean(System.getProperty(PROPERTY, "true"))
                ? context.simd().winograd()
                : null;
    }

    /** Whether the outputs can be computed in this way, and sooner than by the definition. */
    boolean paysForward(Conv2dGeometry g) {
        return isPossible(g)
                && everyOutputReads(g)
                && pays(g.batch(), g.inChannels(), g.outChannels(), g.outHeight(), g.outWidth());
    }

    /** The same for the input gradient. */
    boolean paysInputGradient(Conv2dGeometry g) {
        return isPossible(g) && pays(g.batch(), g.outChannels(), g.inChannels(), g.inHeight(), g.inWidth());
    }

    /** Whether the convolution is one of those that the algorithm is for. */
    static boolean isPossible(Conv2dGeometry g) {
        return g.kernelHeight() == 3
                && g.kernelWidth() == 3
                && g.strideH() == 1
                && g.strideW() == 1
                && g.dilationH() == 1
                && g.dilationW() == 1
                && g.groups() == 1;
    }

    /**
     * Whether no output lies wholly outside of its image. One that does is the bias exactly, here it would be subject
     * to the rounding of its tile.
     */
    private static boolean everyOutputReads(Conv2dGeometry g) {
        return g.padTop() < g.kernelHeight()
                && g.outHeight() - g.padTop() <= g.inHeight()
                && g.padLeft() < g.kernelWidth()
                && g.outWidth() - g.padLeft() <= g.inWidth();
    }

    /** Whether a line of tiles of so many channels, combined, is not much larger than the caches. */
    static boolean fits(int outWidth, int channels) {
        return (long) outWidth * channels <= MOST_IN_LINE;
    }

    private boolean pays(int batch, int channels, int rows, int outHeight, int outWidth) {
        int tilesX = CpuGemm.ceilDiv(outWidth, 2);
        double tiles = (double) batch * CpuGemm.ceilDiv(outHeight, TILE_LINES) * tilesX;
        double combined = tiles / tilesX * CpuGemm.ceilDiv(tilesX, NEIGHBOURS) * NEIGHBOURS;
        double direct = 9.0 * channels * rows * batch * outHeight * outWidth;
        double products = 2.0 * WinogradKernels.PLANES * tiles + KERNEL_COST;
        double here = channels * (double) rows * products + TILE_COST * combined * (channels + rows);
        return kernels.lanes() >= LEAST_LANES && fits(outWidth, Math.max(channels, rows)) && here < 0.9 * direct;
    }

    void forward(Conv2dGeometry g, CpuBuffer x, CpuBuffer w, @Nullable CpuBuffer bias, CpuBuffer y) {
        Job job = new Job(
                x,
                g.batch(),
                g.inChannels(),
                g.inHeight(),
                g.inWidth(),
                g.padTop(),
                g.padLeft(),
                g.outChannels(),
                bias,
                y,
                g.outHeight(),
                g.outWidth());
        run(job, w, false);
    }

    void inputGradient(Conv2dGeometry g, CpuBuffer dy, CpuBuffer w, @Nullable CpuBuffer bias, CpuBuffer dx) {
        Job job = new Job(
                dy,
                g.batch(),
                g.outChannels(),
                g.outHeight(),
                g.outWidth(),
                2 - g.padTop(),
                2 - g.padLeft(),
                g.inChannels(),
                bias,
                dx,
                g.inHeight(),
                g.inWidth());
        run(job, w, true);
    }

    private void run(Job job, CpuBuffer w, boolean gradient) {
        Call call = new Call(job);
        long nanos = (long) job.batch * job.rows * job.channels * job.outHeight * job.outWidth * 4 / SPEED;
        threads.forRange(call.panels, (long) KERNEL_NANOS * job.rows * job.channels, (from, to) -> {
            for (int panel = from; panel < to; panel++) {
                combineKernels(call, w, gradient, panel);
            }
        });
        threads.forRange(CpuGemm.ceilDiv(call.lines, call.linesPerBlock), nanos, (from, to) -> {
            Task task = new Task(call);
            for (int block = from; block < to; block++) {
                task.run(block);
            }
        });
    }

    /**
     * Combines the kernels of a panel's rows to {@code G g H^T}, in {@link WinogradKernels}' pairs and planes: for each
     * plane {@code (panels, channels, tileRows)}.
     *
     * @param gradient whether w is {@code (channels, rows, 3, 3)}, turned by half a turn, and not {@code (rows,
     *     channels, 3, 3)}
     */
    private static void combineKernels(Call call, CpuBuffer w, boolean gradient, int panel) {
        Job job = call.job;
        int height = call.tileRows;
        int planeStep = call.panels * height * job.channels;
        int firstRow = panel * height;
        int live = Math.min(height, job.rows - firstRow);
        for (int channel = 0; channel < job.channels; channel++) {
            int to = (panel * job.channels + channel) * height;
            for (int row = 0; row < live; row++) {
                int number = gradient ? channel * job.rows + firstRow + row : (firstRow + row) * job.channels + channel;
                combineKernel(w.array, w.offset + 9 * number, gradient, call.packed, to + row, planeStep);
            }
            for (int row = live; row < height; row++) {
                for (int plane = 0; plane < WinogradKernels.PLANES; plane++) {
                    call.packed[to + row + plane * planeStep] = 0;
                }
            }
        }
    }

    /** Rounds once: it is done for each kernel only. */
    private static void combineKernel(float[] w, int at, boolean turned, long[] u, int to, int planeStep) {
        int first = turned ? at + 8 : at;
        int step = turned ? -1 : 1;
        for (int i = 0; i < TILE_LINES + 2; i++) {
            double g0 = combineColumn(w, first, 3 * step, i);
            double g1 = combineColumn(w, first + step, 3 * step, i);
            double g2 = combineColumn(w, first + 2 * step, 3 * step, i);
            double outer = g0 + g2;
            u[to + 2 * i * planeStep] = pair((float) g0, (float) g2);
            u[to + (2 * i + 1) * planeStep] = pair((float) ((outer - g1) * 0.5), (float) ((outer + g1) * 0.5));
        }
    }

    /** Line i of G times a column of the kernel. */
    private static double combineColumn(float[] w, int at, int step, int i) {
        double g0 = w[at];
        double g1 = w[at + step];
        double g2 = w[at + 2 * step];
        return switch (i) {
            case 0 -> g0;
            case 1 -> (g0 + g1 + g2) * (1 / 3.0);
            case 2 -> (g0 - g1 + g2) * (1 / 3.0);
            case 3 -> (4 * g0 + 2 * g1 + g2) * (-4 / 15.0);
            case 4 -> (g0 - 2 * g1 + 4 * g2) * (-1 / 30.0);
            default -> g2;
        };
    }

    static long pair(float first, float second) {
        return Float.floatToRawIntBits(first) & 0xFFFFFFFFL | (long) Float.floatToRawIntBits(second) << 32;
    }

    /** What all tasks of a call share. */
    private final class Call {

        final Job job;
        final int tilesX;
        final int tilesY;
        /** Of tiles, in all images, and those that a task takes at a time. */
        final int lines;

        final int linesPerBlock;
        /** From a channel's tiles to the next one's in a plane. */
        final int pitch;

        final int tileRows;
        final int panels;
        final long[] packed;
        final TileFrames frames;

        Call(Job job) {
            this.job = job;
            this.tilesX = CpuGemm.ceilDiv(job.outWidth, 2);
            this.tilesY = CpuGemm.ceilDiv(job.outHeight, TILE_LINES);
            this.lines = job.batch * tilesY;
            // As many as make the best of the products' tiles.
            int best = 1;
            for (int candidate = 2; candidate <= Math.max(1, MOST_TILES / tilesX); candidate++) {
                if ((long) columns(candidate) * best <= (long) columns(best) * candidate) {
                    best = candidate;
                }
            }
            this.linesPerBlock = best;
            // An odd number of vectors: channels that are so far apart do not compete for a place in the caches.
            this.pitch = columns(best) + kernels.lanes();
            this.tileRows = kernels.tileRows();
            this.panels = CpuGemm.ceilDiv(job.rows, tileRows);
            this.packed = scratch.get().packed(WinogradKernels.PLANES * panels * tileRows * job.channels);
            this.frames = TileFrames.of(
                    tilesY, linesPerBlock, TILE_LINES, job.top, job.left, 2, 2 * tilesX + 2, job.height, job.width);
        }

        /** What so many lines of tiles take in a plane, filled up to whole tiles of the products. */
        private int columns(int lines) {
            int width = kernels.tileColumns();
            return CpuGemm.ceilDiv(2 * tilesX * lines, width) * width;
        }
    }

    /** A thread's share of a call. */
    private final class Task {

        private final Call call;
        private final Job job;
        private final float[] loaded;
        private final float[] input;
        private final float[] products;
        private final float[] outputRoom;
        /** A tile of the products. */
        private final float[] sum;
        /** From a plane to the next. */
        private final int inputStep;

        private final int productStep;

        Task(Call call) {
            this.call = call;
            this.job = call.job;
            Scratch own = scratch.get();
            this.inputStep = job.channels * call.pitch;
            this.productStep = call.panels * call.tileRows * call.pitch;
            int frame = (TILE_LINES * call.linesPerBlock + 2) * (2 * call.tilesX + 2);
            own.grow(call, frame, WinogradKernels.PLANES * inputStep, WinogradKernels.PLANES * productStep);
            this.loaded = own.loaded;
            this.input = own.input;
            this.products = own.products;
            this.outputRoom = own.outputRoom;
            this.sum = own.sum;
        }

        /** All channels of some lines of tiles, of one image or several. */
        void run(int block) {
            int first = block * call.linesPerBlock;
            int end = Math.min(call.lines, first + call.linesPerBlock);
            for (int line = first; line < end; ) {
                int count = Math.min(end - line, call.tilesY - line % call.tilesY);
                load(line / call.tilesY, line % call.tilesY, count, 2 * call.tilesX * (line - first));
                line += count;
            }
            multiply(CpuGemm.ceilDiv(2 * call.tilesX * (end - first), kernels.tileColumns()));
            for (int line = first; line < end; ) {
                int count = Math.min(end - line, call.tilesY - line % call.tilesY);
                store(line / call.tilesY, line % call.tilesY, count, 2 * call.tilesX * (line - first));
                line += count;
            }
        }

        /** Combines the pixels of some lines of tiles of an image. */
        private void load(int image, int line, int count, int at) {
            Frame frame = call.frames.get(line, count);
            int length = frame.lines() * frame.width();
            int plane = job.height * job.width;
            int firstLine = TILE_LINES * line - job.top + frame.firstLine();
            int from = job.images.offset + image * job.channels * plane + firstLine * job.width - job.left;
            int most = Math.max(1, MOST_LOADED / length);
            for (int channel = 0; channel < job.channels; channel += most) {
                int channels = Math.min(most, job.channels - channel);
                frames.copyFrames(frame, channels, job.images.array, from + channel * plane, plane, loaded, 0);
                for (int i = 0; i < channels; i++) {
                    kernels.combineInput(
                            count,
                            call.tilesX,
                            loaded,
                            i * length,
                            frame.width(),
                            input,
                            (channel + i) * call.pitch + at,
                            inputStep);
                }
            }
        }

        private void multiply(int panels) {
            int chains = CpuGemm.ceilDiv(job.channels, DEPTH);
            int longest = CpuGemm.ceilDiv(job.channels, chains);
            for (int plane = 0; plane < WinogradKernels.PLANES; plane++) {
                for (int chain = 0; chain < chains; chain++) {
                    int channel = chain * longest;
                    int depth = Math.min(longest, job.channels - channel);
                    for (int panel = 0; panel < panels; panel++) {
                        for (int row = 0; row < call.panels; row++) {
                            multiply(plane, channel, depth, row, panel * kernels.tileColumns());
                        }
                    }
                }
            }
        }

        /** A tile of a plane's product over some channels. */
        private void multiply(int plane, int channel, int depth, int panel, int column) {
            int height = call.tileRows;
            int u = ((plane * call.panels + panel) * job.channels + channel) * height;
            int v = plane * inputStep + channel * call.pitch + column;
            int m = plane * productStep + panel * height * call.pitch + column;
            if (channel == 0) {
                kernels.tile(depth, call.packed, u, input, v, call.pitch, products, m, call.pitch);
                return;
            }
            int width = kernels.tileColumns();
            kernels.tile(depth, call.packed, u, input, v, call.pitch, sum, 0, width);
            for (int row = 0; row < height; row++) {
                simd.elementwise()
                        .add(width, products, m + row * call.pitch, sum, row * width, products, m + row * call.pitch);
            }
        }

        /** Combines the products of some lines of tiles of an image to its pixels. */
        private void store(int image, int line, int count, int at) {
            int lines = Math.min(TILE_LINES * count, job.outHeight - TILE_LINES * line);
            int plane = job.outHeight * job.outWidth;
            int to = job.output.offset + image * job.rows * plane + TILE_LINES * line * job.outWidth;
            for (int row = 0; row < job.rows; row++) {
                float bias = job.bias == null ? 0f : job.bias.array[job.bias.offset + row];
                kernels.combineOutput(
                        count,
                        call.tilesX,
                        products,
                        row * call.pitch + at,
                        productStep,
                        bias,
                        job.output.array,
                        to + row * plane,
                        lines,
                        job.outWidth,
                        outputRoom);
            }
        }
    }

    /** One thread's working arrays, which grow to the largest asked for. */
    private final class Scratch {

        private long[] packed = new long[0];
        private float[] loaded = new float[0];
        private float[] input = new float[0];
        private float[] products = new float[0];
        private float[] outputRoom = new float[0];
        private final float[] sum = new float[kernels.tileRows() * kernels.tileColumns()];

        long[] packed(int length) {
            if (packed.length < length) {
                packed = new long[length];
            }
            return packed;
        }

        void grow(Call call, int frame, int inputLength, int productsLength) {
            loaded = grown(loaded, Math.max(MOST_LOADED, frame) + 3 * kernels.lanes());
            input = grown(input, inputLength + kernels.lanes());
            products = grown(products, productsLength + kernels.lanes());
            outputRoom = grown(outputRoom, kernels.outputRoom(call.linesPerBlock, call.tilesX));
        }

        private static float[] grown(float[] array, int length) {
            return array.length < length ? new float[length] : array;
        }
    }
}
