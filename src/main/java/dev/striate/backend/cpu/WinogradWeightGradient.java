package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.ConvKernels.Frame;
import dev.striate.backend.cpu.simd.FlatKernels;
import dev.striate.backend.cpu.simd.WinogradKernels;
import java.util.Arrays;

/**
 * {@link WeightGradient} of a kernel of 3x3 by the transposition of Winograd's algorithm, F(3x3, 2x2): the sum over all
 * tiles of {@code H^T [(C dy C^T) * (D^T x D)] H} with {@link WinogradConv2d}'s matrices, where the factor H is taken
 * after the sum. * then is 16 products of {@code (output channels, tiles)} by {@code (tiles, channels)}, where the
 * definition has 36. Tiles of 4x2 would hardly be faster, combining them costs what the products save, and have twice
 * the rounding error.
 *
 * <p>The products multiply vectors of channels of {@code x} by single elements of {@code dy}. So only {@code x} is
 * copied with its channels last before it is combined; {@code dy} is combined where it lies, with lanes along its
 * lines. Both some lines of tiles at a time, few enough that what they become stays in the second cache.
 */
final class WinogradWeightGradient {

    private static final int PLANES = 16;
    /** What combining a tile of one channel costs in a net's step, in multiply-adds of a product. */
    private static final int TILE_COST = 170;
    /** Tiles that are summed at a time, unless a line has more. */
    private static final int MOST_TILES = 64;
    /** Elements that are written with all their channels before the next are: most of a first cache. */
    private static final int MOST_PACKED = 1 << 13;
    /** Images whose {@code dy} is summed together for the bias gradient. */
    private static final int SUMMED = 4;

    private final ConvKernels copies;
    private final WinogradKernels kernels;
    private final FlatKernels flat;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    WinogradWeightGradient(CpuContext context, WinogradKernels kernels) {
        this.copies = context.simd().convolution();
        this.flat = context.simd().flat();
        this.kernels = kernels;
    }

    /** Whether the gradient can be computed in this way, and sooner than by the definition. */
    static boolean pays(Conv2dGeometry g) {
        if (!WinogradConv2d.isPossible(g)
                || !WinogradConv2d.fits(g.outWidth(), Math.max(g.inChannels(), g.outChannels()))) {
            return false;
        }
        double tiles = (double) g.batch() * CpuGemm.ceilDiv(g.outHeight(), 2) * CpuGemm.ceilDiv(g.outWidth(), 2);
        double weights = (double) g.inChannels() * g.outChannels();
        double direct = 9.0 * weights * g.batch() * g.outHeight() * g.outWidth();
        return PLANES * weights * tiles + TILE_COST * tiles * (g.inChannels() + g.outChannels()) < 0.9 * direct;
    }

    /** What is computed for these operands; only where it {@link #pays}. */
    WeightGradient.Form form(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy) {
        return new Call(g, x, dy);
    }

    private final class Call implements WeightGradient.Form {

        private final Conv2dGeometry g;
        private final CpuBuffer x;
        private final CpuBuffer dy;
        private final int tilesX;
        private final int tilesY;
        private final int linesPerBlock;
        private final int height;
        private final int panels;
        /** The channels of x, filled up to whole tiles of the product, and the output channels alike. */
        private final int columns;

        private final int rows;
        private final int rowLength;
        /** From a plane of the combined x, or dy, to the next, and from a panel of dy's. */
        private final int inputStep;

        private final int gradientStep;
        /** Vectors of a line of dy, and all elements of a panel of the combined dy in a plane. */
        private final int vectors;

        private final int panelStep;
        /** Where in a panel each tile begins. */
        private final int[] starts;

        private final TileFrames inputFrames;

        Call(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy) {
            this.g = g;
            this.x = x;
            this.dy = dy;
            this.tilesX = CpuGemm.ceilDiv(g.outWidth(), 2);
            this.tilesY = CpuGemm.ceilDiv(g.outHeight(), 2);
            int lines = Math.max(1, Math.min(g.batch() * tilesY, MOST_TILES / tilesX));
            // Whole images where there is room: parts of one share lines of x.
            this.linesPerBlock = lines < tilesY ? lines : lines / tilesY * tilesY;
            this.height = kernels.gradientRows();
            this.panels = CpuGemm.ceilDiv(g.outChannels(), height);
            this.rows = panels * height;
            int width = kernels.tileColumns();
            this.columns = CpuGemm.ceilDiv(g.inChannels(), width) * width;
            this.rowLength = skewed(PLANES * columns);
            int tiles = linesPerBlock * tilesX;
            this.inputStep = skewed(tiles * columns);
            this.vectors = CpuGemm.ceilDiv(g.outWidth(), kernels.lanes());
            this.panelStep = linesPerBlock * vectors * height * kernels.lanes();
            this.gradientStep = skewed(panels * panelStep);
            this.starts = new int[tiles];
            Arrays.setAll(starts, this::start);
            this.inputFrames = TileFrames.of(
                    tilesY,
                    linesPerBlock,
                    2,
                    g.padTop(),
                    g.padLeft() * columns,
                    2,
                    (2 * tilesX + 2) * columns,
                    g.inHeight(),
                    g.inWidth() * columns);
        }

        /** Rounds up to an odd number of vectors: what is so far apart does not compete for a place in the caches. */
        private int skewed(int length) {
            return (CpuGemm.ceilDiv(length, kernels.lanes()) | 1) * kernels.lanes();
        }

        /** Its line's vectors are those of the panel's rows in turn. */
        private int start(int tile) {
            int x = 2 * (tile % tilesX);
            return (tile / tilesX * vectors + x / kernels.lanes()) * height * kernels.lanes() + x % kernels.lanes();
        }

        @Override
        public int panels() {
            return panels;
        }

        @Override
        public int rowLength() {
            return rowLength;
        }

        @Override
        public int partialLength() {
            return rows * rowLength;
        }

        @Override
        public void sum(int group, int firstImage, int endImage, int part, int parts, WeightGradient.Partial to) {
            Scratch own = scratch.get();
            own.grow(this);
            int end = endImage * tilesY;
            int summed = firstImage;
            for (int first = firstImage * tilesY; first < end; first += linesPerBlock) {
                int last = Math.min(end, first + linesPerBlock);
                // Just before they are packed: then they are in the cache.
                for (; summed * tilesY < last; summed += SUMMED) {
                    addBias(summed, Math.min(SUMMED, endImage - summed), part, parts, to);
                }
                for (int line = first; line < last; ) {
                    int count = Math.min(last - line, tilesY - line % tilesY);
                    load(line / tilesY, line % tilesY, count, (line - first) * tilesX, part, parts, own);
                    line += count;
                }
                multiply((last - first) * tilesX, part, parts, first > firstImage * tilesY, own, to);
            }
        }

        private void addBias(int image, int images, int part, int parts, WeightGradient.Partial to) {
            int plane = g.outHeight() * g.outWidth();
            int imageStep = g.outChannels() * plane;
            for (int panel = part; panel < panels; panel += parts) {
                int row = panel * height;
                int start = dy.offset + image * imageStep + row * plane;
                int count = Math.min(height, g.outChannels() - row);
                to.addBias(flat, row, count, images, imageStep, dy.array, start, plane);
            }
        }

        /** Combines some lines of tiles of an image. */
        private void load(int image, int line, int count, int tile, int part, int parts, Scratch own) {
            int pixels = 2 * tilesX + 2;
            int top = 2 * line - g.padTop();
            copyChannelsLast(image, top, inputFrames.get(line, count), own);
            for (int i = 0; i < count; i++) {
                kernels.combineInputChannels(
                        tilesX,
                        columns,
                        own.pixels,
                        2 * i * pixels * columns,
                        pixels * columns,
                        own.input,
                        (tile + i * tilesX) * columns,
                        inputStep);
            }
            for (int panel = part; panel < panels; panel += parts) {
                int end = Math.min(g.outChannels(), (panel + 1) * height);
                for (int row = panel * height; row < end; row++) {
                    loadGradient(
                            image * g.outChannels() + row,
                            line,
                            count,
                            panel * panelStep + starts[tile] + row % height * kernels.lanes(),
                            own);
                }
            }
        }

        /**
         * Copies some lines of an image of x to {@code own.pixels}, with zeros outside of it: first its pixels, one
         * behind the other with their channels, then these between the margins.
         *
         * @param top the image's line that the frame's first one is, perhaps negative
         */
        private void copyChannelsLast(int image, int top, Frame frame, Scratch own) {
            int plane = g.inHeight() * g.inWidth();
            int length = (frame.endLine() - frame.firstLine()) * g.inWidth();
            int from = x.offset + image * g.inChannels() * plane + (top + frame.firstLine()) * g.inWidth();
            // So far inside that whole vectors can be read on the left.
            int start = g.padLeft() * columns;
            int most = Math.max(kernels.lanes(), MOST_PACKED / columns);
            for (int pixel = 0; pixel < length; pixel += most) {
                int count = Math.min(most, length - pixel);
                copies.packAcross(
                        g.inChannels(),
                        count,
                        x.array,
                        from + pixel,
                        plane,
                        own.packed,
                        start + pixel * columns,
                        columns);
            }
            copies.copyFrames(frame, 1, own.packed, 0, 0, own.pixels, 0);
        }

        /** @param channel counted through all images */
        private void loadGradient(int channel, int line, int count, int to, Scratch own) {
            int lines = Math.min(2 * count, g.outHeight() - 2 * line);
            int from = dy.offset + (channel * g.outHeight() + 2 * line) * g.outWidth();
            int length = lines * g.outWidth();
            float[] source = dy.array;
            if (from > source.length - length - kernels.lanes()) {
                // A vector might be read beyond the last line.
                System.arraycopy(source, from, own.pixels, 0, length);
                source = own.pixels;
                from = 0;
            }
            kernels.combineGradient(count, source, from, lines, g.outWidth(), own.gradient, to, gradientStep);
        }

        private void multiply(int tiles, int part, int parts, boolean add, Scratch own, WeightGradient.Partial to) {
            for (int pairs = 0; pairs < PLANES / 2; pairs++) {
                // Plane 2i of the pairs holds columns 0 and 3 of row i, the next one columns 1 and 2.
                int first = pairs % 2 == 0 ? 2 * pairs : 2 * pairs - 1;
                int second = pairs % 2 == 0 ? first + 3 : first + 1;
                for (int panel = part; panel < panels; panel += parts) {
                    int z = pairs * gradientStep + panel * panelStep;
                    multiply(tiles, z, first, panel, add, own, to);
                    multiply(tiles, z + 1, second, panel, add, own, to);
                }
            }
        }

        private void multiply(
                int tiles, int z, int plane, int panel, boolean add, Scratch own, WeightGradient.Partial to) {
            for (int column = 0; column < columns; column += kernels.tileColumns()) {
                kernels.gradientTile(
                        tiles,
                        own.gradient,
                        z,
                        starts,
                        own.input,
                        plane * inputStep + column,
                        columns,
                        to.sums(),
                        to.at() + panel * height * rowLength + plane * columns + column,
                        rowLength,
                        add);
            }
        }

        /** Last rows and columns of the combined dy came without the minus of C. */
        @Override
        public void unpack(float[] sums, int at, float[] target, int to) {
            for (int channel = 0; channel < g.inChannels(); channel++) {
                for (int j = 0; j < 3; j++) {
                    float first = column(sums, at + channel, j);
                    float second = column(sums, at + channel + 4 * columns, j);
                    float third = column(sums, at + channel + 8 * columns, j);
                    float fourth = column(sums, at + channel + 12 * columns, j);
                    int place = to + channel * 9 + j;
                    target[place] = first + (second + third) * 0.5f;
                    target[place + 3] = (second - third) * 0.5f;
                    target[place + 6] = (second + third) * 0.5f - fourth;
                }
            }
        }

        /** A line of four sums times a column of H. */
        private float column(float[] sums, int at, int j) {
            float second = sums[at + columns];
            float third = sums[at + 2 * columns];
            return switch (j) {
                case 0 -> sums[at] + (second + third) * 0.5f;
                case 1 -> (second - third) * 0.5f;
                default -> (second + third) * 0.5f - sums[at + 3 * columns];
            };
        }
    }

    /** One thread's working arrays, which grow to the largest asked for. */
    private final class Scratch {

        private float[] packed = new float[0];
        private float[] pixels = new float[0];
        private float[] input = new float[0];
        private float[] gradient = new float[0];

        void grow(Call call) {
            int lanes = kernels.lanes();
            int lines = call.linesPerBlock;
            int inputLine = (call.g.padLeft() + call.g.inWidth() + 2 * call.tilesX + 2) * call.columns;
            packed = grown(packed, (2 * lines + 2) * inputLine + lanes);
            pixels = grown(
                    pixels,
                    Math.max((2 * lines + 2) * (2 * call.tilesX + 2) * call.columns, 4 * lines * call.tilesX) + lanes);
            input = grown(input, PLANES * call.inputStep);
            gradient = grown(gradient, PLANES / 2 * call.gradientStep);
        }

        private static float[] grown(float[] array, int length) {
            return array.length < length ? new float[length] : array;
        }
    }
}
