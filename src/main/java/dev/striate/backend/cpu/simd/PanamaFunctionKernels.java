package dev.striate.backend.cpu.simd;

import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.BIAS;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D4;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D5;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D6;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D7;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D8;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D9;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D_CENTER;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E4;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E5;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.FURTHEST;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.G0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.G1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.G2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.G3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.HIGHEST;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.L0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.L1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.L2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.L3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.L4;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.L5;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.L6;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.L7;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.L8;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.LOG_2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.LOG_2_REST;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.LOWEST;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.LOWEST_LESS_1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M10;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M4;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M5;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M6;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M7;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M8;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M9;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.MANTISSA;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M_CENTER;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.NEAR;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.PER_LOG_2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.RAISE;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.ROOT_BITS;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.ROUNDER;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.ROUNDER_BITS;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.SMALL;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.T0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.T1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.T2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.T3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.T4;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.ZERO;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.ZERO_REST;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * On the Vector API, by the rules of {@link PanamaFlatKernels}; what is computed is told in {@link
 * ScalarFunctionKernels}. The exponential is written out in each method: a helper that C2 does not inline would box its
 * vectors. Comparisons and blends instead of minimum and maximum let NaN pass in one instruction each.
 */
final class PanamaFunctionKernels implements FunctionKernels {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTEGERS = SPECIES.withLanes(int.class);
    private static final int LANES = SPECIES.length();

    private final ScalarFunctionKernels scalar = new ScalarFunctionKernels();

    @Override
    public void exp(int n, float[] x, int xOffset, float[] y, int yOffset) {
        FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
        FloatVector perLog2 = FloatVector.broadcast(SPECIES, PER_LOG_2);
        FloatVector minusLog2 = FloatVector.broadcast(SPECIES, -LOG_2);
        FloatVector minusLog2Rest = FloatVector.broadcast(SPECIES, -LOG_2_REST);
        FloatVector e5 = FloatVector.broadcast(SPECIES, E5);
        FloatVector e4 = FloatVector.broadcast(SPECIES, E4);
        FloatVector e3 = FloatVector.broadcast(SPECIES, E3);
        FloatVector e2 = FloatVector.broadcast(SPECIES, E2);
        FloatVector e1 = FloatVector.broadcast(SPECIES, E1);
        FloatVector e0 = FloatVector.broadcast(SPECIES, E0);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, xOffset + i);
            x0 = x0.blend(HIGHEST, x0.compare(VectorOperators.GT, HIGHEST));
            x0 = x0.blend(LOWEST, x0.compare(VectorOperators.LT, LOWEST));
            FloatVector rounded = x0.fma(perLog2, rounder);
            FloatVector power = rounded.sub(rounder);
            FloatVector r = power.fma(minusLog2Rest, power.fma(minusLog2, x0));
            FloatVector p = r.fma(e5, e4)
                    .fma(r, e3)
                    .fma(r, e2)
                    .fma(r, e1)
                    .fma(r, e0)
                    .fma(r.mul(r), r)
                    .add(1f);
            IntVector bits = ((IntVector) rounded.reinterpretShape(INTEGERS, 0)).sub(ROUNDER_BITS);
            IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
            FloatVector scale = (FloatVector)
                    half.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA).reinterpretShape(SPECIES, 0);
            FloatVector rest = (FloatVector) bits.sub(half)
                    .add(BIAS)
                    .lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector exp = p.mul(scale).mul(rest);
            exp.intoArray(y, yOffset + i);
        }
        scalar.exp(n - bound, x, xOffset + bound, y, yOffset + bound);
    }

    @Override
    public void log(int n, float[] x, int xOffset, float[] y, int yOffset) {
        FloatVector log2 = FloatVector.broadcast(SPECIES, LOG_2);
        FloatVector log2Rest = FloatVector.broadcast(SPECIES, LOG_2_REST);
        FloatVector l8 = FloatVector.broadcast(SPECIES, L8);
        FloatVector l7 = FloatVector.broadcast(SPECIES, L7);
        FloatVector l6 = FloatVector.broadcast(SPECIES, L6);
        FloatVector l5 = FloatVector.broadcast(SPECIES, L5);
        FloatVector l4 = FloatVector.broadcast(SPECIES, L4);
        FloatVector l3 = FloatVector.broadcast(SPECIES, L3);
        FloatVector l2 = FloatVector.broadcast(SPECIES, L2);
        FloatVector l1 = FloatVector.broadcast(SPECIES, L1);
        FloatVector l0 = FloatVector.broadcast(SPECIES, L0);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xOffset + i);
            VectorMask<Float> isSmall = value.compare(VectorOperators.LT, Float.MIN_NORMAL);
            IntVector bits = (IntVector) value.blend(value.mul(RAISE), isSmall).reinterpretShape(INTEGERS, 0);
            IntVector power = bits.sub(ROOT_BITS).lanewise(VectorOperators.ASHR, MANTISSA);
            FloatVector f = (FloatVector)
                    bits.sub(power.lanewise(VectorOperators.LSHL, MANTISSA)).reinterpretShape(SPECIES, 0);
            f = f.sub(1f);
            FloatVector e = ((FloatVector) power.add(ROUNDER_BITS).reinterpretShape(SPECIES, 0)).sub(ROUNDER);
            e = e.blend(e.sub(MANTISSA), isSmall);
            FloatVector p = f.fma(l8, l7)
                    .fma(f, l6)
                    .fma(f, l5)
                    .fma(f, l4)
                    .fma(f, l3)
                    .fma(f, l2)
                    .fma(f, l1)
                    .fma(f, l0);
            FloatVector square = f.mul(f);
            FloatVector small = e.fma(
                    log2Rest,
                    square.fma(FloatVector.broadcast(SPECIES, -0.5f), p.mul(f).mul(square)));
            FloatVector log = e.fma(log2, f.add(small));
            // Infinity and NaN stay what they are.
            log = value.blend(log, value.compare(VectorOperators.LE, Float.MAX_VALUE));
            log = log.blend(Float.NaN, value.compare(VectorOperators.LT, 0f));
            log.blend(Float.NEGATIVE_INFINITY, value.compare(VectorOperators.EQ, 0f))
                    .intoArray(y, yOffset + i);
        }
        scalar.log(n - bound, x, xOffset + bound, y, yOffset + bound);
    }

    @Override
    public void sigmoid(int n, float[] x, int xOffset, float[] y, int yOffset) {
        FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
        FloatVector perLog2 = FloatVector.broadcast(SPECIES, PER_LOG_2);
        FloatVector minusLog2 = FloatVector.broadcast(SPECIES, -LOG_2);
        FloatVector minusLog2Rest = FloatVector.broadcast(SPECIES, -LOG_2_REST);
        FloatVector e5 = FloatVector.broadcast(SPECIES, E5);
        FloatVector e4 = FloatVector.broadcast(SPECIES, E4);
        FloatVector e3 = FloatVector.broadcast(SPECIES, E3);
        FloatVector e2 = FloatVector.broadcast(SPECIES, E2);
        FloatVector e1 = FloatVector.broadcast(SPECIES, E1);
        FloatVector e0 = FloatVector.broadcast(SPECIES, E0);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xOffset + i);
            FloatVector x0 = value.abs().neg();
            x0 = x0.blend(HIGHEST, x0.compare(VectorOperators.GT, HIGHEST));
            x0 = x0.blend(LOWEST, x0.compare(VectorOperators.LT, LOWEST));
            FloatVector rounded = x0.fma(perLog2, rounder);
            FloatVector power = rounded.sub(rounder);
            FloatVector r = power.fma(minusLog2Rest, power.fma(minusLog2, x0));
            FloatVector p = r.fma(e5, e4)
                    .fma(r, e3)
                    .fma(r, e2)
                    .fma(r, e1)
                    .fma(r, e0)
                    .fma(r.mul(r), r)
                    .add(1f);
            IntVector bits = ((IntVector) rounded.reinterpretShape(INTEGERS, 0)).sub(ROUNDER_BITS);
            IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
            FloatVector scale = (FloatVector)
                    half.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA).reinterpretShape(SPECIES, 0);
            FloatVector rest = (FloatVector) bits.sub(half)
                    .add(BIAS)
                    .lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector exp = p.mul(scale).mul(rest);
            FloatVector numerator =
                    FloatVector.broadcast(SPECIES, 1f).blend(exp, value.compare(VectorOperators.LT, 0f));
            numerator.div(exp.add(1f)).intoArray(y, yOffset + i);
        }
        scalar.sigmoid(n - bound, x, xOffset + bound, y, yOffset + bound);
    }

    @Override
    public void tanh(int n, float[] x, int xOffset, float[] y, int yOffset) {
        FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
        FloatVector perLog2 = FloatVector.broadcast(SPECIES, PER_LOG_2);
        FloatVector minusLog2 = FloatVector.broadcast(SPECIES, -LOG_2);
        FloatVector minusLog2Rest = FloatVector.broadcast(SPECIES, -LOG_2_REST);
        FloatVector e5 = FloatVector.broadcast(SPECIES, E5);
        FloatVector e4 = FloatVector.broadcast(SPECIES, E4);
        FloatVector e3 = FloatVector.broadcast(SPECIES, E3);
        FloatVector e2 = FloatVector.broadcast(SPECIES, E2);
        FloatVector e1 = FloatVector.broadcast(SPECIES, E1);
        FloatVector e0 = FloatVector.broadcast(SPECIES, E0);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xOffset + i);
            FloatVector size = value.abs();
            FloatVector x0 = size.add(size);
            x0 = x0.blend(HIGHEST, x0.compare(VectorOperators.GT, HIGHEST));
            x0 = x0.blend(LOWEST, x0.compare(VectorOperators.LT, LOWEST));
            FloatVector rounded = x0.fma(perLog2, rounder);
            FloatVector power = rounded.sub(rounder);
            FloatVector r = power.fma(minusLog2Rest, power.fma(minusLog2, x0));
            FloatVector p = r.fma(e5, e4)
                    .fma(r, e3)
                    .fma(r, e2)
                    .fma(r, e1)
                    .fma(r, e0)
                    .fma(r.mul(r), r)
                    .add(1f);
            IntVector bits = ((IntVector) rounded.reinterpretShape(INTEGERS, 0)).sub(ROUNDER_BITS);
            IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
            FloatVector scale = (FloatVector)
                    half.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA).reinterpretShape(SPECIES, 0);
            FloatVector rest = (FloatVector) bits.sub(half)
                    .add(BIAS)
                    .lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector exp = p.mul(scale).mul(rest);
            FloatVector large = FloatVector.broadcast(SPECIES, 2f).div(exp.add(1f));
            large = FloatVector.broadcast(SPECIES, 1f).sub(large);
            large = large.blend(large.neg(), value.compare(VectorOperators.LT, 0f));
            FloatVector square = value.mul(value);
            FloatVector small = FloatVector.broadcast(SPECIES, T4)
                    .fma(square, FloatVector.broadcast(SPECIES, T3))
                    .fma(square, FloatVector.broadcast(SPECIES, T2))
                    .fma(square, FloatVector.broadcast(SPECIES, T1))
                    .fma(square, FloatVector.broadcast(SPECIES, T0))
                    .fma(square, FloatVector.broadcast(SPECIES, 1f))
                    .mul(value);
            VectorMask<Float> isLarge = size.compare(VectorOperators.GE, SMALL);
            small.blend(large, isLarge).intoArray(y, yOffset + i);
        }
        scalar.tanh(n - bound, x, xOffset + bound, y, yOffset + bound);
    }

    @Override
    public void elu(int n, float alpha, float[] x, int xOffset, float[] y, int yOffset) {
        FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
        FloatVector perLog2 = FloatVector.broadcast(SPECIES, PER_LOG_2);
        FloatVector minusLog2 = FloatVector.broadcast(SPECIES, -LOG_2);
        FloatVector minusLog2Rest = FloatVector.broadcast(SPECIES, -LOG_2_REST);
        FloatVector e5 = FloatVector.broadcast(SPECIES, E5);
        FloatVector e4 = FloatVector.broadcast(SPECIES, E4);
        FloatVector e3 = FloatVector.broadcast(SPECIES, E3);
        FloatVector e2 = FloatVector.broadcast(SPECIES, E2);
        FloatVector e1 = FloatVector.broadcast(SPECIES, E1);
        FloatVector e0 = FloatVector.broadcast(SPECIES, E0);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xOffset + i);
            FloatVector x0 = value.blend(LOWEST_LESS_1, value.compare(VectorOperators.LT, LOWEST_LESS_1));
            FloatVector rounded = x0.fma(perLog2, rounder);
            FloatVector power = rounded.sub(rounder);
            FloatVector r = power.fma(minusLog2Rest, power.fma(minusLog2, x0));
            FloatVector p =
                    r.fma(e5, e4).fma(r, e3).fma(r, e2).fma(r, e1).fma(r, e0).fma(r.mul(r), r);
            IntVector bits = ((IntVector) rounded.reinterpretShape(INTEGERS, 0)).sub(ROUNDER_BITS);
            FloatVector scale = (FloatVector)
                    bits.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA).reinterpretShape(SPECIES, 0);
            FloatVector less1 = scale.fma(p, scale.sub(1f));
            value.blend(less1.mul(alpha), value.compare(VectorOperators.LT, 0f)).intoArray(y, yOffset + i);
        }
        scalar.elu(n - bound, alpha, x, xOffset + bound, y, yOffset + bound);
    }

    @Override
    public void eluGradient(
            int n, float alpha, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
        FloatVector perLog2 = FloatVector.broadcast(SPECIES, PER_LOG_2);
        FloatVector minusLog2 = FloatVector.broadcast(SPECIES, -LOG_2);
        FloatVector minusLog2Rest = FloatVector.broadcast(SPECIES, -LOG_2_REST);
        FloatVector e5 = FloatVector.broadcast(SPECIES, E5);
        FloatVector e4 = FloatVector.broadcast(SPECIES, E4);
        FloatVector e3 = FloatVector.broadcast(SPECIES, E3);
        FloatVector e2 = FloatVector.broadcast(SPECIES, E2);
        FloatVector e1 = FloatVector.broadcast(SPECIES, E1);
        FloatVector e0 = FloatVector.broadcast(SPECIES, E0);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xOffset + i);
            FloatVector x0 = value.blend(HIGHEST, value.compare(VectorOperators.GT, HIGHEST));
            x0 = x0.blend(LOWEST, x0.compare(VectorOperators.LT, LOWEST));
            FloatVector rounded = x0.fma(perLog2, rounder);
            FloatVector power = rounded.sub(rounder);
            FloatVector r = power.fma(minusLog2Rest, power.fma(minusLog2, x0));
            FloatVector p = r.fma(e5, e4)
                    .fma(r, e3)
                    .fma(r, e2)
                    .fma(r, e1)
                    .fma(r, e0)
                    .fma(r.mul(r), r)
                    .add(1f);
            IntVector bits = ((IntVector) rounded.reinterpretShape(INTEGERS, 0)).sub(ROUNDER_BITS);
            IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
            FloatVector scale = (FloatVector)
                    half.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA).reinterpretShape(SPECIES, 0);
            FloatVector rest = (FloatVector) bits.sub(half)
                    .add(BIAS)
                    .lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector derivative = p.mul(scale).mul(rest).mul(alpha);
            derivative
                    .blend(1f, value.compare(VectorOperators.GT, 0f))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyOffset + i))
                    .intoArray(dx, dxOffset + i);
        }
        scalar.eluGradient(n - bound, alpha, x, xOffset + bound, dy, dyOffset + bound, dx, dxOffset + bound);
    }

    @Override
    public void gelu(int n, float[] x, int xOffset, float[] y, int yOffset) {
        FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
        FloatVector perLog2 = FloatVector.broadcast(SPECIES, PER_LOG_2);
        FloatVector minusLog2 = FloatVector.broadcast(SPECIES, -LOG_2);
        FloatVector minusLog2Rest = FloatVector.broadcast(SPECIES, -LOG_2_REST);
        FloatVector e5 = FloatVector.broadcast(SPECIES, E5);
        FloatVector e4 = FloatVector.broadcast(SPECIES, E4);
        FloatVector e3 = FloatVector.broadcast(SPECIES, E3);
        FloatVector e2 = FloatVector.broadcast(SPECIES, E2);
        FloatVector e1 = FloatVector.broadcast(SPECIES, E1);
        FloatVector e0 = FloatVector.broadcast(SPECIES, E0);
        FloatVector m10 = FloatVector.broadcast(SPECIES, M10);
        FloatVector m9 = FloatVector.broadcast(SPECIES, M9);
        FloatVector m8 = FloatVector.broadcast(SPECIES, M8);
        FloatVector m7 = FloatVector.broadcast(SPECIES, M7);
        FloatVector m6 = FloatVector.broadcast(SPECIES, M6);
        FloatVector m5 = FloatVector.broadcast(SPECIES, M5);
        FloatVector m4 = FloatVector.broadcast(SPECIES, M4);
        FloatVector m3 = FloatVector.broadcast(SPECIES, M3);
        FloatVector m2 = FloatVector.broadcast(SPECIES, M2);
        FloatVector m1 = FloatVector.broadcast(SPECIES, M1);
        FloatVector m0 = FloatVector.broadcast(SPECIES, M0);
        FloatVector g3 = FloatVector.broadcast(SPECIES, G3);
        FloatVector g2 = FloatVector.broadcast(SPECIES, G2);
        FloatVector g1 = FloatVector.broadcast(SPECIES, G1);
        FloatVector g0 = FloatVector.broadcast(SPECIES, G0);
        FloatVector two = FloatVector.broadcast(SPECIES, 2f);
        FloatVector minus1 = FloatVector.broadcast(SPECIES, -1f);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xOffset + i);
            FloatVector size = value.abs();
            FloatVector t = size.blend(FURTHEST, size.compare(VectorOperators.GT, FURTHEST));
            FloatVector share = size.div(size.add(M_CENTER));
            FloatVector q = share.fma(two, minus1);
            FloatVector p = q.fma(m10, m9)
                    .fma(q, m8)
                    .fma(q, m7)
                    .fma(q, m6)
                    .fma(q, m5)
                    .fma(q, m4)
                    .fma(q, m3)
                    .fma(q, m2)
                    .fma(q, m1)
                    .fma(q, m0)
                    .mul(share);
            FloatVector square = t.mul(t);
            FloatVector x0 = square.mul(-0.5f);
            FloatVector x0Rest = t.fma(t, square.neg()).mul(-0.5f);
            FloatVector rounded = x0.fma(perLog2, rounder);
            FloatVector power = rounded.sub(rounder);
            FloatVector r = power.fma(minusLog2Rest, power.fma(minusLog2, x0)).add(x0Rest);
            FloatVector e =
                    r.fma(e5, e4).fma(r, e3).fma(r, e2).fma(r, e1).fma(r, e0).fma(r.mul(r), r);
            IntVector bits = ((IntVector) rounded.reinterpretShape(INTEGERS, 0)).sub(ROUNDER_BITS);
            IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
            FloatVector scale = (FloatVector)
                    half.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA).reinterpretShape(SPECIES, 0);
            FloatVector rest = (FloatVector) bits.sub(half)
                    .add(BIAS)
                    .lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector tail = p.fma(e, p).mul(scale).mul(rest);
            FloatVector far = value.sub(tail)
                    .blend(tail.neg(), value.compare(VectorOperators.LT, 0f))
                    .blend(value, value.compare(VectorOperators.GT, FURTHEST));
            // Up to NEAR the square of t is that of x.
            FloatVector near = square.fma(g3, g2)
                    .fma(square, g1)
                    .fma(square, g0)
                    .fma(value, FloatVector.broadcast(SPECIES, 0.5f))
                    .mul(value);
            VectorMask<Float> isFar = size.compare(VectorOperators.GE, NEAR);
            near.blend(far, isFar).intoArray(y, yOffset + i);
        }
        scalar.gelu(n - bound, x, xOffset + bound, y, yOffset + bound);
    }

    @Override
    public void geluGradient(int n, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
        FloatVector perLog2 = FloatVector.broadcast(SPECIES, PER_LOG_2);
        FloatVector minusLog2 = FloatVector.broadcast(SPECIES, -LOG_2);
        FloatVector minusLog2Rest = FloatVector.broadcast(SPECIES, -LOG_2_REST);
        FloatVector e5 = FloatVector.broadcast(SPECIES, E5);
        FloatVector e4 = FloatVector.broadcast(SPECIES, E4);
        FloatVector e3 = FloatVector.broadcast(SPECIES, E3);
        FloatVector e2 = FloatVector.broadcast(SPECIES, E2);
        FloatVector e1 = FloatVector.broadcast(SPECIES, E1);
        FloatVector e0 = FloatVector.broadcast(SPECIES, E0);
        FloatVector d9 = FloatVector.broadcast(SPECIES, D9);
        FloatVector d8 = FloatVector.broadcast(SPECIES, D8);
        FloatVector d7 = FloatVector.broadcast(SPECIES, D7);
        FloatVector d6 = FloatVector.broadcast(SPECIES, D6);
        FloatVector d5 = FloatVector.broadcast(SPECIES, D5);
        FloatVector d4 = FloatVector.broadcast(SPECIES, D4);
        FloatVector d3 = FloatVector.broadcast(SPECIES, D3);
        FloatVector d2 = FloatVector.broadcast(SPECIES, D2);
        FloatVector d1 = FloatVector.broadcast(SPECIES, D1);
        FloatVector d0 = FloatVector.broadcast(SPECIES, D0);
        FloatVector two = FloatVector.broadcast(SPECIES, 2f);
        FloatVector minus1 = FloatVector.broadcast(SPECIES, -1f);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xOffset + i);
            FloatVector size = value.abs();
            FloatVector t = size.blend(FURTHEST, size.compare(VectorOperators.GT, FURTHEST));
            FloatVector q = size.div(size.add(D_CENTER)).fma(two, minus1);
            FloatVector p = q.fma(d9, d8)
                    .fma(q, d7)
                    .fma(q, d6)
                    .fma(q, d5)
                    .fma(q, d4)
                    .fma(q, d3)
                    .fma(q, d2)
                    .fma(q, d1)
                    .fma(q, d0);
            p = t.sub(ZERO).sub(ZERO_REST).mul(p);
            FloatVector square = t.mul(t);
            FloatVector x0 = square.mul(-0.5f);
            FloatVector x0Rest = t.fma(t, square.neg()).mul(-0.5f);
            FloatVector rounded = x0.fma(perLog2, rounder);
            FloatVector power = rounded.sub(rounder);
            FloatVector r = power.fma(minusLog2Rest, power.fma(minusLog2, x0)).add(x0Rest);
            FloatVector e =
                    r.fma(e5, e4).fma(r, e3).fma(r, e2).fma(r, e1).fma(r, e0).fma(r.mul(r), r);
            IntVector bits = ((IntVector) rounded.reinterpretShape(INTEGERS, 0)).sub(ROUNDER_BITS);
            IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
            FloatVector scale = (FloatVector)
                    half.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA).reinterpretShape(SPECIES, 0);
            FloatVector rest = (FloatVector) bits.sub(half)
                    .add(BIAS)
                    .lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector left = p.fma(e, p).mul(scale).mul(rest);
            FloatVector right = FloatVector.broadcast(SPECIES, 1f).sub(left);
            right.blend(left, value.compare(VectorOperators.LT, 0f))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyOffset + i))
                    .intoArray(dx, dxOffset + i);
        }
        scalar.geluGradient(n - bound, x, xOffset + bound, dy, dyOffset + bound, dx, dxOffset + bound);
    }
}
