package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.ClassificationOptions;
import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Softmax, its logarithm and cross-entropy of logits far from 0, on every device and the reference. */
class LargeLogitsTest {

    private static final float INF = Float.POSITIVE_INFINITY;
    private static final float NAN = Float.NaN;
    private static final float MAX = Float.MAX_VALUE;
    private static final float[] SIZES = {1e3f, 1e10f, 1e16f, 1e30f, 1.7e38f, 2.4e38f, MAX, -1e9f, -1e16f, -MAX};

    private static Stream<DynamicTest> onEachDevice(Consumer<Device> check) {
        return TestDevices.withReference().stream()
                .map(device -> dynamicTest(device.name(), () -> {
                    try (Scope scope = Scope.open()) {
                        check.accept(device.get());
                    }
                }));
    }

    private static Tensor row(Device device, float... logits) {
        return Tensor.of(device, Shape.of(1, logits.length), logits);
    }

    private static float[] gradient(Tensor x, Function<Tensor, Tensor> f, float... upstream) {
        x.requiresGrad(true);
        Tensor y = f.apply(x);
        y.backward(Tensor.of(x.device(), y.shape(), upstream));
        return x.grad().toFloatArray();
    }

    private static float[] crossEntropyGradient(Device device, int label, float... logits) {
        return gradient(row(device, logits), x -> x.crossEntropy(IntTensor.of(device, label)), 1);
    }

    @TestFactory
    Stream<DynamicTest> equalLogitsAreEquallyProbable() {
        return onEachDevice(device -> {
            for (float size : SIZES) {
                Tensor x = row(device, size, size, size, size);
                assertArrayEquals(
                        new float[] {.25f, .25f, .25f, .25f}, x.softmax(1).toFloatArray(), 1e-7f, "softmax of " + size);
                float log4 = (float) Math.log(4);
                assertArrayEquals(
                        new float[] {-log4, -log4, -log4, -log4},
                        x.logSoftmax(1).toFloatArray(),
                        3e-7f,
                        "logSoftmax of " + size);
                assertEquals(log4, x.crossEntropy(IntTensor.of(device, 2)).item(), 3e-7f, "crossEntropy of " + size);
                assertArrayEquals(
                        new float[] {-.75f, .25f, .25f, .25f},
                        crossEntropyGradient(device, 0, size, size, size, size),
                        1e-6f,
                        "gradient of crossEntropy of " + size);
            }
        });
    }

    /** Their difference may be beyond float32. */
    @TestFactory
    Stream<DynamicTest> oppositeLogitsAreZeroAndOne() {
        return onEachDevice(device -> {
            for (float size : new float[] {1e3f, 1e16f, 1.7e38f, 2.4e38f, MAX}) {
                Tensor x = row(device, size, -size, 0);
                assertArrayEquals(new float[] {1, 0, 0}, x.softmax(1).toFloatArray(), "softmax of " + size);
                assertArrayEquals(
                        new float[] {0, -2 * size, -size}, x.logSoftmax(1).toFloatArray(), "logSoftmax of " + size);
                assertEquals(2 * size, x.crossEntropy(IntTensor.of(device, 1)).item(), "crossEntropy of " + size);
                assertArrayEquals(new float[] {1, -1, 0}, crossEntropyGradient(device, 1, size, -size, 0));
                // The mean distance from the maximum is the size itself.
                double smoothed = x.crossEntropy(
                                IntTensor.of(device, 0), ClassificationOptions.DEFAULT.withLabelSmoothing(.25f))
                        .item();
                assertEquals(.25 * size, smoothed, 1e-6 * size, "smoothed crossEntropy of " + size);
            }
        });
    }

    /** As in PyTorch. */
    @TestFactory
    Stream<DynamicTest> infinitiesAndNanGiveWhatTheFormulaGives() {
        return onEachDevice(device -> {
            float[][] undefined = {
                {INF, 1, 2}, {INF, INF, 1}, {INF, -INF, 1}, {-INF, -INF, -INF}, {NAN, 1, 2}, {1, 2, NAN}
            };
            float[] nan = {NAN, NAN, NAN};
            for (float[] logits : undefined) {
                String what = Arrays.toString(logits);
                assertArrayEquals(nan, row(device, logits).softmax(1).toFloatArray(), what);
                assertArrayEquals(nan, row(device, logits).logSoftmax(1).toFloatArray(), what);
                assertArrayEquals(nan, gradient(row(device, logits), x -> x.softmax(1), 1, 0, 0), what);
                assertArrayEquals(nan, gradient(row(device, logits), x -> x.logSoftmax(1), 1, 0, 0), what);
                assertEquals(
                        NAN,
                        row(device, logits)
                                .crossEntropy(IntTensor.of(device, 1))
                                .item(),
                        what);
                assertArrayEquals(nan, crossEntropyGradient(device, 1, logits), what);
            }
            float[] masked = {-INF, MAX, MAX};
            assertArrayEquals(
                    new float[] {0, .5f, .5f}, row(device, masked).softmax(1).toFloatArray(), 1e-7f);
            assertArrayEquals(
                    new float[] {-INF, (float) -Math.log(2), (float) -Math.log(2)},
                    row(device, masked).logSoftmax(1).toFloatArray(),
                    1e-7f);
            assertArrayEquals(
                    new float[] {0, .25f, -.25f}, gradient(row(device, masked), x -> x.softmax(1), 1, 1, 0), 1e-6f);
            assertArrayEquals(
                    new float[] {1, 0, -1}, gradient(row(device, masked), x -> x.logSoftmax(1), 1, 1, 0), 1e-6f);
            assertEquals(
                    INF,
                    row(device, masked).crossEntropy(IntTensor.of(device, 0)).item());
            assertArrayEquals(new float[] {-1, .5f, .5f}, crossEntropyGradient(device, 0, masked), 1e-6f);
        });
    }

    /** Gradients against formulas that the reference does not share, for upstream gradients of at most 1. */
    @TestFactory
    Stream<DynamicTest> gradientsDoNotDependOnAShift() {
        return onEachDevice(device -> {
            for (float shift : new float[] {0, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f, 1e9f, -1e9f}) {
                for (int classes : new int[] {3, 10, 100}) {
                    checkGradients(device, shift, classes);
                }
            }
        });
    }

    private static void checkGradients(Device device, float shift, int classes) {
        Random random = new Random(7);
        float[] logits = new float[classes];
        float[] dy = new float[classes];
        for (int i = 0; i < classes; i++) {
            logits[i] = shift + 3 * (float) random.nextGaussian() * Math.max(1, Math.ulp(shift));
            dy[i] = 2 * random.nextFloat() - 1;
        }
        double[] p = probabilities(logits);
        double sum = 0;
        double dot = 0;
        for (int i = 0; i < classes; i++) {
            sum += dy[i];
            dot += dy[i] * p[i];
        }
        double dySum = sum;
        double dyMean = dot;
        int label = 1;
        IntTensor labels = IntTensor.of(device, label);
        ClassificationOptions smoothed = ClassificationOptions.DEFAULT.withLabelSmoothing(.5f);
        IntToDoubleFunction loss = i -> dy[0] * (p[i] - (i == label ? 1 : 0));
        IntToDoubleFunction smoothedLoss = i -> dy[0] * (p[i] - (i == label ? .5 : 0) - .5 / classes);
        String what = " of " + classes + " logits shifted by " + shift;
        check("softmax" + what, i -> p[i] * (dy[i] - dyMean), gradient(row(device, logits), x -> x.softmax(1), dy));
        check("logSoftmax" + what, i -> dy[i] - p[i] * dySum, gradient(row(device, logits), x -> x.logSoftmax(1), dy));
        check(
                "nll" + what,
                loss,
                gradient(row(device, logits), x -> x.logSoftmax(1).nll(labels), dy[0]));
        check("crossEntropy" + what, loss, gradient(row(device, logits), x -> x.crossEntropy(labels), dy[0]));
        check(
                "smoothed crossEntropy" + what,
                smoothedLoss,
                gradient(row(device, logits), x -> x.crossEntropy(labels, smoothed), dy[0]));
    }

    private static void check(String what, IntToDoubleFunction expected, float[] actual) {
        for (int i = 0; i < actual.length; i++) {
            assertEquals(expected.applyAsDouble(i), actual[i], 1e-6, what + ", element " + i);
        }
    }

    /**
     * One over the sum of e^(other - own) over all logits: differences of floats are exact enough in double precision.
     */
    private static double[] probabilities(float[] logits) {
        double[] p = new double[logits.length];
        for (int i = 0; i < p.length; i++) {
            double sum = 0;
            for (float other : logits) {
                sum += Math.exp((double) other - logits[i]);
            }
            p[i] = 1 / sum;
        }
        return p;
    }
}
