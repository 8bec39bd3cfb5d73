package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.FlatKernels;

/**
 * {@link WeightGradient} with lanes along the taps and their channels: {@code dy} is packed and broadcast, position by
 * position.
 *
 * <p>Each image is copied with its channels last. Without dilation, what a row of the kernel reads there is one run,
 * all channels of it; tiles read such runs where they lie, position by position. Where the channels are so few that a
 * run would fill only a small part of a tile, the runs of a patch are first put together.
 *
 * <p>Sums are added in blocks of at most {@value #DEPTH} positions, so that long sums stay exact. A block holds
 * positions of one image, or all of several small ones, for a tile that is called for few positions spends its time
 * beginning and ending.
 */
final class ChannelWeightGradient {

    private static final int DEPTH = 256;
    /** Elements of an image that are copied at a time, a megabyte. */
    private static final int MOST_PIXELS = 1 << 18;

    private final ConvKernels kernels;
    private final FlatKernels flat;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    ChannelWeightGradient(CpuContext context) {
        this.kernels = context.simd().convolution();
        this.flat = context.simd().flat();
    }

    /** What is computed for these operands. */
    WeightGradient.Form form(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy) {
        return new Call(g, x, dy);
    }

    /** What all tasks of a call share. */
    private final class Call implements WeightGradient.Form {

        final Conv2dGeometry g;
        final CpuBuffer x;
        final CpuBuffer dy;
        final int channels;
        final int taps;
        final int positions;
        final int rows;
        final int panels;
        final int panelRows;
        /** Lines and columns of the copy with the channels last. */
        final int lines;

        final int columns;
        /** The same, with all channels of a pixel side by side, in bands of some lines. */
        final ConvKernels.Frame[] bands;

        final int linesPerBand;
        /**
         * Elements of a band's pixels without margins, and room on both sides so that whole vectors of them can be
         * read.
         */
        final int pixelsLength;
        /** Where, relative to its first pixel there, a patch's runs begin, and how long they are. */
        final int[] runStarts;

        final int runLength;
        /** Whether the runs of a patch are put together, and from one patch to the next if so. */
        final boolean packed;

        final int packedStep;
        /** Images of a block. */
        final int imagesPerBlock;
        /** Elements of an image's copy with the channels last. */
        final int imageLength;
        /** For each position of so many images, where its patch begins. */
        final int[] places;
        /** Runs that tiles see, how far apart their sums are and how long a row of sums is. */
        final int tiledRuns;

        final int tiledLength;
        final int runStep;
        final int rowLength;

        Call(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy) {
            this.g = g;
            this.x = x;
            this.dy = dy;
            this.channels = g.inChannelsPerGroup();
            this.taps = g.kernelHeight() * g.kernelWidth();
            this.positions = g.outHeight() * g.outWidth();
            this.rows = g.outChannelsPerGroup();
            int count = 0;
            int end = 0;
            for (int row = 0; row < rows; count++) {
                row += kernels.tileRows(rows - row);
                end = row;
            }
            this.panels = count;
            this.panelRows = end;
            this.lines = (g.outHeight() - 1) * g.strideH() + (g.kernelHeight() - 1) * g.dilationH() + 1;
            this.columns = (g.outWidth() - 1) * g.strideW() + (g.kernelWidth() - 1) * g.dilationW() + 1;
            this.linesPerBand = Math.max(1, Math.min(lines, MOST_PIXELS / (g.inWidth() * channels)));
            this.bands = new ConvKernels.Frame[CpuGemm.ceilDiv(lines, linesPerBand)];
            for (int band = 0; band < bands.length; band++) {
                int line = band * linesPerBand;
                bands[band] = ConvKernels.Frame.of(
                        line - g.padTop(),
                        -g.padLeft() * channels,
                        Math.min(linesPerBand, lines - line),
                        columns * channels,
                        g.inHeight(),
                        g.inWidth() * channels);
            }
            this.pixelsLength = (g.padLeft() + linesPerBand * g.inWidth() + columns) * channels + kernels.lanes();
            int runsPerLine = g.dilationW() == 1 ? 1 : g.kernelWidth();
            this.runLength = g.kernelWidth() / runsPerLine * channels;
            this.runStarts = new int[g.kernelHeight() * runsPerLine];
            for (int i = 0; i < runStarts.length; i++) {
                int line = i / runsPerLine * g.dilationH();
                runStarts[i] = (line * columns + i % runsPerLine * g.dilationW()) * channels;
            }
            this.imagesPerBlock = Math.max(1, Math.min(g.batch(), DEPTH / positions));
            this.imageLength = lines * columns * channels;
            this.places = new int[imagesPerBlock * positions];
            for (int i = 0; i < places.length; i++) {
                int line = i % positions / g.outWidth() * g.strideH();
                places[i] = i / positions * imageLength + (line * columns + i % g.outWidth() * g.strideW()) * channels;
            }
            int block = kernels.blockColumns();
            int half = block / 2;
            int direct = runStarts.length * CpuGemm.ceilDiv(runLength, half);
            this.packed = direct > CpuGemm.ceilDiv(runStarts.length * runLength, half) * 4 / 3;
            int lastRun = CpuGemm.ceilDiv(runLength, kernels.lanes()) * kernels.lanes();
            this.packedStep = (runStarts.length - 1) * runLength + lastRun;
            this.tiledRuns = packed ? 1 : runStarts.length;
            this.tiledLength = packed ? runStarts.length * runLength : runLength;
            this.runStep = CpuGemm.ceilDiv(tiledLength, block) * block;
            this.rowLength = tiledRuns * runStep;
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
            return panelRows * rowLength;
        }

        @Override
        public void sum(int group, int firstImage, int endImage, int part, int parts, WeightGradient.Partial to) {
            for (int image = firstImage; image < endImage; image += imagesPerBlock) {
                addImages(
                        this,
                        image,
                        Math.min(imagesPerBlock, endImage - image),
                        group,
                        part,
                        parts,
                        image > firstImage,
                        to);
            }
        }

        /** A row of sums has runs of taps with their channels. */
        @Override
        public void unpack(float[] sums, int at, float[] target, int to) {
            for (int run = 0; run < tiledRuns; run++) {
                for (int i = 0; i < tiledLength; i++) {
                    int number = run * tiledLength + i;
                    target[to + number % channels * taps + number / channels] = sums[at + run * runStep + i];
                }
            }
        }
    }

    /**
     * Adds what some images and a group contribute to those panels of rows whose number modulo {@code parts} is {@code
     * part}.
     */
    private void addImages(
            Call call,
            int firstImage,
            int images,
            int group,
            int part,
            int parts,
            boolean add,
            WeightGradient.Partial to) {
        Conv2dGeometry g = call.g;
        Scratch own = scratch.get();
        int block = kernels.blockColumns();
        own.images = grown(own.images, images * call.imageLength + block);
        own.pixels = grown(own.pixels, call.channels > 1 ? call.pixelsLength : 0);
        own.rows = grown(own.rows, call.panelRows * DEPTH);
        for (int i = 0; i < images; i++) {
            copyChannelsLast(call, firstImage + i, group, own, i * call.imageLength);
        }
        int positions = images * call.positions;
        int blocks = CpuGemm.ceilDiv(positions, DEPTH);
        int blockLength = CpuGemm.ceilDiv(positions, blocks);
        for (int from = 0; from < positions; from += blockLength) {
            int length = Math.min(blockLength, positions - from);
            // What an image has in the block: all of it, unless there is only one.
            int share = images == 1 ? length : call.positions;
            float[] patches = own.images;
            int[] places = call.places;
            int firstPlace = from;
            if (call.packed) {
                own.patches = grown(own.patches, DEPTH * call.packedStep + block);
                own.places = steps(own.places, call.packedStep);
                pack(call, own.images, from, length, own.patches);
                patches = own.patches;
                places = own.places;
                firstPlace = 0;
            }
            for (int row = 0, panel = 0; row < call.rows; panel++) {
                int height = kernels.tileRows(call.rows - row);
                if (panel % parts == part) {
                    int count = Math.min(height, call.rows - row);
                    int imageStep = g.outChannels() * call.positions;
                    int start =
                            call.dy.offset + firstImage * imageStep + (group * call.rows + row) * call.positions + from;
                    if (from == 0) {
                        to.addBias(flat, row, count, images, imageStep, call.dy.array, start, call.positions);
                    }
                    for (int i = 0; i < images; i++) {
                        kernels.packAcross(
                                count,
                                share,
                                call.dy.array,
                                start + i * imageStep,
                                call.positions,
                                own.rows,
                                row * DEPTH + i * share * height,
                                height);
                    }
                }
                row += height;
            }
            boolean addBlock = add || from > 0;
            for (int run = 0; run < call.tiledRuns; run++) {
                int read = call.packed ? 0 : call.runStarts[run];
                for (int column = 0; column < call.tiledLength; column += block) {
                    for (int row = 0, panel = 0; row < call.rows; panel++) {
                        int height = kernels.tileRows(call.rows - row);
                        int width = kernels.tileColumns(height);
                        int end = Math.min(call.tiledLength, column + block);
                        for (int i = column; panel % parts == part && i < end; i += width) {
                            int at = to.at() + row * call.rowLength + run * call.runStep + i;
                            kernels.tile(
                                    height,
                                    length,
                                    own.rows,
                                    row * DEPTH,
                                    patches,
                                    read + i,
                                    places,
                                    firstPlace,
                                    to.sums(),
                                    at,
                                    call.rowLength,
                                    addBlock,
                                    own.zeros,
                                    0);
                        }
                        row += height;
                    }
                }
            }
        }
    }

    /** Puts the patches of some positions together. */
    private void pack(Call call, float[] images, int from, int length, float[] target) {
        Conv2dGeometry g = call.g;
        for (int done = 0; done < length; ) {
            int stretch = Math.min(g.outWidth() - (from + done) % g.outWidth(), length - done);
            // From left to right: what is written behind a run is overwritten by the next.
            for (int run = 0; run < call.runStarts.length; run++) {
                kernels.copyLines(
                        stretch,
                        call.runLength,
                        images,
                        call.places[from + done] + call.runStarts[run],
                        g.strideW() * call.channels,
                        target,
                        done * call.packedStep + run * call.runLength,
                        call.packedStep);
            }
            done += stretch;
        }
    }

    /** First the pixels of some lines, one behind the other, then these between the margins. */
    private void copyChannelsLast(Call call, int image, int group, Scratch own, int start) {
        Conv2dGeometry g = call.g;
        int plane = g.inHeight() * g.inWidth();
        int channels = call.channels;
        int margin = g.padLeft() * channels;
        for (int band = 0; band < call.bands.length; band++) {
            ConvKernels.Frame frame = call.bands[band];
            int line = band * call.linesPerBand;
            float[] pixels = call.x.array;
            int from = call.x.offset
                    + (image * g.inChannels() + group * channels) * plane
                    + (line + frame.firstLine() - g.padTop()) * g.inWidth();
            if (channels > 1) {
                int length = (frame.endLine() - frame.firstLine()) * g.inWidth();
                kernels.packAcross(channels, length, pixels, from, plane, own.pixels, margin, channels);
                pixels = own.pixels;
                from = margin;
            }
            kernels.copyFrames(frame, 1, pixels, from - margin, 0, own.images, start + line * call.columns * channels);
        }
    }

    private static float[] grown(float[] array, int length) {
        return array.length < length ? new float[length] : array;
    }

    /** The multiples of {@code step}. */
    private static int[] steps(int[] array, int step) {
        if (array[1] != step) {
            for (int i = 0; i < array.length; i++) {
                array[i] = i * step;
            }
        }
        return array;
    }

    /** One thread's working arrays, which grow to the largest asked for. */
    private static final class Scratch {

        private final float[] zeros = new float[64];
        private float[] pixels = new float[0];
        private float[] images = new float[0];
        private float[] rows = new float[0];
        private float[] patches = new float[0];
        private int[] places = new int[DEPTH];
    }
}
