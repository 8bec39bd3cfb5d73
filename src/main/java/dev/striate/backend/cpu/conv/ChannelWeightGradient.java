package dev.striate.backend.cpu.conv;

import static dev.striate.backend.cpu.Sizes.ceilDiv;
import static dev.striate.backend.cpu.Sizes.roundUp;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.CpuBuffer;
import dev.striate.backend.cpu.CpuContext;
import dev.striate.backend.cpu.Scratch;
import dev.striate.backend.cpu.Scratch.Role;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.ConvKernels.Frame;

/**
 * {@link WeightGradient} with lanes along the taps and their channels: {@code dy} is packed and broadcast, position by
 * position. Fits everything.
 *
 * <p>Each image is copied with its channels last. Without dilation, what a row of the kernel reads there is one run,
 * all channels of it; tiles read such runs where they lie, position by position.
 *
 * <p>Sums are added in blocks of at most {@value #DEPTH} positions, so that long sums stay exact. A block holds
 * positions of one image, or all of several small ones, for a tile that is called for few positions spends its time
 * beginning and ending.
 */
final class ChannelWeightGradient extends WeightGradient {

    private static final int DEPTH = 256;
    private static final int FEW_CHANNELS = 2;
    /** By how much narrow patches are slower. */
    private static final double NARROW = 2;

    private static final float[] ZEROS = new float[64];

    private final ConvKernels kernels;

    ChannelWeightGradient(CpuContext context) {
        super(context);
        this.kernels = context.simd().convolution();
    }

    @Override
    public String name() {
        return "channels";
    }

    @Override
    public boolean fits(Conv2dGeometry g) {
        return true;
    }

    @Override
    public double nanos(Conv2dGeometry g) {
        double narrow = g.inChannelsPerGroup() <= FEW_CHANNELS ? NARROW : 1;
        return narrow * multiplyAdds(g) / context.speeds().product();
    }

    @Override
    Sums sums(Conv2dGeometry g, WeightPass operands) {
        return new Call(g, operands);
    }

    private final class Call implements Sums {

        private final Conv2dGeometry g;
        private final CpuBuffer x;
        private final CpuBuffer dy;
        private final int channels;
        private final int positions;
        private final int rows;
        private final int panels;
        private final int panelRows;
        /** An image's copy with the channels last, and its elements. */
        private final Frame frame;

        private final int imageLength;
        private final int imagesPerBlock;
        /** For each position of so many images, where its patch begins. */
        private final int[] places;
        /** Where, relative to its first pixel there, a patch's runs begin, and how long they are. */
        private final int[] runStarts;

        private final int runLength;
        /** How far apart the sums of two runs are, and how long a row of sums is. */
        private final int runStep;

        private final int rowLength;

        Call(Conv2dGeometry g, WeightPass operands) {
            this.g = g;
            this.x = operands.x();
            this.dy = operands.dy();
            this.channels = g.inChannelsPerGroup();
            this.positions = g.outHeight() * g.outWidth();
            this.rows = g.outChannelsPerGroup();
            int count = 0;
            int end = 0;
            for (; end < rows; count++) {
                end += kernels.tileRows(rows - end);
            }
            this.panels = count;
            this.panelRows = end;
            int lines = (int) g.rows();
            int columns = (int) g.columns();
            this.frame = Frame.of(-g.padTop(), -g.padLeft(), lines, columns, g.inHeight(), g.inWidth());
            this.imageLength = lines * columns * channels;
            this.imagesPerBlock = Math.max(1, Math.min(g.batch(), DEPTH / positions));
            this.places = new int[imagesPerBlock * positions];
            for (int i = 0; i < places.length; i++) {
                int line = i % positions / g.outWidth() * g.strideH();
                places[i] = i / positions * imageLength + (line * columns + i % g.outWidth() * g.strideW()) * channels;
            }
            int runsPerLine = g.dilationW() == 1 ? 1 : g.kernelWidth();
            this.runLength = g.kernelWidth() / runsPerLine * channels;
            this.runStarts = new int[g.kernelHeight() * runsPerLine];
            for (int i = 0; i < runStarts.length; i++) {
                int line = i / runsPerLine * g.dilationH();
                runStarts[i] = (line * columns + i % runsPerLine * g.dilationW()) * channels;
            }
            this.runStep = roundUp(runLength, kernels.blockColumns());
            this.rowLength = runStarts.length * runStep;
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
            return panelRows * rowLength;
        }

        /** A row of sums has runs of taps with their channels. */
        @Override
        public void unpack(float[] sums, int at, float[] target, int to) {
            int taps = g.kernelHeight() * g.kernelWidth();
            for (int run = 0; run < runStarts.length; run++) {
                for (int i = 0; i < runLength; i++) {
                    int number = run * runLength + i;
                    target[to + number % channels * taps + number / channels] = sums[at + run * runStep + i];
                }
            }
        }

        @Override
        public void sum(Share share, float[] sums, int at) {
            Task task = new Task(this, share, sums, at);
            for (int image = share.firstImage(); image < share.endImage(); image += imagesPerBlock) {
                task.addImages(image, Math.min(imagesPerBlock, share.endImage() - image));
            }
        }
    }

    /** A share of a call. */
    private final class Task {

        private final Call call;
        private final Share share;
        private final float[] sums;
        private final int at;
        private final int block = kernels.blockColumns();
        private final float[] copies;
        private final float[] packedRows;

        Task(Call call, Share share, float[] sums, int at) {
            this.call = call;
            this.share = share;
            this.sums = sums;
            this.at = at;
            Scratch scratch = context.scratch();
            this.copies = scratch.floats(Role.IMAGES, call.imagesPerBlock * call.imageLength + block);
            this.packedRows = scratch.floats(Role.WEIGHTS, call.panelRows * DEPTH);
        }

        void addImages(int firstImage, int images) {
            Conv2dGeometry g = call.g;
            Frame frame = call.frame;
            int plane = g.inHeight() * g.inWidth();
            for (int i = 0; i < images; i++) {
                int channel = (firstImage + i) * g.inChannels() + share.group() * call.channels;
                int from = call.x.offset + channel * plane;
                from += (frame.firstLine() - g.padTop()) * g.inWidth() - g.padLeft();
                ChannelsLast.copy(
                        kernels,
                        frame,
                        call.channels,
                        call.channels,
                        call.x.array,
                        from,
                        plane,
                        copies,
                        i * call.imageLength);
            }
            int positions = images * call.positions;
            int blockLength = ceilDiv(positions, ceilDiv(positions, DEPTH));
            for (int from = 0; from < positions; from += blockLength) {
                int length = Math.min(blockLength, positions - from);
                packRows(firstImage, images, from, length);
                multiply(from, length, firstImage > share.firstImage() || from > 0);
            }
        }

        /** Packs dy for some positions, which are of one image or all of several. */
        private void packRows(int firstImage, int images, int from, int length) {
            Conv2dGeometry g = call.g;
            int imageStep = g.outChannels() * call.positions;
            int perImage = images == 1 ? length : call.positions;
            for (int row = 0, panel = 0, height; row < call.rows; row += height, panel++) {
                height = kernels.tileRows(call.rows - row);
                if (panel % share.parts() == share.part()) {
                    int start = call.dy.offset + firstImage * imageStep + from;
                    start += (share.group() * call.rows + row) * call.positions;
                    for (int i = 0; i < images; i++) {
                        kernels.packAcross(
                                Math.min(height, call.rows - row),
                                perImage,
                                call.dy.array,
                                start + i * imageStep,
                                call.positions,
                                packedRows,
                                row * DEPTH + i * perImage * height,
                                height);
                    }
                }
            }
        }

        private void multiply(int from, int length, boolean add) {
            for (int run = 0; run < call.runStarts.length; run++) {
                for (int column = 0; column < call.runLength; column += block) {
                    int end = Math.min(call.runLength, column + block);
                    for (int row = 0, panel = 0, height; row < call.rows; row += height, panel++) {
                        height = kernels.tileRows(call.rows - row);
                        int width = kernels.tileColumns(height);
                        for (int i = column; panel % share.parts() == share.part() && i < end; i += width) {
                            kernels.tile(
                                    height,
                                    length,
                                    packedRows,
                                    row * DEPTH,
                                    copies,
                                    call.runStarts[run] + i,
                                    call.places,
                                    from,
                                    sums,
                                    at + row * call.rowLength + run * call.runStep + i,
                                    call.rowLength,
                                    add,
                                    ZEROS,
                                    0);
                        }
                    }
                }
            }
        }
    }
}
