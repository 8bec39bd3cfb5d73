package dev.striate.backend.cpu.conv;

import static dev.striate.backend.cpu.Sizes.ceilDiv;
import static dev.striate.backend.cpu.Sizes.roundUp;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.CpuBuffer;
import dev.striate.backend.cpu.CpuContext;
import dev.striate.backend.cpu.Scratch;
import dev.striate.backend.cpu.Scratch.Role;
import dev.striate.backend.cpu.simd.ConvKernels.Frame;
import dev.striate.backend.cpu.simd.WinogradKernels;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@link WeightGradient} of a kernel of 3x3 by the transposition of Winograd's algorithm, F(3x3, 2x2): the sum over all
 * tiles of {@code H^T [(C dy C^T) * (D^T x D)] H} with {@link WinogradConv2d}'s matrices, where the factor H is taken
 * after the sum. * then is 16 products of {@code (output channels, tiles)} by {@code (tiles, channels)}, where the
 * definition has 36. Tiles of 4x2 would hardly be faster, transforming them costs what the products save, and have
 * twice the rounding error.
 *
 * <p>The products multiply vectors of channels of {@code x} by single elements of {@code dy}. So only {@code x} is
 * copied with its channels last before it is transformed; {@code dy} is transformed where it lies, with lanes along its
 * lines. Both some lines of tiles at a time, few enough that their transforms stay in the second cache.
 */
final class WinogradWeightGradient extends WeightGradient {

    private static final int PLANES = 16;
    /** Tiles that are summed at a time, unless a line has more. */
    private static final int MOST_TILES = 64;
    /** Positions that are summed at least, see {@link WinogradConv2d}: sums of few are of very different sizes. */
    private static final int LEAST_POSITIONS = 64;
    /** Not taken for less: the definition is more exact. */
    private static final double HANDICAP = 1 / 0.9;

    private final @Nullable WinogradKernels kernels;

    WinogradWeightGradient(CpuContext context) {
        super(context);
        this.kernels = WinogradConv2d.kernels(context);
    }

    @Override
    public String name() {
        return "winograd";
    }

    @Override
    public boolean fits(Conv2dGeometry g) {
        return kernels != null
                && WinogradConv2d.isPossible(g)
                && (long) g.batch() * g.outHeight() * g.outWidth() >= LEAST_POSITIONS
                && WinogradConv2d.fitsCaches(g.outWidth(), g);
    }

    @Override
    public double nanos(Conv2dGeometry g) {
        double tiles = (double) g.batch() * ceilDiv(g.outHeight(), 2) * ceilDiv(g.outWidth(), 2);
        double products = PLANES
                * tiles
                * g.inChannels()
                * g.outChannels()
                / context.speeds().product();
        double transforms =
                tiles * (g.inChannels() + g.outChannels()) * context.speeds().winogradGradient();
        return HANDICAP * (products + transforms);
    }

    @Override
    Sums sums(Conv2dGeometry g, WeightPass operands) {
        WinogradKernels simd = Objects.requireNonNull(kernels);
        return new Call(simd, g, operands);
    }

    private final class Call implements Sums {

        private final WinogradKernels kernels;
        private final Conv2dGeometry g;
        private final CpuBuffer x;
        private final CpuBuffer dy;
        private final int lanes;
        private final int tilesX;
        private final int tilesY;
        private final int linesPerBlock;
        private final int height;
        private final int panels;
        /** The channels of x, filled up to whole tiles of the product. */
        private final int columns;

        private final int rowLength;
        /** From a plane of the transformed x, or dy, to the next. */
        private final int inputStep;

        private final int gradientStep;
        /** Vectors of a line of dy, and all elements of a panel of the transformed dy in a plane. */
        private final int vectors;

        private final int panelStep;
        /** Where in a panel each tile begins. */
        private final int[] starts;

        Call(WinogradKernels kernels, Conv2dGeometry g, WeightPass operands) {
            this.kernels = kernels;
            this.g = g;
            this.x = operands.x();
            this.dy = operands.dy();
            this.lanes = kernels.lanes();
            this.tilesX = ceilDiv(g.outWidth(), 2);
            this.tilesY = ceilDiv(g.outHeight(), 2);
            int lines = Math.max(1, Math.min(g.batch() * tilesY, MOST_TILES / tilesX));
            // Whole images where there is room: parts of one share lines of x.
            this.linesPerBlock = lines < tilesY ? lines : lines / tilesY * tilesY;
            this.height = kernels.gradientRows();
            this.panels = ceilDiv(g.outChannels(), height);
            this.columns = roundUp(g.inChannels(), kernels.tileColumns());
            this.rowLength = skewed(PLANES * columns);
            int tiles = linesPerBlock * tilesX;
            this.inputStep = skewed(tiles * columns);
            this.vectors = ceilDiv(g.outWidth(), lanes);
            this.panelStep = linesPerBlock * vectors * height * lanes;
            this.gradientStep = skewed(panels * panelStep);
            this.starts = new int[tiles];
            Arrays.setAll(starts, this::start);
        }

        /** Rounds up to an odd number of vectors: what is so far apart does not compete for a place in the caches. */
        private int skewed(int length) {
            return (ceilDiv(length, lanes) | 1) * lanes;
        }

        /** Its line's vectors are those of the panel's rows in turn. */
        private int start(int tile) {
            int column = 2 * (tile % tilesX);
            return (tile / tilesX * vectors + column / lanes) * height * lanes + column % lanes;
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
        public int length() {
            return panels * height * rowLength;
        }

        @Override
        public void sum(Share share, float[] sums, int at) {
            Task task = new Task(this, share);
            int begin = share.firstImage() * tilesY;
            int end = share.endImage() * tilesY;
            for (int first = begin; first < end; first += linesPerBlock) {
                int last = Math.min(end, first + linesPerBlock);
                for (int line = first, count; line < last; line += count) {
                    count = Math.min(last - line, tilesY - line % tilesY);
                    task.load(line / tilesY, line % tilesY, count, (line - first) * tilesX);
                }
                task.multiply((last - first) * tilesX, first > begin, sums, at);
            }
        }

        /** Last rows and columns of the transformed dy came without the minus of C. */
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

    /** A share of a call. */
    private final class Task {

        private final Call call;
        private final Conv2dGeometry g;
        private final Share share;
        private final float[] pixels;
        private final float[] input;
        private final float[] gradient;

        Task(Call call, Share share) {
            this.call = call;
            this.g = call.g;
            this.share = share;
            Scratch scratch = context.scratch();
            int lines = call.linesPerBlock;
            int frame = (2 * lines + 2) * (2 * call.tilesX + 2) * call.columns;
            this.pixels = scratch.floats(Role.IMAGES, Math.max(frame, 4 * lines * call.tilesX) + call.lanes);
            this.input = scratch.floats(Role.INPUT, PLANES * call.inputStep);
            this.gradient = scratch.floats(Role.WEIGHTS, PLANES / 2 * call.gradientStep);
        }

        /** Transforms some lines of tiles of an image. */
        void load(int image, int line, int count, int tile) {
            int width = 2 * call.tilesX + 2;
            int columns = call.columns;
            Frame frame =
                    Frame.of(2 * line - g.padTop(), -g.padLeft(), 2 * count + 2, width, g.inHeight(), g.inWidth());
            int plane = g.inHeight() * g.inWidth();
            int from = call.x.offset + image * g.inChannels() * plane;
            from += (2 * line - g.padTop() + frame.firstLine()) * g.inWidth() - g.padLeft();
            ChannelsLast.copy(
                    context.simd().convolution(), frame, g.inChannels(), columns, call.x.array, from, plane, pixels, 0);
            for (int i = 0; i < count; i++) {
                call.kernels.combineInputChannels(
                        call.tilesX,
                        columns,
                        pixels,
                        2 * i * width * columns,
                        width * columns,
                        input,
                        (tile + i * call.tilesX) * columns,
                        call.inputStep);
            }
            for (int panel = share.part(); panel < call.panels; panel += share.parts()) {
                int end = Math.min(g.outChannels(), (panel + 1) * call.height);
                for (int row = panel * call.height; row < end; row++) {
                    int to = panel * call.panelStep + call.starts[tile] + row % call.height * call.lanes;
                    loadGradient(image * g.outChannels() + row, line, count, to);
                }
            }
        }

        /** @param channel counted through all images */
        private void loadGradient(int channel, int line, int count, int to) {
            int lines = Math.min(2 * count, g.outHeight() - 2 * line);
            int from = call.dy.offset + (channel * g.outHeight() + 2 * line) * g.outWidth();
            int length = lines * g.outWidth();
            float[] source = call.dy.array;
            if (from > source.length - length - call.lanes) {
                // A vector might be read beyond the last line.
                System.arraycopy(source, from, pixels, 0, length);
                source = pixels;
                from = 0;
            }
            call.kernels.combineGradient(count, source, from, lines, g.outWidth(), gradient, to, call.gradientStep);
        }

        void multiply(int tiles, boolean add, float[] sums, int at) {
            for (int pairs = 0; pairs < PLANES / 2; pairs++) {
                // Plane 2i of the pairs holds columns 0 and 3 of row i, the next one columns 1 and 2.
                int first = pairs % 2 == 0 ? 2 * pairs : 2 * pairs - 1;
                int second = pairs % 2 == 0 ? first + 3 : first + 1;
                for (int panel = share.part(); panel < call.panels; panel += share.parts()) {
                    int z = pairs * call.gradientStep + panel * call.panelStep;
                    int row = at + panel * call.height * call.rowLength;
                    multiply(tiles, z, first, add, sums, row);
                    multiply(tiles, z + 1, second, add, sums, row);
                }
            }
        }

        private void multiply(int tiles, int z, int plane, boolean add, float[] sums, int at) {
            for (int column = 0; column < call.columns; column += call.kernels.tileColumns()) {
                call.kernels.gradientTile(
                        tiles,
                        gradient,
                        z,
                        call.starts,
                        input,
                        plane * call.inputStep + column,
                        call.columns,
                        sums,
                        at + plane * call.columns + column,
                        call.rowLength,
                        add);
            }
        }
    }
}
