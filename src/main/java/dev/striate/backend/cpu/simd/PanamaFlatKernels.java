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

/**
 * On the Vector API, by the rules of {@link PanamaKernels} and one more: no other width of float vectors may be loaded
 * anywhere, for C2 then no longer knows which class a vector is of and boxes those of all kernels. What is computed per
 * element takes the plain twin's operations one by one, so that the twin can take the end of a run.
 */
final class PanamaFlatKernels implements FlatKernels {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTEGERS = SPECIES.withLanes(int.class);
    private static final int LANES = SPECIES.length();
    /** Vectors in a chain of a sum, and elements in four chains side by side. */
    private static final int CHAIN = ScalarFlatKernels.CHAIN;

    private static final int BLOCK = 4 * CHAIN * LANES;
    /**
     * As many lanes not set as a vector has, then as many that are: a window from n on is a mask of the last n lanes.
     */
    private static final int[] LAST =
            IntStream.range(0, 2 * LANES).map(i -> i < LANES ? 0 : -1).toArray();
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

    private final PlainFlatKernels plain = new PlainFlatKernels();

    @Override
    public Room room() {
        return new Room(LANES);
    }

    /**
     * The elements behind the last whole vector come first, as the upper lanes of the vector that ends with the run;
     * its other lanes count as 0, and all of them in later blocks. So that no vector lives from one block to the next:
     * C2 boxes such a one in some runs.
     */
    @Override
    public double sum(int n, float[] x, int xOffset, Room room) {
        if (n < LANES) {
            return plain.sum(n, x, xOffset, room);
        }
        FloatVector zero = FloatVector.zero(SPECIES);
        int rest = xOffset + n - LANES;
        int lastOfRest = n % LANES;
        int bound = xOffset + SPECIES.loopBound(n);
        double total = 0;
        for (int i = xOffset; i < bound; ) {
            int stop = Math.min(i + BLOCK, bound);
            FloatVector s0 = zero;
            FloatVector s1 = zero;
            FloatVector s2 = zero;
            FloatVector s3 = FloatVector.fromArray(SPECIES, x, rest)
                    .reinterpretAsInts()
                    .and(IntVector.fromArray(INTEGERS, LAST, lastOfRest))
                    .reinterpretAsFloats();
            lastOfRest = 0;
            for (; i + 4 * LANES <= stop; i += 4 * LANES) {
                s0 = s0.add(FloatVector.fromArray(SPECIES, x, i));
                s1 = s1.add(FloatVector.fromArray(SPECIES, x, i + LANES));
                s2 = s2.add(FloatVector.fromArray(SPECIES, x, i + 2 * LANES));
                s3 = s3.add(FloatVector.fromArray(SPECIES, x, i + 3 * LANES));
            }
            if (i + 2 * LANES <= stop) {
                s0 = s0.add(FloatVector.fromArray(SPECIES, x, i));
                s1 = s1.add(FloatVector.fromArray(SPECIES, x, i + LANES));
                i += 2 * LANES;
            }
            if (i < stop) {
                s2 = s2.add(FloatVector.fromArray(SPECIES, x, i));
                i = stop;
            }
            s0.add(s1).add(s2.add(s3)).intoArray(room.lanes, 0);
            total += ScalarFlatKernels.fold(room.lanes, 0, LANES);
        }
        return total;
    }

    /**
     * Four runs side by side, a chain for each, and as many of them as a chain may have terms: short ones would spend
     * their time on adding up lanes. A single loop passes from runs to the next, for C2 boxes vectors that live through
     * two.
     */
    @Override
    public double sumRuns(int runs, int n, int step, float[] x, int xOffset, Room room) {
        int terms = (n + LANES - 1) / LANES;
        double total = 0;
        int at = xOffset;
        if (n >= LANES && terms <= CHAIN) {
            FloatVector zero = FloatVector.zero(SPECIES);
            int most = CHAIN / terms * terms;
            for (int left = runs / 4 * terms; left > 0; left -= most) {
                FloatVector s0 = zero;
                FloatVector s1 = zero;
                FloatVector s2 = zero;
                FloatVector s3 = zero;
                for (int term = Math.min(most, left), i = 0; term > 0; term--) {
                    // The last vector of a run ends with it; only lanes that the one before had not are taken.
                    int fresh = Math.min(LANES, n - i);
                    int first = at + i + fresh - LANES;
                    int second = first + step;
                    int third = second + step;
                    IntVector taken = IntVector.fromArray(INTEGERS, LAST, fresh);
                    s0 = s0.add(FloatVector.fromArray(SPECIES, x, first)
                            .reinterpretAsInts()
                            .and(taken)
                            .reinterpretAsFloats());
                    s1 = s1.add(FloatVector.fromArray(SPECIES, x, second)
                            .reinterpretAsInts()
                            .and(taken)
                            .reinterpretAsFloats());
                    s2 = s2.add(FloatVector.fromArray(SPECIES, x, third)
                            .reinterpretAsInts()
                            .and(taken)
                            .reinterpretAsFloats());
                    s3 = s3.add(FloatVector.fromArray(SPECIES, x, third + step)
                            .reinterpretAsInts()
                            .and(taken)
                            .reinterpretAsFloats());
                    i += LANES;
                    if (i >= n) {
                        i = 0;
                        at += 4 * step;
                    }
                }
                s0.add(s1).add(s2.add(s3)).intoArray(room.lanes, 0);
                total += ScalarFlatKernels.fold(room.lanes, 0, LANES);
            }
        }
        for (int end = xOffset + runs * step; at < end; at += step) {
            total += sum(n, x, at, room);
        }
        return total;
    }

    /** Two chains for each of the sums. */
    @Override
    public double sumOfSquares(int n, float[] x, int xOffset, double center, Room room) {
        if (n < LANES) {
            return plain.sumOfSquares(n, x, xOffset, center, room);
        }
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector middle = FloatVector.broadcast(SPECIES, (float) center);
        int rest = xOffset + n - LANES;
        int lastOfRest = n % LANES;
        int bound = xOffset + SPECIES.loopBound(n);
        double sums = 0;
        double squares = 0;
        for (int i = xOffset; i < bound; ) {
            int stop = Math.min(i + BLOCK / 2, bound);
            FloatVector s0 = zero;
            FloatVector q0 = zero;
            FloatVector s1 = FloatVector.fromArray(SPECIES, x, rest)
                    .sub(middle)
                    .reinterpretAsInts()
                    .and(IntVector.fromArray(INTEGERS, LAST, lastOfRest))
                    .reinterpretAsFloats();
            FloatVector q1 = s1.mul(s1);
            lastOfRest = 0;
            for (; i + 2 * LANES <= stop; i += 2 * LANES) {
                FloatVector d0 = FloatVector.fromArray(SPECIES, x, i).sub(middle);
                FloatVector d1 = FloatVector.fromArray(SPECIES, x, i + LANES).sub(middle);
                s0 = s0.add(d0);
                s1 = s1.add(d1);
                q0 = d0.fma(d0, q0);
                q1 = d1.fma(d1, q1);
            }
            if (i < stop) {
                FloatVector d0 = FloatVector.fromArray(SPECIES, x, i).sub(middle);
                s0 = s0.add(d0);
                q0 = d0.fma(d0, q0);
                i = stop;
            }
            s0.add(s1).intoArray(room.lanes, 0);
            q0.add(q1).intoArray(room.lanes, LANES);
            sums += ScalarFlatKernels.fold(room.lanes, 0, LANES);
            squares += ScalarFlatKernels.fold(room.lanes, LANES, LANES);
        }
        room.leave(sums, 0);
        return squares;
    }

    @Override
    public void sumAndDot(int n, float[] x, int xOffset, double center, float[] y, int yOffset, Room room) {
        if (n < LANES) {
            plain.sumAndDot(n, x, xOffset, center, y, yOffset, room);
            return;
        }
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector middle = FloatVector.broadcast(SPECIES, (float) center);
        int rest = n - LANES;
        int lastOfRest = n % LANES;
        int bound = SPECIES.loopBound(n);
        double sums = 0;
        double dots = 0;
        for (int i = 0; i < bound; ) {
            int stop = Math.min(i + BLOCK / 2, bound);
            FloatVector s0 = zero;
            FloatVector d0 = zero;
            IntVector inRest = IntVector.fromArray(INTEGERS, LAST, lastOfRest);
            FloatVector s1 = FloatVector.fromArray(SPECIES, y, yOffset + rest)
                    .reinterpretAsInts()
                    .and(inRest)
                    .reinterpretAsFloats();
            FloatVector d1 = FloatVector.fromArray(SPECIES, x, xOffset + rest)
                    .sub(middle)
                    .reinterpretAsInts()
                    .and(inRest)
                    .reinterpretAsFloats()
                    .mul(s1);
            lastOfRest = 0;
            for (; i + 2 * LANES <= stop; i += 2 * LANES) {
                FloatVector y0 = FloatVector.fromArray(SPECIES, y, yOffset + i);
                FloatVector y1 = FloatVector.fromArray(SPECIES, y, yOffset + i + LANES);
                s0 = s0.add(y0);
                s1 = s1.add(y1);
                d0 = FloatVector.fromArray(SPECIES, x, xOffset + i).sub(middle).fma(y0, d0);
                d1 = FloatVector.fromArray(SPECIES, x, xOffset + i + LANES)
                        .sub(middle)
                        .fma(y1, d1);
            }
            if (i < stop) {
                FloatVector y0 = FloatVector.fromArray(SPECIES, y, yOffset + i);
                s0 = s0.add(y0);
                d0 = FloatVector.fromArray(SPECIES, x, xOffset + i).sub(middle).fma(y0, d0);
                i = stop;
            }
            s0.add(s1).intoArray(room.lanes, 0);
            d0.add(d1).intoArray(room.lanes, LANES);
            sums += ScalarFlatKernels.fold(room.lanes, 0, LANES);
            dots += ScalarFlatKernels.fold(room.lanes, LANES, LANES);
        }
        if (Double.isFinite(sums) && Double.isFinite(dots)) {
            room.leave(sums, dots);
        } else {
            // In float32 a product or a partial sum overflows before the result does.
            plain.sumAndDot(n, x, xOffset, center, y, yOffset, room);
        }
    }

    @Override
    public void normGradient(
            int n,
            float[] x,
            int xOffset,
            float mean,
            float[] dy,
            int dyOffset,
            float factor,
            float shiftShare,
            float scaleShare,
            float[] dx,
            int dxOffset) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector centred = FloatVector.fromArray(SPECIES, x, xOffset + i).sub(mean);
            FloatVector.fromArray(SPECIES, dy, dyOffset + i)
                    .sub(shiftShare)
                    .sub(centred.mul(scaleShare))
                    .mul(factor)
                    .intoArray(dx, dxOffset + i);
        }
        plain.normGradient(
                n - bound,
                x,
                xOffset + bound,
                mean,
                dy,
                dyOffset + bound,
                factor,
                shiftShare,
                scaleShare,
                dx,
                dxOffset + bound);
    }

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
                PlainFlatKernels.maxPoolLine(
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
            PlainFlatKernels.maxPoolLine(
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
                    PlainFlatKernels.scatter(outWidth, dy, dyOffset + line, indices, indexOffset + line, dx, start);
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
            PlainFlatKernels.scatter(
                    outWidth, dy, dyOffset + output, indices, indexOffset + output, dx, top - 4 * output % plane);
        }
    }

    @Override
    public void descend(int n, float rate, float weightDecay, float[] g, int gOffset, float[] w, int wOffset) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector weight = FloatVector.fromArray(SPECIES, w, wOffset + i);
            FloatVector d = FloatVector.fromArray(SPECIES, g, gOffset + i).add(weight.mul(weightDecay));
            weight.sub(d.mul(rate)).intoArray(w, wOffset + i);
        }
        plain.descend(n - bound, rate, weightDecay, g, gOffset + bound, w, wOffset + bound);
    }

    @Override
    public void descendWithMomentum(
            int n,
            float rate,
            float weightDecay,
            float momentum,
            float undamped,
            boolean nesterov,
            float[] g,
            int gOffset,
            float[] v,
            int vOffset,
            float[] w,
            int wOffset) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector weight = FloatVector.fromArray(SPECIES, w, wOffset + i);
            FloatVector d = FloatVector.fromArray(SPECIES, g, gOffset + i).add(weight.mul(weightDecay));
            FloatVector velocity =
                    FloatVector.fromArray(SPECIES, v, vOffset + i).mul(momentum).add(d.mul(undamped));
            velocity.intoArray(v, vOffset + i);
            FloatVector direction = nesterov ? d.add(velocity.mul(momentum)) : velocity;
            weight.sub(direction.mul(rate)).intoArray(w, wOffset + i);
        }
        plain.descendWithMomentum(
                n - bound,
                rate,
                weightDecay,
                momentum,
                undamped,
                nesterov,
                g,
                gOffset + bound,
                v,
                vOffset + bound,
                w,
                wOffset + bound);
    }

    @Override
    public void adam(
            int n,
            AdamFactors factors,
            float[] g,
            int gOffset,
            float[] m,
            int mOffset,
            float[] v,
            int vOffset,
            float[] w,
            int wOffset) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector weight = FloatVector.fromArray(SPECIES, w, wOffset + i);
            FloatVector d = FloatVector.fromArray(SPECIES, g, gOffset + i).add(weight.mul(factors.coupledDecay()));
            FloatVector mean = FloatVector.fromArray(SPECIES, m, mOffset + i)
                    .mul(factors.beta1())
                    .add(d.mul(factors.rest1()));
            FloatVector square = FloatVector.fromArray(SPECIES, v, vOffset + i)
                    .mul(factors.beta2())
                    .add(d.mul(factors.rest2()).mul(d));
            mean.intoArray(m, mOffset + i);
            square.intoArray(v, vOffset + i);
            FloatVector divisor = square.sqrt().div(factors.rootOfCorrection2()).add(factors.epsilon());
            weight.mul(factors.shrink())
                    .sub(mean.mul(factors.rate()).div(divisor))
                    .intoArray(w, wOffset + i);
        }
        plain.adam(n - bound, factors, g, gOffset + bound, m, mOffset + bound, v, vOffset + bound, w, wOffset + bound);
    }
}
