package dev.striate.backend.cpu.conv;

import static dev.striate.backend.cpu.Sizes.ceilDiv;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.CpuContext;
import dev.striate.backend.cpu.CpuThreads;
import dev.striate.backend.cpu.Scratch.Role;
import dev.striate.backend.cpu.simd.ConvKernels;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The product of weights and {@link Patches} that convolution forward and its input gradient are: {@code (rows, depth)}
 * by {@code (depth, positions)} for each image and group, where depth runs over the taps of a group's channels.
 *
 * <p>A task takes an image, or several. It loads a block of channels that fits the second cache, then goes through the
 * positions tile by tile; what a tile reads stays in the nearest cache while all rows of weights stream past it. Each
 * element is the sum of its chains in their order, each over one stretch of the depth, so the bits do not depend on the
 * number of threads, and long sums stay exact.
 *
 * <p>A tile consists of two halves, which need not be neighbours. The positions of an image are cut into such halves;
 * the last of them ends with the last position and overlaps the one before it if it must. Where their number is odd,
 * the last halves of two images make a tile. A half is written directly to the output unless that would overwrite or
 * add to an element twice, or the half does not fit. These halves go to a scratch buffer until their last chain is
 * done:
 * <ul>
 * <li>a last half that overlaps, if there are several chains,
 * <li>halves with more columns than there are positions,
 * <li>tiles with more rows than are left,
 * <li>all of them, if neighbouring positions are not neighbours in the output.
 * </ul>
 *
 * <p>Tap columns may also count as rows of weights instead of as depth, see {@link Shifts}.
 */
final class PatchProduct {

    /**
     * Taps that one chain of multiply-adds spans at most, and that a block of channels has unless one channel has more.
     */
    private static final int DEPTH = 384;
    /** Elements that a task has loaded at a time. Not the machine's choice: the order of sums depends on it. */
    private static final int MOST_LOADED = 1 << 17;

    /**
     * Where results go: row r of an image's position (y, x) to {@code array[base + image imageStride + r rowStride + y
     * lineStride + x pixelStride]}.
     */
    record Output(float[] array, int base, int imageStride, int rowStride, int lineStride, int pixelStride) {}

    /**
     * Combines {@code n = columns.length} rows of the product into one row of the output: {@code y[r][x] = bias[r] +
     * sum over i of p[r n + i][x + columns[i]]}, where elements outside the line count as 0.
     *
     * <p>A tap column of all channels thus needs no copies of its own: the shift comes after the product. And it needs
     * no products with padding on the left and right, so the lines of the grid are those of the image and not those of
     * the output.
     *
     * @param width of the output's lines, which follow each other
     */
    record Shifts(int[] columns, int width) {}

    /**
     * Copies the weights of rows {@code first} to {@code first + count}, tap p of row r to {@code at + p width + r -
     * first}.
     */
    interface Weights {
        void pack(int group, int first, int count, float[] target, int at, int width);
    }

    /**
     * @param rows     of weights in a group
     * @param channels of the patches in a group
     * @param pass     whose bias has one element per row of the output in all groups; its ReLU or gate is applied
     *     unless neighbouring positions are not neighbours in the output
     * @param shifts   what is done with rows, or null if they are those of the output
     */
    record Operands(
            Conv2dGeometry g,
            Patches patches,
            int rows,
            int channels,
            Weights weights,
            Pass pass,
            Output output,
            @Nullable Shifts shifts) {}

    private final CpuContext context;
    private final ConvKernels kernels;

    PatchProduct(CpuContext context) {
        this.context = context;
        this.kernels = context.simd().convolution();
    }

    /** How many positions the tiles for so many rows take from one place. */
    int neighbours(int rows) {
        int most = 1;
        for (int row = 0; row < rows; row += kernels.tileRows(rows - row)) {
            most = Math.max(most, kernels.halfColumns(kernels.tileRows(rows - row)));
        }
        return most;
    }

    void run(Operands operands) {
        Call call = new Call(operands);
        int rows = operands.rows;
        float[] packed = context.pool().takeScratch(operands.g.groups() * call.panelRows * call.depth);
        float[] summands = context.pool().takeScratch(operands.g.groups() * rows + call.panelRows);
        try {
            call.pack(packed, summands);
            CpuThreads threads = context.threads();
            long nanos = context.speeds()
                    .nanos((double) operands.g.batch()
                            * operands.g.groups()
                            * rows
                            * call.positions
                            * (call.depth + 8L));
            int items = ceilDiv(operands.g.batch(), call.imagesPerItem) * operands.g.groups();
            // With fewer items than pieces, rows are divided too, though each part then loads the images for itself.
            // Rows that make one of the output stay together.
            int mostParts = operands.shifts == null ? call.panels : 1;
            int parts = Math.min(mostParts, ceilDiv(Math.min(threads.count(), threads.pieces(nanos)), items));
            threads.forRange(items * parts, nanos, (from, to) -> {
                Task task = new Task(call, packed, summands, parts);
                for (int i = from; i < to; i++) {
                    task.run(i / parts, i % parts);
                }
            });
        } finally {
            context.pool().giveScratch(packed);
            context.pool().giveScratch(summands);
        }
    }

    /** What all tasks of a call share. */
    private final class Call {

        final Operands operands;
        final Patches patches;
        final int panels;
        final int panelRows;
        final int[] shiftMasks;
        final int positions;
        final int depth;
        final int channelsPerBlock;
        final int[] starts;
        /** What an image takes in the arrays of what is loaded and what is kept aside. */
        final int loadedLength;

        final int asideLength;
        final boolean neighboursStayTogether;
        final List<Band> bands = new ArrayList<>(3);
        final int imagesPerItem;

        Call(Operands operands) {
            this.operands = operands;
            this.patches = operands.patches;
            Shifts shifts = operands.shifts;
            Output output = operands.output;
            this.shiftMasks =
                    shifts == null ? new int[0] : kernels.shiftMasks(shifts.width, patches.gridWidth(), shifts.columns);
            this.positions = patches.positions();
            this.depth = operands.channels * patches.taps();
            int mostChannels =
                    Math.min(DEPTH / Math.max(1, patches.taps()), MOST_LOADED / Math.max(1, patches.channelLength()));
            int blocks = ceilDiv(operands.channels, Math.max(1, mostChannels));
            this.channelsPerBlock = ceilDiv(operands.channels, blocks);
            this.starts = patches.starts(channelsPerBlock);
            this.loadedLength = channelsPerBlock * patches.channelLength();
            this.neighboursStayTogether =
                    shifts != null || output.pixelStride == 1 && output.lineStride == patches.gridWidth();
            boolean oneChain = blocks == 1 && depth <= DEPTH;
            int aside = 0;
            boolean odd = false;
            int row = 0;
            int count = 0;
            while (row < operands.rows) {
                Band band = new Band(this, row, oneChain, aside);
                bands.add(band);
                aside += (band.halves - band.inPlace) * band.panels * band.height * band.half;
                odd |= band.inPlace % 2 == 1 || (band.halves - band.inPlace) % 2 == 1;
                row += band.panels * band.height;
                count += band.panels;
            }
            this.panelRows = row;
            this.panels = count;
            this.asideLength = aside;
            this.imagesPerItem = odd && 2 * loadedLength <= MOST_LOADED ? 2 : 1;
        }

        void pack(float[] packed, float[] summands) {
            int rows = operands.rows;
            for (int group = 0; group < operands.g.groups(); group++) {
                for (Band band : bands) {
                    for (int row = band.firstRow; row < Math.min(rows, band.endRow()); row += band.height) {
                        int at = (group * panelRows + row) * depth;
                        int count = Math.min(band.height, rows - row);
                        operands.weights.pack(group, row, count, packed, at, band.height);
                    }
                }
            }
            for (int i = 0; i < operands.g.groups() * rows; i++) {
                summands[i] = operands.shifts == null ? operands.pass.epilogue().bias(i) : 0f;
            }
        }
    }

    /** Rows of weights that are cut into tiles alike. */
    private final class Band {

        final int firstRow;
        final int height;
        final int panels;
        /** Columns of half a tile, and how many of these halves an image has. */
        final int half;

        final int halves;
        /** How many of them go straight to the output, and where an image's others are kept. */
        final int inPlace;

        final int aside;

        Band(Call call, int firstRow, boolean oneChain, int aside) {
            int rows = call.operands.rows;
            this.firstRow = firstRow;
            this.height = kernels.tileRows(rows - firstRow);
            int end = firstRow + height;
            while (end + height <= rows && kernels.tileRows(rows - end) == height) {
                end += height;
            }
            this.panels = (end - firstRow) / height;
            this.half = kernels.halfColumns(height);
            this.halves = ceilDiv(call.positions, half);
            if (end > rows || call.positions < half || !call.neighboursStayTogether) {
                this.inPlace = 0;
            } else {
                this.inPlace = oneChain ? halves : call.positions / half;
            }
            this.aside = aside;
        }

        int endRow() {
            return firstRow + panels * height;
        }
    }

    /** A thread's share of a call. */
    private final class Task {

        private final Call call;
        private final Operands operands;
        private final float[] packed;
        private final float[] summands;
        private final int parts;
        private final float[] loaded;
        private final float[] aside;
        /** Where rows go: the output, or those before they are shifted. */
        private final Output target;
        /**
         * The images, the group and the part of its panels in work: those whose number has that remainder modulo the
         * parts.
         */
        private int firstImage;

        private int images;
        private int group;
        private int part;
        /**
         * The chain in work: its taps among those loaded, the first one's number in the group, whether others came
         * before.
         */
        private int firstStart;

        private int length;
        private int firstTap;
        private boolean add;

        Task(Call call, float[] packed, float[] summands, int parts) {
            this.call = call;
            this.operands = call.operands;
            this.packed = packed;
            this.summands = summands;
            this.parts = parts;
            // A half of more columns than positions reads beyond the last.
            int most = call.imagesPerItem * call.loadedLength + kernels.blockColumns();
            this.loaded = context.scratch().floats(Role.IMAGES, most);
            this.aside = context.scratch().floats(Role.SUMS, call.imagesPerItem * call.asideLength);
            Shifts shifts = operands.shifts;
            this.target = shifts == null ? operands.output : beforeShifts(shifts);
        }

        private Output beforeShifts(Shifts shifts) {
            int margin = kernels.lanes() + shifts.width;
            for (int column : shifts.columns) {
                margin = Math.max(margin, kernels.lanes() + shifts.width + Math.abs(column));
            }
            int image = operands.rows * call.positions;
            float[] rows = context.scratch().floats(Role.OUTPUT, call.imagesPerItem * image + 2 * margin);
            return new Output(rows, margin, image, call.positions, call.patches.gridWidth(), 1);
        }

        void run(int item, int part) {
            this.firstImage = item / operands.g.groups() * call.imagesPerItem;
            this.images = Math.min(call.imagesPerItem, operands.g.batch() - firstImage);
            this.group = item % operands.g.groups();
            this.part = part;
            int taps = call.patches.taps();
            for (int channel = 0; channel < operands.channels; channel += call.channelsPerBlock) {
                int count = Math.min(call.channelsPerBlock, operands.channels - channel);
                for (int image = 0; image < images; image++) {
                    call.patches.load(
                            kernels,
                            firstImage + image,
                            group * operands.channels + channel,
                            count,
                            call.channelsPerBlock,
                            loaded,
                            image * call.loadedLength);
                }
                int chains = Math.max(1, ceilDiv(count * taps, DEPTH));
                int chainLength = ceilDiv(count * taps, chains);
                for (int chain = 0; chain < chains; chain++) {
                    firstStart = chain * chainLength;
                    length = Math.min(chainLength, count * taps - firstStart);
                    firstTap = channel * taps + firstStart;
                    add = channel + chain > 0;
                    for (Band band : call.bands) {
                        multiply(band, 0, band.inPlace);
                        multiply(band, band.inPlace, band.halves);
                    }
                }
            }
            for (Band band : call.bands) {
                for (int half = band.inPlace; half < band.halves; half++) {
                    putInPlace(band, half);
                }
            }
            if (operands.shifts != null) {
                for (int image = 0; image < images; image++) {
                    shift(image, operands.shifts);
                }
                finish(0, operands.rows / operands.shifts.columns.length);
            } else if (call.neighboursStayTogether) {
                for (Band band : call.bands) {
                    for (int panel = part; panel < band.panels; panel += parts) {
                        int row = band.firstRow + panel * band.height;
                        finish(row, Math.min(band.height, operands.rows - row));
                    }
                }
            }
        }

        /** The epilogue of some rows of the output. */
        private void finish(int row, int count) {
            Output output = operands.output;
            int rows = operands.shifts == null ? operands.rows : operands.rows / operands.shifts.columns.length;
            for (int image = 0; image < images; image++) {
                int from = output.base + (firstImage + image) * output.imageStride;
                from += (group * rows + row) * output.rowStride;
                Pass pass = operands.pass;
                pass.epilogue().finish(context.simd(), pass.output(), from, count * output.rowStride);
            }
        }

        /** Makes one image's output of the rows of the product. */
        private void shift(int image, Shifts shifts) {
            Output output = operands.output;
            int lineLength = call.patches.gridWidth();
            int lines = call.positions / lineLength;
            int count = shifts.columns.length;
            int rows = operands.rows / count;
            int from = target.base + image * target.imageStride;
            int to = output.base + (firstImage + image) * output.imageStride + group * rows * output.rowStride;
            int end = to + rows * output.rowStride;
            for (int row = 0; row < rows; row++) {
                float start = operands.pass.epilogue().bias(group * rows + row);
                kernels.addShifted(
                        lines,
                        shifts.width,
                        target.array,
                        from,
                        lineLength,
                        target.rowStride,
                        shifts.columns,
                        call.shiftMasks,
                        start,
                        output.array,
                        to,
                        end);
                from += count * target.rowStride;
                to += output.rowStride;
            }
        }

        /** Some halves of all images, which are all in place or all aside. */
        private void multiply(Band band, int from, int end) {
            int paired = end - (end - from) % 2;
            for (int image = 0; image < images; image++) {
                for (int half = from; half < paired; half += 2) {
                    multiply(band, image, half, image, half + 1);
                }
            }
            if (paired < end) {
                for (int image = 0; image < images; image += 2) {
                    multiply(band, image, paired, Math.min(image + 1, images - 1), paired);
                }
            }
        }

        /** All rows of a tile's two halves. */
        private void multiply(Band band, int image, int half, int secondImage, int secondHalf) {
            int x = image * call.loadedLength + call.patches.place(position(band, half));
            int secondX = secondImage * call.loadedLength + call.patches.place(position(band, secondHalf)) - x;
            boolean inPlace = half < band.inPlace;
            float[] c = inPlace ? target.array : aside;
            int at = inPlace ? place(band, image, half) : aside(band, image, half);
            int second = inPlace ? place(band, secondImage, secondHalf) : aside(band, secondImage, secondHalf);
            int stride = inPlace ? target.rowStride : band.half;
            int height = band.height;
            for (int panel = part; panel < band.panels; panel += parts) {
                int row = band.firstRow + panel * height;
                kernels.tile(
                        height,
                        length,
                        packed,
                        (group * call.panelRows + row) * call.depth + firstTap * height,
                        loaded,
                        x,
                        secondX,
                        call.starts,
                        firstStart,
                        c,
                        at + panel * height * stride,
                        stride,
                        second - at,
                        add,
                        summands,
                        group * operands.rows + row);
            }
        }

        /** The first position of a half. */
        private int position(Band band, int half) {
            return Math.max(0, Math.min(half * band.half, call.positions - band.half));
        }

        /** Where a half's first row goes. */
        private int place(Band band, int image, int half) {
            int number = operands.shifts == null ? firstImage + image : image;
            int row = operands.shifts == null ? group * operands.rows + band.firstRow : band.firstRow;
            return target.base + number * target.imageStride + row * target.rowStride + position(band, half);
        }

        /** Where it is kept meanwhile: half by half, row by row. */
        private int aside(Band band, int image, int half) {
            return image * call.asideLength
                    + band.aside
                    + (half - band.inPlace) * band.panels * band.height * band.half;
        }

        /** Copies what was kept of a half to where it belongs. */
        private void putInPlace(Band band, int half) {
            int columns = Math.min(band.half, call.positions);
            for (int image = 0; image < images; image++) {
                for (int panel = part; panel < band.panels; panel += parts) {
                    int row = panel * band.height;
                    int live = Math.min(band.height, operands.rows - band.firstRow - row);
                    int from = aside(band, image, half) + row * band.half;
                    int to = place(band, image, 0) + row * target.rowStride;
                    int first = position(band, half);
                    if (call.neighboursStayTogether && columns == band.half) {
                        kernels.copyLines(
                                live, columns, aside, from, columns, target.array, to + first, target.rowStride);
                    } else {
                        scatter(live, first, columns, from, band.half, to);
                    }
                }
            }
        }

        /** Copies some neighbouring positions of some rows. */
        private void scatter(int rows, int first, int columns, int from, int fromStride, int to) {
            int gridWidth = call.patches.gridWidth();
            int step = target.pixelStride;
            for (int done = 0; done < columns; ) {
                int y = (first + done) / gridWidth;
                int x = (first + done) % gridWidth;
                int run = Math.min(gridWidth - x, columns - done);
                for (int row = 0; row < rows; row++) {
                    int place = to + row * target.rowStride + y * target.lineStride + x * step;
                    int at = from + row * fromStride + done;
                    for (int i = 0; i < run; i++) {
                        target.array[place + i * step] = aside[at + i];
                    }
                }
                done += run;
            }
        }
    }
}
