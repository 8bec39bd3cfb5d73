package dev.striate.backend.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.cpu.simd.ElementwiseKernels.AdamFactors;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Both versions of the reductions loops, at every length around their vectors and away from an array's start. Where the
 * vectors take the plain loop's operations one by one, the bits are the same; sums are checked against exact ones and
 * against the bound of their error.
 */
@Tag("vectors")
class ReductionKernelsTest {

    private static final int[] LENGTHS = {
        0, 1, 3, 4, 7, 8, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 207, 1023, 1025, 2100
    };
    /** What lies on either side of a run and must stay as it is. */
    private static final int MARGIN = 5;

    private static ReductionKernels[] versions() {
        SimdKernels vectorized = VectorApi.vectorized();
        return vectorized == null
                ? new ReductionKernels[] {VectorApi.plain().reductions()}
                : new ReductionKernels[] {VectorApi.plain().reductions(), vectorized.reductions()};
    }

    static Stream<ReductionKernels> kernels() {
        return Arrays.stream(versions());
    }

    private static float[] random(int seed, int n) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Small multiples of a half and a centre that is one too: every order of summation gives the same, exactly. */
    @ParameterizedTest
    @MethodSource("kernels")
    void sumsOfSmallNumbersAreExact(ReductionKernels kernels) {
        ReductionKernels.Accumulator accumulator = kernels.accumulator();
        for (int n : LENGTHS) {
            float[] x = halves(1, n + 2 * MARGIN);
            float[] y = halves(2, n + 2 * MARGIN);
            double sum = 0;
            double squares = 0;
            double dot = 0;
            for (int i = MARGIN; i < MARGIN + n; i++) {
                sum += x[i];
                squares += (x[i] - 1.5) * (x[i] - 1.5);
                dot += (y[i] - 1.5) * x[i];
            }
            assertEquals(sum, kernels.sum(n, x, MARGIN, accumulator), "sum of " + n);
            assertEquals(squares, kernels.sumOfSquares(n, x, MARGIN, 1.5, accumulator), "sum of squares of " + n);
            assertEquals(sum - 1.5 * n, accumulator.sum(), "sum of distances of " + n);
            kernels.sumAndDot(n, y, MARGIN, 1.5, x, MARGIN, accumulator);
            assertArrayEquals(
                    new double[] {sum, dot},
                    new double[] {accumulator.sum(), accumulator.dot()},
                    "sum and dot of " + n);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void sumsOfRunsLeaveOutWhatStandsBetween(ReductionKernels kernels) {
        ReductionKernels.Accumulator accumulator = kernels.accumulator();
        for (int n : LENGTHS) {
            for (int runs : new int[] {0, 1, 4, 7, 8, 33}) {
                int step = n + MARGIN;
                float[] x = halves(n, MARGIN + runs * step);
                double sum = 0;
                for (int i = 0; i < runs * n; i++) {
                    sum += x[MARGIN + i / n * step + i % n];
                }
                assertEquals(sum, kernels.sumRuns(runs, n, step, x, MARGIN, accumulator), runs + " runs of " + n);
            }
        }
    }

    /** The bound that {@link ReductionKernels} states. */
    @ParameterizedTest
    @MethodSource("kernels")
    void sumsOfManyStayWithinTheirBound(ReductionKernels kernels) {
        ReductionKernels.Accumulator accumulator = kernels.accumulator();
        double bound = 27 * 0x1p-24;
        for (int n : new int[] {17, 169, 900, 1024, 5000, 40_003}) {
            float[] x = random(1, n);
            float[] y = random(2, n);
            double center = 0.1f;
            double[] sums = new double[3];
            double[] magnitudes = new double[3];
            for (int i = 0; i < n; i++) {
                double[] terms = {y[i], (x[i] - center) * (x[i] - center), (x[i] - center) * y[i]};
                for (int j = 0; j < 3; j++) {
                    sums[j] += terms[j];
                    magnitudes[j] += Math.abs(terms[j]);
                }
            }
            assertEquals(sums[0], kernels.sum(n, y, 0, accumulator), bound * magnitudes[0], "sum of " + n);
            for (int runs = 1; runs <= n; runs = 5 * runs + 1) {
                double rest = n % runs == 0 ? 0 : kernels.sum(n % runs, y, n - n % runs, accumulator);
                double inRuns = kernels.sumRuns(runs, n / runs, n / runs, y, 0, accumulator) + rest;
                assertEquals(sums[0], inRuns, bound * magnitudes[0], "sum of " + runs + " runs of " + n);
            }
            assertEquals(
                    sums[1],
                    kernels.sumOfSquares(n, x, 0, center, accumulator),
                    bound * magnitudes[1],
                    "sum of squares of " + n);
            kernels.sumAndDot(n, x, 0, center, y, 0, accumulator);
            assertEquals(sums[0], accumulator.sum(), bound * magnitudes[0], "sum beside the dot product of " + n);
            assertEquals(sums[2], accumulator.dot(), bound * magnitudes[2], "dot product of " + n);
        }
    }

    private static float[] halves(int seed, int n) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (random.nextInt(201) - 100) / 2f;
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void elementwiseLoopsHaveThePlainBits(boolean warming) {
        ElementwiseKernels plain = VectorApi.plain().elementwise();
        SimdKernels vectorized = warming ? VectorApi.warming() : VectorApi.vectorized();
        ElementwiseKernels kernels = vectorized == null ? plain : vectorized.elementwise();
        AdamFactors adam = new AdamFactors(0.9f, 0.1f, 0.999f, 0.001f, 0.01f, 0.5f, 1e-8f, 0.01f, 0.99f);
        for (int n : LENGTHS) {
            for (boolean nesterov : new boolean[] {false, true}) {
                assertArrayEquals(
                        updated(plain, n, nesterov, adam), updated(kernels, n, nesterov, adam), "length " + n);
            }
        }
    }

    /** Everything that the updates leave behind, margins included. */
    private static float[] updated(ElementwiseKernels kernels, int n, boolean nesterov, AdamFactors adam) {
        int length = n + 2 * MARGIN;
        float[] g = random(1, length);
        float[] w = random(2, length);
        float[] v = random(3, length);
        float[] m = random(4, length);
        float[] squares = random(5, length);
        for (int i = 0; i < length; i++) {
            squares[i] *= squares[i];
        }
        float[] dx = random(6, length);
        kernels.descend(n, 0.1f, 0.01f, g, MARGIN, w, MARGIN);
        kernels.descendWithMomentum(n, 0.1f, 0.01f, 0.9f, 0.7f, nesterov, g, MARGIN, v, MARGIN, w, MARGIN);
        kernels.adam(n, adam, g, MARGIN, m, MARGIN, squares, MARGIN, w, MARGIN);
        kernels.normGradient(n, g, MARGIN, 0.3f, v, MARGIN - 1, 1.7f, 0.2f, 0.1f, dx, MARGIN);
        float[] all = new float[5 * length];
        int at = 0;
        for (float[] part : new float[][] {w, v, m, squares, dx}) {
            System.arraycopy(part, 0, all, at, length);
            at += length;
        }
        return all;
    }

    /**
     * Ties, both zeros, infinities and NaN among few values, so that windows meet all of them; odd rims are left out.
     */
    @ParameterizedTest
    @MethodSource("kernels")
    void poolingFindsTheFirstMaximum(ReductionKernels kernels) {
        float[] values = {0f, -0f, 1f, 1f, 2f, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, Float.NaN};
        int seed = 0;
        for (int planes : new int[] {1, 3, 18}) {
            for (int height : new int[] {2, 4, 5, 8, 16}) {
                for (int width : new int[] {2, 3, 4, 5, 8, 12, 13, 16, 30, 32, 33, 34, 64, 67}) {
                    Random random = new Random(seed++);
                    int choices = seed % 3 == 0 ? values.length : 5;
                    float[] x = new float[planes * height * width + 2 * MARGIN];
                    for (int i = 0; i < x.length; i++) {
                        x[i] = values[random.nextInt(choices)];
                    }
                    checkPooling(kernels, planes, height, width, x);
                }
            }
        }
    }

    private static void checkPooling(ReductionKernels kernels, int planes, int height, int width, float[] x) {
        int outHeight = height / 2;
        int outWidth = width / 2;
        int outputs = planes * outHeight * outWidth;
        float[] y = new float[outputs + 2 * MARGIN];
        int[] places = new int[outputs + 2 * MARGIN];
        float[] expectedY = y.clone();
        int[] expectedPlaces = places.clone();
        for (int output = 0; output < outputs; output++) {
            int plane = MARGIN + output / (outHeight * outWidth) * height * width;
            int top = output / outWidth % outHeight * 2 * width + output % outWidth * 2;
            int best = top;
            for (int place : new int[] {top + 1, top + width, top + width + 1}) {
                if (x[plane + place] > x[plane + best]
                        || Float.isNaN(x[plane + place]) && !Float.isNaN(x[plane + best])) {
                    best = place;
                }
            }
            expectedY[MARGIN + output] = x[plane + best];
            expectedPlaces[MARGIN + output] = best;
        }
        Pool2dGeometry g = Pool2dGeometry.twoByTwo(planes, height, width);
        kernels.maxPool2x2(g, planes, x, MARGIN, y, MARGIN, places, MARGIN);
        String what = planes + " planes of " + height + " by " + width;
        assertArrayEquals(expectedPlaces, places, what);
        for (int i = 0; i < y.length; i++) {
            assertEquals(
                    Float.floatToIntBits(expectedY[i]), Float.floatToIntBits(y[i]), what + ", output " + (i - MARGIN));
        }
        float[] dy = random(outputs, outputs + 2 * MARGIN);
        float[] dx = random(2, x.length);
        float[] expectedDx = dx.clone();
        Arrays.fill(expectedDx, MARGIN, x.length - MARGIN, 0f);
        for (int output = 0; output < outputs; output++) {
            int plane = MARGIN + output / (outHeight * outWidth) * height * width;
            expectedDx[plane + expectedPlaces[MARGIN + output]] = dy[MARGIN + output];
        }
        kernels.maxPool2x2Gradient(g, planes, dy, MARGIN, places, MARGIN, dx, MARGIN);
        assertArrayEquals(expectedDx, dx, "gradient of " + what);
    }
}
