package dev.striate.backend.cpu.simd;

import java.util.Arrays;

/**
 * Tiles of products without vectors, row by row: for each element the same chain of multiply-adds as in the tiles on
 * vectors. Where there are no vectors at all they must be fast as well. C2 then turns the loops over neighbouring
 * elements into vector instructions by itself; on Java 17 it does so only if the body is small and if all arrays are
 * indexed alike, up to constants: {@code y[o + i] = x[o + i]} is vectorized, with two different offsets it is not.
 */
abstract class ScalarProductTiles implements ProductKernels {

    /** Of a packed row. */
    static final int COLUMNS = Shapes.WIDEST;

    /** Each thread's packed operand, followed by accumulators. */
    private static final ThreadLocal<float[][]> SCRATCH = ThreadLocal.withInitial(() -> new float[2][0]);

    /** Scratch for an operand of {@code (depth, COLUMNS)} in [0], and in [1] for {@link #multiplyRow}. */
    static float[][] scratch(int depth) {
        float[][] own = SCRATCH.get();
        int length = (depth + 2) * COLUMNS;
        if (own[0].length < length) {
            own[0] = new float[length];
            own[1] = new float[length];
        }
        return own;
    }

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
        int columns = tileColumns();
        float[][] own = scratch(bOffset / COLUMNS + 1 + depth);
        float[] packed = b;
        int first = bOffset;
        if (columns != COLUMNS) {
            packed = own[0];
            first = 0;
            for (int p = 0; p < depth; p++) {
                System.arraycopy(b, bOffset + p * columns, packed, p * COLUMNS, columns);
            }
        }
        float[] sums = own[1];
        int end = first + depth * COLUMNS;
        for (int row = 0; row < rows; row++) {
            multiplyRow(depth, a, aOffset + (row & -4) * depth + (row & 3), 4, packed, first, 0f, sums);
            int from = dOffset + row * dStride;
            int to = cOffset + row * cStride;
            for (int j = 0; j < columns; j++) {
                c[to + j] = sums[end + j] + d[from + j];
            }
        }
    }

    /**
     * One row of a tile. Each turn of the inner loop adds four products, so that the accumulators are read and written
     * a fourth as often. They move along with {@code b}: after p products they lie in {@code sums} at {@code bOffset +
     * p COLUMNS}, so that the loop's arrays are indexed alike.
     *
     * @param aStep from a row's element of {@code a} to the next
     * @param b     {@code (depth, COLUMNS)} from {@code bOffset} on
     * @param start what the sums begin with
     */
    static void multiplyRow(
            int depth, float[] a, int aOffset, int aStep, float[] b, int bOffset, float start, float[] sums) {
        Arrays.fill(sums, bOffset, bOffset + COLUMNS, start);
        int end = bOffset + depth * COLUMNS;
        int ia = aOffset;
        int at = bOffset;
        for (; at + 4 * COLUMNS <= end; at += 4 * COLUMNS, ia += 4 * aStep) {
            addFour(a[ia], a[ia + aStep], a[ia + 2 * aStep], a[ia + 3 * aStep], b, sums, at);
        }
        for (; at < end; at += COLUMNS, ia += aStep) {
            addOne(a[ia], b, sums, at);
        }
    }

    private static void addFour(float a0, float a1, float a2, float a3, float[] b, float[] sums, int at) {
        for (int j = at; j < at + COLUMNS; j++) {
            float sum = Lanes.fma(a1, b[j + COLUMNS], Lanes.fma(a0, b[j], sums[j]));
            sums[j + 4 * COLUMNS] = Lanes.fma(a3, b[j + 3 * COLUMNS], Lanes.fma(a2, b[j + 2 * COLUMNS], sum));
        }
    }

    private static void addOne(float a0, float[] b, float[] sums, int at) {
        for (int j = at; j < at + COLUMNS; j++) {
            sums[j + COLUMNS] = Lanes.fma(a0, b[j], sums[j]);
        }
    }
}
