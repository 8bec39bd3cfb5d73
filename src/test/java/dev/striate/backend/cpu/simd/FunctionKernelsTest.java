package dev.striate.backend.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The polynomials against double precision, and vectors against their twin. */
class FunctionKernelsTest {

    /** Odd, so that floats of every mantissa and exponent come up: some 17 million. */
    private static final int STEP = 257;
    private static final int CHUNK = 1 << 16;
    private static final float[] SPECIAL = {
        0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MAX_VALUE,
        -Float.MAX_VALUE, 88.72f, 88.73f, 89f, -87.3f, -87.4f, -103.9f, -104f, -105f, 0.625f, -0.625f, 0.6249999f, 1e-20f, -1e-20f
    };

    private enum Function {
        EXP(1.1, Math::exp), SIGMOID(2.2, x -> 1 / (1 + Math.exp(-x))), TANH(1.3, Math::tanh);

        final double ulps;
        final DoubleUnaryOperator exact;

        Function(double ulps, DoubleUnaryOperator exact) {
            this.ulps = ulps;
            this.exact = exact;
        }

        void apply(FunctionKernels kernels, int n, float[] x, int xOffset, float[] y, int yOffset) {
            switch (this) {
                case EXP -> kernels.exp(n, x, xOffset, y, yOffset);
                case SIGMOID -> kernels.sigmoid(n, x, xOffset, y, yOffset);
                case TANH -> kernels.tanh(n, x, xOffset, y, yOffset);
            }
        }
    }

    /** Where the result is subnormal, an ulp is that of the smallest normal number. */
    @ParameterizedTest
    @EnumSource(Function.class)
    void polynomialsStayWithinTheirBound(Function f) {
        double worst = IntStream.rangeClosed(Integer.MIN_VALUE / CHUNK / STEP, Integer.MAX_VALUE / CHUNK / STEP).parallel()
                .mapToDouble(chunk -> worstOf(f, chunk * CHUNK * STEP)).max().orElseThrow();
        assertTrue(worst <= f.ulps, f + " is off by " + worst + " ulp");
    }

    private static double worstOf(Function f, int firstBits) {
        float[] x = new float[CHUNK];
        for (int i = 0; i < CHUNK; i++) {
            x[i] = Float.intBitsToFloat(firstBits + i * STEP);
        }
        float[] y = new float[CHUNK];
        f.apply(new ScalarFunctionKernels(), CHUNK, x, 0, y, 0);
        double worst = 0;
        for (int i = 0; i < CHUNK; i++) {
            double exact = f.exact.applyAsDouble(x[i]);
            if (Double.isNaN(exact) || Math.abs(exact) > Float.MAX_VALUE || Double.isInfinite(y[i])) {
                assertEquals((float) exact, y[i], f + " of " + x[i]);
            } else {
                worst = Math.max(worst, Math.abs(y[i] - exact) / Math.ulp(Math.max(Math.abs((float) exact), Float.MIN_NORMAL)));
            }
        }
        return worst;
    }

    @ParameterizedTest
    @EnumSource(Function.class)
    void vectorsHaveTheTwinsBits(Function f) {
        SimdKernels vectorized = VectorApi.vectorized();
        assertNotNull(vectorized, VectorApi.absence());
        float[] x = new float[2100];
        for (int i = 0; i < x.length; i++) {
            x[i] = i < 10 * SPECIAL.length ? SPECIAL[i % SPECIAL.length] : (i - 1200) / 9f;
        }
        for (int n : new int[] {0, 1, 3, 4, 7, 8, 15, 16, 17, 33, 2097}) {
            float[] expected = new float[x.length];
            float[] actual = new float[x.length];
            f.apply(new ScalarKernels(vectorized).functions(), n, x, 1, expected, 2);
            f.apply(vectorized.functions(), n, x, 1, actual, 2);
            assertArrayEquals(bits(expected), bits(actual), f + " of " + n);
        }
    }

    /** Every NaN is the same one. */
    private static int[] bits(float[] values) {
        return IntStream.range(0, values.length).map(i -> Float.floatToIntBits(values[i])).toArray();
    }

    @Test
    void signsOfZeroAndLimitsAreKept() {
        float[] x = {-0f, 0f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN};
        float[] y = new float[x.length];
        FunctionKernels functions = new ScalarFunctionKernels();
        functions.tanh(x.length, x, 0, y, 0);
        assertArrayEquals(new float[] {-0f, 0f, 1f, -1f, Float.NaN}, y);
        functions.exp(x.length, x, 0, y, 0);
        assertArrayEquals(new float[] {1f, 1f, Float.POSITIVE_INFINITY, 0f, Float.NaN}, y);
        functions.sigmoid(x.length, x, 0, y, 0);
        assertArrayEquals(new float[] {0.5f, 0.5f, 1f, 0f, Float.NaN}, y);
    }
}
