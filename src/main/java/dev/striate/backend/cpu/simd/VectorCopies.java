package dev.striate.backend.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The copies of convolution on vectors; the generator writes those for the usual widths. */
abstract class VectorCopies implements ConvKernels {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> BITS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

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
     * Lines of up to three vectors, too short for a call of arraycopy each, are read with what stands beside their
     * pixels, which a mask turns into zeros. The last vector ends with the line; what one of a shorter line writes
     * beyond is overwritten by the next line.
     */
    @Override
    public void copyFrames(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
        int vectors = (frame.width() + LANES - 1) / LANES;
        if (frame.pixelStep() > 1 || vectors > 3) {
            ConvKernels.copyFrameLines(frame, channels, source, from, channelStep, target, at);
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

    /** Where in {@link Lanes#EDGES} the vector lies whose lane i is set if {@code first + i >= x}. */
    static int from(int x, int first) {
        return LANES + below(x, first);
    }

    /** Where the one lies whose lane i is set if {@code first + i < x}. */
    static int below(int x, int first) {
        return LANES - Math.max(0, Math.min(LANES, x - first));
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

    /** Frames whose lines fill a vector or less. */
    abstract void copyFrames1(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at);

    /** Frames whose lines fill more than a vector, up to two. */
    abstract void copyFrames2(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at);

    /** Frames whose lines fill more than two vectors, up to three. */
    abstract void copyFrames3(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at);

    /** {@link #addShifted} for three shifts of lines that a vector holds, all in registers. */
    abstract void addShifted3(
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
            int yOffset);

    /** The same for five shifts. */
    abstract void addShifted5(
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
            int yOffset);
}
