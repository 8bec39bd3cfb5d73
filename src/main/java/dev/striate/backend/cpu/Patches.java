package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.ConvKernels.Frame;

/**
 * The matrix of an image's patches, as operand of {@link PatchProduct}: its rows are taps (channel, tap row, tap
 * column), its columns are positions (y, x). Tap (ty, tx) of position (y, x) is pixel {@code (y strideY + offsetsY[ty],
 * x strideX + offsetsX[tx])}, zero outside the image.
 *
 * <p>It is not stored whole. For each tap column there is a copy of each channel that has only the grid's columns, as
 * that tap reads them, and all lines, sorted by their remainders modulo the stride. In such a copy, lines follow each
 * other as positions do: whatever a tap reads for neighbouring positions lies in one run, even across the ends of
 * lines, and tap rows differ only in where it starts. Every pixel is thus copied once per tap column rather than once
 * per tap.
 *
 * <p>Where the product never takes neighbours from two lines, because its tiles divide the grid's width, one copy with
 * all columns that any tap reads serves all tap columns.
 */
final class Patches {

    private final CpuBuffer images;
    private final int channels;
    private final int plane;
    private final int gridHeight;
    private final int gridWidth;
    private final int strideY;
    private final int[] offsetsY;
    private final int[] offsetsX;
    private final int firstShift;
    private final int linesPerPhase;
    /** Columns that the copies begin at. One copy for all tap columns is wider than the grid. */
    private final int[] copyOffsets;

    private final int copyWidth;
    /** For each copy and remainder of lines, what is copied and where in a channel it begins. */
    private final Frame[] frames;

    private final int[] frameStarts;

    /**
     * @param images     {@code (batch, channels, height, width)}
     * @param channels   in an image
     * @param neighbours how many positions are read at a time, from a multiple of this number on if it divides the
     *     grid's width
     */
    Patches(
            CpuBuffer images,
            int channels,
            int height,
            int width,
            int gridHeight,
            int gridWidth,
            int strideY,
            int strideX,
            int[] offsetsY,
            int[] offsetsX,
            int neighbours) {
        this.images = images;
        this.channels = channels;
        this.plane = height * width;
        this.gridHeight = gridHeight;
        this.gridWidth = gridWidth;
        this.strideY = strideY;
        this.offsetsY = offsetsY;
        this.offsetsX = offsetsX;
        int first = Integer.MAX_VALUE;
        int last = Integer.MIN_VALUE;
        for (int offset : offsetsY) {
            first = Math.min(first, Math.floorDiv(offset, strideY));
            last = Math.max(last, Math.floorDiv(offset, strideY));
        }
        this.firstShift = first;
        this.linesPerPhase = offsetsY.length == 0 ? 0 : gridHeight + last - first;
        if (strideX == 1 && gridWidth % neighbours == 0 && offsetsX.length > 1) {
            int left = Integer.MAX_VALUE;
            int right = Integer.MIN_VALUE;
            for (int offset : offsetsX) {
                left = Math.min(left, offset);
                right = Math.max(right, offset);
            }
            this.copyOffsets = new int[] {left};
            this.copyWidth = gridWidth + right - left;
        } else {
            this.copyOffsets = offsetsX;
            this.copyWidth = gridWidth;
        }
        this.frames = new Frame[copyOffsets.length * strideY];
        this.frameStarts = new int[frames.length];
        for (int i = 0; i < frames.length; i++) {
            frame(i, copyOffsets[i / strideY], i % strideY, height, width, strideX);
        }
    }

    /**
     * What the outputs of a convolution read.
     *
     * @param x the input images
     */
    static Patches read(Conv2dGeometry g, CpuBuffer x, int neighbours) {
        int[] offsetsY = new int[g.kernelHeight()];
        for (int ky = 0; ky < offsetsY.length; ky++) {
            offsetsY[ky] = ky * g.dilationH() - g.padTop();
        }
        int[] offsetsX = new int[g.kernelWidth()];
        for (int kx = 0; kx < offsetsX.length; kx++) {
            offsetsX[kx] = kx * g.dilationW() - g.padLeft();
        }
        return new Patches(
                x,
                g.inChannels(),
                g.inHeight(),
                g.inWidth(),
                g.outHeight(),
                g.outWidth(),
                g.strideH(),
                g.strideW(),
                offsetsY,
                offsetsX,
                neighbours);
    }

    /** What a copy has of the lines whose numbers have this remainder modulo the stride. */
    private void frame(int at, int offsetX, int phase, int height, int width, int strideX) {
        int firstX = Math.min(copyWidth, Math.max(0, CpuGemm.ceilDiv(-offsetX, strideX)));
        int endX = Math.max(firstX, Math.min(copyWidth, CpuGemm.ceilDiv(width - offsetX, strideX)));
        int first = firstX == endX ? linesPerPhase : Math.min(linesPerPhase, Math.max(0, -firstShift));
        int end = Math.max(first, Math.min(linesPerPhase, Math.floorDiv(height - 1 - phase, strideY) + 1 - firstShift));
        frameStarts[at] = ((firstShift + first) * strideY + phase) * width + offsetX;
        if (endX - firstX == width && copyWidth == width && strideY == 1) {
            // Whole lines follow each other in the image as they do here: they are one line.
            frames[at] = new Frame(1, linesPerPhase * width, 0, 1, first * width, end * width, 0, 1);
            frameStarts[at] -= first * width;
        } else {
            frames[at] = new Frame(linesPerPhase, copyWidth, first, end, firstX, endX, strideY * width, strideX);
        }
    }

    /** Columns of the matrix. */
    int positions() {
        return gridHeight * gridWidth;
    }

    int gridWidth() {
        return gridWidth;
    }

    /** Rows of the matrix that belong to one channel. */
    int taps() {
        return offsetsY.length * offsetsX.length;
    }

    /** Elements that {@link #load} writes per channel. */
    int channelLength() {
        return frames.length * linesPerPhase * copyWidth;
    }

    /** Where each row of the matrix begins in what {@link #load} writes for blocks of so many channels. */
    int[] starts(int blockChannels) {
        int[] starts = new int[blockChannels * taps()];
        for (int channel = 0, i = 0; channel < blockChannels; channel++) {
            for (int offsetY : offsetsY) {
                int phase = Math.floorMod(offsetY, strideY);
                int line = Math.floorDiv(offsetY, strideY) - firstShift;
                for (int tx = 0; tx < offsetsX.length; tx++) {
                    int copy = copyOffsets.length == 1 ? 0 : tx;
                    int frame = (copy * strideY + phase) * blockChannels + channel;
                    starts[i++] = (frame * linesPerPhase + line) * copyWidth + offsetsX[tx] - copyOffsets[copy];
                }
            }
        }
        return starts;
    }

    /** How far behind a row's beginning a position's element lies. */
    int place(int position) {
        return copyWidth == gridWidth ? position : position / gridWidth * copyWidth + position % gridWidth;
    }

    /**
     * Copies channels of an image for all tap columns.
     *
     * @param count         of the channels, at most {@code blockChannels}
     * @param blockChannels as given to {@link #starts}
     * @param target        is written from {@code at} on, and up to {@link ConvKernels#lanes} elements beyond the last
     *     channel
     */
    void load(ConvKernels kernels, int image, int firstChannel, int count, int blockChannels, float[] target, int at) {
        int start = images.offset + (image * channels + firstChannel) * plane;
        int to = at;
        for (int i = 0; i < frames.length; i++) {
            kernels.copyFrames(frames[i], count, images.array, start + frameStarts[i], plane, target, to);
            to += blockChannels * linesPerPhase * copyWidth;
        }
    }
}
