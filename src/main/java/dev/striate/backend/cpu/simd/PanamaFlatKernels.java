package dev.striate.backend.cpu.simd;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * On the Vector API, by the rules of {@link PanamaKernels} and one more: no other width of float vectors may be loaded anywhere,
 * for C2 then no longer knows which class a vector is of and boxes those of all kernels. What is computed per element takes the
 * plain twin's operations one by one, so that the twin can take the end of a run.
 */
final class PanamaFlatKernels implements FlatKernels {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTEGERS = SPECIES.withLanes(int.class);
    private static final int LANES = SPECIES.length();
    /** Doubles to sum in; half of a vector of floats widens to one of them. */
    private static final VectorSpecies<Double> WIDE = SPECIES.withLanes(double.class);
    private static final int WIDE_LANES = WIDE.length();
    private static final VectorShuffle<Float> SWAP_HALVES = VectorShuffle.fromOp(SPECIES, i -> (i + LANES / 2) % LANES);
    /** Every other element, from 0 or from 1 on; after the last, again. */
    private static final VectorShuffle<Float> EVEN = VectorShuffle.fromOp(SPECIES, i -> 2 * i % LANES);
    private static final VectorShuffle<Float> ODD = VectorShuffle.fromOp(SPECIES, i -> (2 * i + 1) % LANES);
    private static final VectorMask<Float> SECOND_HALF = VectorMask.fromLong(SPECIES, -1L << LANES / 2);
    /** Vectors this wide have a permutation in one instruction. */
    private static final int SHUFFLING_LANES = 8;

    private final PlainFlatKernels plain = new PlainFlatKernels();

    @Override
    public int room() {
        return 2 * WIDE_LANES;
    }

    private static double total(double[] room, int from) {
        double sum = 0;
        for (int i = from; i < from + WIDE_LANES; i++) {
            sum += room[i];
        }
        return sum;
    }

    @Override
    public double sum(int n, float[] x, int xOffset, double[] room) {
        DoubleVector s0 = DoubleVector.zero(WIDE);
        DoubleVector s1 = s0;
        DoubleVector s2 = s0;
        DoubleVector s3 = s0;
        int i = xOffset;
        int end = xOffset + n;
        for (; i + 2 * LANES <= end; i += 2 * LANES) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, i);
            FloatVector x1 = FloatVector.fromArray(SPECIES, x, i + LANES);
            s0 = s0.add(x0.convertShape(VectorOperators.F2D, WIDE, 0));
            s1 = s1.add(x0.rearrange(SWAP_HALVES).convertShape(VectorOperators.F2D, WIDE, 0));
            s2 = s2.add(x1.convertShape(VectorOperators.F2D, WIDE, 0));
            s3 = s3.add(x1.rearrange(SWAP_HALVES).convertShape(VectorOperators.F2D, WIDE, 0));
        }
        s0.add(s1).add(s2.add(s3)).intoArray(room, 0);
        return total(room, 0) + plain.sum(end - i, x, i, room);
    }

    @Override
    public double sumOfSquares(int n, float[] x, int xOffset, double center, double[] room) {
        DoubleVector s0 = DoubleVector.zero(WIDE);
        DoubleVector s1 = s0;
        DoubleVector middle = DoubleVector.broadcast(WIDE, center);
        int i = xOffset;
        int end = xOffset + n;
        for (; i + LANES <= end; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, i);
            DoubleVector d0 = (DoubleVector) value.convertShape(VectorOperators.F2D, WIDE, 0);
            DoubleVector d1 = (DoubleVector) value.rearrange(SWAP_HALVES).convertShape(VectorOperators.F2D, WIDE, 0);
            d0 = d0.sub(middle);
            d1 = d1.sub(middle);
            s0 = d0.fma(d0, s0);
            s1 = d1.fma(d1, s1);
        }
        s0.add(s1).intoArray(room, 0);
        return total(room, 0) + plain.sumOfSquares(end - i, x, i, center, room);
    }

    @Override
    public void sumAndDot(int n, float[] x, int xOffset, double center, float[] y, int yOffset, double[] room) {
        DoubleVector s0 = DoubleVector.zero(WIDE);
        DoubleVector s1 = s0;
        DoubleVector p0 = s0;
        DoubleVector p1 = s0;
        DoubleVector middle = DoubleVector.broadcast(WIDE, center);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector xs = FloatVector.fromArray(SPECIES, x, xOffset + i);
            FloatVector ys = FloatVector.fromArray(SPECIES, y, yOffset + i);
            DoubleVector x0 = (DoubleVector) xs.convertShape(VectorOperators.F2D, WIDE, 0);
            DoubleVector x1 = (DoubleVector) xs.rearrange(SWAP_HALVES).convertShape(VectorOperators.F2D, WIDE, 0);
            DoubleVector y0 = (DoubleVector) ys.convertShape(VectorOperators.F2D, WIDE, 0);
            DoubleVector y1 = (DoubleVector) ys.rearrange(SWAP_HALVES).convertShape(VectorOperators.F2D, WIDE, 0);
            s0 = s0.add(y0);
            s1 = s1.add(y1);
            p0 = x0.sub(middle).fma(y0, p0);
            p1 = x1.sub(middle).fma(y1, p1);
        }
        s0.add(s1).intoArray(room, 0);
        p0.add(p1).intoArray(room, WIDE_LANES);
        double sum = total(room, 0);
        double dot = total(room, WIDE_LANES);
        plain.sumAndDot(n - bound, x, xOffset + bound, center, y, yOffset + bound, room);
        room[0] += sum;
        room[1] += dot;
    }

    @Override
    public void normGradient(
            int n, float[] x, int xOffset, float mean, float[] dy, int dyOffset, float factor, float shiftShare,
            float scaleShare, float[] dx, int dxOffset) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector centred = FloatVector.fromArray(SPECIES, x, xOffset + i).sub(mean);
            FloatVector.fromArray(SPECIES, dy, dyOffset + i).sub(shiftShare).sub(centred.mul(scaleShare)).mul(factor)
                    .intoArray(dx, dxOffset + i);
        }
        plain.normGradient(n - bound, x, xOffset + bound, mean, dy, dyOffset + bound, factor, shiftShare, scaleShare, dx,
                dxOffset + bound);
    }

    /**
     * A vector of outputs at a time, even where a line is shorter: what is written beyond its end, the next line overwrites. The
     * places are chosen as bits in float lanes, for there a comparison of floats can choose them.
     */
    @Override
    public void maxPool2x2(
            int planes, int inHeight, int inWidth, int outHeight, int outWidth, float[] x, int xOffset, float[] y, int yOffset,
            int[] indices, int indexOffset) {
        if (LANES < SHUFFLING_LANES) {
            plain.maxPool2x2(planes, inHeight, inWidth, outHeight, outWidth, x, xOffset, y, yOffset, indices, indexOffset);
            return;
        }
        IntVector everyOther = IntVector.zero(INTEGERS).addIndex(2);
        FloatVector here = FloatVector.zero(SPECIES);
        FloatVector right = IntVector.broadcast(INTEGERS, 1).reinterpretAsFloats();
        FloatVector below = IntVector.broadcast(INTEGERS, inWidth).reinterpretAsFloats();
        FloatVector belowRight = IntVector.broadcast(INTEGERS, inWidth + 1).reinterpretAsFloats();
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
                        placeAbove.blend(placeBelow, second).reinterpretAsInts().add(everyOther).add(upper - plane)
                                .intoArray(indices, indexOffset + output);
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
            int n, float rate, float weightDecay, float momentum, float undamped, boolean nesterov, float[] g, int gOffset,
            float[] v, int vOffset, float[] w, int wOffset) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector weight = FloatVector.fromArray(SPECIES, w, wOffset + i);
            FloatVector d = FloatVector.fromArray(SPECIES, g, gOffset + i).add(weight.mul(weightDecay));
            FloatVector velocity = FloatVector.fromArray(SPECIES, v, vOffset + i).mul(momentum).add(d.mul(undamped));
            velocity.intoArray(v, vOffset + i);
            FloatVector direction = nesterov ? d.add(velocity.mul(momentum)) : velocity;
            weight.sub(direction.mul(rate)).intoArray(w, wOffset + i);
        }
        plain.descendWithMomentum(n - bound, rate, weightDecay, momentum, undamped, nesterov, g, gOffset + bound, v,
                vOffset + bound, w, wOffset + bound);
    }

    @Override
    public void adam(
            int n, AdamFactors factors, float[] g, int gOffset, float[] m, int mOffset, float[] v, int vOffset, float[] w,
            int wOffset) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector weight = FloatVector.fromArray(SPECIES, w, wOffset + i);
            FloatVector d = FloatVector.fromArray(SPECIES, g, gOffset + i).add(weight.mul(factors.coupledDecay()));
            FloatVector mean = FloatVector.fromArray(SPECIES, m, mOffset + i).mul(factors.beta1()).add(d.mul(factors.rest1()));
            FloatVector square = FloatVector.fromArray(SPECIES, v, vOffset + i).mul(factors.beta2())
                    .add(d.mul(d).mul(factors.rest2()));
            mean.intoArray(m, mOffset + i);
            square.intoArray(v, vOffset + i);
            FloatVector divisor = square.div(factors.correction2()).sqrt().add(factors.epsilon());
            weight.mul(factors.shrink()).sub(mean.mul(factors.rate()).div(divisor)).intoArray(w, wOffset + i);
        }
        plain.adam(n - bound, factors, g, gOffset + bound, m, mOffset + bound, v, vOffset + bound, w, wOffset + bound);
    }
}
