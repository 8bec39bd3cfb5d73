package dev.striate.backend.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * On the Vector API, under the same rules as {@link PanamaKernels}. Neighbours change places by shifting pairs of 32
 * bit: there are no shuffles, which C2 boxes now and then. Where vectors of 512 bit are certain, pairs are rotated, one
 * operation instead of three: more of them in one method and C2 would no longer inline them all.
 */
final class PanamaWinogradKernels implements WinogradKernels {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Long> PAIRS = LongVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int ROWS = 8;
    private static final VectorSpecies<Integer> BITS = IntVector.SPECIES_PREFERRED;
    private static final float[] MINUS_PLUS = new float[LANES];
    private static final float[] PLUS_MINUS = new float[LANES];
    /** What {@link #combineLines} and {@link #lineTile} take the pairs of their last plane times. */
    private static final float[] TWICE = new float[LANES];

    private static final float[] LAST_OWN = new float[LANES];
    private static final float[] LAST_SWAPPED = new float[LANES];

    static {
        for (int i = 0; i < LANES; i++) {
            MINUS_PLUS[i] = i % 2 == 0 ? -1f : 1f;
            PLUS_MINUS[i] = -MINUS_PLUS[i];
            TWICE[i] = i % 2 == 0 ? 2f : -2f;
            LAST_OWN[i] = i % 2 == 0 ? 1f : -2f;
            LAST_SWAPPED[i] = i % 2 == 0 ? 1f : 0.5f;
        }
    }

    @Override
    public void prepare() {
        // Nothing to do.
    }

    @Override
    public void prepareChannels() {
        // Nothing to do.
    }

    @Override
    public void prepareLines() {
        // Nothing to do.
    }

    @Override
    public int lanes() {
        return LANES;
    }

    @Override
    public int tileRows() {
        return ROWS;
    }

    @Override
    public int tileColumns() {
        return 2 * LANES;
    }

    @Override
    public void combineInput(
            int lines, int tiles, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep) {
        int length = 2 * tiles;
        // The last vector ends with the line, unless the line is shorter: the next line then overwrites the rest.
        int last = Math.max(0, length - LANES);
        for (int i = 0; i < length; i += LANES) {
            int at = Math.min(i, last);
            int from = xOffset + at;
            int to = vOffset + at;
            for (int line = 0; line < lines; line++, from += TILE_LINES * xStep, to += length) {
                combineOuterColumns(x, from, xStep, v, to, planeStep);
                combineInnerColumns(x, from + 1, xStep, v, to + planeStep, planeStep);
            }
        }
    }

    /** Of a vector of tiles columns 0 - 2 and 1 - 3, then these times B. */
    private static void combineOuterColumns(float[] x, int from, int step, float[] v, int to, int planeStep) {
        int line1 = from + step;
        int line2 = line1 + step;
        int line3 = line2 + step;
        int line4 = line3 + step;
        int line5 = line4 + step;
        FloatVector x1 = FloatVector.fromArray(SPECIES, x, line1).sub(FloatVector.fromArray(SPECIES, x, line1 + 2));
        FloatVector x2 = FloatVector.fromArray(SPECIES, x, line2).sub(FloatVector.fromArray(SPECIES, x, line2 + 2));
        FloatVector x3 = FloatVector.fromArray(SPECIES, x, line3).sub(FloatVector.fromArray(SPECIES, x, line3 + 2));
        FloatVector x4 = FloatVector.fromArray(SPECIES, x, line4).sub(FloatVector.fromArray(SPECIES, x, line4 + 2));
        FloatVector odd = x3.sub(x1);
        FloatVector even = x4.sub(x2);
        FloatVector factor = FloatVector.broadcast(SPECIES, 1.5f);
        FloatVector x0 = FloatVector.fromArray(SPECIES, x, from).sub(FloatVector.fromArray(SPECIES, x, from + 2));
        factor.fma(odd, x0.sub(x2).add(even)).intoArray(v, to);
        FloatVector first = factor.fma(x2, odd);
        FloatVector second = factor.fma(x3, even);
        first.add(second).intoArray(v, to + 2 * planeStep);
        first.sub(second).intoArray(v, to + 4 * planeStep);
        odd.add(odd).add(even).intoArray(v, to + 6 * planeStep);
        odd.sub(even.add(even)).intoArray(v, to + 8 * planeStep);
        FloatVector x5 = FloatVector.fromArray(SPECIES, x, line5).sub(FloatVector.fromArray(SPECIES, x, line5 + 2));
        factor.fma(even, x5.sub(x3).sub(odd)).intoArray(v, to + 10 * planeStep);
    }

    /** Of a vector of tiles columns 1 and 2 times B, then 2 - 1 and 1 + 2. */
    private static void combineInnerColumns(float[] x, int from, int step, float[] v, int to, int planeStep) {
        FloatVector x1 = FloatVector.fromArray(SPECIES, x, from + step);
        FloatVector x2 = FloatVector.fromArray(SPECIES, x, from + 2 * step);
        FloatVector x3 = FloatVector.fromArray(SPECIES, x, from + 3 * step);
        FloatVector x4 = FloatVector.fromArray(SPECIES, x, from + 4 * step);
        FloatVector odd = x3.sub(x1);
        FloatVector even = x4.sub(x2);
        FloatVector factor = FloatVector.broadcast(SPECIES, 1.5f);
        FloatVector signs = FloatVector.fromArray(SPECIES, MINUS_PLUS, 0);
        FloatVector inner =
                factor.fma(odd, FloatVector.fromArray(SPECIES, x, from).sub(x2).add(even));
        LongVector pairs = inner.reinterpretAsLongs();
        FloatVector swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                .or(pairs.lanewise(VectorOperators.LSHR, 32))
                .reinterpretAsFloats();
        signs.fma(inner, swapped).intoArray(v, to);
        FloatVector first = factor.fma(x2, odd);
        FloatVector second = factor.fma(x3, even);
        inner = first.add(second);
        pairs = inner.reinterpretAsLongs();
        swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                .or(pairs.lanewise(VectorOperators.LSHR, 32))
                .reinterpretAsFloats();
        signs.fma(inner, swapped).intoArray(v, to + 2 * planeStep);
        inner = first.sub(second);
        pairs = inner.reinterpretAsLongs();
        swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                .or(pairs.lanewise(VectorOperators.LSHR, 32))
                .reinterpretAsFloats();
        signs.fma(inner, swapped).intoArray(v, to + 4 * planeStep);
        inner = odd.add(odd).add(even);
        pairs = inner.reinterpretAsLongs();
        swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                .or(pairs.lanewise(VectorOperators.LSHR, 32))
                .reinterpretAsFloats();
        signs.fma(inner, swapped).intoArray(v, to + 6 * planeStep);
        inner = odd.sub(even.add(even));
        pairs = inner.reinterpretAsLongs();
        swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                .or(pairs.lanewise(VectorOperators.LSHR, 32))
                .reinterpretAsFloats();
        signs.fma(inner, swapped).intoArray(v, to + 8 * planeStep);
        inner = factor.fma(
                even, FloatVector.fromArray(SPECIES, x, from + 5 * step).sub(x3).sub(odd));
        pairs = inner.reinterpretAsLongs();
        swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                .or(pairs.lanewise(VectorOperators.LSHR, 32))
                .reinterpretAsFloats();
        signs.fma(inner, swapped).intoArray(v, to + 10 * planeStep);
    }

    /**
     * Eight rows by two vectors: for 32 registers, which vectors of 512 bit come with. It does not add to what
     * {@code m} holds: the less C2 has to inline, the better, see {@link SimdKernels#acquaint}.
     */
    @Override
    public void tile(
            int depth, long[] u, int uOffset, float[] v, int vOffset, int vStep, float[] m, int mOffset, int mStep) {
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
        for (int p = 0, iu = uOffset, iv = vOffset; p < depth; p++, iu += ROWS, iv += vStep) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, v, iv);
            FloatVector v1 = FloatVector.fromArray(SPECIES, v, iv + LANES);
            FloatVector ur = LongVector.broadcast(PAIRS, u[iu]).reinterpretAsFloats();
            c00 = ur.fma(v0, c00);
            c01 = ur.fma(v1, c01);
            ur = LongVector.broadcast(PAIRS, u[iu + 1]).reinterpretAsFloats();
            c10 = ur.fma(v0, c10);
            c11 = ur.fma(v1, c11);
            ur = LongVector.broadcast(PAIRS, u[iu + 2]).reinterpretAsFloats();
            c20 = ur.fma(v0, c20);
            c21 = ur.fma(v1, c21);
            ur = LongVector.broadcast(PAIRS, u[iu + 3]).reinterpretAsFloats();
            c30 = ur.fma(v0, c30);
            c31 = ur.fma(v1, c31);
            ur = LongVector.broadcast(PAIRS, u[iu + 4]).reinterpretAsFloats();
            c40 = ur.fma(v0, c40);
            c41 = ur.fma(v1, c41);
            ur = LongVector.broadcast(PAIRS, u[iu + 5]).reinterpretAsFloats();
            c50 = ur.fma(v0, c50);
            c51 = ur.fma(v1, c51);
            ur = LongVector.broadcast(PAIRS, u[iu + 6]).reinterpretAsFloats();
            c60 = ur.fma(v0, c60);
            c61 = ur.fma(v1, c61);
            ur = LongVector.broadcast(PAIRS, u[iu + 7]).reinterpretAsFloats();
            c70 = ur.fma(v0, c70);
            c71 = ur.fma(v1, c71);
        }
        int r1 = mOffset + mStep;
        int r2 = r1 + mStep;
        int r3 = r2 + mStep;
        int r4 = r3 + mStep;
        int r5 = r4 + mStep;
        int r6 = r5 + mStep;
        int r7 = r6 + mStep;
        c00.intoArray(m, mOffset);
        c01.intoArray(m, mOffset + LANES);
        c10.intoArray(m, r1);
        c11.intoArray(m, r1 + LANES);
        c20.intoArray(m, r2);
        c21.intoArray(m, r2 + LANES);
        c30.intoArray(m, r3);
        c31.intoArray(m, r3 + LANES);
        c40.intoArray(m, r4);
        c41.intoArray(m, r4 + LANES);
        c50.intoArray(m, r5);
        c51.intoArray(m, r5 + LANES);
        c60.intoArray(m, r6);
        c61.intoArray(m, r6 + LANES);
        c70.intoArray(m, r7);
        c71.intoArray(m, r7 + LANES);
    }

    @Override
    public void combineOutput(
            int lines,
            int tiles,
            float[] m,
            int mOffset,
            int planeStep,
            float bias,
            float[] y,
            int yOffset,
            int yLines,
            int width,
            float[] room) {
        // The lines of tiles from which no vector reaches beyond the last line of pixels.
        int reach = 2 * tiles == width ? Math.max(LANES, width) : (width + LANES - 1) / LANES * LANES;
        int whole = Math.max(0, Math.min(yLines / TILE_LINES, ((yLines + 1) * width - reach) / (TILE_LINES * width)));
        joinTiles(whole, tiles, m, mOffset, planeStep, bias, y, yOffset, width);
        joinTiles(lines - whole, tiles, m, mOffset + whole * 2 * tiles, planeStep, bias, room, 0, width);
        int done = TILE_LINES * whole * width;
        System.arraycopy(room, 0, y, yOffset + done, yLines * width - done);
    }

    /**
     * Combines what is above each other to outer and inner columns of four lines of pixels, then what stands side by
     * side. From right to left and from top to bottom: what a line's last vector writes beyond it, the next line
     * overwrites.
     */
    private static void joinTiles(
            int lines,
            int tiles,
            float[] m,
            int mOffset,
            int planeStep,
            float bias,
            float[] y,
            int yOffset,
            int width) {
        FloatVector signs = FloatVector.fromArray(SPECIES, PLUS_MINUS, 0);
        FloatVector summand = FloatVector.broadcast(SPECIES, bias);
        FloatVector half = FloatVector.broadcast(SPECIES, 0.5f);
        FloatVector quarter = FloatVector.broadcast(SPECIES, 0.25f);
        FloatVector eighth = FloatVector.broadcast(SPECIES, 0.125f);
        FloatVector minusTwo = FloatVector.broadcast(SPECIES, -2f);
        FloatVector four = FloatVector.broadcast(SPECIES, 4f);
        FloatVector minusEight = FloatVector.broadcast(SPECIES, -8f);
        int rightmost = (width - 1) / LANES * LANES;
        // In a line with as many pixels as its tiles have, the last vector ends with it, unless it is shorter.
        int last = 2 * tiles == width ? Math.max(0, width - LANES) : width;
        for (int line = 0, to = yOffset, start = mOffset;
                line < lines;
                line++, to += TILE_LINES * width, start += 2 * tiles) {
            for (int i = rightmost; i >= 0; i -= LANES) {
                int x = Math.min(i, last);
                int from = start + x;
                FloatVector outer1 = FloatVector.fromArray(SPECIES, m, from + 2 * planeStep);
                FloatVector inner1 = FloatVector.fromArray(SPECIES, m, from + 3 * planeStep);
                FloatVector outer2 = FloatVector.fromArray(SPECIES, m, from + 4 * planeStep);
                FloatVector inner2 = FloatVector.fromArray(SPECIES, m, from + 5 * planeStep);
                FloatVector outer3 = FloatVector.fromArray(SPECIES, m, from + 6 * planeStep);
                FloatVector inner3 = FloatVector.fromArray(SPECIES, m, from + 7 * planeStep);
                FloatVector outer4 = FloatVector.fromArray(SPECIES, m, from + 8 * planeStep);
                FloatVector inner4 = FloatVector.fromArray(SPECIES, m, from + 9 * planeStep);
                FloatVector outerSum = outer1.add(outer2);
                FloatVector innerSum = inner1.add(inner2);
                FloatVector outer =
                        FloatVector.fromArray(SPECIES, m, from).add(outerSum).add(outer3.add(outer4));
                FloatVector inner = FloatVector.fromArray(SPECIES, m, from + planeStep)
                        .add(innerSum)
                        .add(inner3.add(inner4));
                LongVector pairs = inner.reinterpretAsLongs();
                FloatVector swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                        .or(pairs.lanewise(VectorOperators.LSHR, 32))
                        .reinterpretAsFloats();
                signs.fma(outer.add(swapped), inner).add(summand).intoArray(y, to + x);
                FloatVector outerDifference = outer1.sub(outer2);
                FloatVector innerDifference = inner1.sub(inner2);
                outer = half.fma(outer3, minusTwo.fma(outer4, outerDifference));
                inner = half.fma(inner3, minusTwo.fma(inner4, innerDifference));
                pairs = inner.reinterpretAsLongs();
                swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                        .or(pairs.lanewise(VectorOperators.LSHR, 32))
                        .reinterpretAsFloats();
                signs.fma(outer.add(swapped), inner).add(summand).intoArray(y, to + width + x);
                outer = quarter.fma(outer3, four.fma(outer4, outerSum));
                inner = quarter.fma(inner3, four.fma(inner4, innerSum));
                pairs = inner.reinterpretAsLongs();
                swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                        .or(pairs.lanewise(VectorOperators.LSHR, 32))
                        .reinterpretAsFloats();
                signs.fma(outer.add(swapped), inner).add(summand).intoArray(y, to + 2 * width + x);
                outerDifference =
                        FloatVector.fromArray(SPECIES, m, from + 10 * planeStep).add(outerDifference);
                innerDifference =
                        FloatVector.fromArray(SPECIES, m, from + 11 * planeStep).add(innerDifference);
                outer = eighth.fma(outer3, minusEight.fma(outer4, outerDifference));
                inner = eighth.fma(inner3, minusEight.fma(inner4, innerDifference));
                pairs = inner.reinterpretAsLongs();
                swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                        .or(pairs.lanewise(VectorOperators.LSHR, 32))
                        .reinterpretAsFloats();
                signs.fma(outer.add(swapped), inner).add(summand).intoArray(y, to + 3 * width + x);
            }
        }
    }

    @Override
    public void combineInputChannels(
            int tiles, int channels, float[] x, int xOffset, int lineStep, float[] v, int vOffset, int planeStep) {
        int line1 = xOffset + lineStep;
        int line2 = line1 + lineStep;
        for (int channel = 0; channel < channels; channel += LANES) {
            int to = vOffset + channel;
            combineChannelLines(tiles, channels, x, xOffset + channel, line2 + channel, -1f, v, to, planeStep);
            combineChannelLines(
                    tiles, channels, x, line1 + channel, line2 + channel, 1f, v, to + 4 * planeStep, planeStep);
            combineChannelLines(
                    tiles, channels, x, line2 + channel, line1 + channel, -1f, v, to + 8 * planeStep, planeStep);
            combineChannelLines(
                    tiles,
                    channels,
                    x,
                    line1 + channel,
                    line2 + lineStep + channel,
                    -1f,
                    v,
                    to + 12 * planeStep,
                    planeStep);
        }
    }

    /**
     * The first line and the second times a sign, combined along them. Two columns of a tile are also the next one's.
     */
    private static void combineChannelLines(
            int tiles,
            int channels,
            float[] x,
            int firstLine,
            int secondLine,
            float sign,
            float[] v,
            int vOffset,
            int planeStep) {
        FloatVector factor = FloatVector.broadcast(SPECIES, sign);
        int second = secondLine - firstLine;
        FloatVector x0 =
                factor.fma(FloatVector.fromArray(SPECIES, x, secondLine), FloatVector.fromArray(SPECIES, x, firstLine));
        FloatVector x1 = factor.fma(
                FloatVector.fromArray(SPECIES, x, secondLine + channels),
                FloatVector.fromArray(SPECIES, x, firstLine + channels));
        int from = firstLine + channels;
        for (int tile = 0, to = vOffset; tile < tiles; tile++, to += channels) {
            from += channels;
            FloatVector x2 = factor.fma(
                    FloatVector.fromArray(SPECIES, x, from + second), FloatVector.fromArray(SPECIES, x, from));
            from += channels;
            FloatVector x3 = factor.fma(
                    FloatVector.fromArray(SPECIES, x, from + second), FloatVector.fromArray(SPECIES, x, from));
            x0.sub(x2).intoArray(v, to);
            x1.add(x2).intoArray(v, to + planeStep);
            x2.sub(x1).intoArray(v, to + 2 * planeStep);
            x1.sub(x3).intoArray(v, to + 3 * planeStep);
            x0 = x2;
            x1 = x3;
        }
    }

    @Override
    public void combineGradient(
            int lines, float[] d, int dOffset, int dLines, int width, float[] z, int zOffset, int planeStep) {
        int step = gradientRows() * LANES;
        int vectors = (width + LANES - 1) / LANES;
        for (int i = 0; i < vectors; i++) {
            int x = i * LANES;
            combineGradient(
                    lines, d, dOffset + x, dLines, width, width - x, z, zOffset + i * step, vectors * step, planeStep);
        }
    }

    /** A vector of each line, of which so many pixels count. */
    private static void combineGradient(
            int lines,
            float[] d,
            int dOffset,
            int dLines,
            int width,
            int pixels,
            float[] z,
            int zOffset,
            int zStep,
            int planeStep) {
        IntVector inside = IntVector.fromArray(BITS, PanamaConvKernels.EDGES, PanamaConvKernels.below(pixels, 0));
        FloatVector signs = FloatVector.fromArray(SPECIES, PLUS_MINUS, 0);
        for (int line = 0, from = dOffset, to = zOffset; line < lines; line++, from += 2 * width, to += zStep) {
            // An image's last tiles may have no second line.
            boolean whole = 2 * line + 1 < dLines;
            FloatVector d0 = FloatVector.fromArray(SPECIES, d, from)
                    .reinterpretAsInts()
                    .and(inside)
                    .reinterpretAsFloats();
            FloatVector d1 = FloatVector.fromArray(SPECIES, d, whole ? from + width : from)
                    .reinterpretAsInts()
                    .and(inside)
                    .and(IntVector.fromArray(BITS, PanamaConvKernels.EDGES, whole ? 0 : LANES))
                    .reinterpretAsFloats();
            FloatVector sum = d0.add(d1);
            FloatVector difference = d0.sub(d1);
            d0.intoArray(z, to);
            LongVector pairs = d0.reinterpretAsLongs();
            FloatVector swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                    .or(pairs.lanewise(VectorOperators.LSHR, 32))
                    .reinterpretAsFloats();
            signs.fma(d0, swapped).intoArray(z, to + planeStep);
            sum.intoArray(z, to + 2 * planeStep);
            pairs = sum.reinterpretAsLongs();
            swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                    .or(pairs.lanewise(VectorOperators.LSHR, 32))
                    .reinterpretAsFloats();
            signs.fma(sum, swapped).intoArray(z, to + 3 * planeStep);
            difference.intoArray(z, to + 4 * planeStep);
            pairs = difference.reinterpretAsLongs();
            swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                    .or(pairs.lanewise(VectorOperators.LSHR, 32))
                    .reinterpretAsFloats();
            signs.fma(difference, swapped).intoArray(z, to + 5 * planeStep);
            d1.intoArray(z, to + 6 * planeStep);
            pairs = d1.reinterpretAsLongs();
            swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                    .or(pairs.lanewise(VectorOperators.LSHR, 32))
                    .reinterpretAsFloats();
            signs.fma(d1, swapped).intoArray(z, to + 7 * planeStep);
        }
    }

    @Override
    public int gradientRows() {
        return PanamaConvKernels.TALL ? 8 : 4;
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
        if (PanamaConvKernels.TALL) {
            gradientTile8(depth, z, zOffset, starts, v, vOffset, vStep, c, cOffset, cStep, add);
        } else {
            gradientTile4(depth, z, zOffset, starts, v, vOffset, vStep, c, cOffset, cStep, add);
        }
    }

    /** For 32 registers. */
    private static void gradientTile8(
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
        for (int p = 0, iv = vOffset; p < depth; p++, iv += vStep) {
            int iz = zOffset + starts[p];
            FloatVector v0 = FloatVector.fromArray(SPECIES, v, iv);
            FloatVector v1 = FloatVector.fromArray(SPECIES, v, iv + LANES);
            FloatVector zr = FloatVector.broadcast(SPECIES, z[iz]);
            c00 = zr.fma(v0, c00);
            c01 = zr.fma(v1, c01);
            zr = FloatVector.broadcast(SPECIES, z[iz + LANES]);
            c10 = zr.fma(v0, c10);
            c11 = zr.fma(v1, c11);
            zr = FloatVector.broadcast(SPECIES, z[iz + 2 * LANES]);
            c20 = zr.fma(v0, c20);
            c21 = zr.fma(v1, c21);
            zr = FloatVector.broadcast(SPECIES, z[iz + 3 * LANES]);
            c30 = zr.fma(v0, c30);
            c31 = zr.fma(v1, c31);
            zr = FloatVector.broadcast(SPECIES, z[iz + 4 * LANES]);
            c40 = zr.fma(v0, c40);
            c41 = zr.fma(v1, c41);
            zr = FloatVector.broadcast(SPECIES, z[iz + 5 * LANES]);
            c50 = zr.fma(v0, c50);
            c51 = zr.fma(v1, c51);
            zr = FloatVector.broadcast(SPECIES, z[iz + 6 * LANES]);
            c60 = zr.fma(v0, c60);
            c61 = zr.fma(v1, c61);
            zr = FloatVector.broadcast(SPECIES, z[iz + 7 * LANES]);
            c70 = zr.fma(v0, c70);
            c71 = zr.fma(v1, c71);
        }
        int r1 = cOffset + cStep;
        int r2 = r1 + cStep;
        int r3 = r2 + cStep;
        int r4 = r3 + cStep;
        int r5 = r4 + cStep;
        int r6 = r5 + cStep;
        int r7 = r6 + cStep;
        if (add) {
            c00 = c00.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c01 = c01.add(FloatVector.fromArray(SPECIES, c, cOffset + LANES));
            c10 = c10.add(FloatVector.fromArray(SPECIES, c, r1));
            c11 = c11.add(FloatVector.fromArray(SPECIES, c, r1 + LANES));
            c20 = c20.add(FloatVector.fromArray(SPECIES, c, r2));
            c21 = c21.add(FloatVector.fromArray(SPECIES, c, r2 + LANES));
            c30 = c30.add(FloatVector.fromArray(SPECIES, c, r3));
            c31 = c31.add(FloatVector.fromArray(SPECIES, c, r3 + LANES));
            c40 = c40.add(FloatVector.fromArray(SPECIES, c, r4));
            c41 = c41.add(FloatVector.fromArray(SPECIES, c, r4 + LANES));
            c50 = c50.add(FloatVector.fromArray(SPECIES, c, r5));
            c51 = c51.add(FloatVector.fromArray(SPECIES, c, r5 + LANES));
            c60 = c60.add(FloatVector.fromArray(SPECIES, c, r6));
            c61 = c61.add(FloatVector.fromArray(SPECIES, c, r6 + LANES));
            c70 = c70.add(FloatVector.fromArray(SPECIES, c, r7));
            c71 = c71.add(FloatVector.fromArray(SPECIES, c, r7 + LANES));
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c10.intoArray(c, r1);
        c11.intoArray(c, r1 + LANES);
        c20.intoArray(c, r2);
        c21.intoArray(c, r2 + LANES);
        c30.intoArray(c, r3);
        c31.intoArray(c, r3 + LANES);
        c40.intoArray(c, r4);
        c41.intoArray(c, r4 + LANES);
        c50.intoArray(c, r5);
        c51.intoArray(c, r5 + LANES);
        c60.intoArray(c, r6);
        c61.intoArray(c, r6 + LANES);
        c70.intoArray(c, r7);
        c71.intoArray(c, r7 + LANES);
    }

    /** For 16. */
    private static void gradientTile4(
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
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = c00;
        FloatVector c10 = c00;
        FloatVector c11 = c00;
        FloatVector c20 = c00;
        FloatVector c21 = c00;
        FloatVector c30 = c00;
        FloatVector c31 = c00;
        for (int p = 0, iv = vOffset; p < depth; p++, iv += vStep) {
            int iz = zOffset + starts[p];
            FloatVector v0 = FloatVector.fromArray(SPECIES, v, iv);
            FloatVector v1 = FloatVector.fromArray(SPECIES, v, iv + LANES);
            FloatVector zr = FloatVector.broadcast(SPECIES, z[iz]);
            c00 = zr.fma(v0, c00);
            c01 = zr.fma(v1, c01);
            zr = FloatVector.broadcast(SPECIES, z[iz + LANES]);
            c10 = zr.fma(v0, c10);
            c11 = zr.fma(v1, c11);
            zr = FloatVector.broadcast(SPECIES, z[iz + 2 * LANES]);
            c20 = zr.fma(v0, c20);
            c21 = zr.fma(v1, c21);
            zr = FloatVector.broadcast(SPECIES, z[iz + 3 * LANES]);
            c30 = zr.fma(v0, c30);
            c31 = zr.fma(v1, c31);
        }
        int r1 = cOffset + cStep;
        int r2 = r1 + cStep;
        int r3 = r2 + cStep;
        if (add) {
            c00 = c00.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c01 = c01.add(FloatVector.fromArray(SPECIES, c, cOffset + LANES));
            c10 = c10.add(FloatVector.fromArray(SPECIES, c, r1));
            c11 = c11.add(FloatVector.fromArray(SPECIES, c, r1 + LANES));
            c20 = c20.add(FloatVector.fromArray(SPECIES, c, r2));
            c21 = c21.add(FloatVector.fromArray(SPECIES, c, r2 + LANES));
            c30 = c30.add(FloatVector.fromArray(SPECIES, c, r3));
            c31 = c31.add(FloatVector.fromArray(SPECIES, c, r3 + LANES));
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c10.intoArray(c, r1);
        c11.intoArray(c, r1 + LANES);
        c20.intoArray(c, r2);
        c21.intoArray(c, r2 + LANES);
        c30.intoArray(c, r3);
        c31.intoArray(c, r3 + LANES);
    }

    @Override
    public void combineLines(
            int lines, int width, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep) {
        // The last vector ends with the line, unless the line is shorter: the next line then overwrites the rest.
        int last = Math.max(0, width - LANES);
        for (int i = 0; i < width; i += LANES) {
            int at = Math.min(i, last);
            combinePairs(lines, width, x, xOffset + at, xStep, v, vOffset + at, planeStep);
        }
    }

    /**
     * A vector of each line. The sixth element of a tile is its first one with all pixels moved by one, and so is the
     * second summand of its elements 1 and 2, or 3 and 4.
     */
    private static void combinePairs(
            int lines, int width, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep) {
        FloatVector factor = FloatVector.broadcast(SPECIES, 1.5f);
        FloatVector signs = FloatVector.fromArray(SPECIES, MINUS_PLUS, 0);
        FloatVector twice = FloatVector.fromArray(SPECIES, TWICE, 0);
        for (int line = 0, from = xOffset, to = vOffset; line < lines; line++, from += xStep, to += width) {
            FloatVector x2 = FloatVector.fromArray(SPECIES, x, from + 2);
            FloatVector odd =
                    FloatVector.fromArray(SPECIES, x, from + 3).sub(FloatVector.fromArray(SPECIES, x, from + 1));
            FloatVector even = FloatVector.fromArray(SPECIES, x, from + 4).sub(x2);
            factor.fma(odd, FloatVector.fromArray(SPECIES, x, from).sub(x2).add(even))
                    .intoArray(v, to);
            FloatVector sum = factor.fma(x2, odd);
            LongVector pairs = sum.reinterpretAsLongs();
            FloatVector swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                    .or(pairs.lanewise(VectorOperators.LSHR, 32))
                    .reinterpretAsFloats();
            signs.fma(sum, swapped).intoArray(v, to + planeStep);
            pairs = odd.reinterpretAsLongs();
            swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                    .or(pairs.lanewise(VectorOperators.LSHR, 32))
                    .reinterpretAsFloats();
            twice.fma(odd, swapped).intoArray(v, to + 2 * planeStep);
        }
    }

    /**
     * Three planes by four rows by two vectors: for 32 registers. What follows the products stands here eight times,
     * for C2 would box the vectors of a method that it does not inline.
     */
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
        FloatVector a00 = FloatVector.broadcast(SPECIES, bias[biasOffset]);
        FloatVector a01 = a00;
        FloatVector a10 = FloatVector.broadcast(SPECIES, bias[biasOffset + 1]);
        FloatVector a11 = a10;
        FloatVector a20 = FloatVector.broadcast(SPECIES, bias[biasOffset + 2]);
        FloatVector a21 = a20;
        FloatVector a30 = FloatVector.broadcast(SPECIES, bias[biasOffset + 3]);
        FloatVector a31 = a30;
        FloatVector b00 = FloatVector.zero(SPECIES);
        FloatVector b01 = b00;
        FloatVector b10 = b00;
        FloatVector b11 = b00;
        FloatVector b20 = b00;
        FloatVector b21 = b00;
        FloatVector b30 = b00;
        FloatVector b31 = b00;
        FloatVector c00 = b00;
        FloatVector c01 = b00;
        FloatVector c10 = b00;
        FloatVector c11 = b00;
        FloatVector c20 = b00;
        FloatVector c21 = b00;
        FloatVector c30 = b00;
        FloatVector c31 = b00;
        for (int p = 0, iu = uOffset; p < depth; p++, iu += LINE_PLANES * LINE_ROWS) {
            int at = vOffset + starts[p];
            FloatVector v0 = FloatVector.fromArray(SPECIES, v, at);
            FloatVector v1 = FloatVector.fromArray(SPECIES, v, at + secondV);
            FloatVector ur = LongVector.broadcast(PAIRS, u[iu]).reinterpretAsFloats();
            a00 = ur.fma(v0, a00);
            a01 = ur.fma(v1, a01);
            ur = LongVector.broadcast(PAIRS, u[iu + 1]).reinterpretAsFloats();
            a10 = ur.fma(v0, a10);
            a11 = ur.fma(v1, a11);
            ur = LongVector.broadcast(PAIRS, u[iu + 2]).reinterpretAsFloats();
            a20 = ur.fma(v0, a20);
            a21 = ur.fma(v1, a21);
            ur = LongVector.broadcast(PAIRS, u[iu + 3]).reinterpretAsFloats();
            a30 = ur.fma(v0, a30);
            a31 = ur.fma(v1, a31);
            v0 = FloatVector.fromArray(SPECIES, v, at + planeStep);
            v1 = FloatVector.fromArray(SPECIES, v, at + secondV + planeStep);
            ur = LongVector.broadcast(PAIRS, u[iu + 4]).reinterpretAsFloats();
            b00 = ur.fma(v0, b00);
            b01 = ur.fma(v1, b01);
            ur = LongVector.broadcast(PAIRS, u[iu + 5]).reinterpretAsFloats();
            b10 = ur.fma(v0, b10);
            b11 = ur.fma(v1, b11);
            ur = LongVector.broadcast(PAIRS, u[iu + 6]).reinterpretAsFloats();
            b20 = ur.fma(v0, b20);
            b21 = ur.fma(v1, b21);
            ur = LongVector.broadcast(PAIRS, u[iu + 7]).reinterpretAsFloats();
            b30 = ur.fma(v0, b30);
            b31 = ur.fma(v1, b31);
            v0 = FloatVector.fromArray(SPECIES, v, at + 2 * planeStep);
            v1 = FloatVector.fromArray(SPECIES, v, at + secondV + 2 * planeStep);
            ur = LongVector.broadcast(PAIRS, u[iu + 8]).reinterpretAsFloats();
            c00 = ur.fma(v0, c00);
            c01 = ur.fma(v1, c01);
            ur = LongVector.broadcast(PAIRS, u[iu + 9]).reinterpretAsFloats();
            c10 = ur.fma(v0, c10);
            c11 = ur.fma(v1, c11);
            ur = LongVector.broadcast(PAIRS, u[iu + 10]).reinterpretAsFloats();
            c20 = ur.fma(v0, c20);
            c21 = ur.fma(v1, c21);
            ur = LongVector.broadcast(PAIRS, u[iu + 11]).reinterpretAsFloats();
            c30 = ur.fma(v0, c30);
            c31 = ur.fma(v1, c31);
        }
        FloatVector signs = FloatVector.fromArray(SPECIES, PLUS_MINUS, 0);
        FloatVector own = FloatVector.fromArray(SPECIES, LAST_OWN, 0);
        FloatVector other = FloatVector.fromArray(SPECIES, LAST_SWAPPED, 0);
        FloatVector inner00 =
                b00.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
        FloatVector last00 =
                c00.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
        other.fma(last00, own.fma(c00, a00.add(signs.fma(inner00, b00)))).intoArray(y, yOffset);
        FloatVector inner01 =
                b01.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
        FloatVector last01 =
                c01.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
        other.fma(last01, own.fma(c01, a01.add(signs.fma(inner01, b01)))).intoArray(y, yOffset + secondY);
        if (rows > 1) {
            FloatVector inner10 =
                    b10.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            FloatVector last10 =
                    c10.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            other.fma(last10, own.fma(c10, a10.add(signs.fma(inner10, b10)))).intoArray(y, yOffset + yStep);
            FloatVector inner11 =
                    b11.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            FloatVector last11 =
                    c11.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            other.fma(last11, own.fma(c11, a11.add(signs.fma(inner11, b11)))).intoArray(y, yOffset + yStep + secondY);
        }
        if (rows > 2) {
            FloatVector inner20 =
                    b20.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            FloatVector last20 =
                    c20.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            other.fma(last20, own.fma(c20, a20.add(signs.fma(inner20, b20)))).intoArray(y, yOffset + 2 * yStep);
            FloatVector inner21 =
                    b21.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            FloatVector last21 =
                    c21.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            other.fma(last21, own.fma(c21, a21.add(signs.fma(inner21, b21))))
                    .intoArray(y, yOffset + 2 * yStep + secondY);
        }
        if (rows > 3) {
            FloatVector inner30 =
                    b30.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            FloatVector last30 =
                    c30.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            other.fma(last30, own.fma(c30, a30.add(signs.fma(inner30, b30)))).intoArray(y, yOffset + 3 * yStep);
            FloatVector inner31 =
                    b31.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            FloatVector last31 =
                    c31.reinterpretAsLongs().lanewise(VectorOperators.ROL, 32).reinterpretAsFloats();
            other.fma(last31, own.fma(c31, a31.add(signs.fma(inner31, b31))))
                    .intoArray(y, yOffset + 3 * yStep + secondY);
        }
    }
}
