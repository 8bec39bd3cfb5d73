package dev.striate.backend.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * On the Vector API. The species is a static constant and every vector stays in a local variable of one method: C2
 * keeps vectors in registers only so, and boxes them otherwise. Loaded by name by {@link VectorApi}, for its module may
 * be missing.
 */
final class PanamaKernels implements SimdKernels {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    /**
     * Of a tile. Vectors of 256 bit come with 16 registers: C2 does not reliably keep 12 accumulators and what else a
     * turn of the loop needs in so many, and the tile then takes twice as long. All other vectors with a fused
     * multiply-add come with 32.
     */
    private static final int ROWS = LANES == 8 ? 4 : 12;

    private static final int COLUMNS = 2 * LANES;

    /** Turns in which the profiles that C2 compiles the Vector API's methods by come to know all kinds of vectors. */
    private static final int ACQUAINTANCE = 500;

    private final ConvKernels convolution = new PanamaConvKernels();
    private final FlatKernels flat = new PanamaFlatKernels();
    private final DotTiles dots = new PanamaDotTiles();
    private final WinogradKernels winograd = new PanamaWinogradKernels();
    private final FunctionKernels functions = new PanamaFunctionKernels();

    @Override
    public void acquaint() {
        VectorSpecies<Integer> integers = IntVector.SPECIES_PREFERRED;
        VectorSpecies<Long> longs = LongVector.SPECIES_PREFERRED;
        VectorShuffle<Float> reversed = VectorShuffle.fromOp(SPECIES, i -> LANES - 1 - i);
        float[] x = new float[LANES];
        int[] n = new int[integers.length()];
        for (int i = 0; i < ACQUAINTANCE; i++) {
            FloatVector a = FloatVector.fromArray(SPECIES, x, 0);
            FloatVector b = FloatVector.broadcast(SPECIES, 1f);
            VectorMask<Float> mask = a.compare(VectorOperators.LT, b);
            a = a.blend(b, mask)
                    .add(b)
                    .sub(a)
                    .mul(b)
                    .fma(b, a)
                    .div(b)
                    .sqrt()
                    .neg()
                    .abs()
                    .rearrange(reversed);
            IntVector p = IntVector.fromArray(integers, n, 0)
                    .add(a.reinterpretAsInts())
                    .sub(1)
                    .not();
            p = p.or(p.lanewise(VectorOperators.ASHR, 31)).and(p.lanewise(VectorOperators.LSHL, 1));
            LongVector q = ((LongVector) a.reinterpretShape(longs, 0)).or(LongVector.broadcast(longs, i));
            q = q.lanewise(VectorOperators.LSHL, 32).or(q.lanewise(VectorOperators.LSHR, 32));
            p.and(q.reinterpretAsInts()).intoArray(n, 0);
            p.reinterpretAsFloats().add(q.reinterpretAsFloats()).mul(0f).intoArray(x, 0);
        }
    }

    @Override
    public FlatKernels flat() {
        return flat;
    }

    @Override
    public DotTiles dotTiles() {
        return dots;
    }

    @Override
    public WinogradKernels winograd() {
        return winograd;
    }

    @Override
    public FunctionKernels functions() {
        return functions;
    }

    @Override
    public String description() {
        return "Vector API " + SPECIES.vectorBitSize() + " bit";
    }

    @Override
    public int tileRows() {
        return ROWS;
    }

    @Override
    public int tileColumns() {
        return COLUMNS;
    }

    @Override
    public ConvKernels convolution() {
        return convolution;
    }

    /**
     * A tile's accumulators are as many independent chains, at least 8 of which hide the latency of a fused
     * multiply-add. No helper may take or return a vector here, and the methods stay small enough for C2 to inline all
     * of it.
     */
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
        if (rows == 12) {
            tile12x2(depth, a, aOffset, b, bOffset, d, dOffset, dStride, c, cOffset, cStride);
        } else {
            tile4x2(depth, a, aOffset, b, bOffset, d, dOffset, dStride, c, cOffset, cStride);
        }
    }

    /**
     * For 32 registers: 24 chains, so that broadcasts and unaligned loads stay fewer than multiply-adds, and two steps
     * of the depth in a turn of the loop. With 16 chains and one step, whatever else a turn needs cost an Intel core a
     * fifth of its speed. A third step, for odd depths, is more than C2 inlines on Java 17.
     */
    private static void tile12x2(
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
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = c00;
        FloatVector c10 = c00;
        FloatVector c11 = c00;
        FloatVector c20 = c00;
        FloatVector c21 = c00;
        FloatVector c30 = c00;
        FloatVector c31 = c00;
        FloatVector c40 = c00;
        FloatVector c41 = c00;
        FloatVector c50 = c00;
        FloatVector c51 = c00;
        FloatVector c60 = c00;
        FloatVector c61 = c00;
        FloatVector c70 = c00;
        FloatVector c71 = c00;
        FloatVector c80 = c00;
        FloatVector c81 = c00;
        FloatVector c90 = c00;
        FloatVector c91 = c00;
        FloatVector c100 = c00;
        FloatVector c101 = c00;
        FloatVector c110 = c00;
        FloatVector c111 = c00;
        int ia = aOffset;
        int ia4 = ia + 4 * depth;
        int ia8 = ia4 + 4 * depth;
        int ib = bOffset;
        for (int p = 0; p < depth; p += 2, ia += 8, ia4 += 8, ia8 += 8, ib += 2 * COLUMNS) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, ib);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, ib + LANES);
            FloatVector ar = FloatVector.broadcast(SPECIES, a[ia]);
            c00 = ar.fma(b0, c00);
            c01 = ar.fma(b1, c01);
            ar = FloatVector.broadcast(SPECIES, a[ia + 1]);
            c10 = ar.fma(b0, c10);
            c11 = ar.fma(b1, c11);
            ar = FloatVector.broadcast(SPECIES, a[ia + 2]);
            c20 = ar.fma(b0, c20);
            c21 = ar.fma(b1, c21);
            ar = FloatVector.broadcast(SPECIES, a[ia + 3]);
            c30 = ar.fma(b0, c30);
            c31 = ar.fma(b1, c31);
            ar = FloatVector.broadcast(SPECIES, a[ia4]);
            c40 = ar.fma(b0, c40);
            c41 = ar.fma(b1, c41);
            ar = FloatVector.broadcast(SPECIES, a[ia4 + 1]);
            c50 = ar.fma(b0, c50);
            c51 = ar.fma(b1, c51);
            ar = FloatVector.broadcast(SPECIES, a[ia4 + 2]);
            c60 = ar.fma(b0, c60);
            c61 = ar.fma(b1, c61);
            ar = FloatVector.broadcast(SPECIES, a[ia4 + 3]);
            c70 = ar.fma(b0, c70);
            c71 = ar.fma(b1, c71);
            ar = FloatVector.broadcast(SPECIES, a[ia8]);
            c80 = ar.fma(b0, c80);
            c81 = ar.fma(b1, c81);
            ar = FloatVector.broadcast(SPECIES, a[ia8 + 1]);
            c90 = ar.fma(b0, c90);
            c91 = ar.fma(b1, c91);
            ar = FloatVector.broadcast(SPECIES, a[ia8 + 2]);
            c100 = ar.fma(b0, c100);
            c101 = ar.fma(b1, c101);
            ar = FloatVector.broadcast(SPECIES, a[ia8 + 3]);
            c110 = ar.fma(b0, c110);
            c111 = ar.fma(b1, c111);
            b0 = FloatVector.fromArray(SPECIES, b, ib + 2 * LANES);
            b1 = FloatVector.fromArray(SPECIES, b, ib + 3 * LANES);
            ar = FloatVector.broadcast(SPECIES, a[ia + 4]);
            c00 = ar.fma(b0, c00);
            c01 = ar.fma(b1, c01);
            ar = FloatVector.broadcast(SPECIES, a[ia + 5]);
            c10 = ar.fma(b0, c10);
            c11 = ar.fma(b1, c11);
            ar = FloatVector.broadcast(SPECIES, a[ia + 6]);
            c20 = ar.fma(b0, c20);
            c21 = ar.fma(b1, c21);
            ar = FloatVector.broadcast(SPECIES, a[ia + 7]);
            c30 = ar.fma(b0, c30);
            c31 = ar.fma(b1, c31);
            ar = FloatVector.broadcast(SPECIES, a[ia4 + 4]);
            c40 = ar.fma(b0, c40);
            c41 = ar.fma(b1, c41);
            ar = FloatVector.broadcast(SPECIES, a[ia4 + 5]);
            c50 = ar.fma(b0, c50);
            c51 = ar.fma(b1, c51);
            ar = FloatVector.broadcast(SPECIES, a[ia4 + 6]);
            c60 = ar.fma(b0, c60);
            c61 = ar.fma(b1, c61);
            ar = FloatVector.broadcast(SPECIES, a[ia4 + 7]);
            c70 = ar.fma(b0, c70);
            c71 = ar.fma(b1, c71);
            ar = FloatVector.broadcast(SPECIES, a[ia8 + 4]);
            c80 = ar.fma(b0, c80);
            c81 = ar.fma(b1, c81);
            ar = FloatVector.broadcast(SPECIES, a[ia8 + 5]);
            c90 = ar.fma(b0, c90);
            c91 = ar.fma(b1, c91);
            ar = FloatVector.broadcast(SPECIES, a[ia8 + 6]);
            c100 = ar.fma(b0, c100);
            c101 = ar.fma(b1, c101);
            ar = FloatVector.broadcast(SPECIES, a[ia8 + 7]);
            c110 = ar.fma(b0, c110);
            c111 = ar.fma(b1, c111);
        }
        int from = dOffset;
        int to = cOffset;
        c00.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c01.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c10.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c11.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c20.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c21.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c30.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c31.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c40.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c41.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c50.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c51.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c60.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c61.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c70.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c71.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c80.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c81.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c90.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c91.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c100.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c101.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c110.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c111.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
    }

    private static void tile4x2(
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
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = c00;
        FloatVector c10 = c00;
        FloatVector c11 = c00;
        FloatVector c20 = c00;
        FloatVector c21 = c00;
        FloatVector c30 = c00;
        FloatVector c31 = c00;
        for (int p = 0, ia = aOffset, ib = bOffset; p < depth; p++, ia += 4, ib += COLUMNS) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, ib);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, ib + LANES);
            FloatVector ar = FloatVector.broadcast(SPECIES, a[ia]);
            c00 = ar.fma(b0, c00);
            c01 = ar.fma(b1, c01);
            ar = FloatVector.broadcast(SPECIES, a[ia + 1]);
            c10 = ar.fma(b0, c10);
            c11 = ar.fma(b1, c11);
            ar = FloatVector.broadcast(SPECIES, a[ia + 2]);
            c20 = ar.fma(b0, c20);
            c21 = ar.fma(b1, c21);
            ar = FloatVector.broadcast(SPECIES, a[ia + 3]);
            c30 = ar.fma(b0, c30);
            c31 = ar.fma(b1, c31);
        }
        int from = dOffset;
        int to = cOffset;
        c00.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c01.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c10.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c11.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c20.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c21.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
        from += dStride;
        to += cStride;
        c30.add(FloatVector.fromArray(SPECIES, d, from)).intoArray(c, to);
        c31.add(FloatVector.fromArray(SPECIES, d, from + LANES)).intoArray(c, to + LANES);
    }

    /** Four lines at a time, so that each vector of {@code a} is loaded once for all of them. */
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
        int line = 0;
        for (; line <= lines - 4; line += 4) {
            fourDots(n, a, aOffset, b, bOffset + line * step, step, y, yOffset + line, room);
        }
        for (; line < lines; line++) {
            y[yOffset + line] = dot(n, a, aOffset, b, bOffset + line * step, room);
        }
    }

    private static void fourDots(
            int n, float[] a, int aOffset, float[] b, int bOffset, int step, float[] y, int yOffset, float[] room) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s01 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s20 = s00;
        FloatVector s21 = s00;
        FloatVector s30 = s00;
        FloatVector s31 = s00;
        int b1 = bOffset + step;
        int b2 = b1 + step;
        int b3 = b2 + step;
        int i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, a, aOffset + i);
            FloatVector x1 = FloatVector.fromArray(SPECIES, a, aOffset + i + LANES);
            s00 = x0.fma(FloatVector.fromArray(SPECIES, b, bOffset + i), s00);
            s01 = x1.fma(FloatVector.fromArray(SPECIES, b, bOffset + i + LANES), s01);
            s10 = x0.fma(FloatVector.fromArray(SPECIES, b, b1 + i), s10);
            s11 = x1.fma(FloatVector.fromArray(SPECIES, b, b1 + i + LANES), s11);
            s20 = x0.fma(FloatVector.fromArray(SPECIES, b, b2 + i), s20);
            s21 = x1.fma(FloatVector.fromArray(SPECIES, b, b2 + i + LANES), s21);
            s30 = x0.fma(FloatVector.fromArray(SPECIES, b, b3 + i), s30);
            s31 = x1.fma(FloatVector.fromArray(SPECIES, b, b3 + i + LANES), s31);
        }
        if (i <= n - LANES) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, a, aOffset + i);
            s00 = x0.fma(FloatVector.fromArray(SPECIES, b, bOffset + i), s00);
            s10 = x0.fma(FloatVector.fromArray(SPECIES, b, b1 + i), s10);
            s20 = x0.fma(FloatVector.fromArray(SPECIES, b, b2 + i), s20);
            s30 = x0.fma(FloatVector.fromArray(SPECIES, b, b3 + i), s30);
            i += LANES;
        }
        s00.add(s01).intoArray(room, 0);
        s10.add(s11).intoArray(room, LANES);
        s20.add(s21).intoArray(room, 2 * LANES);
        s30.add(s31).intoArray(room, 3 * LANES);
        // One lane after the other: the order in which reduceLanes adds is not specified.
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        for (int lane = 0; lane < LANES; lane++) {
            sum0 += room[lane];
            sum1 += room[lane + LANES];
            sum2 += room[lane + 2 * LANES];
            sum3 += room[lane + 3 * LANES];
        }
        for (; i < n; i++) {
            float x = a[aOffset + i];
            sum0 = Math.fma(x, b[bOffset + i], sum0);
            sum1 = Math.fma(x, b[b1 + i], sum1);
            sum2 = Math.fma(x, b[b2 + i], sum2);
            sum3 = Math.fma(x, b[b3 + i], sum3);
        }
        y[yOffset] = sum0;
        y[yOffset + 1] = sum1;
        y[yOffset + 2] = sum2;
        y[yOffset + 3] = sum3;
    }

    /** One line, as {@link #fourDots} computes each of its four. */
    private static float dot(int n, float[] a, int aOffset, float[] b, int bOffset, float[] room) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        int i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            s0 = FloatVector.fromArray(SPECIES, a, aOffset + i).fma(FloatVector.fromArray(SPECIES, b, bOffset + i), s0);
            s1 = FloatVector.fromArray(SPECIES, a, aOffset + i + LANES)
                    .fma(FloatVector.fromArray(SPECIES, b, bOffset + i + LANES), s1);
        }
        if (i <= n - LANES) {
            s0 = FloatVector.fromArray(SPECIES, a, aOffset + i).fma(FloatVector.fromArray(SPECIES, b, bOffset + i), s0);
            i += LANES;
        }
        s0.add(s1).intoArray(room, 0);
        float sum = 0;
        for (int lane = 0; lane < LANES; lane++) {
            sum += room[lane];
        }
        for (; i < n; i++) {
            sum = Math.fma(a[aOffset + i], b[bOffset + i], sum);
        }
        return sum;
    }

    @Override
    public void add(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector.fromArray(SPECIES, a, aOffset + i)
                    .add(FloatVector.fromArray(SPECIES, b, bOffset + i))
                    .intoArray(y, yOffset + i);
        }
        for (int i = bound; i < n; i++) {
            y[yOffset + i] = a[aOffset + i] + b[bOffset + i];
        }
    }

    @Override
    public void multiply(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector.fromArray(SPECIES, a, aOffset + i)
                    .mul(FloatVector.fromArray(SPECIES, b, bOffset + i))
                    .intoArray(y, yOffset + i);
        }
        for (int i = bound; i < n; i++) {
            y[yOffset + i] = a[aOffset + i] * b[bOffset + i];
        }
    }

    @Override
    public void addScaled(int n, float scale, float[] x, int xOffset, float[] y, int yOffset) {
        FloatVector factor = FloatVector.broadcast(SPECIES, scale);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xOffset + i)
                    .fma(factor, FloatVector.fromArray(SPECIES, y, yOffset + i))
                    .intoArray(y, yOffset + i);
        }
        for (int i = bound; i < n; i++) {
            y[yOffset + i] = Math.fma(x[xOffset + i], scale, y[yOffset + i]);
        }
    }

    @Override
    public void scaleAndShift(
            int n, float[] x, int xOffset, float center, float scale, float shift, float[] y, int yOffset) {
        FloatVector factor = FloatVector.broadcast(SPECIES, scale);
        FloatVector summand = FloatVector.broadcast(SPECIES, shift);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xOffset + i)
                    .sub(center)
                    .fma(factor, summand)
                    .intoArray(y, yOffset + i);
        }
        for (int i = bound; i < n; i++) {
            y[yOffset + i] = Math.fma(x[xOffset + i] - center, scale, shift);
        }
    }

    @Override
    public void relu(int n, float[] x, int xOffset, float[] y, int yOffset) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xOffset + i).max(0f).intoArray(y, yOffset + i);
        }
        for (int i = bound; i < n; i++) {
            y[yOffset + i] = Math.max(x[xOffset + i], 0f);
        }
    }

    @Override
    public void reluGradient(int n, float[] y, int yOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        FloatVector zero = FloatVector.zero(SPECIES);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            VectorMask<Float> positive =
                    FloatVector.fromArray(SPECIES, y, yOffset + i).compare(VectorOperators.GT, 0f);
            zero.blend(1f, positive)
                    .mul(FloatVector.fromArray(SPECIES, dy, dyOffset + i))
                    .intoArray(dx, dxOffset + i);
        }
        for (int i = bound; i < n; i++) {
            dx[dxOffset + i] = (y[yOffset + i] > 0f ? 1f : 0f) * dy[dyOffset + i];
        }
    }
}
