package dev.striate.backend.cpu;

import dev.striate.backend.cpu.simd.ConvKernels;
import java.util.Arrays;

/**
 * The matrix of an image's patches, as operand of {@link PatchProduct}: its rows are taps (channel, tap row, tap column), its
 * columns are positions (y, x). Tap (ty, tx) of position (y, x) is pixel {@code (y strideY + offsetsY[ty], x strideX +
 * offsetsX[tx])}, zero outside the image.
 *
 * <p>It is not stored whole. For each tap column there is a copy of each channel that has only the grid's columns, as that tap
 * reads them, and all lines, sorted by their remainders modulo the stride. In such a copy, lines follow each other as positions
 * do: whatever a tap reads for neighbouring positions lies in one run, even across the ends of lines, and tap rows differ only in
 * where it starts. Every pixel is thus copied once per tap column rather than once per tap.
 */
final class Patches {

    private final CpuBuffer images;
    private final int channels;
    private final int height;
    private final int width;
    private final int gridHeight;
    private final int gridWidth;
    private final int strideY;
    private final int strideX;
    private final int[] offsetsY;
    private final int[] offsetsX;
    private final int firstShift;
    private final int linesPerPhase;

    /**
     * @param images   {@code (batch, channels, height, width)}
     * @param channels in an image
     */
    Patches(
            CpuBuffer images, int channels, int height, int width, int gridHeight, int gridWidth, int strideY, int strideX,
            int[] offsetsY, int[] offsetsX) {
        this.images = images;
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.gridHeight = gridHeight;
        this.gridWidth = gridWidth;
        this.strideY = strideY;
        this.strideX = strideX;
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
        return offsetsX.length * columnLength();
    }

    private int columnLength() {
        return strideY * linesPerPhase * gridWidth;
    }

    /** Where each row of the matrix begins in what {@link #load} wrote for this many channels. */
    int[] starts(int count) {
        int[] starts = new int[count * taps()];
        for (int i = 0; i < starts.length; i++) {
            int channel = i / taps();
            int offsetY = offsetsY[i / offsetsX.length % offsetsY.length];
            int tx = i % offsetsX.length;
            int line = Math.floorMod(offsetY, strideY) * linesPerPhase + Math.floorDiv(offsetY, strideY) - firstShift;
            starts[i] = (channel * offsetsX.length + tx) * columnLength() + line * gridWidth;
        }
        return starts;
    }

    /**
     * Copies channels of an image for all tap columns.
     *
     * @param target is written from 0 on, and at most {@link ConvKernels#blockColumns} elements beyond the last channel
     */
    void load(ConvKernels kernels, int image, int firstChannel, int count, float[] target) {
        int to = 0;
        for (int channel = firstChannel; channel < firstChannel + count; channel++) {
            int plane = images.offset + (image * channels + channel) * height * width;
            for (int offsetX : offsetsX) {
                for (int phase = 0; phase < strideY; phase++) {
                    loadLines(kernels, plane, offsetX, phase, target, to);
                    to += linesPerPhase * gridWidth;
                }
            }
        }
    }

    /** The lines whose numbers have this remainder modulo the stride, as a tap column reads them. */
    private void loadLines(ConvKernels kernels, int plane, int offsetX, int phase, float[] target, int to) {
        int first = Math.min(linesPerPhase, Math.max(0, -firstShift));
        int end = Math.max(first, Math.min(linesPerPhase, Math.floorDiv(height - 1 - phase, strideY) + 1 - firstShift));
        int firstX = Math.min(gridWidth, Math.max(0, CpuGemm.ceilDiv(-offsetX, strideX)));
        int endX = Math.max(firstX, Math.min(gridWidth, CpuGemm.ceilDiv(width - offsetX, strideX)));
        int from = plane + ((firstShift + first) * strideY + phase) * width + offsetX;
        int at = to + first * gridWidth;
        Arrays.fill(target, to, at, 0f);
        if (strideX == 1) {
            // Beyond the image's sides this copies whatever stands there; it becomes zero below.
            kernels.copyLines(end - first, gridWidth, images.array, from, strideY * width, target, at, gridWidth);
        } else {
            for (int line = 0; line < end - first; line++) {
                for (int x = firstX; x < endX; x++) {
                    target[at + line * gridWidth + x] = images.array[from + line * strideY * width + x * strideX];
                }
            }
        }
        int atEnd = to + end * gridWidth;
        clearColumns(0, firstX, target, at, atEnd);
        clearColumns(endX, gridWidth, target, at, atEnd);
        Arrays.fill(target, atEnd, to + linesPerPhase * gridWidth, 0f);
    }

    private void clearColumns(int firstX, int endX, float[] target, int at, int end) {
        for (int x = firstX; x < endX; x++) {
            for (int i = at + x; i < end; i += gridWidth) {
                target[i] = 0f;
            }
        }
    }
}
