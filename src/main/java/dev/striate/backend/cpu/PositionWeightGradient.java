package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.DotTiles;
import dev.striate.backend.cpu.simd.FlatKernels;
import java.util.Arrays;

/**
 * {@link WeightGradient} with lanes along positions: each weight's gradient is a dot product of a channel of {@code dy}
 * and what a tap read, and a tile computes those of some channels and taps, see {@link DotTiles}.
 *
 * <p>{@code dy} is read where it lies. The images are copied as {@link Patches} does it: for each channel and tap
 * column the grid's columns only, and all lines, sorted by their remainders modulo the stride. There, whatever a tap
 * reads for neighbouring positions lies in one run, and tap rows differ only in where it starts. Taps are counted row
 * after row of the same column, so that those of a tile mostly read the same copy.
 *
 * <p>An image's last positions, which do not fill a vector any more, are put together from several images, both
 * operands, and padded with zeros at the very end: nothing that a tap does not read ever meets {@code dy}.
 */
final class PositionWeightGradient {

    /** Elements that the sums may have, with all their lanes: a quarter of a second cache. */
    private static final int MOST_SUMS = 1 << 16;
    /** Elements that a single image's copy may have: a second cache. */
    private static final int MOST_COPIED = 1 << 18;
    /** Elements of the copies of several images: a quarter of a second cache. */
    private static final int COPIES = 1 << 16;
    /** Positions summed together for the bias gradient, few enough to stay in the first cache. */
    private static final int SUMMED = 1024;
    /** Vectors that an image's positions fill at least: with fewer, loading and storing the sums costs too much. */
    private static final int LEAST_VECTORS = 16;
    /**
     * But four where there are no more than two channels, of which {@link ChannelWeightGradient} would pack narrow
     * patches.
     */
    private static final int FEW_CHANNELS = 2;

    private static final int LEAST_VECTORS_OF_FEW = 4;

    private final boolean isVectorized;
    private final DotTiles tiles;
    private final ConvKernels kernels;
    private final FlatKernels flat;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    PositionWeightGradient(CpuContext context) {
        this.isVectorized = context.simd().isVectorized();
        this.tiles = context.simd().dotTiles();
        this.kernels = context.simd().convolution();
        this.flat = context.simd().flat();
    }

    /** Whether there are tiles, enough positions for them, and caches large enough for their sums and the copies. */
    boolean pays(Conv2dGeometry g) {
        int least = g.inChannelsPerGroup() <= FEW_CHANNELS ? LEAST_VECTORS_OF_FEW : LEAST_VECTORS;
        if (!isVectorized || (long) g.outHeight() * g.outWidth() < (long) least * tiles.lanes()) {
            return false;
        }
        long weights = (long) g.outChannelsPerGroup() * g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        long lines = (g.outHeight() - 1L) * g.strideH() + (g.kernelHeight() - 1L) * g.dilationH() + 1;
        long copied = (long) g.inChannelsPerGroup() * g.kernelWidth() * lines * g.outWidth();
        return weights * tiles.lanes() <= MOST_SUMS && copied <= MOST_COPIED;
    }

    /** What is computed for these operands; only where it {@link #pays}. */
    WeightGradient.Form form(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy) {
        return new Call(tiles, g, x, dy);
    }

    private final class Call implements WeightGradient.Form {

        private final DotTiles tiles;
        private final Conv2dGeometry g;
        private final CpuBuffer x;
        private final CpuBuffer dy;
        private final int rows;
        private final int panels;
        private final int panelRows;
        private final int taps;
        /** Room for the sums of a row, so that those of every kind of tile fit. */
        private final int tiledTaps;

        private final int positions;
        /** Positions of an image that tiles read where they lie, whole vectors, and those that are put together. */
        private final int whole;

        private final int rest;
        /** Lines and columns of an image that taps read, padding included, and whether there is any. */
        private final int lines;

        private final int columns;
        private final boolean padded;
        /** Remainders modulo the stride that lines are sorted by, lines for each, and elements for each tap column. */
        private final int phases;

        private final int linesPerPhase;
        private final int columnLength;
        private final int imageLength;
        private final int imagesPerGroup;
        /** Images whose {@code dy} is summed together. */
        private final int imagesPerBias;
        /** Elements between the rests that belong to neighbouring taps or rows. */
        private final int restLength;
        /**
         * Where each tap's first position lies in an image's copy, and among the rests. Filled up with the last tap.
         */
        private final int[] starts;

        private final int[] restStarts;

        Call(DotTiles tiles, Conv2dGeometry g, CpuBuffer x, CpuBuffer dy) {
            this.tiles = tiles;
            this.g = g;
            this.x = x;
            this.dy = dy;
            this.rows = g.outChannelsPerGroup();
            int count = 0;
            int end = 0;
            for (int row = 0; row < rows; count++) {
                row += tiles.tileRows(rows - row);
                end = row;
            }
            this.panels = count;
            this.panelRows = end;
            this.taps = g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
            this.tiledTaps = taps + Math.max(tiles.tileTaps(3), tiles.tileTaps(4)) - 1;
            this.positions = g.outHeight() * g.outWidth();
            this.whole = positions / tiles.lanes() * tiles.lanes();
            this.rest = positions - whole;
            int lastLine = (g.kernelHeight() - 1) * g.dilationH();
            this.lines = (g.outHeight() - 1) * g.strideH() + lastLine + 1;
            this.columns = (g.outWidth() - 1) * g.strideW() + (g.kernelWidth() - 1) * g.dilationW() + 1;
            this.padded = g.padTop() > 0 || g.padLeft() > 0 || lines > g.inHeight() || columns > g.inWidth();
            this.phases = Math.min(g.strideH(), lastLine + 1);
            this.linesPerPhase = g.outHeight() + lastLine / g.strideH();
            this.columnLength = phases * linesPerPhase * g.outWidth();
            this.imageLength = g.inChannelsPerGroup() * g.kernelWidth() * columnLength;
            this.imagesPerGroup = Math.max(1, COPIES / Math.max(imageLength, taps * rest));
            this.imagesPerBias = Math.max(1, SUMMED / positions);
            this.restLength = roundUp(imagesPerGroup * rest, tiles.lanes());
            this.starts = new int[tiledTaps];
            this.restStarts = new int[tiledTaps];
            for (int i = 0; i < tiledTaps; i++) {
                int tap = Math.min(i, taps - 1);
                int line = tap % g.kernelHeight() * g.dilationH();
                int place = line % g.strideH() * linesPerPhase + line / g.strideH();
                starts[i] = tap / g.kernelHeight() * columnLength + place * g.outWidth();
                restStarts[i] = tap * restLength;
            }
        }

        @Override
        public int panels() {
            return panels;
        }

        @Override
        public int partialLength() {
            return rows * taps;
        }

        @Override
        public int rowLength() {
            return taps;
        }

        @Override
        public void sum(int group, int firstImage, int endImage, int part, int parts, WeightGradient.Partial to) {
            Scratch own = scratch.get();
            own.grow(this);
            Arrays.fill(own.sums, 0, panelRows * tiledTaps * tiles.lanes(), 0f);
            if (padded) {
                Arrays.fill(own.plane, 0, lines * columns, 0f);
            }
            for (int image = firstImage; image < endImage; image += imagesPerGroup) {
                int count = Math.min(imagesPerGroup, endImage - image);
                for (int i = 0; i < count; i++) {
                    copy(image + i, group, own.plane, own.copies, i * imageLength);
                }
                for (int i = 0; i < count; i++) {
                    int summed = i % imagesPerBias == 0 ? Math.min(imagesPerBias, count - i) : 0;
                    addWhole(image + i, i * imageLength, group, part, parts, own, to, summed);
                }
                if (rest > 0) {
                    addRests(image, count, group, part, parts, own);
                }
            }
            joinLanes(part, parts, own.sums, to);
        }

        /**
         * Adds what is read where it lies.
         *
         * @param summed images from this one on of which {@code dy} is summed for the bias gradient
         */
        private void addWhole(
                int image,
                int copy,
                int group,
                int part,
                int parts,
                Scratch own,
                WeightGradient.Partial to,
                int summed) {
            int imageStep = g.outChannels() * positions;
            int start = dy.offset + image * imageStep + group * rows * positions;
            for (int row = 0, panel = 0; row < rows; panel++) {
                int height = tiles.tileRows(rows - row);
                if (panel % parts == part) {
                    int at = start + row * positions;
                    if (summed > 0) {
                        to.addBias(flat, row, Math.min(height, rows - row), summed, imageStep, dy.array, at, positions);
                    }
                    addPanel(row, height, whole, dy.array, at, positions, own.copies, copy, starts, own.sums);
                }
                row += height;
            }
        }

        /** Puts together, image by image, what does not fill a vector, and adds it. */
        private void addRests(int image, int count, int group, int part, int parts, Scratch own) {
            for (int tap = 0; tap < taps; tap++) {
                int at = tap * restLength;
                kernels.copyLines(count, rest, own.copies, starts[tap] + whole, imageLength, own.rests, at, rest);
                Arrays.fill(own.rests, at + count * rest, at + restLength, 0f);
            }
            int length = roundUp(count * rest, tiles.lanes());
            int dyStep = g.outChannels() * positions;
            int dyStart = dy.offset + image * dyStep + group * rows * positions + whole;
            for (int row = 0, panel = 0; row < rows; panel++) {
                int height = tiles.tileRows(rows - row);
                if (panel % parts == part) {
                    for (int i = 0; i < Math.min(height, rows - row); i++) {
                        int at = i * restLength;
                        kernels.copyLines(
                                count, rest, dy.array, dyStart + (row + i) * positions, dyStep, own.dyRests, at, rest);
                        Arrays.fill(own.dyRests, at + count * rest, at + restLength, 0f);
                    }
                    addPanel(row, height, length, own.dyRests, 0, restLength, own.rests, 0, restStarts, own.sums);
                }
                row += height;
            }
        }

        /** Adds to the sums of some rows and all taps. */
        private void addPanel(
                int row,
                int height,
                int length,
                float[] dys,
                int dyAt,
                int rowStep,
                float[] copies,
                int copy,
                int[] tapStarts,
                float[] sums) {
            int live = Math.min(height, rows - row);
            int width = tiles.tileTaps(height);
            for (int tap = 0; tap < taps; tap += width) {
                int at = (row * tiledTaps + tap * height) * tiles.lanes();
                tiles.tile(height, length, dys, dyAt, live, rowStep, copies, copy, tapStarts, tap, sums, at);
            }
        }

        /** Adds up the lanes of each sum, one after the other. */
        private void joinLanes(int part, int parts, float[] sums, WeightGradient.Partial to) {
            int lanes = tiles.lanes();
            for (int row = 0, panel = 0; row < rows; panel++) {
                int height = tiles.tileRows(rows - row);
                int width = tiles.tileTaps(height);
                for (int i = 0; panel % parts == part && i < Math.min(height, rows - row); i++) {
                    for (int tap = 0; tap < taps; tap++) {
                        int tile = row * tiledTaps + tap / width * width * height;
                        int at = (tile + i * width + tap % width) * lanes;
                        float sum = 0;
                        for (int lane = 0; lane < lanes; lane++) {
                            sum += sums[at + lane];
                        }
                        to.sums()[to.at() + (row + i) * taps + tap] = sum;
                    }
                }
                row += height;
            }
        }

        /** Taps are counted along the kernel's columns, weights along its rows. */
        @Override
        public void unpack(float[] sums, int at, float[] dw, int to) {
            int height = g.kernelHeight();
            int width = g.kernelWidth();
            for (int tap = 0; tap < taps; tap++) {
                int column = tap / height;
                dw[to + (column / width * height + tap % height) * width + column % width] = sums[at + tap];
            }
        }

        /** Copies a group's channels of an image for all tap columns. */
        private void copy(int image, int group, float[] plane, float[] target, int at) {
            int channels = g.inChannelsPerGroup();
            int to = at;
            for (int channel = 0; channel < channels; channel++) {
                int start =
                        x.offset + (image * g.inChannels() + group * channels + channel) * g.inHeight() * g.inWidth();
                if (padded) {
                    pad(start, plane);
                }
                float[] source = padded ? plane : x.array;
                int pitch = padded ? columns : g.inWidth();
                for (int column = 0; column < g.kernelWidth(); column++) {
                    for (int phase = 0; phase < phases; phase++) {
                        int from = (padded ? 0 : start) + phase * pitch + column * g.dilationW();
                        int count = CpuGemm.ceilDiv(lines - phase, g.strideH());
                        copyLines(count, source, from, g.strideH() * pitch, target, to);
                        to += linesPerPhase * g.outWidth();
                    }
                }
            }
        }

        /** In the order of the target: what is written behind a line's end is overwritten. */
        private void copyLines(int count, float[] source, int from, int step, float[] target, int to) {
            int width = g.outWidth();
            if (g.strideW() == 1) {
                kernels.copyLines(count, width, source, from, step, target, to, width);
                return;
            }
            for (int line = 0; line < count; line++) {
                for (int i = 0; i < width; i++) {
                    target[to + line * width + i] = source[from + line * step + i * g.strideW()];
                }
            }
        }

        /** Copies a channel to where it lies within its padding, which is zero. */
        private void pad(int start, float[] plane) {
            int width = Math.min(g.inWidth(), columns - g.padLeft());
            int end = Math.min(g.inHeight(), lines - g.padTop());
            for (int line = 0; line < end && width > 0; line++) {
                int to = (g.padTop() + line) * columns + g.padLeft();
                System.arraycopy(x.array, start + line * g.inWidth(), plane, to, width);
            }
        }
    }

    private static int roundUp(int n, int step) {
        return CpuGemm.ceilDiv(n, step) * step;
    }

    /** One thread's working arrays, which grow to the largest asked for. */
    private static final class Scratch {

        private float[] sums = new float[0];
        private float[] plane = new float[0];
        private float[] copies = new float[0];
        private float[] rests = new float[0];
        private float[] dyRests = new float[0];

        void grow(Call call) {
            // Lines and rests are copied in whole vectors.
            int lanes = call.tiles.lanes();
            sums = grown(sums, call.panelRows * call.tiledTaps * lanes);
            plane = grown(plane, call.padded ? call.lines * call.columns + lanes : 0);
            copies = grown(copies, call.imagesPerGroup * call.imageLength + 2 * lanes);
            rests = grown(rests, call.taps * call.restLength + lanes);
            dyRests = grown(dyRests, call.panelRows * call.restLength + lanes);
        }

        private static float[] grown(float[] array, int length) {
            return array.length < length ? new float[length] : array;
        }
    }
}
