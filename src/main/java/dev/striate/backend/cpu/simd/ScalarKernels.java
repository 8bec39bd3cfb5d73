package dev.striate.backend.cpu.simd;

import org.jspecify.annotations.Nullable;

/**
 * The loops of {@link PanamaKernels} without vectors: the same tiles, and for each element the same operations in the
 * same order, so the same bits. They run while C2 has not compiled those yet.
 */
final class ScalarKernels implements SimdKernels {

    private final int tileRows;
    private final int columns;
    private final ConvKernels convolution;
    private final FlatKernels flat;
    private final @Nullable DotTiles dots;
    private final @Nullable WinogradKernels winograd;
    private final FunctionKernels functions = new ScalarFunctionKernels();

    /** @param vectorized which tiles to compute */
    ScalarKernels(SimdKernels vectorized) {
        tileRows = vectorized.tileRows();
        columns = vectorized.tileColumns();
        convolution = new ScalarConvKernels(vectorized.convolution());
        dots = vectorized.dotTiles() == null ? null : new ScalarDotTiles(vectorized.dotTiles());
        winograd = vectorized.winograd() == null ? null : new ScalarWinogradKernels(vectorized.winograd());
        flat = new ScalarFlatKernels(vectorized.convolution().lanes());
    }

    @Override
    public String description() {
        return "scalar";
    }

    @Override
    public ConvKernels convolution() {
        return convolution;
    }

    @Override
    public FlatKernels flat() {
        return flat;
    }

    @Override
    public @Nullable DotTiles dotTiles() {
        return dots;
    }

    @Override
    public @Nullable WinogradKernels winograd() {
        return winograd;
    }

    @Override
    public FunctionKernels functions() {
        return functions;
    }

    @Override
    public int tileRows() {
        return tileRows;
    }

    @Override
    public int tileColumns() {
        return columns;
    }

    /** Two rows by four columns at a time: a tile has rows by fours, and columns by the vector. */
    @Override
    public void tile(
            int rows,
            int depth,
            float[] a,
            int aOffset,
            float[] b,
            int bOffset,
            float[] d,
            int dOffset,
            int dStride,
            float[] c,
            int cOffset,
            int cStride) {
        for (int row = 0; row < rows; row += 2) {
            int from = dOffset + row * dStride;
            int to = cOffset + row * cStride;
            int first = aOffset + (row & -4) * depth + (row & 3);
            for (int j = 0; j < columns; j += 4) {
                float c00 = 0;
                float c01 = 0;
                float c02 = 0;
                float c03 = 0;
                float c10 = 0;
                float c11 = 0;
                float c12 = 0;
                float c13 = 0;
                for (int p = 0, ia = first, ib = bOffset + j; p < depth; p++, ia += 4, ib += columns) {
                    float a0 = a[ia];
                    float a1 = a[ia + 1];
                    c00 = Math.fma(a0, b[ib], c00);
                    c01 = Math.fma(a0, b[ib + 1], c01);
                    c02 = Math.fma(a0, b[ib + 2], c02);
                    c03 = Math.fma(a0, b[ib + 3], c03);
                    c10 = Math.fma(a1, b[ib], c10);
                    c11 = Math.fma(a1, b[ib + 1], c11);
                    c12 = Math.fma(a1, b[ib + 2], c12);
                    c13 = Math.fma(a1, b[ib + 3], c13);
                }
                c[to + j] = c00 + d[from + j];
                c[to + j + 1] = c01 + d[from + j + 1];
                c[to + j + 2] = c02 + d[from + j + 2];
                c[to + j + 3] = c03 + d[from + j + 3];
                c[to + cStride + j] = c10 + d[from + dStride + j];
                c[to + cStride + j + 1] = c11 + d[from + dStride + j + 1];
                c[to + cStride + j + 2] = c12 + d[from + dStride + j + 2];
                c[to + cStride + j + 3] = c13 + d[from + dStride + j + 3];
            }
        }
    }

    @Override
    public void dots(
            int lines,
            int n,
            float[] a,
            int aOffset,
            float[] b,
            int bOffset,
            int step,
            float[] y,
            int yOffset,
            float[] room) {
        for (int line = 0; line < lines; line++) {
            y[yOffset + line] = dot(n, a, aOffset, b, bOffset + line * step);
        }
    }

    private float dot(int n, float[] a, int aOffset, float[] b, int bOffset) {
        int lanes = convolution.lanes();
        int summed = n / lanes * lanes;
        float sum = 0;
        for (int lane = 0; lane < lanes; lane++) {
            float s0 = 0;
            float s1 = 0;
            int i = lane;
            for (; i < summed - lanes; i += 2 * lanes) {
                s0 = Math.fma(a[aOffset + i], b[bOffset + i], s0);
                s1 = Math.fma(a[aOffset + i + lanes], b[bOffset + i + lanes], s1);
            }
            if (i < summed) {
                s0 = Math.fma(a[aOffset + i], b[bOffset + i], s0);
            }
            sum += s0 + s1;
        }
        for (int i = summed; i < n; i++) {
            sum = Math.fma(a[aOffset + i], b[bOffset + i], sum);
        }
        return sum;
    }

    @Override
    public void add(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = a[aOffset + i] + b[bOffset + i];
        }
    }

    @Override
    public void multiply(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = a[aOffset + i] * b[bOffset + i];
        }
    }

    @Override
    public void addScaled(int n, float scale, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = Math.fma(x[xOffset + i], scale, y[yOffset + i]);
        }
    }

    @Override
    public void scaleAndShift(
            int n, float[] x, int xOffset, float center, float scale, float shift, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = Math.fma(x[xOffset + i] - center, scale, shift);
        }
    }

    @Override
    public void relu(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = Math.max(x[xOffset + i], 0f);
        }
    }

    @Override
    public void reluGradient(int n, float[] y, int yOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        for (int i = 0; i < n; i++) {
            dx[dxOffset + i] = (y[yOffset + i] > 0f ? 1f : 0f) * dy[dyOffset + i];
        }
    }
}
