package dev.striate.backend.cpu.simd;

import static dev.striate.backend.cpu.simd.Lanes.LANES;
import static dev.striate.backend.cpu.simd.Lanes.fma;

import java.util.Arrays;

/** The tiles of Winograd's products without vectors. */
abstract class ScalarWinogradTiles extends WinogradLoops {

    @Override
    public void tile(
            int depth, long[] u, int uOffset, float[] v, int vOffset, int vStep, float[] m, int mOffset, int mStep) {
        int rows = tileRows();
        int columns = tileColumns();
        for (int row = 0; row < rows; row++) {
            int to = mOffset + row * mStep;
            Arrays.fill(m, to, to + columns, 0f);
            for (int p = 0; p < depth; p++) {
                long pair = u[uOffset + p * rows + row];
                float first = Float.intBitsToFloat((int) pair);
                float second = Float.intBitsToFloat((int) (pair >>> 32));
                int from = vOffset + p * vStep;
                for (int j = 0; j < columns; j += 2) {
                    m[to + j] = fma(first, v[from + j], m[to + j]);
                    m[to + j + 1] = fma(second, v[from + j + 1], m[to + j + 1]);
                }
            }
        }
    }

    @Override
    public void gradientTile(
            int depth,
            float[] z,
            int zOffset,
            int[] starts,
            float[] v,
            int vOffset,
            int vStep,
            float[] c,
            int cOffset,
            int cStep,
            boolean add) {
        int columns = tileColumns();
        float[] sums = new float[columns];
        for (int row = 0; row < gradientRows(); row++) {
            Arrays.fill(sums, 0f);
            for (int p = 0; p < depth; p++) {
                float factor = z[zOffset + starts[p] + row * LANES];
                int from = vOffset + p * vStep;
                for (int j = 0; j < columns; j++) {
                    sums[j] = fma(factor, v[from + j], sums[j]);
                }
            }
            int to = cOffset + row * cStep;
            for (int j = 0; j < columns; j++) {
                c[to + j] = add ? c[to + j] + sums[j] : sums[j];
            }
        }
    }

    /** A row and a pair at a time: six chains. */
    @Override
    public void lineTile(
            int depth,
            long[] u,
            int uOffset,
            float[] v,
            int vOffset,
            int secondV,
            int planeStep,
            int[] starts,
            int rows,
            float[] bias,
            int biasOffset,
            float[] y,
            int yOffset,
            int secondY,
            int yStep) {
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < lanes(); i += 2) {
                int to = yOffset + row * yStep + i;
                int iu = uOffset + row;
                linePair(depth, u, iu, v, vOffset + i, planeStep, starts, bias[biasOffset + row], y, to);
                linePair(
                        depth,
                        u,
                        iu,
                        v,
                        vOffset + secondV + i,
                        planeStep,
                        starts,
                        bias[biasOffset + row],
                        y,
                        to + secondY);
            }
        }
    }

    private static void linePair(
            int depth,
            long[] u,
            int uOffset,
            float[] v,
            int vOffset,
            int planeStep,
            int[] starts,
            float bias,
            float[] y,
            int to) {
        float m0 = bias;
        float m1 = 0;
        float m2 = 0;
        float m3 = 0;
        float m4 = 0;
        float m5 = bias;
        for (int p = 0, iu = uOffset; p < depth; p++, iu += LINE_PLANES * LINE_ROWS) {
            int at = vOffset + starts[p];
            m0 = fma(Float.intBitsToFloat((int) u[iu]), v[at], m0);
            m5 = fma(Float.intBitsToFloat((int) (u[iu] >>> 32)), v[at + 1], m5);
            at += planeStep;
            m2 = fma(Float.intBitsToFloat((int) u[iu + LINE_ROWS]), v[at], m2);
            m1 = fma(Float.intBitsToFloat((int) (u[iu + LINE_ROWS] >>> 32)), v[at + 1], m1);
            at += planeStep;
            m3 = fma(Float.intBitsToFloat((int) u[iu + 2 * LINE_ROWS]), v[at], m3);
            m4 = fma(Float.intBitsToFloat((int) (u[iu + 2 * LINE_ROWS] >>> 32)), v[at + 1], m4);
        }
        y[to] = m0 + (m1 + m2) + m3 + m4;
        y[to + 1] = fma(0.5f, m3, fma(-2f, m4, m5 + (m1 - m2)));
    }
}
