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
}
