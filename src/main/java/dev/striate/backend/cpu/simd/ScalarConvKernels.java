package dev.striate.backend.cpu.simd;

import static dev.striate.backend.cpu.simd.ScalarProductTiles.COLUMNS;

/**
 * The inner loops of convolution without vectors. The second operand of a tile is packed after all, once for all rows,
 * see {@link ScalarProductTiles}.
 */
final class ScalarConvKernels implements ConvKernels {

    @Override
    public void tile(
            int tileRows,
            int depth,
            float[] a,
            int aOffset,
            float[] x,
            int xOffset,
            int secondX,
            int[] starts,
            int firstStart,
            float[] c,
            int cOffset,
            int cStride,
            int secondC,
            boolean add,
            float[] bias,
            int biasOffset) {
        int half = halfColumns(tileRows);
        boolean hasSecond = secondX != 0 || secondC != 0;
        float[][] own = ScalarProductTiles.scratch(depth);
        for (int p = 0; p < depth; p++) {
            int from = xOffset + starts[firstStart + p];
            System.arraycopy(x, from, own[0], p * COLUMNS, half);
            if (hasSecond) {
                System.arraycopy(x, from + secondX, own[0], p * COLUMNS + half, half);
            }
        }
        int end = depth * COLUMNS;
        for (int row = 0; row < tileRows; row++) {
            float start = add ? 0f : bias[biasOffset + row];
            ScalarProductTiles.multiplyRow(depth, a, aOffset + row, tileRows, own[0], 0, start, own[1]);
            int to = cOffset + row * cStride;
            put(half, own[1], end, c, to, add);
            if (hasSecond) {
                put(half, own[1], end + half, c, to + secondC, add);
            }
        }
    }

    private static void put(int n, float[] sums, int from, float[] c, int to, boolean add) {
        if (add) {
            for (int j = 0; j < n; j++) {
                c[to + j] += sums[from + j];
            }
        } else {
            System.arraycopy(sums, from, c, to, n);
        }
    }

    @Override
    public void copyLines(
            int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
        for (int line = 0; line < lines; line++) {
            ConvKernels.copyInside(length, source, from + line * step, target, at + line * targetStep);
        }
    }

    @Override
    public void packAcross(
            int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
        ConvKernels.packLinesAcross(lines, length, source, from, step, target, at, targetStep);
    }

    @Override
    public void copyFrames(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
        ConvKernels.copyFrameLines(frame, channels, source, from, channelStep, target, at);
    }

    @Override
    public void addShifted(
            int lines,
            int length,
            float[] x,
            int xOffset,
            int xLength,
            int xStep,
            int[] shifts,
            int[] masks,
            float start,
            float[] y,
            int yOffset,
            int yEnd) {
        for (int line = 0; line < lines; line++) {
            ConvKernels.addShiftedLine(
                    0, length, x, xOffset + line * xLength, xLength, xStep, shifts, start, y, yOffset + line * length);
        }
    }
}
