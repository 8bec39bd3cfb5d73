package dev.striate.backend.cpu.simd;

import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.BIAS;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E4;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.E5;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.HIGHEST;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.LOG_2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.LOG_2_REST;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.LOWEST;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.MANTISSA;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.PER_LOG_2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.ROUNDER;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.ROUNDER_BITS;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.SMALL;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.T0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.T1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.T2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.T3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.T4;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * On the Vector API, by the rules of {@link PanamaFlatKernels}; what is computed is told in {@link ScalarFunctionKernels}. The
 * exponential is written out in each method: a helper that C2 does not inline would box its vectors. Comparisons and blends
 * instead of minimum and maximum let NaN pass in one instruction each.
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
            FloatVector p = r.fma(e5, e4).fma(r, e3).fma(r, e2).fma(r, e1).fma(r, e0).fma(r.mul(r), r).add(1f);
            IntVector bits = ((IntVector) rounded.reinterpretShape(INTEGERS, 0)).sub(ROUNDER_BITS);
            IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
            FloatVector scale = (FloatVector) half.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector rest = (FloatVector) bits.sub(half).add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector exp = p.mul(scale).mul(rest);
            exp.intoArray(y, yOffset + i);
        }
        scalar.exp(n - bound, x, xOffset + bound, y, yOffset + bound);
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
            FloatVector p = r.fma(e5, e4).fma(r, e3).fma(r, e2).fma(r, e1).fma(r, e0).fma(r.mul(r), r).add(1f);
            IntVector bits = ((IntVector) rounded.reinterpretShape(INTEGERS, 0)).sub(ROUNDER_BITS);
            IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
            FloatVector scale = (FloatVector) half.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector rest = (FloatVector) bits.sub(half).add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector exp = p.mul(scale).mul(rest);
            FloatVector numerator = FloatVector.broadcast(SPECIES, 1f).blend(exp, value.compare(VectorOperators.LT, 0f));
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
            FloatVector p = r.fma(e5, e4).fma(r, e3).fma(r, e2).fma(r, e1).fma(r, e0).fma(r.mul(r), r).add(1f);
            IntVector bits = ((IntVector) rounded.reinterpretShape(INTEGERS, 0)).sub(ROUNDER_BITS);
            IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
            FloatVector scale = (FloatVector) half.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector rest = (FloatVector) bits.sub(half).add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA)
                    .reinterpretShape(SPECIES, 0);
            FloatVector exp = p.mul(scale).mul(rest);
            FloatVector large = FloatVector.broadcast(SPECIES, 2f).div(exp.add(1f));
            large = FloatVector.broadcast(SPECIES, 1f).sub(large);
            large = large.blend(large.neg(), value.compare(VectorOperators.LT, 0f));
            FloatVector square = value.mul(value);
            FloatVector small = FloatVector.broadcast(SPECIES, T4).fma(square, FloatVector.broadcast(SPECIES, T3))
                    .fma(square, FloatVector.broadcast(SPECIES, T2)).fma(square, FloatVector.broadcast(SPECIES, T1))
                    .fma(square, FloatVector.broadcast(SPECIES, T0)).fma(square, FloatVector.broadcast(SPECIES, 1f)).mul(value);
            VectorMask<Float> isLarge = size.compare(VectorOperators.GE, SMALL);
            small.blend(large, isLarge).intoArray(y, yOffset + i);
        }
        scalar.tanh(n - bound, x, xOffset + bound, y, yOffset + bound);
    }
}
