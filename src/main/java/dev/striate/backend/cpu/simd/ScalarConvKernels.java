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

    /**
     * Two rows by four columns at a time, so that eight chains hide the latency of a fused multiply-add. Every vector
     * has four lanes or a multiple.
     */
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
        int columns = secondX == 0 && secondC == 0 ? half : 2 * half;
        for (int row = 0; row < tileRows; row += 2) {
            // The last of an odd number of rows stands in for the one that is not there.
            int next = Math.min(1, tileRows - 1 - row);
            for (int j = 0; j < columns; j += 4) {
                float c00 = add ? 0f : bias[biasOffset + row];
                float c01 = c00;
                float c02 = c00;
                float c03 = c00;
                float c10 = add ? 0f : bias[biasOffset + row + next];
                float c11 = c10;
                float c12 = c10;
                float c13 = c10;
                int first = xOffset + (j < half ? j : secondX + j - half);
                for (int p = 0, ia = aOffset + row; p < depth; p++, ia += tileRows) {
                    int ix = first + starts[firstStart + p];
                    float x0 = x[ix];
                    float x1 = x[ix + 1];
                    float x2 = x[ix + 2];
                    float x3 = x[ix + 3];
                    float factor = a[ia];
                    c00 = Math.fma(factor, x0, c00);
                    c01 = Math.fma(factor, x1, c01);
                    c02 = Math.fma(factor, x2, c02);
                    c03 = Math.fma(factor, x3, c03);
                    factor = a[ia + next];
                    c10 = Math.fma(factor, x0, c10);
                    c11 = Math.fma(factor, x1, c11);
                    c12 = Math.fma(factor, x2, c12);
                    c13 = Math.fma(factor, x3, c13);
                }
                int to = cOffset + row * cStride + (j < half ? j : secondC + j - half);
                c[to] = add ? c00 + c[to] : c00;
                c[to + 1] = add ? c01 + c[to + 1] : c01;
                c[to + 2] = add ? c02 + c[to + 2] : c02;
                c[to + 3] = add ? c03 + c[to + 3] : c03;
                if (next == 1) {
                    to += cStride;
                    c[to] = add ? c10 + c[to] : c10;
                    c[to + 1] = add ? c11 + c[to + 1] : c11;
                    c[to + 2] = add ? c12 + c[to + 2] : c12;
                    c[to + 3] = add ? c13 + c[to + 3] : c13;
                }
            }
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
