package dev.striate.backend.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * On the Vector API, under the same rules as {@link PanamaKernels}. Neighbours change places by shifting pairs of 32 bit: there
 * are no shuffles, which C2 boxes now and then.
 */
final class PanamaWinogradKernels implements WinogradKernels {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Long> PAIRS = LongVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int ROWS = 8;
    private static final float[] MINUS_PLUS = new float[LANES];
    private static final float[] PLUS_MINUS = new float[LANES];

    static {
        for (int i = 0; i < LANES; i++) {
            MINUS_PLUS[i] = i % 2 == 0 ? -1f : 1f;
            PLUS_MINUS[i] = -MINUS_PLUS[i];
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
            int lines, int tiles, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep, float[] room) {
        // The last vector ends with the line, unless the line is shorter: the next line then overwrites the rest.
        int last = Math.max(0, 2 * tiles - LANES);
        for (int i = 0; i < 2 * tiles; i += LANES) {
            int at = Math.min(i, last);
            combineColumns(2 * lines + 2, x, xOffset + at, xStep, room);
            combineLines(lines, 2 * tiles, room, v, vOffset + at, planeStep);
        }
    }

    /** Of a vector of each line columns 0 - 2 and 1 - 3 of the tiles there, then columns 2 - 1 and 1 + 2. */
    private static void combineColumns(int lines, float[] x, int xOffset, int xStep, float[] target) {
        FloatVector signs = FloatVector.fromArray(SPECIES, MINUS_PLUS, 0);
        for (int line = 0, from = xOffset, to = 0; line < lines; line++, from += xStep, to += 2 * LANES) {
            FloatVector middle = FloatVector.fromArray(SPECIES, x, from + 1);
            LongVector pairs = middle.reinterpretAsLongs();
            FloatVector swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                    .or(pairs.lanewise(VectorOperators.LSHR, 32)).reinterpretAsFloats();
            FloatVector.fromArray(SPECIES, x, from).sub(FloatVector.fromArray(SPECIES, x, from + 2)).intoArray(target, to);
            signs.fma(middle, swapped).intoArray(target, to + LANES);
        }
    }

    /** Reads two lines of each tile again, which are also the next one's: kept in vectors, C2 boxes them. */
    private static void combineLines(int lines, int length, float[] columns, float[] v, int vOffset, int planeStep) {
        for (int line = 0, from = 0, to = vOffset; line < lines; line++, from += 4 * LANES, to += length) {
            FloatVector outer0 = FloatVector.fromArray(SPECIES, columns, from);
            FloatVector outer1 = FloatVector.fromArray(SPECIES, columns, from + 2 * LANES);
            FloatVector outer2 = FloatVector.fromArray(SPECIES, columns, from + 4 * LANES);
            FloatVector outer3 = FloatVector.fromArray(SPECIES, columns, from + 6 * LANES);
            outer0.sub(outer2).intoArray(v, to);
            outer1.add(outer2).intoArray(v, to + 2 * planeStep);
            outer2.sub(outer1).intoArray(v, to + 4 * planeStep);
            outer1.sub(outer3).intoArray(v, to + 6 * planeStep);
            FloatVector inner0 = FloatVector.fromArray(SPECIES, columns, from + LANES);
            FloatVector inner1 = FloatVector.fromArray(SPECIES, columns, from + 3 * LANES);
            FloatVector inner2 = FloatVector.fromArray(SPECIES, columns, from + 5 * LANES);
            FloatVector inner3 = FloatVector.fromArray(SPECIES, columns, from + 7 * LANES);
            inner0.sub(inner2).intoArray(v, to + planeStep);
            inner1.add(inner2).intoArray(v, to + 3 * planeStep);
            inner2.sub(inner1).intoArray(v, to + 5 * planeStep);
            inner1.sub(inner3).intoArray(v, to + 7 * planeStep);
        }
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
            int lines, int tiles, float[] m, int mOffset, int planeStep, float bias, float[] y, int yOffset, int yLines,
            int width, float[] room) {
        // The lines of tiles from which no vector reaches beyond the last line of pixels.
        int reach = 2 * tiles == width ? Math.max(LANES, width) : (width + LANES - 1) / LANES * LANES;
        int whole = Math.max(0, Math.min(yLines / 2, ((yLines + 1) * width - reach) / (2 * width)));
        joinTiles(whole, tiles, m, mOffset, planeStep, bias, y, yOffset, width);
        joinTiles(lines - whole, tiles, m, mOffset + whole * 2 * tiles, planeStep, bias, room, 0, width);
        int done = 2 * whole * width;
        System.arraycopy(room, 0, y, yOffset + done, yLines * width - done);
    }

    /**
     * Combines what is above each other to outer and inner columns of an even line of pixels and of the odd one below, then what
     * stands side by side. From right to left: what a line's last vector writes beyond it, the next line overwrites.
     */
    private static void joinTiles(
            int lines, int tiles, float[] m, int mOffset, int planeStep, float bias, float[] y, int yOffset, int width) {
        FloatVector signs = FloatVector.fromArray(SPECIES, PLUS_MINUS, 0);
        FloatVector summand = FloatVector.broadcast(SPECIES, bias);
        int rightmost = (width - 1) / LANES * LANES;
        // In a line with as many pixels as its tiles have, the last vector ends with it, unless it is shorter.
        int last = 2 * tiles == width ? Math.max(0, width - LANES) : width;
        for (int line = 0, to = yOffset, start = mOffset; line < lines; line++, to += 2 * width, start += 2 * tiles) {
            for (int i = rightmost; i >= 0; i -= LANES) {
                int x = Math.min(i, last);
                int from = start + x;
                FloatVector outer1 = FloatVector.fromArray(SPECIES, m, from + 2 * planeStep);
                FloatVector inner1 = FloatVector.fromArray(SPECIES, m, from + 3 * planeStep);
                FloatVector outer2 = FloatVector.fromArray(SPECIES, m, from + 4 * planeStep);
                FloatVector inner2 = FloatVector.fromArray(SPECIES, m, from + 5 * planeStep);
                FloatVector outer = FloatVector.fromArray(SPECIES, m, from).add(outer1).add(outer2);
                FloatVector inner = FloatVector.fromArray(SPECIES, m, from + planeStep).add(inner1).add(inner2);
                LongVector pairs = inner.reinterpretAsLongs();
                FloatVector swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                        .or(pairs.lanewise(VectorOperators.LSHR, 32)).reinterpretAsFloats();
                signs.fma(outer.add(swapped), inner).add(summand).intoArray(y, to + x);
                outer = outer1.sub(outer2).sub(FloatVector.fromArray(SPECIES, m, from + 6 * planeStep));
                inner = inner1.sub(inner2).sub(FloatVector.fromArray(SPECIES, m, from + 7 * planeStep));
                pairs = inner.reinterpretAsLongs();
                swapped = pairs.lanewise(VectorOperators.LSHL, 32)
                        .or(pairs.lanewise(VectorOperators.LSHR, 32)).reinterpretAsFloats();
                signs.fma(outer.add(swapped), inner).add(summand).intoArray(y, to + width + x);
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
            combineChannelLines(tiles, channels, x, line1 + channel, line2 + channel, 1f, v, to + 4 * planeStep, planeStep);
            combineChannelLines(tiles, channels, x, line2 + channel, line1 + channel, -1f, v, to + 8 * planeStep, planeStep);
            combineChannelLines(
                    tiles, channels, x, line1 + channel, line2 + lineStep + channel, -1f, v, to + 12 * planeStep, planeStep);
        }
    }

    /** The first line and the second times a sign, combined along them. Two columns of a tile are also the next one's. */
    private static void combineChannelLines(
            int tiles, int channels, float[] x, int firstLine, int secondLine, float sign, float[] v, int vOffset,
            int planeStep) {
        FloatVector factor = FloatVector.broadcast(SPECIES, sign);
        int second = secondLine - firstLine;
        FloatVector x0 = factor.fma(
                FloatVector.fromArray(SPECIES, x, secondLine), FloatVector.fromArray(SPECIES, x, firstLine));
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
    public void combineGradientChannels(
            int tiles, int count, float[] d, int dOffset, int pixelStep, int lineStep, float[] z, int zOffset, int planeStep) {
        for (int tile = 0; tile < tiles; tile++) {
            for (int channel = 0; channel < count; channel += LANES) {
                int from = dOffset + 2 * tile * pixelStep + channel;
                combineGradient(d, from, pixelStep, lineStep, z, zOffset + tile * count + channel, planeStep);
            }
        }
    }

    /** A vector of channels of a tile. */
    private static void combineGradient(
            float[] d, int from, int pixelStep, int lineStep, float[] z, int to, int planeStep) {
        FloatVector d00 = FloatVector.fromArray(SPECIES, d, from);
        FloatVector d01 = FloatVector.fromArray(SPECIES, d, from + pixelStep);
        FloatVector d10 = FloatVector.fromArray(SPECIES, d, from + lineStep);
        FloatVector d11 = FloatVector.fromArray(SPECIES, d, from + lineStep + pixelStep);
        FloatVector sum0 = d00.add(d10);
        FloatVector sum1 = d01.add(d11);
        FloatVector difference0 = d00.sub(d10);
        FloatVector difference1 = d01.sub(d11);
        d00.intoArray(z, to);
        d00.add(d01).intoArray(z, to + planeStep);
        d00.sub(d01).intoArray(z, to + 2 * planeStep);
        d01.neg().intoArray(z, to + 3 * planeStep);
        sum0.intoArray(z, to + 4 * planeStep);
        sum0.add(sum1).intoArray(z, to + 5 * planeStep);
        sum0.sub(sum1).intoArray(z, to + 6 * planeStep);
        sum1.neg().intoArray(z, to + 7 * planeStep);
        difference0.intoArray(z, to + 8 * planeStep);
        difference0.add(difference1).intoArray(z, to + 9 * planeStep);
        difference0.sub(difference1).intoArray(z, to + 10 * planeStep);
        difference1.neg().intoArray(z, to + 11 * planeStep);
        d10.neg().intoArray(z, to + 12 * planeStep);
        d10.add(d11).neg().intoArray(z, to + 13 * planeStep);
        d11.sub(d10).intoArray(z, to + 14 * planeStep);
        d11.intoArray(z, to + 15 * planeStep);
    }
}
