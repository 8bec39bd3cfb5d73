package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values and gradients of reductions, worked out by hand where {@link OpCases} has only the reference's. */
class ReductionsTest {

    private static final float NAN = Float.NaN;
    private static final float INF = Float.POSITIVE_INFINITY;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** Within a few roundings. */
    private static void assertTensor(Tensor actual, Shape shape, float... values) {
        assertEquals(shape, actual.shape());
        float[] got = actual.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            float size = Math.min(Math.abs(values[i]), Float.MAX_VALUE);
            assertEquals(values[i], got[i], 1e-6f * size + Float.MIN_NORMAL, "element " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void theFirstMinimumGetsTheGradient(Device device) {
        Tensor x = Tensor.of(device, new float[][] {{3, 1, 1}, {-2, 0, 4}}).requiresGrad(true);
        Tensor y = x.min(1);
        assertTensor(y, Shape.of(2), 1, -2);
        y.sum().backward();
        assertTensor(x.grad(), Shape.of(2, 3), 0, 1, 0, 1, 0, 0);
        assertTensor(x.min(new int[] {0}, true), Shape.of(1, 3), -2, 0, 1);
        assertTrue(Float.isNaN(Tensor.of(device, 1, NAN, -INF).min().item()));
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void positionsOfTies(Device device) {
        Tensor x = Tensor.of(device, new float[][] {{2, 1, 2, 1}, {NAN, 0, NAN, 5}});
        assertArrayEquals(new int[] {0, 0}, x.argmax(1).toIntArray());
        assertArrayEquals(new int[] {2, 2}, x.argmaxLast(1).toIntArray());
        assertArrayEquals(new int[] {1, 0}, x.argmin(1).toIntArray());
        assertArrayEquals(new int[] {3, 2}, x.argminLast(1).toIntArray());
        assertEquals(Shape.of(2), x.argminLast(-1).shape());
    }

    /** {@code torch.prod}: the gradient of a factor is the product of the others. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void productsMayHaveZeros(Device device) {
        Tensor x = Tensor.of(device, new float[][] {{2, 3, 4}, {2, 0, 3}, {0, 0, 5}})
                .requiresGrad(true);
        Tensor y = x.prod(1);
        assertTensor(y, Shape.of(3), 24, 0, 0);
        y.sum().backward();
        assertTensor(x.grad(), Shape.of(3, 3), 12, 8, 6, 0, 6, 0, 0, 0, 0);
        assertTensor(x.prod(new int[] {0}, true), Shape.of(1, 3), 0, 0, 60);
        assertTensor(x.prod(), Shape.SCALAR, 0);
    }

    /** The result is a tensor of its own, even if there is nothing to multiply. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void aProductOfOneFactorIsACopy(Device device) {
        Tensor x = Tensor.of(device, Shape.of(1, 2), 3, 4);
        Tensor y = x.prod(0);
        x.fill(0);
        assertTensor(y, Shape.of(2), 3, 4);
    }

    /** A third as a float32 would leave an error of 3e-8. */
    @Test
    void theReferencesMeanIsInDoublePrecision() {
        Tensor x = Tensor.ones(Device.reference(), 3).requiresGrad(true);
        Tensor mean = x.mean();
        mean.backward();
        assertEquals(0, mean.detach().sub(1).item());
        assertArrayEquals(new float[3], x.grad().mul(3).sub(1).toFloatArray());
    }

    /** {@code torch.var(torch.tensor([1., 2., 4., 8.]))}: the mean is 3.75, the sum of squares 28.75. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void varianceAndDeviation(Device device) {
        Tensor x = Tensor.of(device, 1, 2, 4, 8).requiresGrad(true);
        assertTensor(x.var(new int[0], 0, true), Shape.of(1), 7.1875f);
        Tensor variance = x.var();
        assertTensor(variance, Shape.SCALAR, 28.75f / 3);
        variance.backward();
        assertTensor(x.grad(), Shape.of(4), -5.5f / 3, -3.5f / 3, 0.5f / 3, 8.5f / 3);
        x.zeroGrad();
        Tensor deviation = x.std();
        assertTensor(deviation, Shape.SCALAR, 3.0956959f);
        deviation.backward();
        assertTensor(x.grad(), Shape.of(4), -0.29611005f, -0.18843367f, 0.0269191f, 0.45762462f);
        assertTensor(x.reshape(2, 2).std(new int[] {1}, 0, false), Shape.of(2), 0.5f, 2);
    }

    /** The mean, 10000001.5, is no float32. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void aLargeMeanDoesNotMatter(Device device) {
        float[] values = new float[4096];
        for (int i = 0; i < values.length; i++) {
            values[i] = 10_000_000 + i % 4;
        }
        Tensor x = Tensor.of(device, Shape.of(4096), values);
        assertTensor(x.var(new int[0], 0, false), Shape.SCALAR, 1.25f);
        assertTensor(x.std(new int[] {0}, 0, false), Shape.SCALAR, 1.1180340f);
    }

    /** As PyTorch: {@code std_backward} sets the gradient to 0 where the deviation is 0. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void equalElementsHaveNoDeviation(Device device) {
        Tensor x = Tensor.full(device, 0.1f, 2, 5).requiresGrad(true);
        Tensor deviation = x.std(1);
        assertTensor(deviation, Shape.of(2), 0, 0);
        deviation.backward(Tensor.of(device, 1e30f, -1));
        assertTensor(x.grad(), Shape.of(2, 5), new float[10]);
        assertTrue(Float.isNaN(Tensor.of(device, 7).var().item()));
        assertTrue(Float.isNaN(Tensor.of(device, 7).std().item()));
        assertEquals(0, Tensor.of(device, 7).var(new int[0], 0, false).item());
    }

    /** {@code torch.logsumexp}. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void logSumExpDoesNotOverflow(Device device) {
        Tensor x = Tensor.of(device, new float[][] {{1000, 1000}, {-1000, -1e30f}, {-INF, -INF}, {0, INF}});
        assertTensor(x.logSumExp(1), Shape.of(4), 1000.6931f, -1000, -INF, INF);
        Tensor y = Tensor.of(device, 0, (float) Math.log(3)).requiresGrad(true);
        y.logSumExp(0).backward();
        assertTensor(y.grad(), Shape.of(2), 0.25f, 0.75f);
    }
}
