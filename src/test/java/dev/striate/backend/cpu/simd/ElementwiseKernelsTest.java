package dev.striate.backend.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.backend.UnaryFunction.Kind;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The polynomials against double precision, and vectors against their twin. */
@Tag("vectors")
class ElementwiseKernelsTest {

    /** Odd, so that floats of every mantissa and exponent come up: some 17 million. */
    private static final int STEP = 257;

    private static final int CHUNK = 1 << 16;
    private static final float[] ONES = new float[CHUNK];
    private static final float[] SPECIAL = {
        0f,
        -0f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        88.72f,
        88.73f,
        89f,
        -87.3f,
        -87.4f,
        -103.9f,
        -104f,
        -105f,
        0.625f,
        -0.625f,
        0.6249999f,
        1e-20f,
        -1e-20f,
        0.5f,
        -0.5f,
        0.49999997f,
        -0.49999997f,
        -0.7517915f,
        -14.2f,
        15f,
        -15f,
        -15.000001f,
        1f,
        0.70710677f,
        0.7071067f,
        1.4142135f,
        Float.MIN_NORMAL,
        1e-44f,
        -1f
    };

    static {
        Arrays.fill(ONES, 1f);
    }

    /**
     * With a bound for the sample, which is no wider than what the generator's {@code Functions} states for all floats.
     */
    private enum Function {
        EXP(1.1, Math::exp),
        LOG(0.9, Math::log),
        SIGMOID(2.2, x -> 1 / (1 + Math.exp(-x))),
        SILU(3, x -> x / (1 + Math.exp(-x))),
        SOFTPLUS(3.5, x -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
        MISH(6, x -> x * Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))))),
        TANH(1.3, Math::tanh),
        ELU(0.9, x -> x < 0 ? Math.expm1(x) : x),
        ELU_GRADIENT(1.1, x -> x > 0 ? 1 : Math.exp(x)),
        GELU(3.3, x -> x * distribution(x)),
        GELU_GRADIENT(3.6, x -> distribution(x) + x * density(x));

        final double ulps;
        final DoubleUnaryOperator exact;

        Function(double ulps, DoubleUnaryOperator exact) {
            this.ulps = ulps;
            this.exact = exact;
        }

        void apply(ElementwiseKernels kernels, int n, float[] x, int xOffset, float[] y, int yOffset) {
            boolean isGradient = name().endsWith("_GRADIENT");
            Kind kind = Kind.valueOf(isGradient ? name().replace("_GRADIENT", "") : name());
            if (isGradient) {
                kernels.gradient(kind, n, 1f, 0f, x, xOffset, ONES, 0, y, yOffset);
            } else {
                kernels.forward(kind, n, 1f, 0f, x, xOffset, y, yOffset);
            }
        }
    }

    /** The density of the standard normal distribution. */
    private static double density(double x) {
        return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    }

    /** The probability of a value up to x; its small values on the far left are relatively exact too. */
    private static double distribution(double x) {
        double distance = Math.abs(x);
        if (distance < 2.5) {
            // x + x^3/3 + x^5/(3 5) + ..., Abramowitz and Stegun 26.2.11.
            double term = x;
            double sum = x;
            for (int odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
                term *= x * x / odd;
                sum += term;
            }
            return 0.5 + density(x) * sum;
        }
        // x + 1/(x + 2/(x + 3/(x + ...))), Abramowitz and Stegun 26.2.14, from its tail.
        double fraction = distance;
        for (int term = 40; term >= 1; term--) {
            fraction = distance + term / fraction;
        }
        double tail = density(x) / fraction;
        return x < 0 ? tail : 1 - tail;
    }

    /** Where the result is subnormal, an ulp is that of the smallest normal number. */
    @ParameterizedTest
    @EnumSource(Function.class)
    void polynomialsStayWithinTheirBound(Function f) {
        assertBound(f, VectorApi.plain().elementwise());
    }

    private static void assertBound(Function f, ElementwiseKernels kernels) {
        double worst = IntStream.rangeClosed(Integer.MIN_VALUE / CHUNK / STEP, Integer.MAX_VALUE / CHUNK / STEP)
                .parallel()
                .mapToDouble(chunk -> worstOf(f, kernels, chunk * CHUNK * STEP))
                .max()
                .orElseThrow();
        assertTrue(worst <= f.ulps, f + " is off by " + worst + " ulp");
    }

    private static double worstOf(Function f, ElementwiseKernels kernels, int firstBits) {
        float[] x = new float[CHUNK];
        for (int i = 0; i < CHUNK; i++) {
            x[i] = Float.intBitsToFloat(firstBits + i * STEP);
        }
        float[] y = new float[CHUNK];
        f.apply(kernels, CHUNK, x, 0, y, 0);
        double worst = 0;
        for (int i = 0; i < CHUNK; i++) {
            double exact = f.exact.applyAsDouble(x[i]);
            if (Double.isNaN(exact) || Math.abs(exact) > Float.MAX_VALUE || Double.isInfinite(y[i])) {
                assertEquals((float) exact, y[i], f + " of " + x[i]);
            } else {
                worst = Math.max(
                        worst, Math.abs(y[i] - exact) / Math.ulp(Math.max(Math.abs((float) exact), Float.MIN_NORMAL)));
            }
        }
        return worst;
    }

    @ParameterizedTest
    @EnumSource(value = Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "POW")
    void vectorsHaveTheTwinsBits(Kind kind) {
        SimdKernels vectorized = VectorApi.vectorized();
        assertNotNull(vectorized, VectorApi.absence());
        float[] x = new float[2100];
        float[] dy = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = i < 10 * SPECIAL.length ? SPECIAL[i % SPECIAL.length] : (i - 1200) / 9f;
            dy[i] = 3f - i % 7;
        }
        for (int n : new int[] {0, 1, 3, 4, 7, 8, 15, 16, 17, 33, 2097}) {
            float[] expected = new float[x.length];
            float[] actual = new float[x.length];
            VectorApi.plain().elementwise().forward(kind, n, 0.7f, 1.3f, x, 1, expected, 2);
            vectorized.elementwise().forward(kind, n, 0.7f, 1.3f, x, 1, actual, 2);
            assertArrayEquals(bits(expected), bits(actual), kind + " of " + n);
            VectorApi.plain().elementwise().gradient(kind, n, 0.7f, 1.3f, x, 1, dy, 3, expected, 2);
            vectorized.elementwise().gradient(kind, n, 0.7f, 1.3f, x, 1, dy, 3, actual, 2);
            assertArrayEquals(bits(expected), bits(actual), "gradient of " + kind + " of " + n);
        }
    }

    @Test
    void gradientsAreTheDerivativeTimesDy() {
        SimdKernels vectorized = VectorApi.vectorized();
        assertNotNull(vectorized, VectorApi.absence());
        int n = 101;
        float[] x = new float[n + 3];
        float[] dy = new float[n + 5];
        for (int i = 0; i < n; i++) {
            x[i + 3] = (i - n / 2) / 9f;
            dy[i + 5] = 1.7f * i - 40;
        }
        float[] derivative = new float[n];
        float[] actual = new float[n];
        for (ElementwiseKernels kernels :
                new ElementwiseKernels[] {VectorApi.plain().elementwise(), vectorized.elementwise()}) {
            kernels.gradient(Kind.GELU, n, 0f, 0f, x, 3, ONES, 0, derivative, 0);
            kernels.gradient(Kind.GELU, n, 0f, 0f, x, 3, dy, 5, actual, 0);
            assertProducts(derivative, dy, actual);
            kernels.gradient(Kind.ELU, n, 1.7f, 0f, x, 3, ONES, 0, derivative, 0);
            kernels.gradient(Kind.ELU, n, 1.7f, 0f, x, 3, dy, 5, actual, 0);
            assertProducts(derivative, dy, actual);
        }
    }

    private static void assertProducts(float[] derivative, float[] dy, float[] actual) {
        for (int i = 0; i < actual.length; i++) {
            assertEquals(derivative[i] * dy[i + 5], actual[i], "element " + i);
        }
    }

    /** Every NaN is the same one. */
    private static int[] bits(float[] values) {
        return IntStream.range(0, values.length)
                .map(i -> Float.floatToIntBits(values[i]))
                .toArray();
    }

    @Test
    void signsOfZeroAndLimitsAreKept() {
        float[] x = {-0f, 0f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN};
        float[] y = new float[x.length];
        ElementwiseKernels functions = VectorApi.plain().elementwise();
        functions.forward(Kind.TANH, x.length, 0f, 0f, x, 0, y, 0);
        assertArrayEquals(new float[] {-0f, 0f, 1f, -1f, Float.NaN}, y);
        functions.forward(Kind.EXP, x.length, 0f, 0f, x, 0, y, 0);
        assertArrayEquals(new float[] {1f, 1f, Float.POSITIVE_INFINITY, 0f, Float.NaN}, y);
        functions.forward(Kind.SIGMOID, x.length, 0f, 0f, x, 0, y, 0);
        assertArrayEquals(new float[] {0.5f, 0.5f, 1f, 0f, Float.NaN}, y);
        functions.forward(Kind.LOG, x.length, 0f, 0f, x, 0, y, 0);
        assertArrayEquals(
                new float[] {
                    Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, Float.NaN, Float.NaN
                },
                y);
        functions.forward(Kind.ELU, x.length, 2f, 0f, x, 0, y, 0);
        assertArrayEquals(new float[] {-0f, 0f, Float.POSITIVE_INFINITY, -2f, Float.NaN}, y);
        functions.gradient(Kind.ELU, x.length, 2f, 0f, x, 0, ONES, 0, y, 0);
        assertArrayEquals(new float[] {2f, 2f, 1f, 0f, Float.NaN}, y);
        functions.forward(Kind.GELU, x.length, 0f, 0f, x, 0, y, 0);
        assertArrayEquals(new float[] {-0f, 0f, Float.POSITIVE_INFINITY, Float.NaN, Float.NaN}, y);
        functions.gradient(Kind.GELU, x.length, 0f, 0f, x, 0, ONES, 0, y, 0);
        assertArrayEquals(new float[] {0.5f, 0.5f, Float.NaN, Float.NaN, Float.NaN}, y);
    }
}
