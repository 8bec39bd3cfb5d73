package dev.striate.backend.cpu.simd;

import dev.striate.backend.Pool2dGeometry;
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
abstract class VectorPooling implements ReductionKernels {

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

    private final ScalarReductionKernels plain = new ScalarReductionKernels();

    /**
     * A vector of outputs at a time, even where a line is shorter: what is written beyond its end, the next line
     * overwrites. The places are chosen as bits in float lanes, for there a comparison of floats can choose them. They
     * become integers by a constant species: C2 does not always know the one that {@code reinterpretAsInts} looks up,
     * and boxes.
     */
    @Override
    public void maxPool2x2(
            Pool2dGeometry g,
            int planes,
            float[] x,
            int xOffset,
            float[] y,
            int yOffset,
            int[] indices,
            int indexOffset) {
        if (LANES < SHUFFLING_LANES) {
            plain.maxPool2x2(g, planes, x, xOffset, y, yOffset, indices, indexOffset);
            return;
        }
        if (holdWholeWindows(g)) {
            poolWholeWindows(g, planes, x, xOffset, y, yOffset, indices, indexOffset);
            return;
        }
        int inPlane = g.inHeight() * g.inWidth();
        int inWidth = g.inWidth();
        int outWidth = g.outWidth();
        IntVector everyOther = IntVector.zero(INTEGERS).addIndex(2);
        FloatVector here = FloatVector.zero(SPECIES);
        FloatVector right = FloatVector.broadcast(SPECIES, Float.intBitsToFloat(1));
        FloatVector below = FloatVector.broadcast(SPECIES, Float.intBitsToFloat(inWidth));
        FloatVector belowRight = FloatVector.broadcast(SPECIES, Float.intBitsToFloat(inWidth + 1));
        int outputs = planes * g.outHeight() * outWidth;
        int plane = xOffset;
        for (int oy = 0, top = plane, output = 0; output < outputs; oy++, top += 2 * inWidth) {
            if (oy == g.outHeight()) {
                oy = 0;
                plane += inPlane;
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
        final List<VectorShuffle<Float>> corners;
        /** From outputs to the elements of the first vector to the fourth. */
        final List<VectorShuffle<Float>> toPixels;

        WholeWindows(int outWidth) {
            this.corners = IntStream.of(0, 1, 2 * outWidth, 2 * outWidth + 1)
                    .mapToObj(corner -> VectorShuffle.fromOp(SPECIES, i -> window(i, outWidth) + corner))
                    .toList();
            this.toPixels = IntStream.range(0, 4)
                    .mapToObj(
                            quarter -> VectorShuffle.fromOp(SPECIES, i -> output(i, outWidth) + quarter * (LANES / 4)))
                    .toList();
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
    private static boolean holdWholeWindows(Pool2dGeometry g) {
        int plane = g.inHeight() * g.inWidth();
        return g.inWidth() == 2 * g.outWidth()
                && g.inHeight() == 2 * g.outHeight()
                && LANES % (4 * g.outWidth()) == 0
                && plane % LANES == 0
                && (plane % (4 * LANES) == 0 || 4 * LANES % plane == 0);
    }

    /** A vector of outputs from four vectors of pixels, which follow each other through all planes. */
    private static void poolWholeWindows(
            Pool2dGeometry g,
            int planes,
            float[] x,
            int xOffset,
            float[] y,
            int yOffset,
            int[] indices,
            int indexOffset) {
        int inWidth = g.inWidth();
        int outWidth = g.outWidth();
        int plane = g.inHeight() * inWidth;
        WholeWindows windows = WHOLE_WINDOWS.get(Integer.numberOfTrailingZeros(outWidth));
        VectorShuffle<Float> aboveLeft = windows.corners.get(0);
        VectorShuffle<Float> aboveRight = windows.corners.get(1);
        VectorShuffle<Float> belowLeft = windows.corners.get(2);
        VectorShuffle<Float> belowRight = windows.corners.get(3);
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
            Pool2dGeometry g,
            int planes,
            float[] dy,
            int dyOffset,
            int[] indices,
            int indexOffset,
            float[] dx,
            int dxOffset) {
        if (LANES < SHUFFLING_LANES) {
            plain.maxPool2x2Gradient(g, planes, dy, dyOffset, indices, indexOffset, dx, dxOffset);
            return;
        }
        if (holdWholeWindows(g)) {
            spreadWholeWindows(g, planes, dy, dyOffset, indices, indexOffset, dx, dxOffset);
            return;
        }
        int inPlane = g.inHeight() * g.inWidth();
        int inWidth = g.inWidth();
        int outWidth = g.outWidth();
        IntVector ascending = IntVector.zero(INTEGERS).addIndex(1);
        IntVector zero = IntVector.zero(INTEGERS);
        boolean broad = 2 * outWidth > LANES;
        int written = broad ? 2 * LANES : LANES;
        int lastOutput = planes * g.outHeight() * outWidth - LANES;
        int end = dxOffset + planes * inPlane;
        for (int plane = 0, start = dxOffset, line = 0; plane < planes; plane++, start += inPlane) {
            int top = start;
            for (int oy = 0; oy < g.outHeight(); oy++, line += outWidth, top += 2 * inWidth) {
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
            Arrays.fill(dx, top, start + inPlane, 0f);
        }
    }

    /** Four vectors of pixels from a vector of outputs. */
    private static void spreadWholeWindows(
            Pool2dGeometry g,
            int planes,
            float[] dy,
            int dyOffset,
            int[] indices,
            int indexOffset,
            float[] dx,
            int dxOffset) {
        int plane = g.inHeight() * g.inWidth();
        int outputs = planes * plane / 4;
        WholeWindows windows = WHOLE_WINDOWS.get(Integer.numberOfTrailingZeros(g.outWidth()));
        IntVector zero = IntVector.zero(INTEGERS);
        IntVector ascending = zero.addIndex(1);
        int output = 0;
        for (int to = dxOffset, inPlane = 0; output + LANES <= outputs; output += LANES) {
            FloatVector gradient = FloatVector.fromArray(SPECIES, dy, dyOffset + output);
            FloatVector place = (FloatVector) IntVector.fromArray(INTEGERS, indices, indexOffset + output)
                    .sub(inPlane)
                    .reinterpretShape(SPECIES, 0);
            for (int quarter = 0; quarter < 4; quarter++, to += LANES) {
                VectorShuffle<Float> toPixels = windows.toPixels.get(quarter);
                IntVector gradients = (IntVector) gradient.rearrange(toPixels).reinterpretShape(INTEGERS, 0);
                IntVector places = (IntVector) place.rearrange(toPixels).reinterpretShape(INTEGERS, 0);
                IntVector here = ascending.add(quarter * LANES % plane);
                ((FloatVector) zero.blend(gradients, places.compare(VectorOperators.EQ, here))
                                .reinterpretShape(SPECIES, 0))
                        .intoArray(dx, to);
            }
            inPlane = (inPlane + 4 * LANES) % plane;
        }
        int outWidth = g.outWidth();
        for (; output < outputs; output += outWidth) {
            int top = dxOffset + 4 * output;
            Arrays.fill(dx, top, top + 2 * g.inWidth(), 0f);
            ScalarPooling.scatter(
                    outWidth, dy, dyOffset + output, indices, indexOffset + output, dx, top - 4 * output % plane);
        }
    }
}
