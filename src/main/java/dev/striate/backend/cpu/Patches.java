package dev.striate.backend.cpu;

import dev.striate.backend.cpu.simd.SimdKernels;
import java.util.Arrays;

/**
 * The matrix of a convolution's patches, never stored: its rows are taps (channel, tap row, tap column), its columns are
 * positions (image, y, x). Tap (ty, tx) of position (y, x) is pixel {@code (y strideY + offsetsY[ty], x strideX + offsetsX[tx])},
 * zero outside the image.
 *
 * <p>The images are copied once, with their padding and sorted by their remainders modulo the stride, unless they can serve as
 * they are. Then whatever one tap reads along a line of positions lies in one run, and packing is plain copying: no test for the
 * border, no stride. Moreover a line's run continues into the next line's. A panel may therefore go on past the end of a line,
 * over the few columns that padding adds there; what is computed for those is thrown away. Such a numbering of positions, with
 * {@link #lineWidth} of them to a line, is called wide.
 */
final class Patches implements AutoCloseable {

    private final CpuPool pool;
    private final boolean copied;
    private final float[] array;
    private final int offset;
    private final int imageStride;
    private final int channelStride;
    private final int depth;
    /** For each tap, channels included, where it reads for an image's first position; zeros fill the last panel up. */
    private final int[] starts;
    private final int largestStart;
    private final int channelsPerGroup;
    private final int lineWidth;
    private final int gridHeight;
    private final int gridWidth;

    /**
     * @param images   {@code (batch, channels, height, width)}
     * @param channels in an image
     * @param perGroup channels whose taps one product sums over
     */
    Patches(
            CpuContext context, CpuBuffer images, int batch, int channels, int perGroup, int height, int width, int gridHeight,
            int gridWidth, int strideY, int strideX, int[] offsetsY, int[] offsetsX) {
        this.pool = context.pool();
        this.gridHeight = gridHeight;
        this.gridWidth = gridWidth;
        this.channelsPerGroup = perGroup;
        int taps = offsetsY.length * offsetsX.length;
        Axis vertical = Axis.of(offsetsY, strideY, gridHeight);
        Axis horizontal = Axis.of(offsetsX, strideX, gridWidth);
        boolean asTheyAre = taps == 0 || (strideY == 1 && strideX == 1 && vertical.first == 0 && horizontal.first == 0
                && vertical.length <= height && horizontal.length == width);
        this.lineWidth = horizontal.length;
        int plane = vertical.length * lineWidth;
        this.channelStride = asTheyAre ? height * width : strideY * strideX * plane;
        this.imageStride = channels * channelStride;
        this.copied = !asTheyAre;
        this.depth = perGroup * taps;
        this.starts = new int[depth + context.simd().tileColumns()];
        int largest = 0;
        for (int i = 0; i < depth; i++) {
            int ty = i / offsetsX.length % offsetsY.length;
            int tx = i % offsetsX.length;
            int phase = vertical.phase(offsetsY[ty]) * strideX + horizontal.phase(offsetsX[tx]);
            starts[i] = i / taps * channelStride + phase * plane + vertical.shift(offsetsY[ty]) * lineWidth
                    + horizontal.shift(offsetsX[tx]);
            largest = Math.max(largest, starts[i]);
        }
        this.largestStart = largest;
        if (asTheyAre) {
            this.array = images.array;
            this.offset = images.offset;
            return;
        }
        this.array = pool.takeScratch(Math.multiplyExact(batch, imageStride));
        this.offset = 0;
        int planes = batch * channels;
        context.threads().forRange(planes, (long) planes * channelStride / 2, (from, to) -> {
            Arrays.fill(array, from * channelStride, to * channelStride, 0f);
            for (int i = from; i < to; i++) {
                int source = images.offset + i * height * width;
                for (int phaseY = 0; phaseY < strideY; phaseY++) {
                    for (int phaseX = 0; phaseX < strideX; phaseX++) {
                        int target = i * channelStride + (phaseY * strideX + phaseX) * plane;
                        copyPhase(images.array, source, height, width, vertical, phaseY, horizontal, phaseX, target);
                    }
                }
            }
        });
    }

    /** Copies the pixels of a plane whose coordinates have the given remainders. */
    private void copyPhase(
            float[] source, int start, int height, int width, Axis vertical, int phaseY, Axis horizontal, int phaseX,
            int target) {
        int firstX = horizontal.firstInside();
        int endX = horizontal.endInside(phaseX, width);
        int endY = vertical.endInside(phaseY, height);
        for (int y = vertical.firstInside(); y < endY; y++) {
            int line = start + vertical.pixel(y, phaseY) * width + horizontal.pixel(0, phaseX);
            int to = target + y * lineWidth;
            if (horizontal.stride == 1) {
                if (firstX < endX) {
                    System.arraycopy(source, line + firstX, array, to + firstX, endX - firstX);
                }
            } else {
                for (int x = firstX; x < endX; x++) {
                    array[to + x] = source[line + x * horizontal.stride];
                }
            }
        }
    }

    /**
     * How one axis is laid out: for each remainder modulo the stride a run of {@code length} cells; cell i of remainder r is
     * pixel {@code (first + i) stride + r}.
     */
    private record Axis(int stride, int first, int length) {

        static Axis of(int[] offsets, int stride, int grid) {
            int first = 0;
            int last = 0;
            for (int i = 0; i < offsets.length; i++) {
                int shift = Math.floorDiv(offsets[i], stride);
                first = i == 0 ? shift : Math.min(first, shift);
                last = i == 0 ? shift : Math.max(last, shift);
            }
            return new Axis(stride, first, grid + last - first);
        }

        int phase(int tapOffset) {
            return Math.floorMod(tapOffset, stride);
        }

        int shift(int tapOffset) {
            return Math.floorDiv(tapOffset, stride) - first;
        }

        int pixel(int cell, int phase) {
            return (first + cell) * stride + phase;
        }

        /** The first cell that is a pixel of the image. */
        int firstInside() {
            return Math.min(length, Math.max(0, -first));
        }

        /** The cell after the last that is a pixel of an image of this size. */
        int endInside(int phase, int size) {
            return Math.max(0, Math.min(length, Math.floorDiv(size - 1 - phase, stride) + 1 - first));
        }
    }

    @Override
    public void close() {
        if (copied) {
            pool.giveScratch(array);
        }
    }

    /** Positions to a line in wide numbering. */
    int lineWidth() {
        return lineWidth;
    }

    /** Positions in one image in wide numbering: what follows the last line is left out. */
    int widePositions() {
        return (gridHeight - 1) * lineWidth + gridWidth;
    }

    /** Taps, all channels of a group together. */
    int depth() {
        return depth;
    }

    int gridWidth() {
        return gridWidth;
    }

    /** Positions in one image. */
    int positions() {
        return gridHeight * gridWidth;
    }

    /** Where the channels of a group begin, for the methods below. */
    int group(int number) {
        return offset + number * channelsPerGroup * channelStride;
    }

    /**
     * Packs a panel whose width runs over positions of one image, in wide numbering, and whose depth runs over taps.
     *
     * @param first the first position within the image
     */
    void packWide(SimdKernels simd, int group, int image, int first, int count, int from, int length, float[] target, int at) {
        int base = group + image * imageStride + first;
        int width = simd.tileColumns();
        if (base + largestStart + width <= array.length) {
            // What is copied beyond the last position is thrown away with its column.
            simd.copyRuns(length, array, base, starts, from, target, at);
            return;
        }
        for (int p = 0; p < length; p++) {
            System.arraycopy(array, base + starts[from + p], target, at + p * width, count);
        }
    }

    /** Packs a panel whose width runs over positions of the batch and whose depth runs over taps. */
    void packPositions(int group, int first, int count, int from, int length, float[] target, int at, int width) {
        for (int done = 0; done < count; ) {
            int x = (first + done) % gridWidth;
            int run = Math.min(gridWidth - x, count - done);
            int line = group + placeOf(first + done);
            for (int p = 0; p < length; p++) {
                int source = line + starts[from + p];
                int to = at + p * width + done;
                for (int i = 0; i < run; i++) {
                    target[to + i] = array[source + i];
                }
            }
            done += run;
        }
    }

    /** Packs a panel whose width runs over taps from {@code first} on and whose depth runs over positions of the batch. */
    void packTaps(SimdKernels simd, int group, int first, int from, int length, float[] target, int at) {
        for (int done = 0; done < length; ) {
            int x = (from + done) % gridWidth;
            int run = Math.min(gridWidth - x, length - done);
            simd.gather(run, array, group + placeOf(from + done), starts, first, target, at + done * simd.tileColumns());
            done += run;
        }
    }

    private int placeOf(int position) {
        int inImage = position % (gridHeight * gridWidth);
        return position / (gridHeight * gridWidth) * imageStride + inImage / gridWidth * lineWidth + inImage % gridWidth;
    }
}
