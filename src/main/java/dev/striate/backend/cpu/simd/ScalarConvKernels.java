package dev.striate.backend.cpu.simd;

/** The loops of {@link PanamaConvKernels} without vectors, see {@link ScalarKernels}. */
final class ScalarConvKernels implements ConvKernels {

    private final ConvKernels vectorized;

    /** @param vectorized which tiles to compute */
    ScalarConvKernels(ConvKernels vectorized) {
        this.vectorized = vectorized;
    }

    @Override
    public int lanes() {
        return vectorized.lanes();
    }

    @Override
    public int blockColumns() {
        return vectorized.blockColumns();
    }

    @Override
    public int tileRows(int rows) {
        return vectorized.tileRows(rows);
    }

    @Override
    public int tileColumns(int tileRows) {
        return vectorized.tileColumns(tileRows);
    }

    @Override
    public int halfColumns(int tileRows) {
        return vectorized.halfColumns(tileRows);
    }

    /** Four columns at a time: every vector has so many lanes or a multiple. */
    @Override
    public void tile(
            int tileRows, int depth, float[] a, int aOffset, float[] x, int xOffset, int secondX, int[] starts, int firstStart,
            float[] c, int cOffset, int cStride, int secondC, boolean add, float[] bias, int biasOffset) {
        int half = halfColumns(tileRows);
        int columns = secondX == 0 && secondC == 0 ? half : 2 * half;
        for (int row = 0; row < tileRows; row++) {
            for (int j = 0; j < columns; j += 4) {
                float c0 = 0;
                float c1 = 0;
                float c2 = 0;
                float c3 = 0;
                int first = xOffset + (j < half ? j : secondX + j - half);
                for (int p = 0, ia = aOffset + row; p < depth; p++, ia += tileRows) {
                    int ix = first + starts[firstStart + p];
                    float factor = a[ia];
                    c0 = Math.fma(factor, x[ix], c0);
                    c1 = Math.fma(factor, x[ix + 1], c1);
                    c2 = Math.fma(factor, x[ix + 2], c2);
                    c3 = Math.fma(factor, x[ix + 3], c3);
                }
                int to = cOffset + row * cStride + (j < half ? j : secondC + j - half);
                c[to] = c0 + (add ? c[to] : bias[biasOffset + row]);
                c[to + 1] = c1 + (add ? c[to + 1] : bias[biasOffset + row]);
                c[to + 2] = c2 + (add ? c[to + 2] : bias[biasOffset + row]);
                c[to + 3] = c3 + (add ? c[to + 3] : bias[biasOffset + row]);
            }
        }
    }

    @Override
    public void copyLines(int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
        for (int line = 0; line < lines; line++) {
            ConvKernels.copyInside(length, source, from + line * step, target, at + line * targetStep);
        }
    }

    @Override
    public void copyFrames(Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
        ConvKernels.copyFrameLines(frame, channels, source, from, channelStep, target, at);
    }

    @Override
    public void addShifted(
            int lines, int length, float[] x, int xOffset, int xLength, int xStep, int[] shifts, int[] masks, float start,
            float[] y, int yOffset, int yEnd) {
        for (int line = 0; line < lines; line++) {
            ConvKernels.addShiftedLine(
                    0, length, x, xOffset + line * xLength, xLength, xStep, shifts, start, y, yOffset + line * length);
        }
    }
}
