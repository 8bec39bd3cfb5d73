package dev.striate.backend.cpu.simd;

import java.util.Arrays;

/** The plain-Java twin: loops over neighbouring elements that C2 turns into vector instructions by itself. */
final class PlainKernels implements SimdKernels {

    private static final int ROWS = 4;
    /** Long enough for C2's unrolled loop to pay, short enough for four rows of {@code b} to stay in the nearest cache. */
    private static final int COLUMNS = 128;

    @Override
    public String description() {
        return "plain Java";
    }

    @Override
    public int tileRows() {
        return ROWS;
    }

    @Override
    public int tileColumns() {
        return COLUMNS;
    }

    /** Row by row; each turn of the inner loop takes eight products, so that {@code c} is read and written an eighth as often. */
    @Override
    public void tile(int depth, float[] a, int aOffset, float[] b, int bOffset, float[] c, int cOffset, int cStride, boolean add) {
        for (int row = 0; row < ROWS; row++) {
            int to = cOffset + row * cStride;
            if (!add) {
                Arrays.fill(c, to, to + COLUMNS, 0f);
            }
            int p = 0;
            for (; p + 8 <= depth; p += 8) {
                int ia = aOffset + p * ROWS + row;
                rankEight(
                        a[ia], a[ia + ROWS], a[ia + 2 * ROWS], a[ia + 3 * ROWS], a[ia + 4 * ROWS], a[ia + 5 * ROWS],
                        a[ia + 6 * ROWS], a[ia + 7 * ROWS], b, bOffset + p * COLUMNS, c, to);
            }
            for (; p < depth; p++) {
                rankOne(a[aOffset + p * ROWS + row], b, bOffset + p * COLUMNS, c, to);
            }
        }
    }

    private static void rankEight(
            float a0, float a1, float a2, float a3, float a4, float a5, float a6, float a7, float[] b, int from, float[] c, int to) {
        for (int j = 0; j < COLUMNS; j++) {
            c[to + j] += ((a0 * b[from + j] + a1 * b[from + COLUMNS + j])
                            + (a2 * b[from + 2 * COLUMNS + j] + a3 * b[from + 3 * COLUMNS + j]))
                    + ((a4 * b[from + 4 * COLUMNS + j] + a5 * b[from + 5 * COLUMNS + j])
                            + (a6 * b[from + 6 * COLUMNS + j] + a7 * b[from + 7 * COLUMNS + j]));
        }
    }

    private static void rankOne(float a0, float[] b, int from, float[] c, int to) {
        for (int j = 0; j < COLUMNS; j++) {
            c[to + j] += a0 * b[from + j];
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
