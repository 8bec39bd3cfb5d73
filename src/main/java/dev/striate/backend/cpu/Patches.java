package dev.striate.backend.cpu;

import java.util.Arrays;

/**
 * The matrix of a convolution's patches, never stored: its rows are taps (channel, tap row, tap column), its columns are positions
 * (image, y, x), and its elements are read from the images as they are packed. The tap at (ty, tx) of the position at (y, x) is
 * pixel {@code (y strideY + offsetsY[ty], x strideX + offsetsX[tx])}, zero outside the image.
 *
 * @param source        the images
 * @param imageStride   from an image to the next
 * @param height        lines of an image
 * @param width         pixels of a line
 * @param gridHeight    positions in y
 * @param gridWidth     positions in x
 */
record Patches(
        CpuBuffer source, int imageStride, int height, int width, int gridHeight, int gridWidth, int strideY, int strideX,
        int[] offsetsY, int[] offsetsX) {

    /** Taps in one channel. */
    int tapsPerChannel() {
        return offsetsY.length * offsetsX.length;
    }

    /** Positions in one image. */
    int positionsPerImage() {
        return gridHeight * gridWidth;
    }

    /**
     * Packs a panel whose width runs over positions and whose depth runs over taps.
     *
     * @param channel the place of the first channel's plane in an image
     */
    void packPositions(int channel, int first, int count, int from, int length, float[] target, int at, int width) {
        if (length == 0) {
            return;
        }
        int grid = positionsPerImage();
        for (int done = 0; done < count; ) {
            int position = first + done;
            int y = position % grid / gridWidth;
            int x = position % gridWidth;
            int run = Math.min(gridWidth - x, count - done);
            int image = source.offset + position / grid * imageStride + channel;
            packLine(image, y * strideY, x * strideX, run, from, length, target, at + done, width);
            done += run;
        }
        CpuGemm.clearRest(count, length, target, at, width);
    }

    /** Packs positions that lie on one line of the grid. */
    private void packLine(int image, int y, int x, int run, int from, int length, float[] target, int at, int width) {
        int tapsX = offsetsX.length;
        int tx = from % tapsX;
        int ty = from / tapsX % offsetsY.length;
        int plane = image + from / tapsPerChannel() * height * this.width;
        for (int p = 0; p < length; p++) {
            int line = y + offsetsY[ty];
            int to = at + p * width;
            if (line < 0 || line >= height) {
                Arrays.fill(target, to, to + run, 0f);
            } else {
                copyLine(plane + line * this.width, x + offsetsX[tx], run, target, to);
            }
            if (++tx == tapsX) {
                tx = 0;
                if (++ty == offsetsY.length) {
                    ty = 0;
                    plane += height * this.width;
                }
            }
        }
    }

    /** Copies every {@code strideX}-th pixel from {@code x} on, zeros for those outside the line. */
    private void copyLine(int line, int x, int run, float[] target, int to) {
        int begin = Math.min(run, firstInside(x));
        int end = Math.max(begin, firstOutside(x, run));
        float[] array = source.array;
        for (int i = 0; i < begin; i++) {
            target[to + i] = 0f;
        }
        if (strideX == 1) {
            for (int i = begin; i < end; i++) {
                target[to + i] = array[line + x + i];
            }
        } else {
            for (int i = begin; i < end; i++) {
                target[to + i] = array[line + x + i * strideX];
            }
        }
        for (int i = end; i < run; i++) {
            target[to + i] = 0f;
        }
    }

    private int firstInside(int x) {
        return x >= 0 ? 0 : (-x + strideX - 1) / strideX;
    }

    private int firstOutside(int x, int run) {
        return x >= width ? 0 : Math.min(run, (width - x + strideX - 1) / strideX);
    }

    /** Packs a panel whose width runs over taps and whose depth runs over positions. */
    void packTaps(int channel, int first, int count, int from, int length, float[] target, int at, int width) {
        int grid = positionsPerImage();
        for (int done = 0; done < length; ) {
            int position = from + done;
            int y = position % grid / gridWidth;
            int x = position % gridWidth;
            int run = Math.min(gridWidth - x, length - done);
            int image = source.offset + position / grid * imageStride + channel;
            for (int j = 0; j < count; j++) {
                int tap = first + j;
                int line = y * strideY + offsetsY[tap / offsetsX.length % offsetsY.length];
                int pixel = x * strideX + offsetsX[tap % offsetsX.length];
                int to = at + done * width + j;
                if (line < 0 || line >= height) {
                    clearColumn(0, run, target, to, width);
                    continue;
                }
                int begin = Math.min(run, firstInside(pixel));
                int end = Math.max(begin, firstOutside(pixel, run));
                int source = image + (tap / tapsPerChannel() * height + line) * this.width + pixel;
                clearColumn(0, begin, target, to, width);
                for (int i = begin; i < end; i++) {
                    target[to + i * width] = this.source.array[source + i * strideX];
                }
                clearColumn(end, run, target, to, width);
            }
            done += run;
        }
        CpuGemm.clearRest(count, length, target, at, width);
    }

    private static void clearColumn(int begin, int end, float[] target, int to, int width) {
        for (int i = begin; i < end; i++) {
            target[to + i * width] = 0f;
        }
    }
}
