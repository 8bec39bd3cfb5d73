package dev.striate.backend.cpu.simd;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Pooling on vectors, which turns their lanes against each other. Its scalar twin is {@link ScalarPooling}. */
abstract class VectorPooling implements FlatKernels {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTEGERS = SPECIES.withLanes(int.class);
    private static final int LANES = SPECIES.length();
    /** Every other element, from 0 or from 1 on; after the last, again. */
    private static final VectorShuffle<Float> EVEN = VectorShuffle.fromOp(SPECIES, i -> 2 * i % LANES);

    private static final VectorShuffle<Float> ODD = VectorShuffle.fromOp(SPECIES, i -> (2 * i + 1) % LANES);
    private static final VectorMask<Float> SECOND_HALF = VectorMask.fromLong(SPECIES, -1L << LANES / 2);
    /** Vectors this wide have a permutation in one instruction. */
    private static final int SHUFFLING_LANES = 8;
    /** Every element twice, those of the first half or of the second. */
    private static final VectorShuffle<Float> TWICE = VectorShuffle.fromOp(SPECIES, i -> i / 2);

    private static final VectorShuffle<Float> SECOND_TWICE = VectorShuffle.fromOp(SPECIES, i -> LANES / 2 + i / 2);
    // What four vectors give that hold whole windows of 2 by 2: a quarter of the outputs each.
    private static final VectorMask<Float> FROM_SECOND = VectorMask.fromLong(SPECIES, -1L << LANES / 4);
    private static final VectorMask<Float> FROM_FOURTH = VectorMask.fromLong(SPECIES, -1L << LANES / 4 * 3);
    /**
     * By the binary logarithm of an output line's length: how elements go to such outputs, and these to all their
     * elements.
     */
    private static final List<WholeWindows> WHOLE_WINDOWS = IntStream.iterate(1, w -> 4 * w <= LANES, w -> 2 * w)
            .mapToObj(WholeWindows::new)
            .toList();

    private final ScalarFlatKernels plain = new ScalarFlatKernels();

    /**
     * A vector of outputs at a time, even where a line is shorter: what is written beyond its end, the next line
     * overwrites. The places are chosen as bits in float lanes, for there a comparison of floats can choose them. They
     * become integers by a constant species: C2 does not always know the one that {@code reinterpretAsInts} looks up,
     * and boxes.
     */
    @Override
    public void maxPool2x2(
            int planes,
            int inHeight,
            int inWidth,
            int outHeight,
            int outWidth,
            float[] x,
            int xOffset,
            float[] y,
            int yOffset,
            int[] indices,
            int indexOffset) {
        if (LANES < SHUFFLING_LANES) {
            plain.maxPool2x2(
                    planes, inHeight, inWidth, outHeight, outWidth, x, xOffset, y, yOffset, indices, indexOffset);
            return;
        }
        if (holdWholeWindows(inHeight, inWidth, outHeight, outWidth)) {
            poolWholeWindows(planes, inHeight, inWidth, x, xOffset, y, yOffset, indices, indexOffset);
            return;
        }
        IntVector everyOther = IntVector.zero(INTEGERS).addIndex(2);
        FloatVector here = FloatVector.zero(SPECIES);
        FloatVector right = FloatVector.broadcast(SPECIES, Float.intBitsToFloat(1));
        FloatVector below = FloatVector.broadcast(SPECIES, Float.intBitsToFloat(inWidth));
        FloatVector belowRight = FloatVector.broadcast(SPECIES, Float.intBitsToFloat(inWidth + 1));
        int outputs = planes * outHeight * outWidth;
        int plane = xOffset;
        for (int oy = 0, top = plane, output = 0; output < outputs; oy++, top += 2 * inWidth) {
            if (oy == outHeight) {
                oy = 0;
                plane += inHeight * inWidth;
                top = plane;
            }
            for (int ox = 0; ox < outWidth; ox += LANES) {
                int n = Math.min(LANES, outWidth - ox);
                int upper = top + 2 * ox;
                int lower = upper + inWidth;
                if (output + LANES <= outputs && lower + 2 * LANES <= x.length) {
                    FloatVector low = FloatVector.fromArray(SPECIES, x, upper);
                    FloatVector high = FloatVector.fromArray(SPECIES, x, upper + LANES);
                    FloatVector a = low.rearrange(EVEN).blend(high.rearrange(EVEN), SECOND_HALF);
                    FloatVector b = low.rearrange(ODD).blend(high.rearrange(ODD), SECOND_HALF);
                    low = FloatVector.fromArray(SPECIES, x, lower);
                    high = FloatVector.fromArray(SPECIES, x, lower + LANES);
                    FloatVector c = low.rearrange(EVEN).blend(high.rearrange(EVEN), SECOND_HALF);
                    FloatVector d = low.rearrange(ODD).blend(high.rearrange(ODD), SECOND_HALF);
                    FloatVector sum = a.add(b).add(c.add(d));
                    if (!sum.compare(VectorOperators.NE, sum).anyTrue()) {
                        VectorMask<Float> second = b.compare(VectorOperators.GT, a);
                        FloatVector bestAbove = a.blend(b, second);
                        FloatVector placeAbove = here.blend(right, second);
                        second = d.compare(VectorOperators.GT, c);
                        FloatVector bestBelow = c.blend(d, second);
                        FloatVector placeBelow = below.blend(belowRight, second);
                        second = bestBelow.compare(VectorOperators.GT, bestAbove);
                        bestAbove.blend(bestBelow, second).intoArray(y, yOffset + output);
                        IntVector place =
                                (IntVector) placeAbove.blend(placeBelow, second).reinterpretShape(INTEGERS, 0);
                        place.add(everyOther).add(upper - plane).intoArray(indices, indexOffset + output);
                        output += n;
                        continue;
                    }
                }
                ScalarPooling.maxPoolLine(
                        n, x, plane, upper, inWidth, y, yOffset + output, indices, indexOffset + output);
                output += n;
            }
        }
    }

    /** The permutations for vectors that hold whole windows of 2 by 2. */
    private static final class WholeWindows {

        /**
         * From the elements of a vector to the same quarter of the outputs, four times: left and right, above and
         * below.
         */
        final VectorShuffle<Float> aboveLeft;

        final VectorShuffle<Float> aboveRight;
        final VectorShuffle<Float> belowLeft;
        final VectorShuffle<Float> belowRight;
        /** From outputs to the elements of the first vector to the fourth. */
        final VectorShuffle<Float> toFirst;

        final VectorShuffle<Float> toSecond;
        final VectorShuffle<Float> toThird;
        final VectorShuffle<Float> toFourth;

        WholeWindows(int outWidth) {
            this.aboveLeft = VectorShuffle.fromOp(SPECIES, i -> window(i, outWidth));
            this.aboveRight = VectorShuffle.fromOp(SPECIES, i -> window(i, outWidth) + 1);
            this.belowLeft = VectorShuffle.fromOp(SPECIES, i -> window(i, outWidth) + 2 * outWidth);
            this.belowRight = VectorShuffle.fromOp(SPECIES, i -> window(i, outWidth) + 2 * outWidth + 1);
            this.toFirst = VectorShuffle.fromOp(SPECIES, i -> output(i, outWidth));
            this.toSecond = VectorShuffle.fromOp(SPECIES, i -> output(i, outWidth) + LANES / 4);
            this.toThird = VectorShuffle.fromOp(SPECIES, i -> output(i, outWidth) + LANES / 2);
            this.toFourth = VectorShuffle.fromOp(SPECIES, i -> output(i, outWidth) + LANES / 4 * 3);
        }

        /** In its vector, where the window of an output begins. */
        static int window(int output, int outWidth) {
            int inVector = output % (LANES / 4);
            return inVector / outWidth * 4 * outWidth + inVector % outWidth * 2;
        }

        /** Which of its vector's outputs an element belongs to. */
        private static int output(int element, int outWidth) {
            return element / (4 * outWidth) * outWidth + element % (2 * outWidth) / 2;
        }
    }

    /** Whether a vector holds whole pairs of lines, and four of them whole planes or a plane whole fours of them. */
    private static boolean holdWholeWindows(int inHeight, int inWidth, int outHeight, int outWidth) {
        int plane = inHeight * inWidth;
        return inWidth == 2 * outWidth
                && inHeight == 2 * outHeight
                && LANES % (4 * outWidth) == 0
                && plane % LANES == 0
                && (plane % (4 * LANES) == 0 || 4 * LANES % plane == 0);
    }

    /** A vector of outputs from four vectors of pixels, which follow each other through all planes. */
    private static void poolWholeWindows(
            int planes,
            int inHeight,
            int inWidth,
            float[] x,
            int xOffset,
            float[] y,
            int yOffset,
            int[] indices,
            int indexOffset) {
        int outWidth = inWidth / 2;
        int plane = inHeight * inWidth;
        WholeWindows windows = WHOLE_WINDOWS.get(Integer.numberOfTrailingZeros(outWidth));
        VectorShuffle<Float> aboveLeft = windows.aboveLeft;
        VectorShuffle<Float> aboveRight = windows.aboveRight;
        VectorShuffle<Float> belowLeft = windows.belowLeft;
        VectorShuffle<Float> belowRight = windows.belowRight;
        int[] places = new int[LANES];
        for (int i = 0; i < LANES; i++) {
            places[i] = i / (LANES / 4) * LANES % plane + WholeWindows.window(i, outWidth);
        }
        IntVector starts = IntVector.fromArray(INTEGERS, places, 0);
        FloatVector here = FloatVector.zero(SPECIES);
        FloatVector right = FloatVector.broadcast(SPECIES, Float.intBitsToFloat(1));
        FloatVector below = FloatVector.broadcast(SPECIES, Float.intBitsToFloat(inWidth));
        FloatVector belowAndRight = FloatVector.broadcast(SPECIES, Float.intBitsToFloat(inWidth + 1));
        int outputs = planes * plane / 4;
        int output = 0;
        for (int from = xOffset, inPlane = 0; output + LANES <= outputs; output += LANES, from += 4 * LANES) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, from);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, from + LANES);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, from + 2 * LANES);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, from + 3 * LANES);
            FloatVector a = v0.rearrange(aboveLeft)
                    .blend(v1.rearrange(aboveLeft), FROM_SECOND)
                    .blend(v2.rearrange(aboveLeft), SECOND_HALF)
                    .blend(v3.rearrange(aboveLeft), FROM_FOURTH);
            FloatVector b = v0.rearrange(aboveRight)
                    .blend(v1.rearrange(aboveRight), FROM_SECOND)
                    .blend(v2.rearrange(aboveRight), SECOND_HALF)
                    .blend(v3.rearrange(aboveRight), FROM_FOURTH);
            FloatVector c = v0.rearrange(belowLeft)
                    .blend(v1.rearrange(belowLeft), FROM_SECOND)
                    .blend(v2.rearrange(belowLeft), SECOND_HALF)
                    .blend(v3.rearrange(belowLeft), FROM_FOURTH);
            FloatVector d = v0.rearrange(belowRight)
                    .blend(v1.rearrange(belowRight), FROM_SECOND)
                    .blend(v2.rearrange(belowRight), SECOND_HALF)
                    .blend(v3.rearrange(belowRight), FROM_FOURTH);
            FloatVector sum = a.add(b).add(c.add(d));
            if (sum.compare(VectorOperators.NE, sum).anyTrue()) {
                poolLines(output, output + LANES, plane, outWidth, x, xOffset, y, yOffset, indices, indexOffset);
            } else {
                VectorMask<Float> second = b.compare(VectorOperators.GT, a);
                FloatVector bestAbove = a.blend(b, second);
                FloatVector placeAbove = here.blend(right, second);
                second = d.compare(VectorOperators.GT, c);
                FloatVector bestBelow = c.blend(d, second);
                FloatVector placeBelow = below.blend(belowAndRight, second);
                second = bestBelow.compare(VectorOperators.GT, bestAbove);
                bestAbove.blend(bestBelow, second).intoArray(y, yOffset + output);
                IntVector place =
                        (IntVector) placeAbove.blend(placeBelow, second).reinterpretShape(INTEGERS, 0);
                place.add(starts).add(inPlane).intoArray(indices, indexOffset + output);
            }
            inPlane = (inPlane + 4 * LANES) % plane;
        }
        poolLines(output, outputs, plane, outWidth, x, xOffset, y, yOffset, indices, indexOffset);
    }

    /** Outputs of planes with an even number of lines and columns, both ends at a line's. */
    private static void poolLines(
            int first,
            int end,
            int plane,
            int outWidth,
            float[] x,
            int xOffset,
            float[] y,
            int yOffset,
            int[] indices,
            int indexOffset) {
        for (int output = first; output < end; output += outWidth) {
            int top = xOffset + 4 * output;
            ScalarPooling.maxPoolLine(
                    outWidth,
                    x,
                    top - 4 * output % plane,
                    top,
                    2 * outWidth,
                    y,
                    yOffset + output,
                    indices,
                    indexOffset + output);
        }
    }

    /**
     * Each output's gradient and place stand four times, where the pixels of its window do; those whose place it is
     * take it. What is written beyond a line's end, the next line overwrites.
     */
    @Override
    public void maxPool2x2Gradient(
            int planes,
            int inHeight,
            int inWidth,
            int outHeight,
            int outWidth,
            float[] dy,
            int dyOffset,
            int[] indices,
            int indexOffset,
            float[] dx,
            int dxOffset) {
        if (LANES < SHUFFLING_LANES) {
            plain.maxPool2x2Gradient(
                    planes, inHeight, inWidth, outHeight, outWidth, dy, dyOffset, indices, indexOffset, dx, dxOffset);
            return;
        }
        if (holdWholeWindows(inHeight, inWidth, outHeight, outWidth)) {
            spreadWholeWindows(planes, inHeight, inWidth, dy, dyOffset, indices, indexOffset, dx, dxOffset);
            return;
        }
        IntVector ascending = IntVector.zero(INTEGERS).addIndex(1);
        IntVector zero = IntVector.zero(INTEGERS);
        boolean broad = 2 * outWidth > LANES;
        int written = broad ? 2 * LANES : LANES;
        int lastOutput = planes * outHeight * outWidth - LANES;
        int end = dxOffset + planes * inHeight * inWidth;
        for (int plane = 0, start = dxOffset, line = 0; plane < planes; plane++, start += inHeight * inWidth) {
            int top = start;
            for (int oy = 0; oy < outHeight; oy++, line += outWidth, top += 2 * inWidth) {
                int bottom = top + inWidth;
                if (line + Math.max(0, outWidth - LANES) > lastOutput
                        || bottom + Math.max(written, 2 * outWidth) > end) {
                    Arrays.fill(dx, top, bottom + inWidth, 0f);
                    ScalarPooling.scatter(outWidth, dy, dyOffset + line, indices, indexOffset + line, dx, start);
                    continue;
                }
                for (int next = 0; next < outWidth; next += LANES) {
                    // The last vector of a broad line ends with it.
                    int ox = Math.max(0, Math.min(next, outWidth - LANES));
                    FloatVector gradient = FloatVector.fromArray(SPECIES, dy, dyOffset + line + ox);
                    FloatVector place = (FloatVector) IntVector.fromArray(INTEGERS, indices, indexOffset + line + ox)
                            .reinterpretShape(SPECIES, 0);
                    IntVector gradients = (IntVector) gradient.rearrange(TWICE).reinterpretShape(INTEGERS, 0);
                    IntVector places = (IntVector) place.rearrange(TWICE).reinterpretShape(INTEGERS, 0);
                    IntVector here = ascending.add(top - start + 2 * ox);
                    IntVector above = zero.blend(gradients, places.compare(VectorOperators.EQ, here));
                    IntVector under = zero.blend(gradients, places.compare(VectorOperators.EQ, here.add(inWidth)));
                    ((FloatVector) above.reinterpretShape(SPECIES, 0)).intoArray(dx, top + 2 * ox);
                    if (broad) {
                        IntVector others =
                                (IntVector) gradient.rearrange(SECOND_TWICE).reinterpretShape(INTEGERS, 0);
                        places = (IntVector) place.rearrange(SECOND_TWICE).reinterpretShape(INTEGERS, 0);
                        here = here.add(LANES);
                        above = zero.blend(others, places.compare(VectorOperators.EQ, here));
                        ((FloatVector) above.reinterpretShape(SPECIES, 0)).intoArray(dx, top + 2 * ox + LANES);
                        ((FloatVector) under.reinterpretShape(SPECIES, 0)).intoArray(dx, bottom + 2 * ox);
                        under = zero.blend(others, places.compare(VectorOperators.EQ, here.add(inWidth)));
                        ((FloatVector) under.reinterpretShape(SPECIES, 0)).intoArray(dx, bottom + 2 * ox + LANES);
                    } else {
                        ((FloatVector) under.reinterpretShape(SPECIES, 0)).intoArray(dx, bottom + 2 * ox);
                    }
                }
                if (inWidth > 2 * outWidth) {
                    Arrays.fill(dx, top + 2 * outWidth, bottom, 0f);
                    Arrays.fill(dx, bottom + 2 * outWidth, bottom + inWidth, 0f);
                }
            }
            Arrays.fill(dx, top, start + inHeight * inWidth, 0f);
        }
    }

    /** Four vectors of pixels from a vector of outputs. */
    private static void spreadWholeWindows(
            int planes,
            int inHeight,
            int inWidth,
            float[] dy,
            int dyOffset,
            int[] indices,
            int indexOffset,
            float[] dx,
            int dxOffset) {
        int plane = inHeight * inWidth;
        int outputs = planes * plane / 4;
        WholeWindows windows = WHOLE_WINDOWS.get(Integer.numberOfTrailingZeros(inWidth / 2));
        VectorShuffle<Float> toFirst = windows.toFirst;
        VectorShuffle<Float> toSecond = windows.toSecond;
        VectorShuffle<Float> toThird = windows.toThird;
        VectorShuffle<Float> toFourth = windows.toFourth;
        IntVector zero = IntVector.zero(INTEGERS);
        IntVector first = zero.addIndex(1);
        IntVector second = first.add(LANES % plane);
        IntVector third = first.add(2 * LANES % plane);
        IntVector fourth = first.add(3 * LANES % plane);
        int output = 0;
        for (int to = dxOffset, inPlane = 0; output + LANES <= outputs; output += LANES, to += 4 * LANES) {
            FloatVector gradient = FloatVector.fromArray(SPECIES, dy, dyOffset + output);
            FloatVector place = (FloatVector) IntVector.fromArray(INTEGERS, indices, indexOffset + output)
                    .sub(inPlane)
                    .reinterpretShape(SPECIES, 0);
            IntVector gradients = (IntVector) gradient.rearrange(toFirst).reinterpretShape(INTEGERS, 0);
            IntVector places = (IntVector) place.rearrange(toFirst).reinterpretShape(INTEGERS, 0);
            ((FloatVector) zero.blend(gradients, places.compare(VectorOperators.EQ, first))
                            .reinterpretShape(SPECIES, 0))
                    .intoArray(dx, to);
            gradients = (IntVector) gradient.rearrange(toSecond).reinterpretShape(INTEGERS, 0);
            places = (IntVector) place.rearrange(toSecond).reinterpretShape(INTEGERS, 0);
            ((FloatVector) zero.blend(gradients, places.compare(VectorOperators.EQ, second))
                            .reinterpretShape(SPECIES, 0))
                    .intoArray(dx, to + LANES);
            gradients = (IntVector) gradient.rearrange(toThird).reinterpretShape(INTEGERS, 0);
            places = (IntVector) place.rearrange(toThird).reinterpretShape(INTEGERS, 0);
            ((FloatVector) zero.blend(gradients, places.compare(VectorOperators.EQ, third))
                            .reinterpretShape(SPECIES, 0))
                    .intoArray(dx, to + 2 * LANES);
            gradients = (IntVector) gradient.rearrange(toFourth).reinterpretShape(INTEGERS, 0);
            places = (IntVector) place.rearrange(toFourth).reinterpretShape(INTEGERS, 0);
            ((FloatVector) zero.blend(gradients, places.compare(VectorOperators.EQ, fourth))
                            .reinterpretShape(SPECIES, 0))
                    .intoArray(dx, to + 3 * LANES);
            inPlane = (inPlane + 4 * LANES) % plane;
        }
        int outWidth = inWidth / 2;
        for (; output < outputs; output += outWidth) {
            int top = dxOffset + 4 * output;
            Arrays.fill(dx, top, top + 2 * inWidth, 0f);
            ScalarPooling.scatter(
                    outWidth, dy, dyOffset + output, indices, indexOffset + output, dx, top - 4 * output % plane);
        }
    }
}
