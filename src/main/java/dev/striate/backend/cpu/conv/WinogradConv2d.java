package dev.striate.backend.cpu.conv;

import static dev.striate.backend.cpu.Sizes.ceilDiv;
import static dev.striate.backend.cpu.Sizes.roundUp;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.CpuBuffer;
import dev.striate.backend.cpu.CpuContext;
import dev.striate.backend.cpu.Scratch;
import dev.striate.backend.cpu.Scratch.Role;
import dev.striate.backend.cpu.Speeds;
import dev.striate.backend.cpu.simd.ConvKernels.Frame;
import dev.striate.backend.cpu.simd.WinogradKernels;
import java.util.Objects;
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
 * <p>A task takes some lines of tiles, few enough that their transforms stay in the second cache.
 */
final class WinogradConv2d implements ConvAlgorithm<Pass> {

    static final String PROPERTY = "striate.winograd";
    private static final int TILE_LINES = WinogradKernels.TILE_LINES;
    private static final int PLANES = WinogradKernels.PLANES;
    /** Tiles that a task takes at a time, unless a line has more. */
    private static final int MOST_TILES = 64;
    /** Pixels of a line times their channels, at most. */
    private static final int MOST_IN_LINE = 1 << 17;
    /** Channels that one chain of multiply-adds spans at most. */
    private static final int DEPTH = 128;
    /** Elements of framed channels that are loaded at a time, a quarter of the first cache. */
    private static final int MOST_LOADED = 3 << 10;
    /**
     * Channels that are summed at least. A sum of few may be far smaller than its neighbours, whose rounding errors it
     * shares.
     */
    private static final int LEAST_CHANNELS = 16;
    /** The definition is a little faster than {@link Speeds} has it, and more exact. */
    private static final double HANDICAP = 1 / 0.9;

    private final CpuContext context;
    private final boolean gradient;
    private final @Nullable WinogradKernels kernels;

    /** @param gradient whether it is the input gradient that is computed */
    WinogradConv2d(CpuContext context, boolean gradient) {
        this.context = context;
        this.gradient = gradient;
        this.kernels = kernels(context);
    }

    /** The inner loops, or null where there are none or {@value #PROPERTY} forbids them. */
    static @Nullable WinogradKernels kernels(CpuContext context) {
        return context.simd().isVectorized() && Boolean.parseBoolean(System.getProperty(PROPERTY, "true"))
                ? context.simd().winograd()
                : null;
    }

    /** Whether the kernel is one of those that the algorithm is for. */
    static boolean isPossible(Conv2dGeometry g) {
        return g.kernelHeight() == 3
                && g.kernelWidth() == 3
                && g.strideH() == 1
                && g.strideW() == 1
                && g.dilationH() == 1
                && g.dilationW() == 1
                && g.groups() == 1;
    }

    /** Whether a line of tiles, transformed, is not much larger than the caches. */
    static boolean fitsCaches(int outWidth, Conv2dGeometry g) {
        return (long) outWidth * Math.max(g.inChannels(), g.outChannels()) <= MOST_IN_LINE;
    }

    @Override
    public String name() {
        return "winograd";
    }

    @Override
    public boolean fits(Conv2dGeometry g) {
        return kernels != null
                && isPossible(g)
                && (gradient ? g.outChannels() : g.inChannels()) >= LEAST_CHANNELS
                && fitsCaches(gradient ? g.inWidth() : g.outWidth(), g)
                && (gradient || everyOutputReads(g));
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

    @Override
    public double nanos(Conv2dGeometry geometry) {
        Conv2dGeometry g = gradient ? transposed(geometry) : geometry;
        Speeds speeds = context.speeds();
        double lines = (double) g.batch() * ceilDiv(g.outHeight(), TILE_LINES);
        int tiles = ceilDiv(g.outWidth(), 2);
        double weights = (double) g.inChannels() * g.outChannels();
        // A vector holds two columns of each tile.
        int combined = roundUp(tiles, context.simd().winograd().lanes() / 2);
        double transforms = lines * combined * (g.inChannels() + g.outChannels());
        return HANDICAP
                * (2 * PLANES * weights * lines * tiles / speeds.product()
                        + weights * speeds.winogradKernel()
                        + transforms * speeds.winogradTile());
    }

    /** The input gradient as a convolution of {@code dy} with the kernels turned by half a turn. */
    private static Conv2dGeometry transposed(Conv2dGeometry g) {
        return new Conv2dGeometry(
                g.batch(),
                g.outChannels(),
                g.outHeight(),
                g.outWidth(),
                g.inChannels(),
                g.inHeight(),
                g.inWidth(),
                3,
                3,
                1,
                1,
                2 - g.padTop(),
                2 - g.padLeft(),
                1,
                1,
                1);
    }

    @Override
    public void run(Conv2dGeometry g, Pass operands) {
        WinogradKernels simd = Objects.requireNonNull(kernels);
        Call call = new Call(simd, gradient ? transposed(g) : g, operands);
        Speeds speeds = context.speeds();
        long transform = (long) (speeds.winogradKernel() * call.g.inChannels() * call.g.outChannels());
        context.threads().forRange(call.panels, transform, (from, to) -> {
            for (int panel = from; panel < to; panel++) {
                call.transformKernels(panel);
            }
        });
        context.threads().forRange(ceilDiv(call.lines, call.linesPerBlock), (long) nanos(g), (from, to) -> {
            Task task = new Task(call);
            for (int block = from; block < to; block++) {
                task.run(block);
            }
        });
    }

    /** Column j of the kernel times line i of G; rounded later, for it is done for each kernel only. */
    private static double transformColumn(float[] w, int at, int step, int i) {
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

    static long pair(double first, double second) {
        return Float.floatToRawIntBits((float) first) & 0xFFFFFFFFL
                | (long) Float.floatToRawIntBits((float) second) << 32;
    }

    /** What all tasks of a call share. */
    private final class Call {

        final WinogradKernels kernels;
        final Conv2dGeometry g;
        final Pass operands;
        final int tilesX;
        final int tilesY;
        /** Of tiles, in all images, and those that a task takes at a time. */
        final int lines;

        final int linesPerBlock;
        /** From a channel's tiles to the next one's in a plane. */
        final int pitch;

        final int panels;
        /** Output channels, filled up to whole tiles of the products. */
        final int rows;

        final long[] packed;

        Call(WinogradKernels kernels, Conv2dGeometry g, Pass operands) {
            this.kernels = kernels;
            this.g = g;
            this.operands = operands;
            this.tilesX = ceilDiv(g.outWidth(), 2);
            this.tilesY = ceilDiv(g.outHeight(), TILE_LINES);
            this.lines = g.batch() * tilesY;
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
            this.panels = ceilDiv(g.outChannels(), kernels.tileRows());
            this.rows = panels * kernels.tileRows();
            this.packed = context.scratch().longs(Role.WEIGHTS, PLANES * rows * g.inChannels());
        }

        /** What so many lines of tiles take in a plane, filled up to whole tiles of the products. */
        private int columns(int lines) {
            return roundUp(2 * tilesX * lines, kernels.tileColumns());
        }

        /**
         * Transforms the kernels of a panel's rows to {@code G g H^T}, in {@link WinogradKernels}' pairs and planes:
         * for each plane {@code (panels, channels, tileRows)}. For the gradient w is {@code (channels, rows, 3, 3)},
         * and turned by half a turn.
         */
        void transformKernels(int panel) {
            int height = kernels.tileRows();
            CpuBuffer w = operands.weights();
            int step = gradient ? -1 : 1;
            for (int channel = 0; channel < g.inChannels(); channel++) {
                for (int i = 0; i < height; i++) {
                    int row = Math.min(panel * height + i, g.outChannels() - 1);
                    int number = gradient ? channel * g.outChannels() + row : row * g.inChannels() + channel;
                    int first = w.offset + 9 * number + (gradient ? 8 : 0);
                    int to = (panel * g.inChannels() + channel) * height + i;
                    for (int line = 0; line < TILE_LINES + 2; line++, to += 2 * rows * g.inChannels()) {
                        double g0 = transformColumn(w.array, first, 3 * step, line);
                        double g1 = transformColumn(w.array, first + step, 3 * step, line);
                        double g2 = transformColumn(w.array, first + 2 * step, 3 * step, line);
                        packed[to] = pair(g0, g2);
                        packed[to + rows * g.inChannels()] = pair((g0 + g2 - g1) * 0.5, (g0 + g2 + g1) * 0.5);
                    }
                }
            }
        }
    }

    /** A thread's share of a call. */
    private final class Task {

        private final Call call;
        private final WinogradKernels kernels;
        private final Conv2dGeometry g;
        /** From a plane to the next. */
        private final int inputStep;

        private final int productStep;
        private final float[] loaded;
        private final float[] input;
        private final float[] products;
        private final float[] output;
        private final float[] tile;

        Task(Call call) {
            this.call = call;
            this.kernels = call.kernels;
            this.g = call.g;
            this.inputStep = g.inChannels() * call.pitch;
            this.productStep = call.rows * call.pitch;
            int frame = (TILE_LINES * call.linesPerBlock + 2) * (2 * call.tilesX + 2);
            int lanes = kernels.lanes();
            Scratch scratch = context.scratch();
            this.loaded = scratch.floats(Role.IMAGES, Math.max(MOST_LOADED, frame) + 3 * lanes);
            this.input = scratch.floats(Role.INPUT, PLANES * inputStep + lanes);
            this.products = scratch.floats(Role.SUMS, PLANES * productStep + lanes);
            this.output = scratch.floats(Role.OUTPUT, kernels.outputScratch(call.linesPerBlock, call.tilesX));
            this.tile = scratch.floats(Role.TILE, kernels.tileRows() * kernels.tileColumns());
        }

        /** All channels of some lines of tiles, of one image or several. */
        void run(int block) {
            int first = block * call.linesPerBlock;
            int end = Math.min(call.lines, first + call.linesPerBlock);
            for (int line = first, count; line < end; line += count) {
                count = Math.min(end - line, call.tilesY - line % call.tilesY);
                load(line / call.tilesY, line % call.tilesY, count, 2 * call.tilesX * (line - first));
            }
            multiply(ceilDiv(2 * call.tilesX * (end - first), kernels.tileColumns()));
            for (int line = first, count; line < end; line += count) {
                count = Math.min(end - line, call.tilesY - line % call.tilesY);
                store(line / call.tilesY, line % call.tilesY, count, 2 * call.tilesX * (line - first));
            }
        }

        /** Transforms the pixels of some lines of tiles of an image. */
        private void load(int image, int line, int count, int at) {
            int top = TILE_LINES * line - g.padTop();
            int width = 2 * call.tilesX + 2;
            Frame frame = Frame.of(top, -g.padLeft(), TILE_LINES * count + 2, width, g.inHeight(), g.inWidth());
            int length = frame.lines() * width;
            int plane = g.inHeight() * g.inWidth();
            CpuBuffer x = call.operands.images();
            int from = x.offset + image * g.inChannels() * plane;
            from += (top + frame.firstLine()) * g.inWidth() - g.padLeft();
            int most = Math.max(1, MOST_LOADED / length);
            for (int channel = 0; channel < g.inChannels(); channel += most) {
                int end = Math.min(channel + most, g.inChannels());
                context.simd()
                        .convolution()
                        .copyFrames(frame, end - channel, x.array, from + channel * plane, plane, loaded, 0);
                for (int c = channel; c < end; c++) {
                    int frameAt = (c - channel) * length;
                    kernels.combineInput(
                            count, call.tilesX, loaded, frameAt, width, input, c * call.pitch + at, inputStep);
                }
            }
        }

        private void multiply(int panels) {
            int chains = ceilDiv(g.inChannels(), DEPTH);
            int longest = ceilDiv(g.inChannels(), chains);
            for (int plane = 0; plane < PLANES; plane++) {
                for (int channel = 0; channel < g.inChannels(); channel += longest) {
                    int depth = Math.min(longest, g.inChannels() - channel);
                    for (int column = 0; column < panels; column++) {
                        for (int row = 0; row < call.panels; row++) {
                            multiply(plane, channel, depth, row, column * kernels.tileColumns());
                        }
                    }
                }
            }
        }

        /** A tile of a plane's product over some channels. */
        private void multiply(int plane, int channel, int depth, int panel, int column) {
            int height = kernels.tileRows();
            int width = kernels.tileColumns();
            int u = ((plane * call.panels + panel) * g.inChannels() + channel) * height;
            int v = plane * inputStep + channel * call.pitch + column;
            int m = plane * productStep + panel * height * call.pitch + column;
            if (channel == 0) {
                kernels.tile(depth, call.packed, u, input, v, call.pitch, products, m, call.pitch);
                return;
            }
            kernels.tile(depth, call.packed, u, input, v, call.pitch, tile, 0, width);
            for (int row = 0; row < height; row++, m += call.pitch) {
                context.simd().elementwise().add(width, products, m, tile, row * width, products, m);
            }
        }

        /** Transforms the products of some lines of tiles of an image to its pixels. */
        private void store(int image, int line, int count, int at) {
            int lines = Math.min(TILE_LINES * count, g.outHeight() - TILE_LINES * line);
            int plane = g.outHeight() * g.outWidth();
            CpuBuffer y = call.operands.output();
            int to = y.offset + image * g.outChannels() * plane + TILE_LINES * line * g.outWidth();
            for (int row = 0; row < g.outChannels(); row++) {
                kernels.combineOutput(
                        count,
                        call.tilesX,
                        products,
                        row * call.pitch + at,
                        productStep,
                        call.operands.epilogue().bias(row),
                        y.array,
                        to + row * plane,
                        lines,
                        g.outWidth(),
                        output);
                call.operands.epilogue().finish(context.simd(), y, to + row * plane, lines * g.outWidth());
            }
        }
    }
}
