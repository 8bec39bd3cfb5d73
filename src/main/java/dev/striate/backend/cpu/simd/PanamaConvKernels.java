package dev.striate.backend.cpu.simd;

import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * On the Vector API, under the same rules as {@link PanamaKernels}: every vector stays in a local variable of one
 * method. That is why there is a method per tile shape.
 */
final class PanamaConvKernels implements ConvKernels {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> BITS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    /** Whether there are 32 registers and not 16, see {@link PanamaKernels}' tiles. */
    static final boolean TALL = LANES != 8;
    /** As many lanes set, not set and set as a vector has: a window of it is a mask that begins or ends anywhere. */
    static final int[] EDGES =
            IntStream.range(0, 3 * LANES).map(i -> i / LANES == 1 ? 0 : -1).toArray();

    // What turns vectors of 16 against each other, see pack4 and pack8.
    private static final VectorShuffle<Float> HALVES = VectorShuffle.fromOp(SPECIES, i -> i ^ LANES / 2);
    private static final VectorShuffle<Float> QUARTERS = VectorShuffle.fromOp(SPECIES, i -> i ^ LANES / 4);
    private static final VectorMask<Float> SECOND_HALF = VectorMask.fromLong(SPECIES, 0xFF00);
    private static final VectorMask<Float> ODD_QUARTERS = VectorMask.fromLong(SPECIES, 0xF0F0);
    private static final VectorMask<Float> ODD_LANES = VectorMask.fromLong(SPECIES, 0xAAAA);
    private static final VectorShuffle<Float> FOURS =
            VectorShuffle.fromOp(SPECIES, i -> ((i & 3) << 2 | i >> 2) % LANES);
    private static final VectorShuffle<Float> FIRST_PAIR = VectorShuffle.fromOp(SPECIES, i -> pairLane(i) % LANES);
    private static final VectorShuffle<Float> SECOND_PAIR =
            VectorShuffle.fromOp(SPECIES, i -> (pairLane(i) + 2) % LANES);

    /** Where, by lines and then places, that stands which goes to a lane by places and then lines. */
    private static int pairLane(int lane) {
        return (lane & 6) << 1 | lane >> 3;
    }

    @Override
    public int lanes() {
        return LANES;
    }

    @Override
    public int blockColumns() {
        return 4 * LANES;
    }

    @Override
    public int tileRows(int rows) {
        if (TALL) {
            return rows >= 7 ? 8 : rows >= 4 ? 6 : rows >= 2 ? 3 : 1;
        }
        return rows >= 3 ? 4 : rows;
    }

    @Override
    public int tileColumns(int tileRows) {
        return tileRows <= 3 ? 4 * LANES : 2 * LANES;
    }

    @Override
    public int halfColumns(int tileRows) {
        return tileRows == 1 ? 4 * LANES : tileRows <= 3 ? 2 * LANES : LANES;
    }

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
        switch (tileRows) {
            case 8 ->
                tile8x2(
                        depth,
                        a,
                        aOffset,
                        x,
                        xOffset,
                        secondX,
                        starts,
                        firstStart,
                        c,
                        cOffset,
                        cStride,
                        secondC,
                        add,
                        bias,
                        biasOffset);
            case 6 ->
                tile6x2(
                        depth,
                        a,
                        aOffset,
                        x,
                        xOffset,
                        secondX,
                        starts,
                        firstStart,
                        c,
                        cOffset,
                        cStride,
                        secondC,
                        add,
                        bias,
                        biasOffset);
            case 4 ->
                tile4x2(
                        depth,
                        a,
                        aOffset,
                        x,
                        xOffset,
                        secondX,
                        starts,
                        firstStart,
                        c,
                        cOffset,
                        cStride,
                        secondC,
                        add,
                        bias,
                        biasOffset);
            case 3 ->
                tile3x4(
                        depth,
                        a,
                        aOffset,
                        x,
                        xOffset,
                        secondX,
                        starts,
                        firstStart,
                        c,
                        cOffset,
                        cStride,
                        secondC,
                        add,
                        bias,
                        biasOffset);
            case 2 ->
                tile2x4(
                        depth,
                        a,
                        aOffset,
                        x,
                        xOffset,
                        secondX,
                        starts,
                        firstStart,
                        c,
                        cOffset,
                        cStride,
                        secondC,
                        add,
                        bias,
                        biasOffset);
            default ->
                tile1x8(
                        depth,
                        a,
                        aOffset,
                        x,
                        xOffset,
                        secondX,
                        starts,
                        firstStart,
                        c,
                        cOffset,
                        secondC,
                        add,
                        bias,
                        biasOffset);
        }
    }

    /**
     * For 32 registers: 16 chains, so that broadcasts and unaligned loads stay fewer than multiply-adds. They start
     * from the bias rather than add it: 16 operations less for C2 to inline, see {@link SimdKernels#acquaint}.
     */
    private static void tile8x2(
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
        FloatVector c00 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset]);
        FloatVector c01 = c00;
        FloatVector c10 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 1]);
        FloatVector c11 = c10;
        FloatVector c20 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 2]);
        FloatVector c21 = c20;
        FloatVector c30 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 3]);
        FloatVector c31 = c30;
        FloatVector c40 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 4]);
        FloatVector c41 = c40;
        FloatVector c50 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 5]);
        FloatVector c51 = c50;
        FloatVector c60 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 6]);
        FloatVector c61 = c60;
        FloatVector c70 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 7]);
        FloatVector c71 = c70;
        int second = xOffset + secondX;
        for (int p = firstStart, end = firstStart + depth, ia = aOffset; p < end; p++, ia += 8) {
            int start = starts[p];
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, xOffset + start);
            FloatVector x1 = FloatVector.fromArray(SPECIES, x, second + start);
            FloatVector ar = FloatVector.broadcast(SPECIES, a[ia]);
            c00 = ar.fma(x0, c00);
            c01 = ar.fma(x1, c01);
            ar = FloatVector.broadcast(SPECIES, a[ia + 1]);
            c10 = ar.fma(x0, c10);
            c11 = ar.fma(x1, c11);
            ar = FloatVector.broadcast(SPECIES, a[ia + 2]);
            c20 = ar.fma(x0, c20);
            c21 = ar.fma(x1, c21);
            ar = FloatVector.broadcast(SPECIES, a[ia + 3]);
            c30 = ar.fma(x0, c30);
            c31 = ar.fma(x1, c31);
            ar = FloatVector.broadcast(SPECIES, a[ia + 4]);
            c40 = ar.fma(x0, c40);
            c41 = ar.fma(x1, c41);
            ar = FloatVector.broadcast(SPECIES, a[ia + 5]);
            c50 = ar.fma(x0, c50);
            c51 = ar.fma(x1, c51);
            ar = FloatVector.broadcast(SPECIES, a[ia + 6]);
            c60 = ar.fma(x0, c60);
            c61 = ar.fma(x1, c61);
            ar = FloatVector.broadcast(SPECIES, a[ia + 7]);
            c70 = ar.fma(x0, c70);
            c71 = ar.fma(x1, c71);
        }
        int r1 = cOffset + cStride;
        int r2 = r1 + cStride;
        int r3 = r2 + cStride;
        int r4 = r3 + cStride;
        int r5 = r4 + cStride;
        int r6 = r5 + cStride;
        int r7 = r6 + cStride;
        if (add) {
            c00 = c00.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c01 = c01.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC));
            c10 = c10.add(FloatVector.fromArray(SPECIES, c, r1));
            c11 = c11.add(FloatVector.fromArray(SPECIES, c, r1 + secondC));
            c20 = c20.add(FloatVector.fromArray(SPECIES, c, r2));
            c21 = c21.add(FloatVector.fromArray(SPECIES, c, r2 + secondC));
            c30 = c30.add(FloatVector.fromArray(SPECIES, c, r3));
            c31 = c31.add(FloatVector.fromArray(SPECIES, c, r3 + secondC));
            c40 = c40.add(FloatVector.fromArray(SPECIES, c, r4));
            c41 = c41.add(FloatVector.fromArray(SPECIES, c, r4 + secondC));
            c50 = c50.add(FloatVector.fromArray(SPECIES, c, r5));
            c51 = c51.add(FloatVector.fromArray(SPECIES, c, r5 + secondC));
            c60 = c60.add(FloatVector.fromArray(SPECIES, c, r6));
            c61 = c61.add(FloatVector.fromArray(SPECIES, c, r6 + secondC));
            c70 = c70.add(FloatVector.fromArray(SPECIES, c, r7));
            c71 = c71.add(FloatVector.fromArray(SPECIES, c, r7 + secondC));
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + secondC);
        c10.intoArray(c, r1);
        c11.intoArray(c, r1 + secondC);
        c20.intoArray(c, r2);
        c21.intoArray(c, r2 + secondC);
        c30.intoArray(c, r3);
        c31.intoArray(c, r3 + secondC);
        c40.intoArray(c, r4);
        c41.intoArray(c, r4 + secondC);
        c50.intoArray(c, r5);
        c51.intoArray(c, r5 + secondC);
        c60.intoArray(c, r6);
        c61.intoArray(c, r6 + secondC);
        c70.intoArray(c, r7);
        c71.intoArray(c, r7 + secondC);
    }

    /** For fewer rows. */
    private static void tile6x2(
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
        FloatVector c00 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset]);
        FloatVector c01 = c00;
        FloatVector c10 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 1]);
        FloatVector c11 = c10;
        FloatVector c20 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 2]);
        FloatVector c21 = c20;
        FloatVector c30 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 3]);
        FloatVector c31 = c30;
        FloatVector c40 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 4]);
        FloatVector c41 = c40;
        FloatVector c50 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 5]);
        FloatVector c51 = c50;
        int second = xOffset + secondX;
        for (int p = firstStart, end = firstStart + depth, ia = aOffset; p < end; p++, ia += 6) {
            int start = starts[p];
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, xOffset + start);
            FloatVector x1 = FloatVector.fromArray(SPECIES, x, second + start);
            FloatVector ar = FloatVector.broadcast(SPECIES, a[ia]);
            c00 = ar.fma(x0, c00);
            c01 = ar.fma(x1, c01);
            ar = FloatVector.broadcast(SPECIES, a[ia + 1]);
            c10 = ar.fma(x0, c10);
            c11 = ar.fma(x1, c11);
            ar = FloatVector.broadcast(SPECIES, a[ia + 2]);
            c20 = ar.fma(x0, c20);
            c21 = ar.fma(x1, c21);
            ar = FloatVector.broadcast(SPECIES, a[ia + 3]);
            c30 = ar.fma(x0, c30);
            c31 = ar.fma(x1, c31);
            ar = FloatVector.broadcast(SPECIES, a[ia + 4]);
            c40 = ar.fma(x0, c40);
            c41 = ar.fma(x1, c41);
            ar = FloatVector.broadcast(SPECIES, a[ia + 5]);
            c50 = ar.fma(x0, c50);
            c51 = ar.fma(x1, c51);
        }
        int r1 = cOffset + cStride;
        int r2 = r1 + cStride;
        int r3 = r2 + cStride;
        int r4 = r3 + cStride;
        int r5 = r4 + cStride;
        if (add) {
            c00 = c00.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c01 = c01.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC));
            c10 = c10.add(FloatVector.fromArray(SPECIES, c, r1));
            c11 = c11.add(FloatVector.fromArray(SPECIES, c, r1 + secondC));
            c20 = c20.add(FloatVector.fromArray(SPECIES, c, r2));
            c21 = c21.add(FloatVector.fromArray(SPECIES, c, r2 + secondC));
            c30 = c30.add(FloatVector.fromArray(SPECIES, c, r3));
            c31 = c31.add(FloatVector.fromArray(SPECIES, c, r3 + secondC));
            c40 = c40.add(FloatVector.fromArray(SPECIES, c, r4));
            c41 = c41.add(FloatVector.fromArray(SPECIES, c, r4 + secondC));
            c50 = c50.add(FloatVector.fromArray(SPECIES, c, r5));
            c51 = c51.add(FloatVector.fromArray(SPECIES, c, r5 + secondC));
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + secondC);
        c10.intoArray(c, r1);
        c11.intoArray(c, r1 + secondC);
        c20.intoArray(c, r2);
        c21.intoArray(c, r2 + secondC);
        c30.intoArray(c, r3);
        c31.intoArray(c, r3 + secondC);
        c40.intoArray(c, r4);
        c41.intoArray(c, r4 + secondC);
        c50.intoArray(c, r5);
        c51.intoArray(c, r5 + secondC);
    }

    /** For three channels, those of a colour picture. */
    private static void tile3x4(
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
        FloatVector c00 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset]);
        FloatVector c01 = c00;
        FloatVector c02 = c00;
        FloatVector c03 = c00;
        FloatVector c10 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 1]);
        FloatVector c11 = c10;
        FloatVector c12 = c10;
        FloatVector c13 = c10;
        FloatVector c20 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 2]);
        FloatVector c21 = c20;
        FloatVector c22 = c20;
        FloatVector c23 = c20;
        int second = xOffset + secondX;
        for (int p = firstStart, end = firstStart + depth, ia = aOffset; p < end; p++, ia += 3) {
            int start = starts[p];
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, xOffset + start);
            FloatVector x1 = FloatVector.fromArray(SPECIES, x, xOffset + start + LANES);
            FloatVector x2 = FloatVector.fromArray(SPECIES, x, second + start);
            FloatVector x3 = FloatVector.fromArray(SPECIES, x, second + start + LANES);
            FloatVector ar = FloatVector.broadcast(SPECIES, a[ia]);
            c00 = ar.fma(x0, c00);
            c01 = ar.fma(x1, c01);
            c02 = ar.fma(x2, c02);
            c03 = ar.fma(x3, c03);
            ar = FloatVector.broadcast(SPECIES, a[ia + 1]);
            c10 = ar.fma(x0, c10);
            c11 = ar.fma(x1, c11);
            c12 = ar.fma(x2, c12);
            c13 = ar.fma(x3, c13);
            ar = FloatVector.broadcast(SPECIES, a[ia + 2]);
            c20 = ar.fma(x0, c20);
            c21 = ar.fma(x1, c21);
            c22 = ar.fma(x2, c22);
            c23 = ar.fma(x3, c23);
        }
        int r1 = cOffset + cStride;
        int r2 = r1 + cStride;
        if (add) {
            c00 = c00.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c01 = c01.add(FloatVector.fromArray(SPECIES, c, cOffset + LANES));
            c02 = c02.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC));
            c03 = c03.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC + LANES));
            c10 = c10.add(FloatVector.fromArray(SPECIES, c, r1));
            c11 = c11.add(FloatVector.fromArray(SPECIES, c, r1 + LANES));
            c12 = c12.add(FloatVector.fromArray(SPECIES, c, r1 + secondC));
            c13 = c13.add(FloatVector.fromArray(SPECIES, c, r1 + secondC + LANES));
            c20 = c20.add(FloatVector.fromArray(SPECIES, c, r2));
            c21 = c21.add(FloatVector.fromArray(SPECIES, c, r2 + LANES));
            c22 = c22.add(FloatVector.fromArray(SPECIES, c, r2 + secondC));
            c23 = c23.add(FloatVector.fromArray(SPECIES, c, r2 + secondC + LANES));
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c02.intoArray(c, cOffset + secondC);
        c03.intoArray(c, cOffset + secondC + LANES);
        c10.intoArray(c, r1);
        c11.intoArray(c, r1 + LANES);
        c12.intoArray(c, r1 + secondC);
        c13.intoArray(c, r1 + secondC + LANES);
        c20.intoArray(c, r2);
        c21.intoArray(c, r2 + LANES);
        c22.intoArray(c, r2 + secondC);
        c23.intoArray(c, r2 + secondC + LANES);
    }

    /** For 16 registers. */
    private static void tile4x2(
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
        FloatVector c00 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset]);
        FloatVector c01 = c00;
        FloatVector c10 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 1]);
        FloatVector c11 = c10;
        FloatVector c20 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 2]);
        FloatVector c21 = c20;
        FloatVector c30 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 3]);
        FloatVector c31 = c30;
        int second = xOffset + secondX;
        for (int p = firstStart, end = firstStart + depth, ia = aOffset; p < end; p++, ia += 4) {
            int start = starts[p];
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, xOffset + start);
            FloatVector x1 = FloatVector.fromArray(SPECIES, x, second + start);
            FloatVector ar = FloatVector.broadcast(SPECIES, a[ia]);
            c00 = ar.fma(x0, c00);
            c01 = ar.fma(x1, c01);
            ar = FloatVector.broadcast(SPECIES, a[ia + 1]);
            c10 = ar.fma(x0, c10);
            c11 = ar.fma(x1, c11);
            ar = FloatVector.broadcast(SPECIES, a[ia + 2]);
            c20 = ar.fma(x0, c20);
            c21 = ar.fma(x1, c21);
            ar = FloatVector.broadcast(SPECIES, a[ia + 3]);
            c30 = ar.fma(x0, c30);
            c31 = ar.fma(x1, c31);
        }
        int r1 = cOffset + cStride;
        int r2 = r1 + cStride;
        int r3 = r2 + cStride;
        if (add) {
            c00 = c00.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c01 = c01.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC));
            c10 = c10.add(FloatVector.fromArray(SPECIES, c, r1));
            c11 = c11.add(FloatVector.fromArray(SPECIES, c, r1 + secondC));
            c20 = c20.add(FloatVector.fromArray(SPECIES, c, r2));
            c21 = c21.add(FloatVector.fromArray(SPECIES, c, r2 + secondC));
            c30 = c30.add(FloatVector.fromArray(SPECIES, c, r3));
            c31 = c31.add(FloatVector.fromArray(SPECIES, c, r3 + secondC));
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + secondC);
        c10.intoArray(c, r1);
        c11.intoArray(c, r1 + secondC);
        c20.intoArray(c, r2);
        c21.intoArray(c, r2 + secondC);
        c30.intoArray(c, r3);
        c31.intoArray(c, r3 + secondC);
    }

    /** The same for few rows. */
    private static void tile2x4(
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
        FloatVector c00 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset]);
        FloatVector c01 = c00;
        FloatVector c02 = c00;
        FloatVector c03 = c00;
        FloatVector c10 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset + 1]);
        FloatVector c11 = c10;
        FloatVector c12 = c10;
        FloatVector c13 = c10;
        int second = xOffset + secondX;
        for (int p = firstStart, end = firstStart + depth, ia = aOffset; p < end; p++, ia += 2) {
            int start = starts[p];
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, xOffset + start);
            FloatVector x1 = FloatVector.fromArray(SPECIES, x, xOffset + start + LANES);
            FloatVector x2 = FloatVector.fromArray(SPECIES, x, second + start);
            FloatVector x3 = FloatVector.fromArray(SPECIES, x, second + start + LANES);
            FloatVector ar = FloatVector.broadcast(SPECIES, a[ia]);
            c00 = ar.fma(x0, c00);
            c01 = ar.fma(x1, c01);
            c02 = ar.fma(x2, c02);
            c03 = ar.fma(x3, c03);
            ar = FloatVector.broadcast(SPECIES, a[ia + 1]);
            c10 = ar.fma(x0, c10);
            c11 = ar.fma(x1, c11);
            c12 = ar.fma(x2, c12);
            c13 = ar.fma(x3, c13);
        }
        int r1 = cOffset + cStride;
        if (add) {
            c00 = c00.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c01 = c01.add(FloatVector.fromArray(SPECIES, c, cOffset + LANES));
            c02 = c02.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC));
            c03 = c03.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC + LANES));
            c10 = c10.add(FloatVector.fromArray(SPECIES, c, r1));
            c11 = c11.add(FloatVector.fromArray(SPECIES, c, r1 + LANES));
            c12 = c12.add(FloatVector.fromArray(SPECIES, c, r1 + secondC));
            c13 = c13.add(FloatVector.fromArray(SPECIES, c, r1 + secondC + LANES));
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c02.intoArray(c, cOffset + secondC);
        c03.intoArray(c, cOffset + secondC + LANES);
        c10.intoArray(c, r1);
        c11.intoArray(c, r1 + LANES);
        c12.intoArray(c, r1 + secondC);
        c13.intoArray(c, r1 + secondC + LANES);
    }

    /** For one channel: 8 chains, fewer of them would wait for each other. */
    private static void tile1x8(
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
            int secondC,
            boolean add,
            float[] bias,
            int biasOffset) {
        FloatVector c0 = FloatVector.broadcast(SPECIES, add ? 0f : bias[biasOffset]);
        FloatVector c1 = c0;
        FloatVector c2 = c0;
        FloatVector c3 = c0;
        FloatVector c4 = c0;
        FloatVector c5 = c0;
        FloatVector c6 = c0;
        FloatVector c7 = c0;
        int second = xOffset + secondX;
        for (int p = firstStart, end = firstStart + depth, ia = aOffset; p < end; p++, ia++) {
            int start = starts[p];
            FloatVector ar = FloatVector.broadcast(SPECIES, a[ia]);
            c0 = ar.fma(FloatVector.fromArray(SPECIES, x, xOffset + start), c0);
            c1 = ar.fma(FloatVector.fromArray(SPECIES, x, xOffset + start + LANES), c1);
            c2 = ar.fma(FloatVector.fromArray(SPECIES, x, xOffset + start + 2 * LANES), c2);
            c3 = ar.fma(FloatVector.fromArray(SPECIES, x, xOffset + start + 3 * LANES), c3);
            c4 = ar.fma(FloatVector.fromArray(SPECIES, x, second + start), c4);
            c5 = ar.fma(FloatVector.fromArray(SPECIES, x, second + start + LANES), c5);
            c6 = ar.fma(FloatVector.fromArray(SPECIES, x, second + start + 2 * LANES), c6);
            c7 = ar.fma(FloatVector.fromArray(SPECIES, x, second + start + 3 * LANES), c7);
        }
        if (add) {
            c0 = c0.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c1 = c1.add(FloatVector.fromArray(SPECIES, c, cOffset + LANES));
            c2 = c2.add(FloatVector.fromArray(SPECIES, c, cOffset + 2 * LANES));
            c3 = c3.add(FloatVector.fromArray(SPECIES, c, cOffset + 3 * LANES));
            c4 = c4.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC));
            c5 = c5.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC + LANES));
            c6 = c6.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC + 2 * LANES));
            c7 = c7.add(FloatVector.fromArray(SPECIES, c, cOffset + secondC + 3 * LANES));
        }
        c0.intoArray(c, cOffset);
        c1.intoArray(c, cOffset + LANES);
        c2.intoArray(c, cOffset + 2 * LANES);
        c3.intoArray(c, cOffset + 3 * LANES);
        c4.intoArray(c, cOffset + secondC);
        c5.intoArray(c, cOffset + secondC + LANES);
        c6.intoArray(c, cOffset + secondC + 2 * LANES);
        c7.intoArray(c, cOffset + secondC + 3 * LANES);
    }

    @Override
    public void copyLines(
            int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
        // In order throughout, so that a line overwrites what was written behind the line before.
        int whole = (length + LANES - 1) / LANES * LANES;
        if (from < 0 || from + (lines - 1) * step + whole > source.length) {
            for (int line = 0; line < lines; line++) {
                ConvKernels.copyInside(length, source, from + line * step, target, at + line * targetStep);
            }
        } else if (length <= LANES) {
            for (int line = 0, start = from, to = at; line < lines; line++, start += step, to += targetStep) {
                FloatVector.fromArray(SPECIES, source, start).intoArray(target, to);
            }
        } else if (length <= 2 * LANES) {
            int second = length - LANES;
            for (int line = 0, start = from, to = at; line < lines; line++, start += step, to += targetStep) {
                FloatVector.fromArray(SPECIES, source, start).intoArray(target, to);
                FloatVector.fromArray(SPECIES, source, start + second).intoArray(target, to + second);
            }
        } else {
            for (int line = 0, start = from, to = at; line < lines; line++, start += step, to += targetStep) {
                for (int i = 0; i < length; i += LANES) {
                    FloatVector.fromArray(SPECIES, source, start + i).intoArray(target, to + i);
                }
            }
        }
    }

    /**
     * Four or eight lines by 16 elements are turned in registers, at each step half of one against half of another; the
     * last 16 end with the lines. For other counts the plain loop is as good, if lines are not short.
     */
    @Override
    public void packAcross(
            int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
        if (LANES != 16 || lines != targetStep || (lines != 4 && lines != 8) || length < LANES) {
            ConvKernels.packLinesAcross(lines, length, source, from, step, target, at, targetStep);
            return;
        }
        for (int p = 0; p < length; p += LANES) {
            int place = Math.min(p, length - LANES);
            if (lines == 4) {
                pack4(source, from + place, step, target, at + place * 4);
            } else {
                pack8(source, from + place, step, target, at + place * 8);
            }
        }
    }

    /** Writes vectors of what stands at four neighbouring places of four lines. */
    private static void pack4(float[] source, int from, int step, float[] target, int at) {
        FloatVector r0 = FloatVector.fromArray(SPECIES, source, from);
        FloatVector r1 = FloatVector.fromArray(SPECIES, source, from + step);
        FloatVector r2 = FloatVector.fromArray(SPECIES, source, from + 2 * step);
        FloatVector r3 = FloatVector.fromArray(SPECIES, source, from + 3 * step);
        FloatVector a0 = r0.blend(r2.rearrange(HALVES), SECOND_HALF);
        FloatVector a2 = r0.rearrange(HALVES).blend(r2, SECOND_HALF);
        FloatVector a1 = r1.blend(r3.rearrange(HALVES), SECOND_HALF);
        FloatVector a3 = r1.rearrange(HALVES).blend(r3, SECOND_HALF);
        a0.blend(a1.rearrange(QUARTERS), ODD_QUARTERS).rearrange(FOURS).intoArray(target, at);
        a0.rearrange(QUARTERS).blend(a1, ODD_QUARTERS).rearrange(FOURS).intoArray(target, at + LANES);
        a2.blend(a3.rearrange(QUARTERS), ODD_QUARTERS).rearrange(FOURS).intoArray(target, at + 2 * LANES);
        a2.rearrange(QUARTERS).blend(a3, ODD_QUARTERS).rearrange(FOURS).intoArray(target, at + 3 * LANES);
    }

    /** Writes vectors of what stands at two neighbouring places of eight lines. */
    private static void pack8(float[] source, int from, int step, float[] target, int at) {
        FloatVector r0 = FloatVector.fromArray(SPECIES, source, from);
        FloatVector r4 = FloatVector.fromArray(SPECIES, source, from + 4 * step);
        FloatVector a0 = r0.blend(r4.rearrange(HALVES), SECOND_HALF);
        FloatVector a4 = r0.rearrange(HALVES).blend(r4, SECOND_HALF);
        r0 = FloatVector.fromArray(SPECIES, source, from + step);
        r4 = FloatVector.fromArray(SPECIES, source, from + 5 * step);
        FloatVector a1 = r0.blend(r4.rearrange(HALVES), SECOND_HALF);
        FloatVector a5 = r0.rearrange(HALVES).blend(r4, SECOND_HALF);
        r0 = FloatVector.fromArray(SPECIES, source, from + 2 * step);
        r4 = FloatVector.fromArray(SPECIES, source, from + 6 * step);
        FloatVector a2 = r0.blend(r4.rearrange(HALVES), SECOND_HALF);
        FloatVector a6 = r0.rearrange(HALVES).blend(r4, SECOND_HALF);
        r0 = FloatVector.fromArray(SPECIES, source, from + 3 * step);
        r4 = FloatVector.fromArray(SPECIES, source, from + 7 * step);
        FloatVector a3 = r0.blend(r4.rearrange(HALVES), SECOND_HALF);
        FloatVector a7 = r0.rearrange(HALVES).blend(r4, SECOND_HALF);
        FloatVector b0 = a0.blend(a2.rearrange(QUARTERS), ODD_QUARTERS);
        FloatVector b1 = a1.blend(a3.rearrange(QUARTERS), ODD_QUARTERS);
        b0.rearrange(FIRST_PAIR).blend(b1.rearrange(FIRST_PAIR), ODD_LANES).intoArray(target, at);
        b0.rearrange(SECOND_PAIR).blend(b1.rearrange(SECOND_PAIR), ODD_LANES).intoArray(target, at + LANES);
        b0 = a0.rearrange(QUARTERS).blend(a2, ODD_QUARTERS);
        b1 = a1.rearrange(QUARTERS).blend(a3, ODD_QUARTERS);
        b0.rearrange(FIRST_PAIR).blend(b1.rearrange(FIRST_PAIR), ODD_LANES).intoArray(target, at + 2 * LANES);
        b0.rearrange(SECOND_PAIR).blend(b1.rearrange(SECOND_PAIR), ODD_LANES).intoArray(target, at + 3 * LANES);
        b0 = a4.blend(a6.rearrange(QUARTERS), ODD_QUARTERS);
        b1 = a5.blend(a7.rearrange(QUARTERS), ODD_QUARTERS);
        b0.rearrange(FIRST_PAIR).blend(b1.rearrange(FIRST_PAIR), ODD_LANES).intoArray(target, at + 4 * LANES);
        b0.rearrange(SECOND_PAIR).blend(b1.rearrange(SECOND_PAIR), ODD_LANES).intoArray(target, at + 5 * LANES);
        b0 = a4.rearrange(QUARTERS).blend(a6, ODD_QUARTERS);
        b1 = a5.rearrange(QUARTERS).blend(a7, ODD_QUARTERS);
        b0.rearrange(FIRST_PAIR).blend(b1.rearrange(FIRST_PAIR), ODD_LANES).intoArray(target, at + 6 * LANES);
        b0.rearrange(SECOND_PAIR).blend(b1.rearrange(SECOND_PAIR), ODD_LANES).intoArray(target, at + 7 * LANES);
    }

    /**
     * Lines of up to three vectors are read with what stands beside their pixels, which a mask turns into zeros. The
     * last vector ends with the line; what one of a shorter line writes beyond is overwritten by the next line.
     */
    @Override
    public void copyFrames(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
        int vectors = (frame.width() + LANES - 1) / LANES;
        if (frame.pixelStep() > 1) {
            ConvKernels.copyFrameLines(frame, channels, source, from, channelStep, target, at);
            return;
        }
        if (vectors > 3) {
            copyWideFrames(frame, channels, source, from, channelStep, target, at);
            return;
        }
        // Channels at the ends of the source may not be readable in whole vectors.
        int lines = frame.endLine() - frame.firstLine();
        int last = source.length - (lines - 1) * frame.lineStep() - Math.max(LANES, frame.width());
        int first = 0;
        while (first < channels && from + first * channelStep < 0) {
            first++;
        }
        int end = channels;
        while (end > first && from + (end - 1) * channelStep > last) {
            end--;
        }
        int length = frame.lines() * frame.width();
        int start = from + first * channelStep;
        int to = at + first * length;
        ConvKernels.copyFrameLines(frame, first, source, from, channelStep, target, at);
        if (vectors == 1) {
            copyFrames1(frame, end - first, source, start, channelStep, target, to);
        } else if (vectors == 2) {
            copyFrames2(frame, end - first, source, start, channelStep, target, to);
        } else if (vectors == 3) {
            copyFrames3(frame, end - first, source, start, channelStep, target, to);
        }
        ConvKernels.copyFrameLines(
                frame, channels - end, source, from + end * channelStep, channelStep, target, at + end * length);
    }

    /** Where in {@link #EDGES} the vector lies whose lane i is set if {@code first + i >= x}. */
    private static int from(int x, int first) {
        return LANES + below(x, first);
    }

    /** Where the one lies whose lane i is set if {@code first + i < x}. */
    static int below(int x, int first) {
        return LANES - Math.max(0, Math.min(LANES, x - first));
    }

    /** Lines of a vector or less. */
    private static void copyFrames1(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
        int width = frame.width();
        int step = frame.lineStep();
        int above = frame.firstLine() * width;
        int lines = frame.endLine() - frame.firstLine();
        int below = (frame.lines() - frame.endLine()) * width;
        FloatVector zero = FloatVector.zero(SPECIES);
        IntVector mask0 = IntVector.fromArray(BITS, EDGES, from(frame.firstX(), 0))
                .and(IntVector.fromArray(BITS, EDGES, below(frame.endX(), 0)));
        for (int channel = 0, to = at; channel < channels; channel++) {
            for (int i = 0; i < above; i += LANES) {
                zero.intoArray(target, to + i);
            }
            to += above;
            int start = from + channel * channelStep;
            for (int line = 0; line < lines; line++, start += step, to += width) {
                FloatVector.fromArray(SPECIES, source, start)
                        .reinterpretAsInts()
                        .and(mask0)
                        .reinterpretAsFloats()
                        .intoArray(target, to);
            }
            for (int i = 0; i < below; i += LANES) {
                zero.intoArray(target, to + i);
            }
            to += below;
        }
    }

    /** Lines of more than a vector, up to two. */
    private static void copyFrames2(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
        int width = frame.width();
        int step = frame.lineStep();
        int above = frame.firstLine() * width;
        int lines = frame.endLine() - frame.firstLine();
        int below = (frame.lines() - frame.endLine()) * width;
        int last = width - LANES;
        FloatVector zero = FloatVector.zero(SPECIES);
        IntVector mask0 = IntVector.fromArray(BITS, EDGES, from(frame.firstX(), 0))
                .and(IntVector.fromArray(BITS, EDGES, below(frame.endX(), 0)));
        IntVector mask1 = IntVector.fromArray(BITS, EDGES, from(frame.firstX(), last))
                .and(IntVector.fromArray(BITS, EDGES, below(frame.endX(), last)));
        for (int channel = 0, to = at; channel < channels; channel++) {
            for (int i = 0; i < above; i += LANES) {
                zero.intoArray(target, to + i);
            }
            to += above;
            int start = from + channel * channelStep;
            for (int line = 0; line < lines; line++, start += step, to += width) {
                FloatVector.fromArray(SPECIES, source, start)
                        .reinterpretAsInts()
                        .and(mask0)
                        .reinterpretAsFloats()
                        .intoArray(target, to);
                FloatVector.fromArray(SPECIES, source, start + last)
                        .reinterpretAsInts()
                        .and(mask1)
                        .reinterpretAsFloats()
                        .intoArray(target, to + last);
            }
            for (int i = 0; i < below; i += LANES) {
                zero.intoArray(target, to + i);
            }
            to += below;
        }
    }

    /** Lines of more than two vectors, up to three. */
    private static void copyFrames3(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
        int width = frame.width();
        int step = frame.lineStep();
        int above = frame.firstLine() * width;
        int lines = frame.endLine() - frame.firstLine();
        int below = (frame.lines() - frame.endLine()) * width;
        int last = width - LANES;
        FloatVector zero = FloatVector.zero(SPECIES);
        IntVector mask0 = IntVector.fromArray(BITS, EDGES, from(frame.firstX(), 0))
                .and(IntVector.fromArray(BITS, EDGES, below(frame.endX(), 0)));
        IntVector mask1 = IntVector.fromArray(BITS, EDGES, from(frame.firstX(), LANES))
                .and(IntVector.fromArray(BITS, EDGES, below(frame.endX(), LANES)));
        IntVector mask2 = IntVector.fromArray(BITS, EDGES, from(frame.firstX(), last))
                .and(IntVector.fromArray(BITS, EDGES, below(frame.endX(), last)));
        for (int channel = 0, to = at; channel < channels; channel++) {
            for (int i = 0; i < above; i += LANES) {
                zero.intoArray(target, to + i);
            }
            to += above;
            int start = from + channel * channelStep;
            for (int line = 0; line < lines; line++, start += step, to += width) {
                FloatVector.fromArray(SPECIES, source, start)
                        .reinterpretAsInts()
                        .and(mask0)
                        .reinterpretAsFloats()
                        .intoArray(target, to);
                FloatVector.fromArray(SPECIES, source, start + LANES)
                        .reinterpretAsInts()
                        .and(mask1)
                        .reinterpretAsFloats()
                        .intoArray(target, to + LANES);
                FloatVector.fromArray(SPECIES, source, start + last)
                        .reinterpretAsInts()
                        .and(mask2)
                        .reinterpretAsFloats()
                        .intoArray(target, to + last);
            }
            for (int i = 0; i < below; i += LANES) {
                zero.intoArray(target, to + i);
            }
            to += below;
        }
    }

    /** Lines and margins of any width. */
    private static void copyWideFrames(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
        int width = frame.width();
        int step = frame.lineStep();
        int firstX = frame.firstX();
        int endX = frame.endX();
        int last = source.length - LANES - endX;
        FloatVector zero = FloatVector.zero(SPECIES);
        for (int channel = 0, to = at; channel < channels; channel++) {
            int first = to + frame.firstLine() * width;
            int end = to + frame.endLine() * width;
            int next = to + frame.lines() * width;
            for (; to < first; to += LANES) {
                zero.intoArray(target, to);
            }
            int start = from + channel * channelStep;
            for (to = first; to < end; to += width, start += step) {
                if (start <= last) {
                    for (int x = 0; x < firstX; x += LANES) {
                        zero.intoArray(target, to + x);
                    }
                    for (int x = firstX; x < endX; x += LANES) {
                        FloatVector.fromArray(SPECIES, source, start + x).intoArray(target, to + x);
                    }
                    for (int x = endX; x < width; x += LANES) {
                        zero.intoArray(target, to + x);
                    }
                } else {
                    ConvKernels.copyFrameLine(frame, source, start, target, to);
                }
            }
            for (to = end; to < next; to += LANES) {
                zero.intoArray(target, to);
            }
            to = next;
        }
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
        int first = 0;
        if (length <= LANES && shifts.length == 3) {
            first = Math.max(0, Math.min(lines, (yEnd - yOffset - LANES) / length));
            addShifted3(first, length, x, xOffset, xLength, xStep, shifts, masks, start, y, yOffset);
        } else if (length <= LANES && shifts.length == 5) {
            first = Math.max(0, Math.min(lines, (yEnd - yOffset - LANES) / length));
            addShifted5(first, length, x, xOffset, xLength, xStep, shifts, masks, start, y, yOffset);
        }
        int lastVector = Math.max(0, length - LANES);
        for (int line = first; line < lines; line++) {
            int from = xOffset + line * xLength;
            int to = yOffset + line * length;
            for (int i = 0, mask = 0; i < length; i += LANES) {
                int at = Math.min(i, lastVector);
                if (to + at + LANES > yEnd) {
                    ConvKernels.addShiftedLine(i, length, x, from, xLength, xStep, shifts, start, y, to);
                    break;
                }
                FloatVector sum = FloatVector.broadcast(SPECIES, start);
                for (int s = 0, ix = from + at; s < shifts.length; s++, ix += xStep, mask += LANES) {
                    // Bits rather than a vector mask: those are slow before Java 18.
                    sum = sum.add(FloatVector.fromArray(SPECIES, x, ix + shifts[s])
                            .reinterpretAsInts()
                            .and(IntVector.fromArray(BITS, masks, mask))
                            .reinterpretAsFloats());
                }
                sum.intoArray(y, to + at);
            }
        }
    }

    /** All in registers: the usual kernels' three shifts of lines that a vector holds. */
    private static void addShifted3(
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
            int yOffset) {
        FloatVector first = FloatVector.broadcast(SPECIES, start);
        IntVector m0 = IntVector.fromArray(BITS, masks, 0);
        IntVector m1 = IntVector.fromArray(BITS, masks, LANES);
        IntVector m2 = IntVector.fromArray(BITS, masks, 2 * LANES);
        int s0 = xOffset + shifts[0];
        int s1 = xOffset + xStep + shifts[1];
        int s2 = xOffset + 2 * xStep + shifts[2];
        for (int line = 0, from = 0, to = yOffset; line < lines; line++, from += xLength, to += length) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, s0 + from);
            FloatVector x1 = FloatVector.fromArray(SPECIES, x, s1 + from);
            FloatVector x2 = FloatVector.fromArray(SPECIES, x, s2 + from);
            FloatVector sum = first.add(x0.reinterpretAsInts().and(m0).reinterpretAsFloats());
            sum = sum.add(x1.reinterpretAsInts().and(m1).reinterpretAsFloats());
            sum = sum.add(x2.reinterpretAsInts().and(m2).reinterpretAsFloats());
            sum.intoArray(y, to);
        }
    }

    /** The same for five: the usual kernels' five shifts of lines that a vector holds. */
    private static void addShifted5(
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
            int yOffset) {
        FloatVector first = FloatVector.broadcast(SPECIES, start);
        IntVector m0 = IntVector.fromArray(BITS, masks, 0);
        IntVector m1 = IntVector.fromArray(BITS, masks, LANES);
        IntVector m2 = IntVector.fromArray(BITS, masks, 2 * LANES);
        IntVector m3 = IntVector.fromArray(BITS, masks, 3 * LANES);
        IntVector m4 = IntVector.fromArray(BITS, masks, 4 * LANES);
        int s0 = xOffset + shifts[0];
        int s1 = xOffset + xStep + shifts[1];
        int s2 = xOffset + 2 * xStep + shifts[2];
        int s3 = xOffset + 3 * xStep + shifts[3];
        int s4 = xOffset + 4 * xStep + shifts[4];
        for (int line = 0, from = 0, to = yOffset; line < lines; line++, from += xLength, to += length) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, s0 + from);
            FloatVector x1 = FloatVector.fromArray(SPECIES, x, s1 + from);
            FloatVector x2 = FloatVector.fromArray(SPECIES, x, s2 + from);
            FloatVector x3 = FloatVector.fromArray(SPECIES, x, s3 + from);
            FloatVector x4 = FloatVector.fromArray(SPECIES, x, s4 + from);
            FloatVector sum = first.add(x0.reinterpretAsInts().and(m0).reinterpretAsFloats());
            sum = sum.add(x1.reinterpretAsInts().and(m1).reinterpretAsFloats());
            sum = sum.add(x2.reinterpretAsInts().and(m2).reinterpretAsFloats());
            sum = sum.add(x3.reinterpretAsInts().and(m3).reinterpretAsFloats());
            sum = sum.add(x4.reinterpretAsInts().and(m4).reinterpretAsFloats());
            sum.intoArray(y, to);
        }
    }
}
