package dev.striate.backend.cpu.conv;

import static dev.striate.backend.cpu.Sizes.ceilDiv;

import dev.striate.backend.cpu.CpuBuffer;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.ConvKernels.Frame;

/**
 * The matrix of an image's patches, as operand of {@link PatchProduct}: its rows are taps (channel, tap row, tap
 * column), its columns are positions (y, x). What a tap reads for a position
 * follows from an {@link Axis} for each, zero outside the image.
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
    private final Axis y;
    private final Axis x;
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
     * @param neighbours the number of neighbouring positions that the product reads at once; if it divides the grid's
     *     width, such a group never crosses the end of a line
     */
    Patches(CpuBuffer images, int channels, Axis y, Axis x, int neighbours) {
        this.images = images;
        this.channels = channels;
        this.y = y;
        this.x = x;
        this.firstShift = y.taps() == 0 ? 0 : Math.floorDiv(y.least(), y.stride());
        this.linesPerPhase = y.taps() == 0 ? 0 : y.grid() + Math.floorDiv(y.greatest(), y.stride()) - firstShift;
        boolean oneCopy = x.stride() == 1 && x.grid() % neighbours == 0 && x.taps() > 1;
        this.copyOffsets = oneCopy ? new int[] {x.least()} : x.offsets();
        this.copyWidth = oneCopy ? x.grid() + x.greatest() - x.least() : x.grid();
        this.frames = new Frame[copyOffsets.length * y.stride()];
        this.frameStarts = new int[frames.length];
        for (int i = 0; i < frames.length; i++) {
            frame(i, copyOffsets[i / y.stride()], i % y.stride());
        }
    }

    /** What a copy has of the lines whose numbers have this remainder modulo the stride. */
    private void frame(int at, int offsetX, int phase) {
        int width = x.size();
        int stride = y.stride();
        int firstX = Math.min(copyWidth, Math.max(0, ceilDiv(-offsetX, x.stride())));
        int endX = Math.max(firstX, Math.min(copyWidth, ceilDiv(width - offsetX, x.stride())));
        int first = firstX == endX ? linesPerPhase : Math.min(linesPerPhase, Math.max(0, -firstShift));
        int inside = Math.floorDiv(y.size() - 1 - phase, stride) + 1 - firstShift;
        int end = Math.max(first, Math.min(linesPerPhase, inside));
        frameStarts[at] = ((firstShift + first) * stride + phase) * width + offsetX;
        if (endX - firstX == width && copyWidth == width && stride == 1) {
            // Whole lines follow each other in the image as they do here: they are one line.
            frames[at] = new Frame(1, linesPerPhase * width, 0, 1, first * width, end * width, 0, 1);
            frameStarts[at] -= first * width;
        } else {
            frames[at] = new Frame(linesPerPhase, copyWidth, first, end, firstX, endX, stride * width, x.stride());
        }
    }

    /** Columns of the matrix. */
    int positions() {
        return y.grid() * x.grid();
    }

    int gridWidth() {
        return x.grid();
    }

    /** Rows of the matrix that belong to one channel. */
    int taps() {
        return y.taps() * x.taps();
    }

    /** Elements that {@link #load} writes per channel. */
    int channelLength() {
        return frames.length * linesPerPhase * copyWidth;
    }

    /** Where each row of the matrix begins in what {@link #load} writes for blocks of so many channels. */
    int[] starts(int blockChannels) {
        int[] starts = new int[blockChannels * taps()];
        for (int channel = 0, i = 0; channel < blockChannels; channel++) {
            for (int offsetY : y.offsets()) {
                int phase = Math.floorMod(offsetY, y.stride());
                int line = Math.floorDiv(offsetY, y.stride()) - firstShift;
                for (int tx = 0; tx < x.taps(); tx++) {
                    int copy = copyOffsets.length == 1 ? 0 : tx;
                    int frame = (copy * y.stride() + phase) * blockChannels + channel;
                    starts[i++] = (frame * linesPerPhase + line) * copyWidth + x.offsets()[tx] - copyOffsets[copy];
                }
            }
        }
        return starts;
    }

    /** How far behind a row's beginning a position's element lies. */
    int place(int position) {
        return copyWidth == x.grid() ? position : position / x.grid() * copyWidth + position % x.grid();
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
        int plane = y.size() * x.size();
        int start = images.offset + (image * channels + firstChannel) * plane;
        int to = at;
        for (int i = 0; i < frames.length; i++) {
            kernels.copyFrames(frames[i], count, images.array, start + frameStarts[i], plane, target, to);
            to += blockChannels * linesPerPhase * copyWidth;
        }
    }
}
