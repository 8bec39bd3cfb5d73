package dev.striate.backend.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * On the Vector API, by the rules of {@link PanamaKernels}. One plain loop per tile: C2 then checks all bounds ahead of
 * it, and does not run out of registers. It boxes sums that live through two nested loops.
 */
final class PanamaDotTiles implements DotTiles {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    /** Vectors of 512 bit come with 32 registers, all others with 16. */
    private static final boolean WIDE = LANES >= 16;

    @Override
    public int lanes() {
        return LANES;
    }

    @Override
    public int tileRows(int rows) {
        return WIDE && rows % 4 == 0 ? 4 : 3;
    }

    @Override
    public int tileTaps(int tileRows) {
        return !WIDE ? 3 : tileRows == 4 ? 4 : 5;
    }

    @Override
    public void tile(
            int tileRows,
            int positions,
            float[] dy,
            int dyOffset,
            int rows,
            int rowStep,
            float[] x,
            int xOffset,
            int[] starts,
            int firstStart,
            float[] sums,
            int at) {
        if (!WIDE) {
            tile3x3(positions, dy, dyOffset, rows, rowStep, x, xOffset, starts, firstStart, sums, at);
        } else if (tileRows == 4) {
            tile4x4(positions, dy, dyOffset, rows, rowStep, x, xOffset, starts, firstStart, sums, at);
        } else {
            tile3x5(positions, dy, dyOffset, rows, rowStep, x, xOffset, starts, firstStart, sums, at);
        }
    }

    /** For 32 registers: 16 sums, so that loads, most of them across two cache lines, just keep up. */
    private static void tile4x4(
            int positions,
            float[] dy,
            int dyOffset,
            int rows,
            int rowStep,
            float[] x,
            int xOffset,
            int[] starts,
            int firstStart,
            float[] sums,
            int at) {
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = c00;
        FloatVector c02 = c00;
        FloatVector c03 = c00;
        FloatVector c10 = c00;
        FloatVector c11 = c00;
        FloatVector c12 = c00;
        FloatVector c13 = c00;
        FloatVector c20 = c00;
        FloatVector c21 = c00;
        FloatVector c22 = c00;
        FloatVector c23 = c00;
        FloatVector c30 = c00;
        FloatVector c31 = c00;
        FloatVector c32 = c00;
        FloatVector c33 = c00;
        int d0 = dyOffset;
        int d1 = d0 + Math.min(1, rows - 1) * rowStep;
        int d2 = d0 + Math.min(2, rows - 1) * rowStep;
        int d3 = d0 + Math.min(3, rows - 1) * rowStep;
        int x0 = xOffset + starts[firstStart];
        int x1 = xOffset + starts[firstStart + 1];
        int x2 = xOffset + starts[firstStart + 2];
        int x3 = xOffset + starts[firstStart + 3];
        for (int i = 0; i < positions; i += LANES) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, x0 + i);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, x1 + i);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, x2 + i);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, x3 + i);
            FloatVector w = FloatVector.fromArray(SPECIES, dy, d0 + i);
            c00 = w.fma(v0, c00);
            c01 = w.fma(v1, c01);
            c02 = w.fma(v2, c02);
            c03 = w.fma(v3, c03);
            w = FloatVector.fromArray(SPECIES, dy, d1 + i);
            c10 = w.fma(v0, c10);
            c11 = w.fma(v1, c11);
            c12 = w.fma(v2, c12);
            c13 = w.fma(v3, c13);
            w = FloatVector.fromArray(SPECIES, dy, d2 + i);
            c20 = w.fma(v0, c20);
            c21 = w.fma(v1, c21);
            c22 = w.fma(v2, c22);
            c23 = w.fma(v3, c23);
            w = FloatVector.fromArray(SPECIES, dy, d3 + i);
            c30 = w.fma(v0, c30);
            c31 = w.fma(v1, c31);
            c32 = w.fma(v2, c32);
            c33 = w.fma(v3, c33);
        }
        c00.add(FloatVector.fromArray(SPECIES, sums, at)).intoArray(sums, at);
        c01.add(FloatVector.fromArray(SPECIES, sums, at + LANES)).intoArray(sums, at + LANES);
        c02.add(FloatVector.fromArray(SPECIES, sums, at + 2 * LANES)).intoArray(sums, at + 2 * LANES);
        c03.add(FloatVector.fromArray(SPECIES, sums, at + 3 * LANES)).intoArray(sums, at + 3 * LANES);
        c10.add(FloatVector.fromArray(SPECIES, sums, at + 4 * LANES)).intoArray(sums, at + 4 * LANES);
        c11.add(FloatVector.fromArray(SPECIES, sums, at + 5 * LANES)).intoArray(sums, at + 5 * LANES);
        c12.add(FloatVector.fromArray(SPECIES, sums, at + 6 * LANES)).intoArray(sums, at + 6 * LANES);
        c13.add(FloatVector.fromArray(SPECIES, sums, at + 7 * LANES)).intoArray(sums, at + 7 * LANES);
        c20.add(FloatVector.fromArray(SPECIES, sums, at + 8 * LANES)).intoArray(sums, at + 8 * LANES);
        c21.add(FloatVector.fromArray(SPECIES, sums, at + 9 * LANES)).intoArray(sums, at + 9 * LANES);
        c22.add(FloatVector.fromArray(SPECIES, sums, at + 10 * LANES)).intoArray(sums, at + 10 * LANES);
        c23.add(FloatVector.fromArray(SPECIES, sums, at + 11 * LANES)).intoArray(sums, at + 11 * LANES);
        c30.add(FloatVector.fromArray(SPECIES, sums, at + 12 * LANES)).intoArray(sums, at + 12 * LANES);
        c31.add(FloatVector.fromArray(SPECIES, sums, at + 13 * LANES)).intoArray(sums, at + 13 * LANES);
        c32.add(FloatVector.fromArray(SPECIES, sums, at + 14 * LANES)).intoArray(sums, at + 14 * LANES);
        c33.add(FloatVector.fromArray(SPECIES, sums, at + 15 * LANES)).intoArray(sums, at + 15 * LANES);
    }

    /** For 32 registers and numbers of rows that 4 does not divide, 6 above all. */
    private static void tile3x5(
            int positions,
            float[] dy,
            int dyOffset,
            int rows,
            int rowStep,
            float[] x,
            int xOffset,
            int[] starts,
            int firstStart,
            float[] sums,
            int at) {
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = c00;
        FloatVector c02 = c00;
        FloatVector c03 = c00;
        FloatVector c04 = c00;
        FloatVector c10 = c00;
        FloatVector c11 = c00;
        FloatVector c12 = c00;
        FloatVector c13 = c00;
        FloatVector c14 = c00;
        FloatVector c20 = c00;
        FloatVector c21 = c00;
        FloatVector c22 = c00;
        FloatVector c23 = c00;
        FloatVector c24 = c00;
        int d0 = dyOffset;
        int d1 = d0 + Math.min(1, rows - 1) * rowStep;
        int d2 = d0 + Math.min(2, rows - 1) * rowStep;
        int x0 = xOffset + starts[firstStart];
        int x1 = xOffset + starts[firstStart + 1];
        int x2 = xOffset + starts[firstStart + 2];
        int x3 = xOffset + starts[firstStart + 3];
        int x4 = xOffset + starts[firstStart + 4];
        for (int i = 0; i < positions; i += LANES) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, x0 + i);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, x1 + i);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, x2 + i);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, x3 + i);
            FloatVector v4 = FloatVector.fromArray(SPECIES, x, x4 + i);
            FloatVector w = FloatVector.fromArray(SPECIES, dy, d0 + i);
            c00 = w.fma(v0, c00);
            c01 = w.fma(v1, c01);
            c02 = w.fma(v2, c02);
            c03 = w.fma(v3, c03);
            c04 = w.fma(v4, c04);
            w = FloatVector.fromArray(SPECIES, dy, d1 + i);
            c10 = w.fma(v0, c10);
            c11 = w.fma(v1, c11);
            c12 = w.fma(v2, c12);
            c13 = w.fma(v3, c13);
            c14 = w.fma(v4, c14);
            w = FloatVector.fromArray(SPECIES, dy, d2 + i);
            c20 = w.fma(v0, c20);
            c21 = w.fma(v1, c21);
            c22 = w.fma(v2, c22);
            c23 = w.fma(v3, c23);
            c24 = w.fma(v4, c24);
        }
        c00.add(FloatVector.fromArray(SPECIES, sums, at)).intoArray(sums, at);
        c01.add(FloatVector.fromArray(SPECIES, sums, at + LANES)).intoArray(sums, at + LANES);
        c02.add(FloatVector.fromArray(SPECIES, sums, at + 2 * LANES)).intoArray(sums, at + 2 * LANES);
        c03.add(FloatVector.fromArray(SPECIES, sums, at + 3 * LANES)).intoArray(sums, at + 3 * LANES);
        c04.add(FloatVector.fromArray(SPECIES, sums, at + 4 * LANES)).intoArray(sums, at + 4 * LANES);
        c10.add(FloatVector.fromArray(SPECIES, sums, at + 5 * LANES)).intoArray(sums, at + 5 * LANES);
        c11.add(FloatVector.fromArray(SPECIES, sums, at + 6 * LANES)).intoArray(sums, at + 6 * LANES);
        c12.add(FloatVector.fromArray(SPECIES, sums, at + 7 * LANES)).intoArray(sums, at + 7 * LANES);
        c13.add(FloatVector.fromArray(SPECIES, sums, at + 8 * LANES)).intoArray(sums, at + 8 * LANES);
        c14.add(FloatVector.fromArray(SPECIES, sums, at + 9 * LANES)).intoArray(sums, at + 9 * LANES);
        c20.add(FloatVector.fromArray(SPECIES, sums, at + 10 * LANES)).intoArray(sums, at + 10 * LANES);
        c21.add(FloatVector.fromArray(SPECIES, sums, at + 11 * LANES)).intoArray(sums, at + 11 * LANES);
        c22.add(FloatVector.fromArray(SPECIES, sums, at + 12 * LANES)).intoArray(sums, at + 12 * LANES);
        c23.add(FloatVector.fromArray(SPECIES, sums, at + 13 * LANES)).intoArray(sums, at + 13 * LANES);
        c24.add(FloatVector.fromArray(SPECIES, sums, at + 14 * LANES)).intoArray(sums, at + 14 * LANES);
    }

    /** For 16 registers: 9 sums, just enough to hide the latency of a fused multiply-add. */
    private static void tile3x3(
            int positions,
            float[] dy,
            int dyOffset,
            int rows,
            int rowStep,
            float[] x,
            int xOffset,
            int[] starts,
            int firstStart,
            float[] sums,
            int at) {
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = c00;
        FloatVector c02 = c00;
        FloatVector c10 = c00;
        FloatVector c11 = c00;
        FloatVector c12 = c00;
        FloatVector c20 = c00;
        FloatVector c21 = c00;
        FloatVector c22 = c00;
        int d0 = dyOffset;
        int d1 = d0 + Math.min(1, rows - 1) * rowStep;
        int d2 = d0 + Math.min(2, rows - 1) * rowStep;
        int x0 = xOffset + starts[firstStart];
        int x1 = xOffset + starts[firstStart + 1];
        int x2 = xOffset + starts[firstStart + 2];
        for (int i = 0; i < positions; i += LANES) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, x0 + i);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, x1 + i);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, x2 + i);
            FloatVector w = FloatVector.fromArray(SPECIES, dy, d0 + i);
            c00 = w.fma(v0, c00);
            c01 = w.fma(v1, c01);
            c02 = w.fma(v2, c02);
            w = FloatVector.fromArray(SPECIES, dy, d1 + i);
            c10 = w.fma(v0, c10);
            c11 = w.fma(v1, c11);
            c12 = w.fma(v2, c12);
            w = FloatVector.fromArray(SPECIES, dy, d2 + i);
            c20 = w.fma(v0, c20);
            c21 = w.fma(v1, c21);
            c22 = w.fma(v2, c22);
        }
        c00.add(FloatVector.fromArray(SPECIES, sums, at)).intoArray(sums, at);
        c01.add(FloatVector.fromArray(SPECIES, sums, at + LANES)).intoArray(sums, at + LANES);
        c02.add(FloatVector.fromArray(SPECIES, sums, at + 2 * LANES)).intoArray(sums, at + 2 * LANES);
        c10.add(FloatVector.fromArray(SPECIES, sums, at + 3 * LANES)).intoArray(sums, at + 3 * LANES);
        c11.add(FloatVector.fromArray(SPECIES, sums, at + 4 * LANES)).intoArray(sums, at + 4 * LANES);
        c12.add(FloatVector.fromArray(SPECIES, sums, at + 5 * LANES)).intoArray(sums, at + 5 * LANES);
        c20.add(FloatVector.fromArray(SPECIES, sums, at + 6 * LANES)).intoArray(sums, at + 6 * LANES);
        c21.add(FloatVector.fromArray(SPECIES, sums, at + 7 * LANES)).intoArray(sums, at + 7 * LANES);
        c22.add(FloatVector.fromArray(SPECIES, sums, at + 8 * LANES)).intoArray(sums, at + 8 * LANES);
    }
}
