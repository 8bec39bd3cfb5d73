package dev.striate.backend.cpu.conv;

import static dev.striate.backend.cpu.Sizes.roundUp;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.CpuBuffer;
import dev.striate.backend.cpu.CpuContext;
import dev.striate.backend.cpu.Scratch;
import dev.striate.backend.cpu.Scratch.Role;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.DotTiles;
import java.util.Arrays;

/**
 * {@link WeightGradient} with lanes along positions: each weight's gradient is a dot product of a channel of {@code dy}
 * and what a tap read, and a tile computes those of some channels and taps, see {@link DotTiles}.
 *
 * <p>{@code dy} is read where it lies, and the images as {@link Patches}: there, whatever a tap reads for neighbouring
 * positions lies in one run.
 *
 * <p>An image's last positions, which do not fill a vector any more, are put together from several images, both
 * operands, and padded with zeros at the very end: nothing that a tap does not read ever meets {@code dy}.
 */
final class PositionWeightGradient extends WeightGradient {

    /** Elements that the sums may have, with all their lanes: a quarter of a second cache. */
    private static final int MOST_SUMS = 1 << 16;
    /** Elements that a single image's copy may have: a second cache. */
    private static final int MOST_COPIED = 1 << 18;
    /** Elements of the copies of several images: a quarter of a second cache. */
    private static final int COPIES = 1 << 16;
    /** Loading and storing the sums of an image takes as long as so many vectors of positions. */
    private static final int VECTORS_PER_IMAGE = 8;

    private final DotTiles tiles;
    private final ConvKernels kernels;

    PositionWeightGradient(CpuContext context) {
        super(context);
        this.tiles = context.simd().dotTiles();
        this.kernels = context.simd().convolution();
    }

    @Override
    public String name() {
        return "positions";
    }

    @Override
    public boolean fits(Conv2dGeometry g) {
        long weights = (long) g.outChannelsPerGroup() * g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        long copied = (long) g.inChannelsPerGroup() * g.kernelWidth() * g.rows() * g.outWidth();
        return context.simd().isVectorized() && weights * tiles.lanes() <= MOST_SUMS && copied <= MOST_COPIED;
    }

    @Override
    public double nanos(Conv2dGeometry g) {
        double positions = (double) g.outHeight() * g.outWidth();
        double withSums = positions + VECTORS_PER_IMAGE * tiles.lanes();
        return multiplyAdds(g) / positions * withSums / context.speeds().dots();
    }

    @Override
    Sums sums(Conv2dGeometry g, WeightPass operands) {
        return new Call(g, operands);
    }

    private final class Call implements Sums {

        private final Conv2dGeometry g;
        private final CpuBuffer dy;
        private final Patches patches;
        private final int rows;
        private final int panels;
        private final int panelRows;
        private final int taps;
        /** Taps of a row, filled up so that the last tile fits, whatever its height. */
        private final int tiledTaps;

        private final int positions;
        /** Positions of an image that tiles read where they lie, whole vectors, and those that are put together. */
        private final int whole;

        private final int rest;
        private final int imageLength;
        private final int imagesPerGroup;
        /** Elements between the rests that belong to neighbouring taps or rows. */
        private final int restLength;
        /**
         * Where each tap's first position lies in an image's copy, and among the rests. Ends with the last tap again.
         */
        private final int[] starts;

        private final int[] restStarts;

        Call(Conv2dGeometry g, WeightPass operands) {
            this.g = g;
            this.dy = operands.dy();
            this.patches =
                    new Patches(operands.x(), g.inChannels(), Axis.vertical(g), Axis.horizontal(g), Integer.MAX_VALUE);
            this.rows = g.outChannelsPerGroup();
            int count = 0;
            int end = 0;
            for (; end < rows; count++) {
                end += tiles.tileRows(rows - end);
            }
            this.panels = count;
            this.panelRows = end;
            this.taps = g.inChannelsPerGroup() * patches.taps();
            this.tiledTaps = taps + Math.max(tiles.tileTaps(3), tiles.tileTaps(4)) - 1;
            this.positions = patches.positions();
            this.whole = positions / tiles.lanes() * tiles.lanes();
            this.rest = positions - whole;
            this.imageLength = g.inChannelsPerGroup() * patches.channelLength();
            this.imagesPerGroup = Math.max(1, COPIES / Math.max(imageLength, taps * rest));
            this.restLength = roundUp(imagesPerGroup * rest, tiles.lanes());
            this.starts = Arrays.copyOf(patches.starts(g.inChannelsPerGroup()), tiledTaps);
            Arrays.fill(starts, taps, tiledTaps, starts[taps - 1]);
            this.restStarts = new int[tiledTaps];
            Arrays.setAll(restStarts, i -> Math.min(i, taps - 1) * restLength);
        }

        @Override
        public int panels() {
            return panels;
        }

        @Override
        public int length() {
            return rows * taps;
        }

        @Override
        public int rowLength() {
            return taps;
        }

        @Override
        public void unpack(float[] sums, int at, float[] dw, int to) {
            System.arraycopy(sums, at, dw, to, taps);
        }

        @Override
        public void sum(Share share, float[] target, int at) {
            Scratch scratch = context.scratch();
            int lanes = tiles.lanes();
            float[] copies = scratch.floats(Role.IMAGES, imagesPerGroup * imageLength + 2 * lanes);
            float[] sums = scratch.floats(Role.SUMS, panelRows * tiledTaps * lanes);
            Arrays.fill(sums, 0, panelRows * tiledTaps * lanes, 0f);
            int channels = g.inChannelsPerGroup();
            for (int image = share.firstImage(); image < share.endImage(); image += imagesPerGroup) {
                int count = Math.min(imagesPerGroup, share.endImage() - image);
                int start = dy.offset + (image * g.outChannels() + share.group() * rows) * positions;
                for (int i = 0; i < count; i++) {
                    patches.load(
                            kernels, image + i, share.group() * channels, channels, channels, copies, i * imageLength);
                }
                for (int i = 0; i < count; i++) {
                    int from = start + i * g.outChannels() * positions;
                    for (int row = 0, panel = 0; row < rows; row += tiles.tileRows(rows - row), panel++) {
                        if (panel % share.parts() == share.part()) {
                            int dyAt = from + row * positions;
                            addPanel(row, whole, dy.array, dyAt, positions, copies, i * imageLength, starts, sums);
                        }
                    }
                }
                if (rest > 0) {
                    addRests(share, start + whole, count, copies, sums);
                }
            }
            joinLanes(share, sums, target, at);
        }

        /** Puts together, image by image, what does not fill a vector, and adds it. */
        private void addRests(Share share, int dyStart, int count, float[] copies, float[] sums) {
            Scratch scratch = context.scratch();
            int lanes = tiles.lanes();
            float[] rests = scratch.floats(Role.INPUT, taps * restLength + lanes);
            float[] dyRests = scratch.floats(Role.WEIGHTS, panelRows * restLength + lanes);
            for (int tap = 0; tap < taps; tap++) {
                gather(count, copies, starts[tap] + whole, imageLength, rests, tap * restLength);
            }
            for (int row = 0, panel = 0; row < rows; row += tiles.tileRows(rows - row), panel++) {
                if (panel % share.parts() == share.part()) {
                    int end = Math.min(rows, row + tiles.tileRows(rows - row));
                    for (int i = row; i < end; i++) {
                        int from = dyStart + i * positions;
                        gather(count, dy.array, from, g.outChannels() * positions, dyRests, (i - row) * restLength);
                    }
                    int length = roundUp(count * rest, lanes);
                    addPanel(row, length, dyRests, 0, restLength, rests, 0, restStarts, sums);
                }
            }
        }

        private void gather(int count, float[] source, int from, int step, float[] target, int at) {
            kernels.copyLines(count, rest, source, from, step, target, at, rest);
            Arrays.fill(target, at + count * rest, at + restLength, 0f);
        }

        /** Adds to the sums of some rows and all taps. */
        private void addPanel(
                int row,
                int length,
                float[] dys,
                int dyAt,
                int rowStep,
                float[] copies,
                int copy,
                int[] tapStarts,
                float[] sums) {
            int height = tiles.tileRows(rows - row);
            int live = Math.min(height, rows - row);
            for (int tap = 0; tap < taps; tap += tiles.tileTaps(height)) {
                int at = (row * tiledTaps + tap * height) * tiles.lanes();
                tiles.tile(height, length, dys, dyAt, live, rowStep, copies, copy, tapStarts, tap, sums, at);
            }
        }

        /** Adds up the lanes of each sum, one after the other. */
        private void joinLanes(Share share, float[] sums, float[] target, int to) {
            int lanes = tiles.lanes();
            for (int row = 0, panel = 0; row < rows; row += tiles.tileRows(rows - row), panel++) {
                int height = tiles.tileRows(rows - row);
                int width = tiles.tileTaps(height);
                for (int i = 0; panel % share.parts() == share.part() && i < Math.min(height, rows - row); i++) {
                    for (int tap = 0; tap < taps; tap++) {
                        int tile = row * tiledTaps + tap / width * width * height;
                        int at = (tile + i * width + tap % width) * lanes;
                        float sum = 0;
                        for (int lane = 0; lane < lanes; lane++) {
                            sum += sums[at + lane];
                        }
                        target[to + (row + i) * taps + tap] = sum;
                    }
                }
            }
        }
    }
}
