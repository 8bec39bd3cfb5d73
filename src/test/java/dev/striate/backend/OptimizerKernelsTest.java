package dev.striate.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Device;
import dev.striate.TestDevices;
import dev.striate.TestDevices.TestDevice;
import dev.striate.backend.reference.ReferenceBuffer;
import dev.striate.internal.Internals;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every device's parameter updates against the reference's, for one step from a common state. Weights, velocities and
 * moments are windows of larger buffers, as in training.
 */
class OptimizerKernelsTest {

    private static final double UNIT = 0x1p-24;
    private static final int[] SIZES = {1, 7, 257, 1025, 20011};

    @FunctionalInterface
    private interface Check {
        void on(Backend backend);
    }

    private static Stream<DynamicTest> onEachDevice(String name, Check check) {
        List<DynamicTest> tests = new ArrayList<>();
        for (TestDevice device : TestDevices.all()) {
            tests.add(dynamicTest(name + " on " + device.name(), () -> check.on(Internals.backend(device.get()))));
        }
        return tests.stream();
    }

    @TestFactory
    Stream<DynamicTest> sgd() {
        List<SgdStep> steps = List.of(
                new SgdStep(0.1f, 0, 0, 0, false, true),
                new SgdStep(0.1f, 0, 0, 0.01f, false, false),
                new SgdStep(0.1f, 0.9f, 0.5f, 0.01f, false, true),
                new SgdStep(0.1f, 0.9f, 0.5f, 0.01f, false, false),
                new SgdStep(0.1f, 0.9f, 0, 0.01f, true, false),
                new SgdStep(0.1f, 0.9f, 0, 0.01f, true, true));
        return steps.stream()
                .flatMap(step -> onEachDevice(step.toString(), backend -> {
                    for (int n : SIZES) {
                        checkSgd(backend, step, n);
                    }
                }));
    }

    /** Each result is a sum of at most five terms: eight roundings of their total magnitude. */
    private static void checkSgd(Backend backend, SgdStep step, int n) {
        float[] w = normal(n, 1);
        float[] g = normal(n, 2);
        float[] v = normal(n, 3);
        double[][] expected = run(Internals.backend(Device.reference()), n, step, w, g, v);
        double[][] actual = run(backend, n, step, w, g, v);
        for (int i = 0; i < n; i++) {
            double gradient = Math.abs(g[i]) + step.weightDecay() * Math.abs(w[i]);
            double velocity = step.momentum() * Math.abs(v[i]) + gradient;
            double update = step.learningRate() * (gradient + velocity);
            assertEquals(
                    expected[0][i], actual[0][i], 8 * UNIT * (Math.abs(w[i]) + update), "weight " + i + " of " + n);
            assertEquals(g[i], actual[1][i], "the gradient is not changed");
            assertEquals(expected[2][i], actual[2][i], 8 * UNIT * velocity, "velocity " + i + " of " + n);
        }
    }

    private static double[][] run(Backend backend, int n, SgdStep step, float[] w, float[] g, float[] v) {
        boolean plain = step.momentum() == 0;
        return withWindows(
                backend, b -> backend.kernels().optimizer().sgd(n, step, b[0], b[1], plain ? null : b[2]), w, g, v);
    }

    @TestFactory
    Stream<DynamicTest> adam() {
        List<AdamStep> steps = List.of(
                new AdamStep(0.01f, 0.9f, 0.999f, 1e-8f, 0, false, 0.1f, 0.001f),
                new AdamStep(0.01f, 0.9f, 0.999f, 1e-8f, 0.1f, false, 0.19f, 0.001999f),
                new AdamStep(0.01f, 0.8f, 0.99f, 1e-3f, 0.1f, true, 1, 1));
        return steps.stream()
                .flatMap(step -> onEachDevice(step.toString(), backend -> {
                    for (int n : SIZES) {
                        checkAdam(backend, step, n, 1);
                        // Squares of gradients, and second moments over their correction, that are no floats.
                        checkAdam(backend, step, n, 3e19f);
                    }
                }));
    }

    /**
     * The moments are sums of at most three terms. The update is a quotient: its numerator's error is relative to those
     * terms, its denominator's, by the root, to half of the second moment's.
     */
    private static void checkAdam(Backend backend, AdamStep step, int n, float scale) {
        float[] w = normal(n, 4);
        float[] g = scaled(normal(n, 5), scale);
        float[] m = scaled(normal(n, 6), scale);
        float[] v = scaled(normal(n, 7), Math.min(scale, 1e18f));
        for (int i = 0; i < n; i++) {
            v[i] *= v[i];
        }
        double[][] expected = run(Internals.backend(Device.reference()), n, step, w, g, m, v);
        double[][] actual = run(backend, n, step, w, g, m, v);
        for (int i = 0; i < n; i++) {
            double gradient = Math.abs(g[i]) + (step.decoupled() ? 0 : step.weightDecay() * Math.abs(w[i]));
            double mean = step.beta1() * Math.abs(m[i]) + (1 - step.beta1()) * gradient;
            double square = step.beta2() * v[i] + (1 - step.beta2()) * gradient * gradient;
            double deviation = Math.sqrt(expected[3][i] / step.correction2()) + step.epsilon();
            double update = step.learningRate() * mean / step.correction1() / deviation * (1 + square / expected[3][i]);
            assertEquals(
                    expected[0][i], actual[0][i], 8 * UNIT * (Math.abs(w[i]) + update), "weight " + i + " of " + n);
            assertEquals(g[i], actual[1][i], "the gradient is not changed");
            assertEquals(expected[2][i], actual[2][i], 8 * UNIT * mean, "first moment " + i + " of " + n);
            assertEquals(expected[3][i], actual[3][i], 8 * UNIT * square, "second moment " + i + " of " + n);
        }
    }

    private static double[][] run(Backend backend, int n, AdamStep step, float[] w, float[] g, float[] m, float[] v) {
        return withWindows(
                backend, b -> backend.kernels().optimizer().adam(n, step, b[0], b[1], b[2], b[3]), w, g, m, v);
    }

    @TestFactory
    Stream<DynamicTest> sumsOfSquares() {
        return onEachDevice("sumsOfSquares", backend -> {
            for (int n : SIZES) {
                for (float size : new float[] {1, 1e18f, 3e19f, 1e37f, 5e37f}) {
                    float[] x = scaled(normal(n, 8), size);
                    double expected = 0;
                    for (float value : x) {
                        expected += (double) value * value;
                    }
                    double[] actual = sumsOfSquares(backend, x);
                    String what = n + " elements around " + size;
                    if (expected > Float.MAX_VALUE) {
                        assertEquals(Double.POSITIVE_INFINITY, actual[0], what);
                        double scaled = expected * 0x1p-160;
                        assertEquals(scaled, actual[1], 8 * Math.sqrt(n) * UNIT * scaled, what + ", scaled");
                    } else {
                        assertEquals(expected, actual[0], 8 * Math.sqrt(n) * UNIT * expected, what);
                    }
                    assertArrayEquals(actual, sumsOfSquares(backend, x), "the order of the sum is fixed");
                }
            }
        });
    }

    private static double[] sumsOfSquares(Backend backend, float[] x) {
        return withWindows(
                backend, b -> backend.kernels().optimizer().sumsOfSquares(x.length, b[0], b[1]), x, new float[2])[1];
    }

    @TestFactory
    Stream<DynamicTest> clip() {
        return onEachDevice("clip", backend -> {
            for (int n : SIZES) {
                float[] g = normal(n, 9);
                float inf = Float.POSITIVE_INFINITY;
                double[] clipped = clip(backend, g, 1.5f, 9, 0);
                double[] kept = clip(backend, g, 3.5f, 9, 0);
                float[] large = scaled(g, 0x1p80f);
                double[] clippedLarge = clip(backend, large, 1.5f, inf, 9);
                double[] keptLarge = clip(backend, large, 3.5f * 0x1p80f, inf, 9);
                double[] infinite = clip(backend, g, 1.5f, inf, inf);
                double[] nan = clip(backend, g, 1.5f, Float.NaN, Float.NaN);
                for (int i = 0; i < n; i++) {
                    double expected = g[i] * (1.5 / (3 + 1e-6));
                    assertEquals(expected, clipped[i], 8 * UNIT * Math.abs(expected));
                    assertEquals(g[i] * (1.5 / 3), clippedLarge[i], 8 * UNIT * Math.abs(expected));
                    assertEquals(g[i], kept[i], "a norm below the limit changes nothing");
                    assertEquals(large[i], keptLarge[i], "a large norm below the limit changes nothing");
                    assertTrue(
                            Double.isNaN(infinite[i]) && Double.isNaN(nan[i]), "a norm that is not finite leaves NaN");
                }
            }
        });
    }

    private static double[] clip(Backend backend, float[] g, float maxNorm, float... sumsOfSquares) {
        return withWindows(
                backend, b -> backend.kernels().optimizer().clip(g.length, maxNorm, b[1], b[0]), g, sumsOfSquares)[0];
    }

    @TestFactory
    Stream<DynamicTest> accumulate() {
        return onEachDevice("accumulate", backend -> {
            for (int n : SIZES) {
                float[] x = normal(n, 10);
                float[] into = normal(n, 11);
                double[][] actual =
                        withWindows(backend, b -> backend.kernels().binary().accumulate(n, -0.3f, b[0], b[1]), x, into);
                for (int i = 0; i < n; i++) {
                    double product = -0.3f * (double) x[i];
                    // One rounding of the product, one of the sum.
                    assertEquals(into[i] + product, actual[1][i], 2 * UNIT * (Math.abs(product) + Math.abs(into[i])));
                }
            }
        });
    }

    @FunctionalInterface
    private interface Call {
        void on(Buffer[] buffers);
    }

    /**
     * Runs a call on windows that hold the given values, and returns what they hold afterwards; beside them nothing
     * changes.
     */
    private static double[][] withWindows(Backend backend, Call call, float[]... values) {
        int margin = backend.sliceAlignment();
        Buffer[] whole = new Buffer[values.length];
        Buffer[] windows = new Buffer[values.length];
        for (int i = 0; i < values.length; i++) {
            whole[i] = backend.allocate(values[i].length + 2 * margin);
            float[] padded = new float[whole[i].length()];
            Arrays.fill(padded, 77);
            backend.write(padded, 0, whole[i]);
            windows[i] = whole[i].slice(margin, values[i].length);
            backend.write(values[i], 0, windows[i]);
        }
        call.on(windows);
        double[][] results = new double[values.length][];
        float[] edge = new float[margin];
        Arrays.fill(edge, 77);
        for (int i = 0; i < values.length; i++) {
            float[] all = new float[whole[i].length()];
            backend.read(whole[i], all, 0);
            assertArrayEquals(edge, Arrays.copyOf(all, margin), "before the window");
            assertArrayEquals(edge, Arrays.copyOfRange(all, all.length - margin, all.length), "behind the window");
            results[i] = new double[values[i].length];
            for (int j = 0; j < results[i].length; j++) {
                results[i][j] = windows[i] instanceof ReferenceBuffer exact ? exact.get(j) : all[margin + j];
            }
            backend.release(whole[i]);
        }
        return results;
    }

    private static float[] scaled(float[] values, float by) {
        float[] scaled = values.clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] *= by;
        }
        return scaled;
    }

    private static float[] normal(int n, long seed) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
